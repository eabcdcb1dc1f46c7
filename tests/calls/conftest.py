"""One stack for all stories, two registered phones, and after each story: no channel left."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Iterator

import pytest

from simulation import Phone
from tests.calls.stack import Stack, until


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The product's containers, started once and taken away with their volumes."""
    stack = Stack(tmp_path_factory.mktemp("stack"))
    stack.compose("down", "-v", "--remove-orphans")
    stack.compose("up", "-d", "--wait")
    stack.dials_callbacks(held=True)
    stack.all_logged_in()
    yield stack
    (stack.folder / "containers.log").write_text(stack.compose("logs", "--no-color"))
    stack.compose("down", "-v", "--remove-orphans")


@pytest.fixture
async def ready(stack: Stack) -> AsyncIterator[float]:
    """The moment at which a story starts, on a stack that may promise, has no call, and all guides logged in; none is left when it ends."""

    async def calm() -> bool:
        return stack.ready() and stack.is_calm()

    await until(calm, 30, "a calm stack")
    stack.all_logged_in()
    yield float(int(time.time()))
    await until(calm, 20, "a stack without calls, conversations and open ports after the story")


@pytest.fixture
async def guide(stack: Stack, ready: float) -> AsyncIterator[Phone]:
    """A guide whose phone answers after a second."""
    async with stack.phone("1001") as answering:
        yield answering


@pytest.fixture
async def silent_guide(stack: Stack, ready: float) -> AsyncIterator[Phone]:
    """A guide whose phone rings and is not answered."""
    async with stack.phone("1001", answers_after=None) as ringing:
        yield ringing


@pytest.fixture
async def busy_guide(stack: Stack, ready: float) -> AsyncIterator[Phone]:
    """A guide whose phone is busy whenever it is rung."""
    async with stack.phone("1001", status=486) as busy:
        yield busy
