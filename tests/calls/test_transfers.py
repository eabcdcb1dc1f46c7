"""A transferred citizen is never lost: the handler takes the call, or rings back, or a guide has the caller again in the same place."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from routing.hours import ZONE
from simulation import Answers, Behaviour, HangUp, Press, Refuses, Rings, Softphone, Wait, WaitForBye, until
from tests.calls.handlers import MOBILE, OFFICE, calls, in_talk, promised
from tests.calls.stack import Stack


@pytest.fixture
async def phone(stack: Stack, ready: float) -> AsyncIterator[Softphone]:
    """A guide's phone that can transfer."""
    async with stack.softphone("1001") as phone:
        yield phone


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


async def test_an_outside_phone_takes_the_call_with_key_1(stack: Stack, ready: float, phone: Softphone) -> None:
    async with stack.far_end({MOBILE: Answers(presses="1", presses_after=2.0)}):
        call = calls(stack, "0701740608", Wait(12.0), HangUp())
        await (await in_talk(stack, phone)).transfer("2002")
        await call
    row = await stack.last_call(ready)
    assert ([one.outcome for one in row.transfers], len(phone.rings)) == (["answered"], 1)


async def test_a_voicemail_behind_an_outside_phone_never_takes_a_citizen(stack: Stack, ready: float, phone: Softphone) -> None:
    async with stack.far_end({MOBILE: Answers()}):
        call = calls(stack, "0701740609", Wait(40.0), HangUp())
        await (await in_talk(stack, phone)).transfer("2002")
        await phone.talk(2, timeout=45)
        await call
    row = await stack.last_call(ready)
    assert [one.outcome for one in row.transfers] == ["no_answer"]
    assert phone.rings[1].name == "ÅTER bygglov 2 ej svar"


async def test_a_talk_of_a_few_seconds_with_a_phone_of_the_exchange_is_suspected_to_be_a_voicemail(
    stack: Stack, ready: float, phone: Softphone
) -> None:
    async with stack.far_end({OFFICE: Answers(talk=3.0)}):
        call = calls(stack, "0701740610", Wait(30.0), HangUp())
        await (await in_talk(stack, phone)).transfer("2001")
        await phone.talk(2, timeout=45)
        await call
    assert [one.outcome for one in (await stack.last_call(ready)).transfers] == ["voicemail_suspected"]


async def test_a_number_that_nobody_has_gives_the_caller_back_at_once(stack: Stack, ready: float, phone: Softphone) -> None:
    call = calls(stack, "0701740632", Wait(8.0), HangUp())
    await (await in_talk(stack, phone)).transfer("7777")
    await phone.talk(2)
    await call
    assert phone.rings[1].name == "ÅTER 7777 fel nummer"
    assert [one.outcome for one in (await stack.last_call(ready)).returns] == ["answered"]


async def test_outside_the_phone_hours_nothing_rings(stack: Stack, ready: float, phone: Softphone) -> None:
    async with stack.far_end() as far:
        call = calls(stack, "0701740633", Wait(30.0), HangUp())
        await (await in_talk(stack, phone)).transfer("2011")
        await phone.talk(2, timeout=45)
        await call
        assert far.dialled == []
    assert phone.rings[1].name == "ÅTER parkering borta"
    assert [one.outcome for one in (await stack.last_call(ready)).transfers] == ["away"]


async def test_a_colleague_who_is_set_away_by_a_guides_code_is_not_rung_until_back(stack: Stack, ready: float, phone: Softphone) -> None:
    away = await phone.dial("*21*2021*0000")  # until midnight
    await until(away.ended.is_set, 15, "the code is taken")
    async with stack.far_end() as far:
        call = calls(stack, "0701740634", Wait(3.0), Press("0"), Wait(5.0), HangUp())
        await (await in_talk(stack, phone)).transfer("2021")
        await phone.talk(2, timeout=45)
        await call
        assert far.dialled == []
        back = await phone.dial("*22*2021")
        await until(back.ended.is_set, 15, "the code is taken")
        direct = await phone.dial("2021")
        await far.rang("+46701740683")
        await direct.hang_up()
    assert [one.outcome for one in (await stack.last_call(ready)).transfers] == ["away"]


async def test_a_function_rings_all_its_handlers_and_a_voicemail_does_not_silence_the_others(
    stack: Stack, ready: float, phone: Softphone
) -> None:
    async with stack.far_end({MOBILE: Answers(), OFFICE: Answers(after=4.0)}) as far:
        call = calls(stack, "0701740635", Wait(18.0), HangUp())
        await (await in_talk(stack, phone)).transfer("2100")
        await until(lambda: OFFICE in far.dialled and far.leg(OFFICE).answered.is_set(), 10, "the second handler's answer")
        await call
        assert sorted(far.dialled) == [MOBILE, OFFICE]
    row = await stack.last_call(ready)
    assert [(one.to, one.outcome) for one in row.transfers] == [("2100", "answered")]


async def test_without_the_controller_the_caller_is_back_with_a_guide_and_the_same_label(
    stack: Stack, ready: float, phone: Softphone
) -> None:
    async with stack.far_end({OFFICE: Rings()}):
        call = calls(stack, "0701740636", Wait(35.0), HangUp())
        await (await in_talk(stack, phone)).transfer("2001")
        stack.kill("controller")
        try:
            await phone.talk(2, timeout=35)
            await call
        finally:
            stack.compose("up", "-d", "--wait", "controller")
    assert phone.rings[1].name == "ÅTER bygglov 1 ej svar"
    row = await stack.last_call(ready, within=40)
    assert ([one.outcome for one in row.transfers], row.fallback) == (["no_answer"], True)


async def test_an_attended_transfer_is_handed_over_after_the_consultation(stack: Stack, ready: float, phone: Softphone) -> None:
    async with stack.far_end({OFFICE: Answers()}) as far:
        call = calls(stack, "0701740637", Wait(16.0), HangUp())
        talk = await in_talk(stack, phone)
        consult = await phone.dial("2001")
        await until(consult.answered.is_set, 10, "the handler's answer")
        assert await talk.transfer("2001", replaces=consult) < 300
        await call
        assert far.leg(OFFICE).answered.is_set()
    assert (await stack.last_call(ready)).outcome == "answered"
    assert len(phone.rings) == 1


async def test_a_guide_who_transfers_while_the_consultation_still_rings_loses_nobody(stack: Stack, ready: float, phone: Softphone) -> None:
    async with stack.far_end({OFFICE: Rings()}) as far:
        call = calls(stack, "0701740638", Wait(40.0), HangUp())
        talk = await in_talk(stack, phone)
        consult = await phone.dial("2001")
        await far.rang(OFFICE)
        await talk.transfer("2001", replaces=consult)
        await phone.talk(2, timeout=45)
        await call
    assert phone.rings[1].name == "ÅTER bygglov 1 ej svar"
