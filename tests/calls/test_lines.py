"""A line of its own: straight to its topic with its own greeting, its own hours, the same without the controller."""

from __future__ import annotations

import asyncio

from callbacks.store import CallbackStore
from simulation import HangUp, Phone, Press, Wait, WaitForBye
from tests.calls.operating import hears
from tests.calls.stack import FAULTS, FAULTS_CLOSED, MENU_CLOSED, Stack
from tests.calls.test_without_controller import killed


async def test_a_line_into_a_queue_greets_and_rings_with_its_topic(stack: Stack, ready: float, guide: Phone) -> None:
    call = asyncio.create_task(stack.call("0701740651", Wait(10.0), HangUp(), dials=FAULTS))
    await hears(stack, "greeting-fault-report")
    assert (await call).answered
    assert [ring.name for ring in guide.rings] == ["Fel 0701740651"]
    row = await stack.last_call(ready)
    assert (row.outcome, row.line, row.topic, row.choices) == ("answered", "faults", "fault_report", ())


async def test_outside_its_own_hours_it_reaches_the_on_call_number(stack: Stack, ready: float, guide: Phone) -> None:
    async with stack.outside() as on_call:
        assert (await stack.call("0701740652", Wait(12.0), HangUp(), dials=FAULTS_CLOSED)).ended_by == "us"
        assert len(on_call.rings) == 1
    assert guide.rings == []
    row = await stack.last_call(ready)
    assert (row.outcome, row.line, row.topic) == ("answered", "faults_closed", "fault_report")


async def test_without_the_controller_both_do_the_same(stack: Stack, ready: float, guide: Phone) -> None:
    async with killed(stack), stack.outside() as on_call:
        call = asyncio.create_task(stack.call("0701740653", Wait(18.0), HangUp(), dials=FAULTS))
        await hears(stack, "greeting-fault-report")
        assert (await call).answered
        assert [ring.name for ring in guide.rings] == ["Fel 0701740653"]
        assert on_call.rings == []
        assert (await stack.call("0701740654", Wait(12.0), HangUp(), dials=FAULTS_CLOSED)).ended_by == "us"
        assert (len(on_call.rings), len(guide.rings)) == (1, 1)
        call = asyncio.create_task(stack.call("0701740655", WaitForBye(), dials=MENU_CLOSED))
        await hears(stack, "fallback-closed")
        assert (await call).ended_by == "them"
        assert len(guide.rings) == 1
    row = await stack.last_call(ready, within=40)
    assert (row.outcome, row.fallback, row.line) == ("closed", True, "menu_closed")


async def test_a_callback_that_is_ordered_there_follows_the_lines_hours(stack: Stack, ready: float) -> None:
    """The line opens for a minute a day: four open hours would be more than three months, so the second working day ends the promise."""
    steps = (Wait(1.0), Press("9"), Wait(1.5), Press("1"), WaitForBye())
    assert (await stack.call("0701740656", *steps, dials=MENU_CLOSED)).ended_by == "them"
    row = await stack.last_call(ready)
    async with stack.redis() as redis:
        requests = await CallbackStore(redis).listed("lekeberg", ("queue/guides",), 1000)
    (stored,) = [one for one in requests if one.id == row.callback_id]
    assert stored.source == "closed"
    assert stored.due == stored.limit
    assert stored.not_before == stored.place != stored.created_at
