"""One run: our side and the twin measured in turns, a span of load each, one directly after the other."""

from __future__ import annotations

import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from bench.figures import Search, percentile
from bench.load import OURS, TAIL_SECONDS, THEIRS, Load, Side, Span
from bench.stack import BenchError, Stack

SLOW, FAST = 10.0, 50.0
"""Calls a second at which latency and CPU time are measured."""
RATES = (20.0, 40.0, 60.0, 66.0, 72.0, 79.0, 87.0, 95.0, 105.0, 115.0, 127.0, 140.0, 154.0, 170.0, 187.0, 205.0, 226.0, 248.0)
"""What the search for the highest rate may try: a tenth apart where it is usually found."""


@dataclass(frozen=True)
class Plan:
    """How much is measured: rounds, and seconds of load for each figure. Past `enough` seconds no further round begins."""

    rounds: int
    slow_seconds: float
    fast_seconds: float
    searches: int
    search_seconds: float = 4.0
    enough: float = 360.0


WHOLE = Plan(rounds=3, slow_seconds=10, fast_seconds=5, searches=2)
QUICK = Plan(rounds=1, slow_seconds=4, fast_seconds=3, searches=0)

GUIDES, MANY_GUIDES = 250, 850
"""Enough that the queue never backs up at 50 calls/s, and in the search: a call takes a guide for up to 3.3 s, 2 s of wrap-up included and
counted in whole seconds. Not more, because a long queue makes each call dearer for Asterisk, and the controller look cheap beside it."""


@dataclass
class Measured:
    """Ours and theirs of each round: spans at the two rates, and the highest rates (calls a second)."""

    slow: list[tuple[Span, Span]] = field(default_factory=list)
    fast: list[tuple[Span, Span]] = field(default_factory=list)
    highest: list[tuple[float, float]] = field(default_factory=list)


class Turns:
    """The two sides on one stack, one after the other. Each method raises BenchError when something could not be measured."""

    def __init__(self, stack: Stack, load: Load, plan: Plan) -> None:
        self._stack, self._load, self._plan = stack, load, plan

    async def warm(self) -> None:
        """Calls that are not counted: the first ones of a fresh process are slower."""
        for side in (OURS, THEIRS):
            await self._load.span(side, SLOW, 2)

    async def spans(self, rate: float) -> tuple[Span, Span]:
        """Ours and theirs at one rate."""
        return await self._span(OURS, rate), await self._span(THEIRS, rate)

    async def highest(self) -> tuple[float, float]:
        """The highest rates without a failed call."""
        return await self._highest(OURS), await self._highest(THEIRS)

    async def _turn(self, side: Side) -> None:
        """Give Asterisk to one side: the controller runs for ours alone."""
        if side is OURS:
            await self._stack.start_controller()
        else:
            self._stack.stop_controller()

    async def _span(self, side: Side, rate: float) -> Span:
        """A span of which every call was measured."""
        await self._turn(side)
        seconds = self._plan.slow_seconds if rate == SLOW else self._plan.fast_seconds
        span = await self._load.span(side, rate, seconds, tail=TAIL_SECONDS if side is OURS else 0.0)
        if span.faults:
            raise BenchError(f"{side.name}: {rate:g} calls/s could not be measured, {span.complaint}")
        _say(f"{side.name}: {rate:g} calls/s, key to ring {1000 * percentile(span.latencies, 0.5):.2f} ms in the median")
        return span

    async def _highest(self, side: Side) -> float:
        await self._turn(side)
        search = Search(RATES)
        while (rate := search.next()) is not None:
            span = await self._load.span(side, rate, self._plan.search_seconds)
            _say(f"{side.name}: {rate:g} calls/s, {span.complaint[:150]}")
            search.tell(passed=not span.faults)
        if not search.best:
            raise BenchError(f"{side.name}: calls fail even at {RATES[0]:g} calls/s")
        if search.is_at_limit:
            _say(f"{side.name}: {search.best:g} calls/s is the highest rate that is tried; the true one may be higher")
        return search.best


@asynccontextmanager
async def turns(plan: Plan, guides: int) -> AsyncIterator[Turns]:
    """A stack that lives no longer than this, with its guides at their phones, and warm."""
    async with Stack(guides) as stack:
        load = Load(stack)
        await load.register()
        ready = Turns(stack, load, plan)
        await ready.warm()
        yield ready


async def run(plan: Plan) -> Measured:
    """Every round of the plan for which there is time, at least one of each kind. Raises BenchError."""
    measured, begun = Measured(), time.monotonic()
    async with turns(plan, GUIDES) as sides:
        while len(measured.slow) < plan.rounds and (not measured.slow or time.monotonic() - begun < plan.enough):
            measured.slow.append(await sides.spans(SLOW))
            measured.fast.append(await sides.spans(FAST))
    if not plan.searches:
        return measured
    async with turns(plan, MANY_GUIDES) as sides:
        while len(measured.highest) < plan.searches and (not measured.highest or time.monotonic() - begun < plan.enough):
            measured.highest.append(await sides.highest())
    return measured


def _say(text: str) -> None:
    print(f"bench: {text}", file=sys.stderr, flush=True)
