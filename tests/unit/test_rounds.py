"""The loop of what looks again and again: it survives every failure, and rests while another controller acts."""

from __future__ import annotations

import asyncio

import pytest

from callbacks.rounds import rounds
from callbacks.store import StoreAway


async def test_a_round_that_fails_ends_nothing() -> None:
    went: list[str] = []
    done = asyncio.Event()

    async def go() -> None:
        went.append("")
        if len(went) == 1:
            raise StoreAway("away")
        if len(went) == 2:
            raise ValueError("a fault of ours")
        done.set()

    running = asyncio.create_task(rounds("test", 0, lambda: True, go))
    async with asyncio.timeout(5):
        await done.wait()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running


async def test_it_rests_while_another_controller_acts_and_goes_on_when_it_is_its_turn() -> None:
    acting = [False, False, True]
    done = asyncio.Event()

    async def go() -> None:
        assert not acting
        done.set()

    running = asyncio.create_task(rounds("test", 0, lambda: acting.pop(0) if acting else True, go))
    async with asyncio.timeout(5):
        await done.wait()
    running.cancel()
