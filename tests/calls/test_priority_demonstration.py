"""A handful of the calls of `make proof NAME=priority`, on a chain with short steps: several at once, with and without the controller."""

from __future__ import annotations

import pytest

from metrics.ledger import Ledger
from metrics.story import CallRecord
from proof.priority import Line, Scene, check, figures, play, told
from simulation import Phone, Rings
from tests.calls.stack import CONCERN_LINE, Stack
from tests.calls.test_priority_line import FIRST, HEAD, OUT_OF_HOURS, RECEPTION, SECOND

LINE = Line("lekeberg", CONCERN_LINE, (RECEPTION, FIRST, SECOND, HEAD), OUT_OF_HOURS)
SCENES = (Scene("voicemail", 1, 3), Scene("busy", 2, 3), Scene("busy", 4, 2, guide=True))


class Here:
    """The tests' stack as the demonstration asks for it."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self.address = ("127.0.0.1", stack.sip)

    def phone(self, slug: str, extension: str, talk: float) -> Phone:
        return self._stack.phone(extension, answers_after=0.5, talk=talk, municipality=slug)

    async def rows(self, slug: str, since: float) -> list[CallRecord]:
        async with self._stack.redis() as redis:
            return sorted((row for row in await Ledger(redis).latest(slug, 50) if row.started >= since), key=lambda row: row.started)


@pytest.mark.parametrize("is_with_controller", [True, False], ids=["with the controller", "without it"])
async def test_each_call_goes_where_its_scene_leads_and_in_time(stack: Stack, ready: float, is_with_controller: bool) -> None:
    if not is_with_controller:
        stack.kill("controller")
    try:
        async with stack.far_end({}, otherwise=Rings()) as far:
            begun = await play(Here(stack), far, LINE, SCENES)
    finally:
        stack.compose("up", "-d", "--wait", "controller")
    played = await told(Here(stack), LINE, begun)
    check(played, len(LINE.chain))
    shown = figures(played)
    assert (shown["calls"], shown["on_duty"], shown["guide"], shown["nobody"]) == (8, 6, 2, 0)
