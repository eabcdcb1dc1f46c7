"""A transferred citizen is never lost: the handler takes the call, or rings back, or a guide has the caller again in the same place."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from callbacks.model import Request
from callbacks.store import CallbackStore
from routing.hours import ZONE
from simulation import Answers, Behaviour, HangUp, Leg, Press, Refuses, Rings, Softphone, Step, Wait, WaitForBye
from tests.calls.stack import Stack

OFFICE, MOBILE = "+46701740681", "+46701740671"
"""The phones of 2001, of the municipality's own exchange, and of 2002, an outside one."""
TO_A_GUIDE = (Wait(1.0), Press("5"))


@pytest.fixture
async def phone(stack: Stack, ready: float) -> AsyncIterator[Softphone]:
    """A guide's phone that can transfer."""
    async with stack.softphone("1001") as phone:
        yield phone


def calls(stack: Stack, number: str, *steps: Step) -> asyncio.Task[object]:
    return asyncio.create_task(stack.call(number, *TO_A_GUIDE, *steps))


async def in_talk(stack: Stack, phone: Softphone) -> Leg:
    """The guide's first talk with the citizen, once the two are connected."""
    leg = await phone.talk()
    await stack.talking()
    return leg


async def promised(stack: Stack, number: str) -> list[Request]:
    async with stack.redis() as redis:
        return [one for one in await CallbackStore(redis).open_requests("lekeberg", ("guides",), 1000) if one.number == number]


async def test_a_blind_transfer_is_taken_by_the_handler(stack: Stack, ready: float, phone: Softphone) -> None:
    async with stack.far_end({OFFICE: Answers()}) as far:
        call = calls(stack, "0701740605", Wait(15.0), HangUp())
        assert await (await in_talk(stack, phone)).transfer("2001") < 300
        handler = await far.rang(OFFICE)
        await call
        assert handler.answered.is_set()
        assert [(ring.name, ring.number) for ring in far.rings] == [("", "+4658548700")]
    row = await stack.last_call(ready)
    assert (row.outcome, row.answered_by, len(phone.rings)) == ("answered", "1001", 1)
    assert [(one.administration, one.to, one.outcome) for one in row.transfers] == [("building", "2001", "answered")]


@pytest.mark.parametrize(("how", "outcome", "why"), [(Rings(), "no_answer", "ej svar"), (Refuses(), "busy", "upptaget")])
async def test_a_handler_who_does_not_answer_gives_the_caller_back_to_a_guide(
    stack: Stack, ready: float, phone: Softphone, how: Behaviour, outcome: str, why: str
) -> None:
    async with stack.far_end({OFFICE: how}):
        call = calls(stack, "0701740606", Wait(40.0), HangUp())
        await (await in_talk(stack, phone)).transfer("2001")
        await phone.talk(2, timeout=45)
        await call
    row = await stack.last_call(ready)
    assert [one.outcome for one in row.transfers] == [outcome]
    assert [(one.source, one.outcome) for one in row.returns] == [("transfer", "answered")]
    assert [ring.name for ring in phone.rings] == ["Bygg 0701740606", f"ÅTER bygglov 1 {why}"]


async def test_9_is_a_callback_by_that_handler_on_the_next_working_day(stack: Stack, ready: float, phone: Softphone) -> None:
    async with stack.far_end({OFFICE: Refuses()}):
        call = calls(stack, "0701740607", Wait(7.0), Press("9"), Wait(2.0), Press("1"), WaitForBye())
        await (await in_talk(stack, phone)).transfer("2001")
        await call
    (stored,) = await promised(stack, "+46701740607")
    assert (stored.owner, stored.source, stored.topic) == ("2001", "handler_no_answer", "building")
    ordered, due = (moment.astimezone(ZONE) for moment in (stored.created_at, stored.due))
    assert (due.time(), due.date() - ordered.date()) == (ordered.time(), timedelta(days=1))
    row = await stack.last_call(ready)
    assert (row.outcome, row.callback_id, [one.outcome for one in row.returns]) == ("answered", stored.id, ["callback"])
