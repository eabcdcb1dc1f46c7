"""Who rings again within a day is first offered to the guide who answered then; whoever that is not free for waits as everybody does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from simulation import CallResult, HangUp, Press, Wait, WaitForBye
from tests.calls.stack import SPECIALISTS, Stack, until

ONE, OTHER = "1101", "1102"
"""Örebro's specialists for care."""


@pytest.fixture(autouse=True)
async def on_duty(stack: Stack, ready: float) -> AsyncIterator[None]:
    """Both are logged in and ready, before and after."""
    for extension in (ONE, OTHER):
        stack.guide(extension, "login", "orebro")
        stack.guide(extension, "ready", "orebro")
    yield
    for extension in (ONE, OTHER):
        await becomes(stack, extension, "unavailable", within=15)


async def becomes(stack: Stack, extension: str, state: str, within: float = 15) -> None:
    async def told() -> bool:
        return bool(stack.guides("orebro").get(extension, {}).get("state") == state)

    await until(told, within, f"{extension} {state}")


def care(stack: Stack, number: str, seconds: float) -> asyncio.Task[CallResult]:
    return asyncio.create_task(stack.call(number, Wait(1.0), Press("1"), Wait(seconds), HangUp(), dials=SPECIALISTS))


async def known(stack: Stack, number: str, ready: float) -> None:
    """This number was answered by the other one, whose phone was the only one, and who is free again."""
    async with stack.phone(OTHER, municipality="orebro"):
        await becomes(stack, OTHER, "available")
        await care(stack, number, 2.5)
        assert (await stack.last_call(ready, number=number, municipality="orebro")).answered_by == OTHER
        await becomes(stack, OTHER, "wrapup", within=5)
        await becomes(stack, OTHER, "available")


async def test_the_guide_of_the_last_call_is_rung_alone_and_has_a_wrap_up_after_it(stack: Stack, ready: float) -> None:
    await known(stack, "0701740671", ready)
    async with stack.phone(ONE, municipality="orebro") as one, stack.phone(OTHER, municipality="orebro") as other:
        await becomes(stack, ONE, "available")
        await becomes(stack, OTHER, "available")
        again = care(stack, "0701740671", 4.0)  # the first one has been idle for longer: the queue would ring that phone
        await stack.talking()
        waiting = stack.by_label("ivr_queue_calls_waiting", "queue", "orebro")["care"]
        assert (await again).answered
        await becomes(stack, OTHER, "wrapup", within=5)
        assert ([ring.name for ring in other.rings], one.rings) == (["Omsorg 0701740671"], [])
    row = await stack.last_call(ready + 1, number="0701740671", municipality="orebro")
    assert (row.outcome, row.queue, row.answered_by, row.exits, row.fallback) == ("answered", "care", OTHER, (), False)
    assert waiting == 0.0


async def test_who_does_not_answer_is_not_waited_for_long_and_has_missed_nothing(stack: Stack, ready: float) -> None:
    await known(stack, "0701740672", ready)
    async with stack.phone(OTHER, answers_after=None, municipality="orebro") as silent:
        await becomes(stack, OTHER, "available")
        again = care(stack, "0701740672", 14.0)
        await silent.rang()
        async with stack.phone(ONE, municipality="orebro") as one:
            await becomes(stack, ONE, "available")
            assert (await again).answered
            assert len(one.rings) == 1
        assert 9.0 < (one.rings[0].when - silent.rings[0].when).total_seconds() < 13.0
        assert stack.guides("orebro")[OTHER]["missed"] == 0
    row = await stack.last_call(ready + 1, number="0701740672", municipality="orebro")
    assert (row.outcome, row.answered_by) == ("answered", ONE)
    assert row.queue_wait_seconds is not None
    assert row.queue_wait_seconds > 10.0


async def test_9_orders_a_callback_while_that_phone_rings(stack: Stack, ready: float) -> None:
    await known(stack, "0701740673", ready)
    async with stack.phone(OTHER, answers_after=None, municipality="orebro") as silent:
        await becomes(stack, OTHER, "available")
        steps = (Wait(1.0), Press("1"), Wait(4.0), Press("9"), Wait(1.5), Press("1"), WaitForBye())
        assert (await stack.call("0701740673", *steps, dials=SPECIALISTS)).ended_by == "them"
        assert len(silent.rings) == 1
    row = await stack.last_call(ready + 1, number="0701740673", municipality="orebro")
    assert (row.outcome, row.exits) == ("callback", (("care", "key"),))
