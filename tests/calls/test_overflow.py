"""Who waits for a specialist goes on to the generalists in the same place, also without the controller."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from simulation import HangUp, Press, Wait
from tests.calls.stack import SPECIALISTS, Stack, until
from tests.calls.test_without_controller import killed

BUILDING = (Wait(1.0), Press("5"), Wait(16.0), HangUp())


@pytest.fixture(autouse=True)
async def generalist(stack: Stack, ready: float) -> AsyncIterator[None]:
    """A generalist is logged in, and no specialist."""
    stack.guide("1001", "login", "orebro")
    async with stack.phone("1001", municipality="orebro") as phone:
        yield
        assert len(phone.rings) == 1
        assert 5.0 < (phone.rings[0].when.timestamp() - ready) < 18.0


async def test_a_caller_overflows_and_a_generalist_answers(stack: Stack, ready: float) -> None:
    assert (await stack.call("0701740665", *BUILDING, dials=SPECIALISTS)).answered
    row = await stack.last_call(ready, municipality="orebro")
    assert (row.outcome, row.queue, row.answered_by, row.exits) == ("answered", "building", "1001", (("building", "overflow"),))
    series = 'ivr_queue_exits_total{municipality="orebro",queue="building",reason="overflow"}'
    assert stack.metric(series) >= 1


async def test_a_caller_overflows_without_the_controller(stack: Stack, ready: float) -> None:
    call = asyncio.create_task(stack.call("0701740666", *BUILDING, dials=SPECIALISTS))

    async def waits() -> bool:
        return "orebro-queue!building" in stack.asterisk("core show channels concise")

    await until(waits, 10, "the caller in the queue")
    async with killed(stack):
        assert (await call).answered
    assert (await stack.last_call(ready, within=40, municipality="orebro")).answered_by == "1001"
