"""A kill of the controller, of Redis or of Asterisk in the midst of an attempt: no phone rings twice for it, and the request ends where a
person finds it. A few cells of the table here; `make proof NAME=crashes` plays all of them.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
from collections.abc import AsyncIterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from callbacks.model import Request
from callbacks.store import Act, Attempt, CallbackStore
from simulation import Answers, FarEnd, Softphone
from tests.calls.callbacks import dialling, guide, history, logged, municipality, order, reaches, results
from tests.calls.stack import Stack, until

CITIZEN = "+46701740641"
PATIENCE = 60
"""Seconds for a moment to come: other stories use the machine, too."""
SLOW_GUIDE = Answers(4.0, presses="1", presses_after=6.0)
SLOW_CITIZEN = Answers(5.0, talk=10.0)
EVERY = os.environ.get("KC_EVERY_CRASH", "")
"""A file that each cell adds its row to; with it every cell is played."""


@dataclass(frozen=True)
class Cell:
    """Who is killed, and when: in the midst of `point` and what follows it."""

    victim: str
    point: str
    ends: str
    """The state in which a person finds it, or from which it is dialled anew by itself."""
    rings: int = 1
    """How often the citizen's phone rings in all."""

    def __str__(self) -> str:
        return f"{self.victim}-{self.point}"


POINTS = ("intent", "originated", "guide_answers", "citizen_rings", "citizen_answers")
CELLS = [
    *(Cell("controller", point, "talked") for point in POINTS),
    *(Cell("redis", point, "talked") for point in POINTS[1:]),
    Cell("asterisk", "originated", "talked"),
    Cell("asterisk", "guide_answers", "talked"),
    Cell("asterisk", "citizen_rings", "unknown"),
    Cell("asterisk", "citizen_answers", "talked"),
]
"""An attempt of which no citizen can have heard begins anew by itself; one that may have rung is a person's to judge."""
A_FEW = {"controller-intent", "controller-guide_answers", "redis-originated", "asterisk-citizen_rings"}


@pytest.fixture(autouse=True)
async def _dials(stack: Stack, ready: float) -> AsyncIterator[None]:
    async with dialling(stack):
        yield


@pytest.mark.parametrize("cell", [one for one in CELLS if EVERY or str(one) in A_FEW], ids=str)
async def test_nobody_is_rung_twice_for_an_attempt_and_no_request_vanishes(stack: Stack, cell: Cell) -> None:
    async with guide(stack, SLOW_GUIDE) as phone, stack.far_end({CITIZEN: SLOW_CITIZEN}) as far:
        if cell.point == "intent":
            request = await intended(stack)
        else:
            request = await order(stack, CITIZEN, "building")
            await comes_to(stack, request, cell.point, phone, far)
            await struck(stack, cell.victim, far)
        found = await reaches(stack, request, cell.ends, within=90)
        row = Row(cell.victim, cell.point, found.state, far.dialled.count(CITIZEN), len(phone.rings), *await told(stack, request))
    if EVERY:
        note(row)
    assert row.citizen_rang == cell.rings


@dataclass(frozen=True)
class Row:
    """What was seen of a cell."""

    victim: str
    point: str
    state: str
    citizen_rang: int
    guide_rang: int
    attempts: list[str]
    log: list[str]


def note(row: Row) -> None:
    """Add a row to the file of the long demonstration."""
    with Path(EVERY).open("a", encoding="utf-8") as file:
        file.write(json.dumps(asdict(row)) + "\n")


async def told(stack: Stack, request: Request) -> tuple[list[str], list[str]]:
    """How each attempt was settled, and what Asterisk has written of them."""
    return results(await history(stack, request)), logged(stack, request)


async def intended(stack: Stack) -> Request:
    """The intent stands in the store, and the controller died before it told Asterisk: as `CallbackStore.claim` leaves it."""
    stack.kill("controller")
    request = await order(stack, CITIZEN, "building")
    now = datetime.now(UTC)
    attempt = Attempt("cb-intended", midnight=now, tomorrow=now + timedelta(days=1), guard_until=now)
    async with stack.redis() as redis:
        claimed = await CallbackStore(redis).claim("lekeberg", "guides", attempt, Act(now), municipality(stack).callbacks)
    assert claimed.word == "claimed"
    await stack.start_controller()
    return request


async def comes_to(stack: Stack, request: Request, point: str, phone: Softphone, far: FarEnd) -> None:
    """Wait for a moment of the attempt."""
    match point:
        case "originated":
            await phone.rang(timeout=PATIENCE)
        case "guide_answers":
            await phone.talk(timeout=PATIENCE)
        case "citizen_rings":
            await far.rang(CITIZEN, timeout=PATIENCE)
        case "citizen_answers":
            await reaches(stack, request, "talking", within=PATIENCE)


async def struck(stack: Stack, victim: str, far: FarEnd) -> None:
    """Kill, and start again: the controller only when all is over, so that nothing but the log can tell it."""
    stack.kill(victim)
    if victim == "controller":
        leg = await far.rang(CITIZEN, timeout=PATIENCE)
        async with asyncio.timeout(40):
            await leg.ended.wait()
        await stack.start_controller()
        return
    await asyncio.to_thread(subprocess.run, ["docker", "start", stack.container(victim)], capture_output=True, check=True)

    async def back() -> bool:
        return stack.ready()

    await until(back, 60, f"a stack that works again after {victim}")
