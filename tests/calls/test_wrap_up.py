"""After a talk a guide has the wrap-up that the file gives, or one of a chosen length; it always ends, also after a killed controller."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator

import pytest

from simulation import HangUp, Press, Wait
from tests.calls.stack import Stack
from tests.calls.test_guides import becomes, everybody_comes_back, members
from tests.calls.test_without_controller import killed

__all__ = ["everybody_comes_back"]
SECONDS = 6


@pytest.fixture(scope="module", autouse=True)
def wrap_up_in_the_file(stack: Stack) -> Iterator[None]:
    """The controller runs with a wrap-up of a few seconds."""
    file = stack.folder / "municipalities" / "lekeberg.toml"
    kept = file.read_text(encoding="utf-8")
    serve(stack, kept.replace("[staffing]\n", f"[staffing]\nwrap_up_seconds = {SECONDS}\n"))
    yield
    serve(stack, kept)


def serve(stack: Stack, text: str) -> None:
    """Activate another file."""
    (stack.folder / "municipalities" / "lekeberg.toml").write_text(text, encoding="utf-8")
    status, said = stack.api("POST", "/api/municipalities/lekeberg/activate", stack.token("--role", "system_manager"))
    assert status == 200, said


async def talks(stack: Stack, number: str, seconds: float = 3.0) -> None:
    assert (await stack.call(number, Wait(1.0), Press("1"), Wait(seconds), HangUp())).answered


async def test_a_wrap_up_follows_the_talk_and_ends_by_itself(stack: Stack) -> None:
    async with stack.phone("1001"):
        await becomes(stack, "1001", "available")
        await talks(stack, "0701740661")
        await becomes(stack, "1001", "wrapup", "wrap_up", within=2)
        began = time.monotonic()
        assert members(stack)["1001"] is True
        await becomes(stack, "1001", "available")
        assert SECONDS - 2 < time.monotonic() - began < SECONDS + 1


async def test_the_guide_ends_it_earlier_or_chooses_its_length(stack: Stack) -> None:
    async with stack.phone("1001"):
        await becomes(stack, "1001", "available")
        await talks(stack, "0701740662")
        await becomes(stack, "1001", "wrapup", "wrap_up", within=2)
        assert stack.guide("1001", "ready")[1]["state"] == "available"
        assert stack.guide("1001", "wrap-up", seconds=3)[1]["state"] == "wrapup"
        began = time.monotonic()
        await becomes(stack, "1001", "available")
        assert time.monotonic() - began < 4


async def test_a_pause_of_ones_own_during_the_talk_is_kept(stack: Stack) -> None:
    async with stack.phone("1001"):
        await becomes(stack, "1001", "available")
        call = asyncio.create_task(talks(stack, "0701740663", 6.0))
        await stack.talking()
        stack.guide("1001", "pause", reason="break")
        await call
        assert (await stack.last_call(0.0, number="0701740663")).outcome == "answered"
        assert stack.guides()["1001"]["reason"] == "break"


async def test_a_wrap_up_ends_although_the_controller_died_in_it(stack: Stack) -> None:
    async with stack.phone("1001"):
        await becomes(stack, "1001", "available")
        await talks(stack, "0701740664")
        await becomes(stack, "1001", "wrapup", "wrap_up", within=2)
        async with killed(stack):
            assert members(stack)["1001"] is True
        await becomes(stack, "1001", "available", within=15)
