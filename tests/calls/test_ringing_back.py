"""The program rings citizens back: a guide accepts first, only then the citizen's phone rings, and each end is told apart."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

from callbacks import keys
from simulation import Answers, Press, Refuses, Rings, Wait, WaitForBye
from tests.calls.callbacks import (
    ACCEPTS,
    NO_KEY,
    REFUSES,
    act,
    acts,
    closed,
    dialling,
    guide,
    history,
    logged,
    order,
    reaches,
    results,
    until_waiting,
)
from tests.calls.handlers import MAIN, MOBILE, OFFICE
from tests.calls.stack import Stack

CITIZEN = "+46701740631"


@pytest.fixture(autouse=True)
async def _dials(stack: Stack, ready: float) -> AsyncIterator[None]:
    async with dialling(stack):
        yield


async def test_the_guide_hears_the_topic_presses_1_and_only_then_the_citizen_is_rung_by_the_main_number(stack: Stack) -> None:
    async with guide(stack) as phone, stack.far_end({CITIZEN: Answers(0.5, talk=10.0)}) as far:
        request = await order(stack, CITIZEN, "building")
        await phone.talk()
        assert far.dialled == []
        await far.rang(CITIZEN)
        assert far.rings[0].number == MAIN
        assert phone.rings[0].name == "UPP Bygg 0701740631"
        talking = await reaches(stack, request, "talking")
        assert (talking.held_by, talking.stage) == ("1001", "citizen_up")
        talked = await reaches(stack, request, "talked")
        assert (talked.last_result, talked.attempts) == ("answered", 1)
    assert (await closed(stack, talked)).outcome == "solved"
    assert acts(await history(stack, request)) == ["registered", "dialling", "guide_up", "accepted", "citizen_up", "settled", "closed"]
    assert logged(stack, request) == ["KCQUEUED", "KCGUIDEUP", "KCACCEPTED", "KCCITIZENUP", "KCEND"]
    assert far.dialled == [CITIZEN]


@pytest.mark.parametrize(("behaviour", "result", "counted"), [
    (Refuses(486), "busy", 0), (Rings(), "no_answer", 1), (Refuses(503), "congestion", 0), (Refuses(480), "no_answer", 1),
], ids=["busy", "silent", "congestion", "unavailable"])  # fmt: skip
async def test_a_citizen_who_is_not_reached_is_tried_again_later(
    stack: Stack, behaviour: Refuses | Rings, result: str, counted: int
) -> None:
    async with guide(stack), stack.far_end({CITIZEN: behaviour}) as far:
        request = await order(stack, CITIZEN)
        await reaches(stack, request, "dialling")
        waiting = await reaches(stack, request, "waiting", within=70)
        assert (waiting.last_result, waiting.attempts) == (result, counted)
        assert waiting.not_before == waiting.place
        assert waiting.tried_at and (waiting.not_before - waiting.tried_at).total_seconds() == (600 if counted else 300)
    assert far.dialled == [CITIZEN]


async def test_a_number_that_does_not_exist_is_never_dialled_again(stack: Stack) -> None:
    async with guide(stack), stack.far_end({CITIZEN: Refuses(404)}):
        request = await order(stack, CITIZEN)
        gone = await reaches(stack, request, "closed")
        assert (gone.outcome, gone.reason) == ("invalid_number", "no such number")


@pytest.mark.parametrize("behaviour", [REFUSES, NO_KEY, Rings()], ids=["another_key", "no_key", "not_answered"])
async def test_a_guide_who_does_not_take_it_costs_the_citizen_nothing(stack: Stack, behaviour: Answers | Rings) -> None:
    async with guide(stack, behaviour), stack.far_end({CITIZEN: Answers()}) as far:
        request = await order(stack, CITIZEN)
        await reaches(stack, request, "dialling")
        waiting = await reaches(stack, request, "waiting")
        assert (waiting.last_result, waiting.attempts, waiting.place) == ("guide_missed", 0, request.place)
        assert waiting.not_before > request.not_before
    assert results(await history(stack, request)) == ["guide_missed"]
    assert far.dialled == []


async def test_a_talk_of_seconds_is_suspected_to_have_been_with_a_voicemail_and_a_person_judges(stack: Stack) -> None:
    async with guide(stack), stack.far_end({CITIZEN: Answers(0.5, talk=2.0)}):
        request = await order(stack, CITIZEN)
        talked = await reaches(stack, request, "talked")
        assert talked.last_result == "voicemail"


async def test_live_callers_and_callbacks_are_served_in_one_order_by_place(stack: Stack) -> None:
    """The earlier place first, whoever came into the queue first."""
    early, late = await order(stack, CITIZEN, place=1_700_000_000.0), await order(stack, "+46701740632")
    async with guide(stack, ACCEPTS) as phone, stack.far_end(otherwise=Answers(0.5, talk=1.0)) as far:
        await reaches(stack, late, "talked", within=90)
        assert far.dialled == [CITIZEN, "+46701740632"]
        assert [ring.name for ring in phone.rings] == ["UPP Omsorg 0701740631", "UPP Omsorg 0701740632"]
    assert (await reaches(stack, early, "talked")).attempts == 1


async def test_a_caller_who_comes_later_waits_behind_a_callback_and_an_earlier_one_goes_before_it(stack: Stack) -> None:
    """The stand-in has the place of the citizen's original call."""
    brief = Answers(0.3, presses="1", presses_after=4.5, talk=1.0)  # soon free again: who is being told his place is not served meanwhile
    async with guide(stack, brief) as phone, stack.far_end(otherwise=Answers(0.3)):
        first = asyncio.create_task(stack.call("0701740633", Wait(1.0), Press("1"), WaitForBye()))
        await phone.talk()  # the guide is busy: who comes now waits
        await until_waiting(stack, 0)
        second = asyncio.create_task(stack.call("0701740634", Wait(1.0), Press("1"), WaitForBye()))
        await until_waiting(stack, 1)
        await reaches(stack, await order(stack, CITIZEN), "dialling")
        third = asyncio.create_task(stack.call("0701740635", Wait(1.0), Press("1"), WaitForBye()))
        await asyncio.gather(first, second, third)
    assert [ring.name for ring in phone.rings] == [
        "Omsorg 0701740633", "Omsorg 0701740634", "UPP Omsorg 0701740631", "Omsorg 0701740635",
    ]  # fmt: skip


async def test_who_has_taken_it_is_rung_first_and_a_handler_s_outside_phone_as_well(stack: Stack) -> None:
    """2002's phone is an outside one; the citizen sees the main number."""
    request = await order(stack, CITIZEN, "building", owner="2002")
    async with stack.far_end({MOBILE: Answers(0.3, presses="1", presses_after=4.5), CITIZEN: Answers(0.3, talk=9.0)}) as far:
        status, said = act(stack, request, "take", "2002")
        assert status == 200, said
        status, said = act(stack, request, "call", "2002")
        assert status == 200, said
        talked = await reaches(stack, request, "talked")
    assert far.dialled == [MOBILE, CITIZEN]
    assert {ring.number for ring in far.rings} == {MAIN}
    assert (talked.held_by, talked.last_result) == ("2002", "answered")


async def test_a_citizen_who_rings_in_and_is_answered_is_not_rung_back(stack: Stack) -> None:
    """The guide lets the callback be, answers the citizen's own call, and that closes the request."""
    async with guide(stack, Answers(4.0, talk=14.0)) as phone, stack.far_end() as far:
        request = await order(stack, "+46701740636")
        await phone.rang()
        await stack.call("0701740636", Wait(1.0), Press("1"), WaitForBye())
        done = await reaches(stack, request, "closed")
    assert (done.outcome, done.reason) == ("called_in", "rang and was answered")
    assert [phone.rings[0].name, phone.rings[-1].name] == ["UPP Omsorg 0701740636", "Omsorg 0701740636"]
    assert far.dialled == []


async def test_where_the_file_says_so_the_citizen_is_rung_first_and_presses_1_to_wait_for_a_guide(stack: Stack) -> None:
    stack.guide("1141", "login", "orebro")
    presses = Answers(0.5, presses="1", presses_after=6.5)
    async with stack.phone("1141", answers_after=1.0, talk=9.0, municipality="orebro") as phone, stack.far_end({CITIZEN: presses}) as far:
        talked = await reaches(stack, await order(stack, CITIZEN, "building", slug="orebro"), "talked")
    assert (talked.last_result, talked.attempts, far.dialled) == ("answered", 1, [CITIZEN])
    assert [ring.name for ring in phone.rings] == ["UPP Bygg 0701740631"]
    assert logged(stack, talked) == ["KCACCEPTED", "KCCITIZENUP", "KCQUEUED", "KCSERVED", "KCEND"]


async def test_a_voicemail_of_a_citizen_who_is_rung_first_reaches_no_guide(stack: Stack) -> None:
    stack.guide("1141", "login", "orebro")
    async with stack.phone("1141", municipality="orebro") as phone, stack.far_end({CITIZEN: Answers(0.5)}):
        request = await order(stack, CITIZEN, "building", slug="orebro")
        await reaches(stack, request, "dialling")
        waiting = await reaches(stack, request, "waiting", within=60)
    assert (waiting.last_result, waiting.attempts) == ("voicemail", 1)
    assert phone.rings == []


async def test_who_answers_a_citizen_whom_we_looked_for_sees_it_before_answering(stack: Stack) -> None:
    request = await order(stack, "+46701740637", "building")
    stack.dials_callbacks(held=True)
    async with stack.redis() as redis:
        await redis.hset(keys.request(request.municipality, request.id), "tried_at", str(datetime.now(UTC).timestamp()))
    async with stack.phone("1001", answers_after=1.0, talk=2.0) as phone:
        await stack.call("0701740637", Wait(1.0), Press("1"), WaitForBye())
    assert phone.rings[0].name.startswith("SÖKT Bygg ")


async def test_what_is_cancelled_while_the_guide_hears_of_it_rings_nobody(stack: Stack) -> None:
    async with guide(stack, Answers(0.5, presses="1", presses_after=6.0)) as phone, stack.far_end({CITIZEN: Answers()}) as far:
        request = await order(stack, CITIZEN, "building")
        await phone.talk()
        status, said = act(stack, request, "cancel", "1002", role="guide")
        assert status == 200, said
        done = await reaches(stack, request, "closed")
    assert (done.outcome, done.reason, far.dialled) == ("cancelled", "the citizen's wish", [])


async def test_a_citizen_who_was_rung_back_can_be_put_through_to_a_handler(stack: Stack) -> None:
    async with guide(stack) as phone, stack.far_end({CITIZEN: Answers(0.5), OFFICE: Answers(0.5, talk=9.0)}) as far:
        request = await order(stack, CITIZEN, "building")
        leg = await phone.talk()
        await reaches(stack, request, "talking")
        assert await leg.transfer("2001") < 300
        await far.rang(OFFICE)
        talked = await reaches(stack, request, "talked")
    assert (talked.last_result, far.dialled) == ("answered", [CITIZEN, OFFICE])
