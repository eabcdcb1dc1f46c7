"""Whose phone rings, and when: back office, reception desk, stand-ins; nobody waits for an empty room, and missed calls pause a guide.

In these files the reception desk is rung after 5 s and the stand-ins after 10 s; two missed calls pause.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime

import pytest

from simulation import CallResult, HangUp, Phone, Press, Wait
from tests.calls.stack import Stack, until
from tests.calls.test_guides import becomes, everybody_comes_back, members
from tests.calls.test_without_controller import killed

__all__ = ["everybody_comes_back"]
BACK_OFFICE, SECOND, RECEPTION, STAND_IN = "1001", "1002", "1003", "1004"


def rings_in(stack: Stack, number: str, seconds: float) -> asyncio.Task[CallResult]:
    """A citizen who states a matter and stays so long in all."""
    return asyncio.create_task(stack.call(number, Wait(1.0), Press("1"), Wait(seconds), HangUp()))


async def reachable(stack: Stack, *extensions: str) -> None:
    """Wait until the controller knows that these phones can be rung."""
    for extension in extensions:
        await becomes(stack, extension, "available")


@asynccontextmanager
async def in_a_talk(stack: Stack, extension: str, number: str = "0701740650") -> AsyncIterator[None]:
    """A guide, whose phone is the only one so far, talks with somebody until the story is over."""
    async with stack.softphone(extension) as phone:
        await reachable(stack, extension)
        call = rings_in(stack, number, 90.0)
        talk = await phone.talk()
        await becomes(stack, extension, "busy")
        try:
            yield
        finally:
            await talk.hang_up()
            await call


def seconds_until(phone: Phone, begun: datetime) -> float:
    """From a moment to the phone's first ring."""
    return (phone.rings[0].when - begun).total_seconds()


async def test_while_the_back_office_talks_the_reception_desk_rings_after_five_seconds(stack: Stack) -> None:
    async with in_a_talk(stack, BACK_OFFICE), stack.phone(RECEPTION) as desk, stack.phone(STAND_IN) as stand_in:
        await reachable(stack, RECEPTION, STAND_IN)
        begun = datetime.now().astimezone()
        call = rings_in(stack, "0701740642", 9.0)
        await desk.rang()
        await call
        assert 5.5 < seconds_until(desk, begun) < 9.0  # a second of menu before
        assert stand_in.rings == []


async def test_without_a_reception_desk_the_stand_in_rings_after_ten_seconds(stack: Stack) -> None:
    async with in_a_talk(stack, BACK_OFFICE), stack.phone(STAND_IN) as stand_in:
        await reachable(stack, STAND_IN)
        begun = datetime.now().astimezone()
        call = rings_in(stack, "0701740643", 14.0)
        await stand_in.rang(timeout=20)
        await call
        assert 10.5 < seconds_until(stand_in, begun) < 14.0


@pytest.mark.parametrize("absence", ["paused", "logged_out", "unplugged"])
async def test_nobody_waits_for_an_empty_back_office(stack: Stack, absence: str) -> None:
    for extension in (BACK_OFFICE, SECOND):
        if absence == "paused":
            stack.guide(extension, "pause", reason="meeting")
        if absence == "logged_out":
            stack.guide(extension, "logout")
    async with stack.phone(RECEPTION) as desk, stack.phone(STAND_IN) as stand_in:
        await reachable(stack, RECEPTION, STAND_IN)
        begun = datetime.now().astimezone()
        assert (await rings_in(stack, "0701740644", 3.0)).answered
        assert seconds_until(desk, begun) < 3.0
        assert stand_in.rings == []


async def test_who_lets_it_ring_out_is_not_rung_again_while_the_reception_desk_is_there(stack: Stack) -> None:
    async with stack.phone(BACK_OFFICE, answers_after=None) as silent, stack.phone(RECEPTION) as desk:
        await reachable(stack, BACK_OFFICE, RECEPTION)
        call = rings_in(stack, "0701740645", 35.0)  # the offer is spoken in between, which was due while the phone rang
        await desk.rang(timeout=35)
        await call
        assert len(silent.rings) == 1


async def test_within_a_seat_the_longest_idle_is_rung_and_not_the_next_in_turn(stack: Stack) -> None:
    for extension in (BACK_OFFICE, SECOND):  # what they missed in the story before is forgotten
        stack.guide(extension, "logout")
        stack.guide(extension, "login")
    async with stack.phone(BACK_OFFICE, answers_after=0.2) as one, stack.phone(SECOND, answers_after=0.2) as two:
        await reachable(stack, BACK_OFFICE, SECOND)
        long = rings_in(stack, "0701740646", 22.0)
        await until(lambda: _is(len(one.rings) + len(two.rings) == 1), 10, "the first ring")
        first, second = (one, two) if one.rings else (two, one)
        await rings_in(stack, "0701740647", 3.0)
        await long
        await becomes(stack, first.extension.rpartition("-")[2], "available")
        await stack.last_call(0.0, number="0701740646")
        await rings_in(stack, "0701740648", 6.0)
        assert [ring.name[-3:] for ring in first.rings] == ["646"]
        assert [ring.name[-3:] for ring in second.rings] == ["647", "648"]


async def _is(so: bool) -> bool:
    return so


async def test_without_the_controller_a_caller_in_the_queue_still_reaches_the_reception_desk(stack: Stack) -> None:
    async with in_a_talk(stack, BACK_OFFICE), stack.phone(RECEPTION) as desk:
        await reachable(stack, RECEPTION)
        call = rings_in(stack, "0701740649", 12.0)
        await until(lambda: _is(stack.asterisk("core show channels concise").count("lekeberg-queue!care") == 2), 10, "the second caller")
        async with killed(stack):
            await desk.rang(timeout=15)
            await call


async def test_callers_are_served_by_place_and_not_by_who_joined_first(stack: Stack) -> None:
    async with stack.phone(BACK_OFFICE, answers_after=0.2, talk=12.0) as guide:
        await reachable(stack, BACK_OFFICE)
        talking = rings_in(stack, "0701740650", 20.0)
        await becomes(stack, BACK_OFFICE, "busy")
        slow = asyncio.create_task(stack.call("0701740651", Wait(6.0), Press("1"), Wait(30.0), HangUp()))
        await until(lambda: _is("lekeberg-ask!" in stack.asterisk("core show channels concise")), 10, "the slow caller in the menu")
        await asyncio.sleep(1.1)  # places are whole seconds
        quick = rings_in(stack, "0701740652", 45.0)
        await asyncio.gather(talking, slow, quick)
        assert [ring.name[-3:] for ring in guide.rings][:3] == ["650", "651", "652"]


async def test_two_who_miss_the_same_calls_leave_one_on_duty_and_who_is_paused_is_told(stack: Stack) -> None:
    async with stack.phone(BACK_OFFICE, status=486) as one, stack.phone(SECOND, status=486) as two:
        await reachable(stack, BACK_OFFICE, SECOND)
        for number in ("0701740653", "0701740654", "0701740655"):
            await rings_in(stack, number, 14.0)
        paused = {extension for extension, is_paused in members(stack).items() if is_paused}
        assert len(paused) == 1 and paused < {BACK_OFFICE, SECOND}
        told = {phone.extension[-4:]: [ring.name for ring in phone.rings if ring.name.startswith("Pausad")] for phone in (one, two)}
        assert {extension: names for extension, names in told.items() if names} == {paused.pop(): ["Pausad, *14 åter"]}


async def test_who_misses_two_callers_is_told_on_the_phone_and_comes_back_with_star_14(stack: Stack) -> None:
    async with in_a_talk(stack, BACK_OFFICE), stack.softphone(SECOND, answers_after=17.0) as away:  # the queue rings 15 s, we ring 20
        await reachable(stack, SECOND)
        for number in ("0701740656", "0701740657"):
            await rings_in(stack, number, 26.0)
        await becomes(stack, SECOND, "paused", "missed")
        told = await away.talk()
        await asyncio.wait_for(told.ended.wait(), 15)  # after the spoken words
        assert away.rings[-1].name == "Pausad, *14 åter"
        await (await away.dial("*14")).ended.wait()
        await becomes(stack, SECOND, "available")


async def test_the_last_on_duty_is_never_paused(stack: Stack) -> None:
    async with stack.phone(BACK_OFFICE, status=486):
        await reachable(stack, BACK_OFFICE)
        for number in ("0701740658", "0701740659", "0701740660"):
            await rings_in(stack, number, 3.0)
        assert stack.guides()[BACK_OFFICE]["missed"] == 3
        assert members(stack)[BACK_OFFICE] is False
