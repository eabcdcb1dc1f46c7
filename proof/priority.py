"""Fifty priority calls: the first one, two or all in the chain are silent, busy, or have a voicemail that answers; several call at once.

What became of a call is what the ledger says, with and without the controller; that each call is there is counted.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from statistics import median
from typing import Any, Protocol

from bench.containers import ROOT
from metrics.story import PRIORITY_OUTCOMES, CallRecord
from proof.municipality import municipality_file
from proof.stack import Stack
from simulation import Answers, Behaviour, Citizen, FarEnd, Phone, Refuses, Rings, WaitForBye
from simulation.sipp import Address

TALK = 2.0
ACCEPTS = Answers(presses="1", talk=TALK)
KINDS: dict[str, Behaviour] = {"silent": Rings(), "busy": Refuses(486), "voicemail": Answers()}
"""Whoever does not answer, in which way. A voicemail answers and presses nothing."""
GUIDE = "1001"
LONGEST_CALL = 420.0
"""Three rounds in vain with the real times, the number out of hours and the last words."""
ROWS_SECONDS = 60
"""Asterisk's log is read some seconds after a controller's start."""
MEDIAN, WORST = 30.0, 90.0
"""Seconds to somebody on duty, while one of them answers."""


@dataclass(frozen=True)
class Line:
    """A municipality's priority line: what the citizen dials, the phones of its chain in order, and the number out of hours."""

    slug: str
    dialled: str
    chain: tuple[str, ...]
    out_of_hours: str


@dataclass(frozen=True)
class Scene:
    """So many calls at once, while the first `failing` of the chain do not answer. With a guide at the phone or without."""

    kind: str
    failing: int
    calls: int
    guide: bool = False

    def __str__(self) -> str:
        return f"{self.failing} {self.kind}{', a guide' if self.guide else ''}"


@dataclass(frozen=True)
class Played:
    """A scene with what became of its calls."""

    scene: Scene
    rows: tuple[CallRecord, ...]


class Site(Protocol):
    """Where it is played: a stack with its simulated people."""

    address: Address

    def phone(self, slug: str, extension: str, talk: float) -> Phone:
        """A guide's phone, registered while it is used."""

    async def rows(self, slug: str, since: float) -> list[CallRecord]:
        """The ledger's rows since an epoch second, in order."""


class Failed(AssertionError):
    """The demonstration did not show what it should; the message says all that differs."""


async def play(site: Site, far: FarEnd, line: Line, scenes: Sequence[Scene]) -> list[tuple[Scene, float]]:
    """Play the scenes of a line one after the other, each to the end of its calls; the epoch second at which each began."""
    begun = []
    for scene in scenes:
        phones = {number: KINDS[scene.kind] for number in (*line.chain[: scene.failing], line.out_of_hours)}
        far.numbers.update(dict.fromkeys(line.chain, ACCEPTS) | phones)
        begun.append((scene, time.time()))
        async with _guides(site, line, scene):
            citizens = [
                Citizen(f"07017406{50 + place}", line.dialled, [WaitForBye()], timeout=LONGEST_CALL) for place in range(scene.calls)
            ]
            await asyncio.gather(*(citizen.call(site.address) for citizen in citizens))
    return begun


@asynccontextmanager
async def _guides(site: Site, line: Line, scene: Scene) -> AsyncIterator[None]:
    async with AsyncExitStack() as phones:
        if scene.guide:
            await phones.enter_async_context(site.phone(line.slug, GUIDE, TALK))
        yield


async def told(site: Site, line: Line, begun: Sequence[tuple[Scene, float]]) -> list[Played]:
    """The scenes of a line with the rows of their calls, once the ledger has them all. Raises Failed for calls that it does not have."""
    wanted, rows = sum(scene.calls for scene, _ in begun), await site.rows(line.slug, begun[0][1])
    for _ in range(ROWS_SECONDS):
        if len(rows) >= wanted:
            break
        await asyncio.sleep(1)
        rows = await site.rows(line.slug, begun[0][1])
    if len(rows) != wanted:
        raise Failed(f"{line.slug}: {wanted} calls were made, and the ledger has {len(rows)}")
    rest = iter(rows)
    return [Played(scene, tuple(next(rest) for _ in range(scene.calls))) for scene, _ in begun]


def figures(played: Sequence[Played]) -> dict[str, Any]:
    """The three outcomes, and the seconds to somebody on duty: over all calls, and by scene."""
    return _figures([row for one in played for row in one.rows]) | {"scenes": {str(one.scene): _figures(one.rows) for one in played}}


def _figures(rows: Sequence[CallRecord]) -> dict[str, Any]:
    counted = Counter(row.priority_outcome for row in rows)
    seconds = [row.priority_seconds for row in rows if row.priority_outcome == "on_duty" and row.priority_seconds is not None]
    to_duty = {"median_seconds": round(median(seconds), 1), "worst_seconds": round(max(seconds), 1)} if seconds else {}
    return {"calls": len(rows)} | {outcome: counted[outcome] for outcome in PRIORITY_OUTCOMES} | to_duty


def check(played: Sequence[Played], line_of: int) -> None:
    """Raise Failed unless each call went where its scene leads, and in time. `line_of` is how many phones the chain has."""
    wrong = []
    for one in played:
        wanted = "on_duty" if one.scene.failing < line_of else "guide" if one.scene.guide else "nobody"
        if stray := Counter(row.priority_outcome for row in one.rows if row.priority_outcome != wanted):
            wrong.append(f"{one.scene}: {wanted} was wanted, and {dict(stray)} came")
    reached = _figures([row for one in played if one.scene.failing < line_of for row in one.rows])
    if reached["median_seconds"] > MEDIAN or reached["worst_seconds"] > WORST:
        wrong.append(f"somebody on duty after {reached['median_seconds']} s in the median, {reached['worst_seconds']} s at worst")
    if wrong:
        raise Failed("; ".join(wrong))


LINES = {
    kind: Line(kind, f"07017406{tens}6", tuple(f"+467017406{tens}{last}" for last in range(4)), f"+467017406{tens}5")
    for kind, tens in zip(KINDS, (1, 2, 3), strict=True)
}
"""A municipality for each way of not answering, so that they are played side by side; what the citizen dials is IFO's own number."""
SCENES = {
    kind: (Scene(kind, 1, 6), Scene(kind, 2, 6), Scene(kind, 4, 4 if kind != "voicemail" else 3, guide=True),
           *([Scene(kind, 4, 3)] if kind == "busy" else []))
    for kind in KINDS
}  # fmt: skip
"""50 calls. All of a chain are lost without a guide, too: three rounds, and the number out of hours is busy."""


def files() -> dict[str, str]:
    """The municipalities' texts by slug."""
    real = (ROOT / "municipalities" / "lekeberg.toml").read_text(encoding="utf-8")
    return {kind: municipality_file(real, kind, _numbers(line)) for kind, line in LINES.items()}


def _numbers(line: Line) -> dict[str, str]:
    theirs = ("+46701740660", "+46701740661", "+46701740662", "+46701740663", "+46701740690", "+46701740692", "+4658548700")
    own = (*line.chain, line.out_of_hours, f"+46{line.dialled[1:]}", f"{line.chain[0][:-1]}7")
    return dict(zip(theirs, own, strict=True))


async def run(say: Callable[[str], None]) -> dict[str, Any]:
    """All of it with the controller, and again without it; the figures of both. Raises Failed and what a stack raises."""
    async with Stack(files(), dict.fromkeys(LINES, (GUIDE,))) as stack, stack.far_end(Rings()) as far:
        say("50 calls with the controller")
        with_controller = await _turn(stack, far, lambda: asyncio.sleep(0))
        stack.stop_controller()
        say("50 calls without it")
        without = await _turn(stack, far, stack.start_controller)
    return {"chain": "15 s steps, 3 rounds", "with_controller": with_controller, "without_controller": without}


async def _turn(stack: Stack, far: FarEnd, before_reading: Callable[[], Awaitable[None]]) -> dict[str, Any]:
    begun = await asyncio.gather(*(play(stack, far, line, SCENES[kind]) for kind, line in LINES.items()))
    await before_reading()
    played = [one for line, scenes in zip(LINES.values(), begun, strict=True) for one in await told(stack, line, scenes)]
    check(played, len(LINES["silent"].chain))
    return figures(played)


def table(found: dict[str, Any]) -> str:
    """The figures for a person."""
    rows = [f"{'':<32}{'calls':>6}{'on duty':>9}{'guide':>7}{'nobody':>8}{'median s':>10}{'worst s':>9}"]
    for turn in ("with_controller", "without_controller"):
        rows.append(_row(turn.replace("_", " "), found[turn]))
        rows += [_row(f"  {scene}", figures) for scene, figures in found[turn]["scenes"].items()]
    return "\n".join(rows)


def _row(name: str, one: dict[str, Any]) -> str:
    seconds = f"{one.get('median_seconds', '-'):>10}{one.get('worst_seconds', '-'):>9}"
    return f"{name:<32}{one['calls']:>6}{one['on_duty']:>9}{one['guide']:>7}{one['nobody']:>8}{seconds}"
