"""A consultation that the guide's phone dials itself belongs to the citizen's call once it is handed over, and not before."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from metrics.story import CallRecord
from simulation import Answers, Behaviour, HangUp, Rings, Softphone, Wait, WaitForBye, until
from tests.calls.handlers import OFFICE, calls, in_talk
from tests.calls.stack import Stack

Told = tuple[list[tuple[str, str, str]], list[tuple[str, str]]]
ANSWERED: Told = [("building", "2001", "answered")], []
IN_VAIN: Told = [("building", "2001", "no_answer")], [("transfer", "answered")]


@pytest.fixture
async def phone(stack: Stack, ready: float) -> AsyncIterator[Softphone]:
    """A guide's phone that can dial and transfer."""
    async with stack.softphone("1001") as phone:
        yield phone


def told(row: CallRecord) -> Told:
    """The row's transfers and returns."""
    return [(one.administration, one.to, one.outcome) for one in row.transfers], [(one.source, one.outcome) for one in row.returns]


@pytest.mark.parametrize("killed", [False, True], ids=["by the events", "by Asterisk's own log"])
@pytest.mark.parametrize(("how", "then"), [(Answers(talk=3.0), ANSWERED), (Rings(), IN_VAIN)], ids=["taken", "rings in vain"])
async def test_what_is_handed_over_is_a_transfer_of_the_call(
    stack: Stack, ready: float, phone: Softphone, how: Behaviour, then: Told, killed: bool
) -> None:
    async with stack.far_end({OFFICE: how}) as far:
        call = calls(stack, "0701740641", WaitForBye())
        talk = await in_talk(stack, phone)
        consultation = await phone.dial("2001")
        await (until(consultation.answered.is_set, 10, "the handler's answer") if then is ANSWERED else far.rang(OFFICE))
        if killed:
            stack.kill("controller")
        assert await talk.transfer("2001", replaces=consultation) < 300
        if then is IN_VAIN:
            await (await phone.talk(2, timeout=75)).hang_up()
        await call
    if killed:
        stack.compose("up", "-d", "--wait", "controller")
    row = await stack.last_call(ready, within=40)
    assert (told(row), row.source) == (then, "logs" if killed else "events")


async def test_the_talk_may_be_put_into_the_consultation_from_its_side_too(stack: Stack, ready: float, phone: Softphone) -> None:
    async with stack.far_end({OFFICE: Answers(talk=3.0)}):
        call = calls(stack, "0701740642", WaitForBye())
        talk = await in_talk(stack, phone)
        consultation = await phone.dial("2001")
        await until(consultation.answered.is_set, 10, "the handler's answer")
        assert await consultation.transfer("2001", replaces=talk) < 300
        await call
    assert told(await stack.last_call(ready)) == ANSWERED


async def test_a_handler_who_answers_after_the_guide_has_gone_has_the_caller(stack: Stack, ready: float, phone: Softphone) -> None:
    async with stack.far_end({OFFICE: Answers(after=4.0, talk=9.0)}) as far:
        call = calls(stack, "0701740643", WaitForBye())
        talk = await in_talk(stack, phone)
        consultation = await phone.dial("2001")
        await far.rang(OFFICE)
        assert await talk.transfer("2001", replaces=consultation) < 300
        await call
    assert told(await stack.last_call(ready)) == ANSWERED


@pytest.mark.parametrize("how", [Answers(), Rings()], ids=["answers", "rings in vain"])
async def test_a_guide_who_asks_and_goes_on_talking_has_transferred_nobody(
    stack: Stack, ready: float, phone: Softphone, how: Behaviour
) -> None:
    async with stack.far_end({OFFICE: how}) as far:
        call = calls(stack, "0701740644", Wait(8.0), HangUp())
        await in_talk(stack, phone)
        consultation = await phone.dial("2001")
        await (until(consultation.answered.is_set, 10, "the handler's answer") if how == Answers() else far.rang(OFFICE))
        await consultation.hang_up()
        await call
    assert told(await stack.last_call(ready)) == ([], [])


async def test_a_caller_handed_over_while_the_phone_says_away_is_not_lost(stack: Stack, ready: float, phone: Softphone) -> None:
    call = calls(stack, "0701740645", WaitForBye())
    talk = await in_talk(stack, phone)
    consultation = await phone.dial("2011")
    await until(consultation.answered.is_set, 10, "the words for the guide")
    assert await talk.transfer("2011", replaces=consultation) < 300
    await (await phone.talk(2, timeout=75)).hang_up()
    await call
    assert told(await stack.last_call(ready)) == ([("technical", "2011", "away")], [("transfer", "answered")])
