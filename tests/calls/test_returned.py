"""Calls that come back from the municipality's extensions, and internal ones, are recognised: they meet no menu."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Literal

import pytest

from metrics.ledger import Ledger
from simulation import Diverts, HangUp, Leg, Phone, Press, Wait, diversion, until
from simulation.user_agent import UserAgent
from tests.calls.handlers import MAIN, OFFICE, calls, in_talk, promised
from tests.calls.stack import CLOSED, Stack

UNKNOWN = "+46701740689"
"""A number of the exchange that is nobody's."""


@pytest.fixture
async def exchange(stack: Stack, ready: float) -> AsyncIterator[UserAgent]:
    """Another exchange, which diverts its extensions to us."""

    async def nobody(leg: Leg) -> None:
        leg.refuse(404)

    agent = UserAgent("exchange", peer=("127.0.0.1", stack.sip), on_call=nobody)
    await agent.start()
    yield agent
    await agent.stop()


@pytest.mark.parametrize("header", ["Diversion", "History-Info"])
async def test_a_diverted_caller_meets_no_menu_and_a_guide_sees_whom_it_was_for(
    stack: Stack, ready: float, exchange: UserAgent, header: Literal["Diversion", "History-Info"]
) -> None:
    async with stack.softphone("1001") as guide:
        leg = await exchange.dial(MAIN, shown="0701740650", headers=diversion(OFFICE, header))
        await guide.talk(timeout=25)
        await stack.talking()
        await leg.hang_up()
    assert [ring.name for ring in guide.rings] == ["ÅTER bygglov 1 ej svar"]
    row = await stack.last_call(ready)
    assert (row.entry, row.outcome, row.choices, row.number) == ("diverted", "answered", (), "0701740650")
    assert [(one.source, one.outcome) for one in row.returns] == [("diverted", "answered")]


async def test_9_is_a_callback_by_the_handler_who_was_dialled(stack: Stack, ready: float, exchange: UserAgent) -> None:
    leg = await exchange.dial(MAIN, shown="0701740651", headers=diversion("0701740681"))
    await until(leg.answered.is_set, 5, "the answer")
    await stack.in_context("ask")
    await leg.press("9")
    await leg.pause(2.0)
    await leg.press("1")
    await until(leg.ended.is_set, 20, "the confirmation's end")
    (stored,) = await promised(stack, "+46701740651")
    assert (stored.owner, stored.source, stored.topic) == ("2001", "handler_no_answer", "guide")
    row = await stack.last_call(ready)
    assert (row.outcome, [one.outcome for one in row.returns]) == ("callback", ["callback"])


async def test_an_extension_that_is_shown_as_caller_is_asked_for_the_citizens_number(
    stack: Stack, ready: float, exchange: UserAgent
) -> None:
    leg = await exchange.dial(MAIN, shown="0701740681", headers=diversion("0701740681"))
    await until(leg.answered.is_set, 5, "the answer")
    await stack.in_context("ask")
    await leg.press("9")
    await leg.pause(2.0)
    await leg.press("0701740652#")
    await leg.pause(4.0)
    await leg.press("1")
    await until(leg.ended.is_set, 25, "the confirmation's end")
    assert [one.owner for one in await promised(stack, "+46701740652")] == ["2001"]
    assert not await promised(stack, OFFICE)


async def test_a_number_of_the_exchange_that_is_nobodys_comes_back_without_a_handler(
    stack: Stack, ready: float, exchange: UserAgent
) -> None:
    async with stack.softphone("1001") as guide:
        leg = await exchange.dial(MAIN, shown="0701740653", headers=diversion(UNKNOWN))
        await guide.talk(timeout=25)
        await leg.hang_up()
    assert [ring.name for ring in guide.rings] == ["ÅTER 0689 ej svar"]


async def test_a_diverted_caller_while_closed_hears_that(stack: Stack, ready: float, exchange: UserAgent) -> None:
    leg = await exchange.dial(f"+46{CLOSED[1:]}", shown="0701740654", headers=diversion(OFFICE))
    await until(leg.ended.is_set, 90, "the end of the closed text")
    row = await stack.last_call(ready, municipality="closedville")
    assert (row.entry, row.outcome) == ("diverted", "closed")


async def test_who_was_diverted_from_elsewhere_meets_the_menu(stack: Stack, ready: float, exchange: UserAgent, guide: Phone) -> None:
    leg = await exchange.dial(MAIN, shown="0701740655", headers=diversion("+46701740699"))
    await until(leg.answered.is_set, 5, "the answer")
    await leg.pause(1.0)
    await leg.press("3")
    await stack.talking()
    await leg.hang_up()
    assert [ring.name for ring in guide.rings] == ["Skola 0701740655"]
    assert (await stack.last_call(ready)).entry == "menu"


async def test_who_calls_from_the_exchange_is_internal(stack: Stack, ready: float, guide: Phone) -> None:
    assert (await stack.call("0701740682", Wait(4.0), HangUp())).answered
    assert [ring.name for ring in guide.rings] == ["INT 0701740682"]
    row = await stack.last_call(ready)
    assert (row.entry, row.outcome, row.choices) == ("internal", "answered", ())


async def test_a_guides_phone_that_dials_the_main_number_is_internal(stack: Stack, ready: float, guide: Phone) -> None:
    async with stack.softphone("1002") as colleague:
        leg = await colleague.dial(MAIN)
        await stack.talking()
        await leg.hang_up()
    assert [ring.name for ring in guide.rings] == ["INT 1002"]
    assert (await stack.last_call(ready)).entry == "internal"


async def test_our_own_transfer_that_another_exchange_sends_back_never_meets_the_menu(stack: Stack, ready: float) -> None:
    async with stack.softphone("1001") as guide, stack.far_end({OFFICE: Diverts(MAIN)}) as far:
        call = calls(stack, "0701740656", Wait(20.0), Press("0"), Wait(5.0), HangUp())
        await (await in_talk(stack, guide)).transfer("2001")
        await guide.talk(2, timeout=30)
        await call
        (came,) = far.diverted
        assert (came.answered.is_set(), came.status) == (False, 486)
    row = await stack.last_call(ready)
    assert (row.number, [one.outcome for one in row.transfers]) == ("0701740656", ["diverted_back"])
    async with stack.redis() as redis:
        assert len([one for one in await Ledger(redis).latest("lekeberg", 20) if one.started >= ready]) == 1
