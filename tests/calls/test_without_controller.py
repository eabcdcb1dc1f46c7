"""The phone is answered while our own program is dead or frozen, nobody is pulled out of a talk, and the ledger knows it all afterwards."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import pytest

from simulation import HangUp, Phone, Press, Wait
from tests.calls.stack import Stack, until

FROZEN_SECONDS = 20


@asynccontextmanager
async def killed(stack: Stack, *, acts: bool = True) -> AsyncIterator[None]:
    """The controller is killed, and started again when the story has got so far."""
    stack.kill("controller")
    try:
        yield
    finally:
        await stack.start_controller(acts=acts)


@asynccontextmanager
async def frozen(stack: Stack) -> AsyncIterator[None]:
    """The controller stands still for twenty seconds at least, then thaws with everything it had decided."""
    stack.compose("pause", "controller")
    began = time.monotonic()
    try:
        yield

        async def long_enough() -> bool:
            return time.monotonic() - began > FROZEN_SECONDS

        await until(long_enough, FROZEN_SECONDS + 5, "the end of the freeze")
    finally:
        stack.compose("unpause", "controller")


Fault = Callable[[Stack], AbstractAsyncContextManager[None]]
FAULTS = pytest.mark.parametrize("fault", [killed, frozen])


@FAULTS
async def test_a_new_caller_is_greeted_and_reaches_a_guide(stack: Stack, ready: float, guide: Phone, fault: Fault) -> None:
    async with fault(stack):
        assert (await stack.call("0701740621", Wait(20.0), HangUp())).ended_by == "us"
        assert [ring.name for ring in guide.rings] == ["Växel 0701740621"]
    row = await stack.last_call(ready, within=30)
    assert (row.outcome, row.queue, row.fallback, row.source, row.answered_by) == ("answered", "fallback", True, "logs", "1001")


@FAULTS
async def test_a_caller_in_the_menu_reaches_a_guide(stack: Stack, ready: float, guide: Phone, fault: Fault) -> None:
    call = asyncio.create_task(stack.call("0701740622", Wait(26.0), HangUp()))
    await stack.in_context("ask")
    async with fault(stack):
        await stack.talking()
        await call
    row = await stack.last_call(ready, within=40)
    assert (row.outcome, row.fallback) == ("answered", True)
    assert row.answer_seconds is not None
    assert row.answer_seconds < 20  # at worst 6 s of silence, the greeting, a second of ringing


@FAULTS
async def test_a_caller_in_the_queue_notices_nothing(stack: Stack, ready: float, fault: Fault) -> None:
    call = asyncio.create_task(stack.call("0701740623", Wait(1.0), Press("4"), Wait(35.0), HangUp()))
    await stack.in_context("queue")
    async with fault(stack), stack.phone("1001") as guide:
        await stack.talking()
        assert [ring.name for ring in guide.rings] == ["Gator 0701740623"]
        assert (await call).ended_by == "us"
    row = await stack.last_call(ready, within=40)
    assert (row.outcome, row.queue, row.fallback, row.topic) == ("answered", "guides", False, "streets")


@FAULTS
async def test_a_talking_caller_notices_nothing_also_when_it_thaws(stack: Stack, ready: float, guide: Phone, fault: Fault) -> None:
    call = asyncio.create_task(stack.call("0701740624", Wait(1.0), Press("1"), Wait(30.0), HangUp()))
    await stack.talking()
    async with fault(stack):
        pass
    assert (await call).ended_by == "us"
    row = await stack.last_call(ready, within=40)
    assert (row.outcome, row.number, row.fallback) == ("answered", "0701740624", False)
    assert row.talk_seconds is not None
    assert row.talk_seconds > 25
    assert len(guide.rings) == 1


async def test_a_restarted_controller_takes_up_those_who_wait(stack: Stack, ready: float, silent_guide: Phone) -> None:
    """The caller's 9 is answered by the new controller, which has never seen the call before."""
    steps = (Wait(1.0), Press("5"), Wait(16.0), Press("9"), Wait(1.5), Press("1"), Wait(12.0), HangUp())
    call = asyncio.create_task(stack.call("0701740625", *steps))
    await stack.in_context("queue")
    async with killed(stack):
        pass
    assert (await call).ended_by == "them"
    row = await stack.last_call(ready, within=40)
    assert (row.outcome, row.number) == ("callback", "0701740625")


async def test_an_orderly_stop_hands_a_caller_in_the_menu_to_the_fallback_at_once(stack: Stack, ready: float, guide: Phone) -> None:
    call = asyncio.create_task(stack.call("0701740626", Wait(18.0), HangUp()))
    await stack.in_context("ask")
    stack.compose("stop", "controller")
    try:
        await stack.talking(within=12)
        await call
    finally:
        await stack.start_controller()
    assert (await stack.last_call(ready, within=40)).outcome == "answered"


async def test_a_second_controller_stands_by_and_takes_over(stack: Stack, ready: float, guide: Phone) -> None:
    with stack.second_controller() as readiness:

        async def standing_by() -> bool:
            return readiness().get("acting") is False

        async def acting() -> bool:
            return readiness().get("acting") is True

        await until(standing_by, 30, "the second controller")
        assert (await stack.call("0701740627", Wait(1.0), Press("1"), Wait(3.0), HangUp())).answered
        async with killed(stack, acts=False):  # the other one has taken over
            await until(acting, 15, "the take-over")
            assert (await stack.call("0701740628", Wait(1.0), Press("3"), Wait(3.0), HangUp())).answered
            assert [ring.name for ring in guide.rings] == ["Omsorg 0701740627", "Skola 0701740628"]
            row = await stack.last_call(ready, number="0701740628")
            assert (row.source, row.fallback, row.topic) == ("events", False, "education")


async def test_calls_cut_off_by_a_killed_asterisk_are_errors_of_ours(stack: Stack, ready: float, guide: Phone) -> None:
    call = asyncio.create_task(stack.call("0701740629", Wait(1.0), Press("1"), Wait(12.0), HangUp()))
    await stack.talking()
    stack.kill("asterisk")
    stack.compose("up", "-d", "--wait", "asterisk")
    call.cancel()
    row = await stack.last_call(ready, within=40)
    assert (row.outcome, row.reason, row.queue) == ("error", "restart", "guides")
