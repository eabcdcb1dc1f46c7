"""A working day of two hundred callbacks, squeezed into minutes, while live callers keep coming: who was rung, and how it ended."""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from pathlib import Path
from statistics import median
from typing import Any

from redis.asyncio import Redis

from bench.containers import ROOT
from dialplan.render import phone_password
from metrics.ledger import Ledger
from proof.day import account, order
from proof.day.municipality import MAIN, SLUG, municipality_file
from proof.day.plan import Day, draw
from proof.day.town import Scene, Seen, Town
from proof.stack import PORTS, Stack
from routing.file import parse

SEED = 2026
DAY = {"orders": 200, "before": 45, "callers": 50, "ring_in": 14, "seconds": 360.0}
GUIDES = tuple(str(1001 + place) for place in range(8))
NUMBERS = tuple(f"+467017406{last:02}" for last in range(5, 98))
PATIENCE, WITHIN = 120.0, 840.0
"""Seconds: longer than the longest time between two attempts; the whole day."""
QUEUE = f"{SLUG}-guides"
ROWS_SECONDS, MOST_ROWS = 30.0, 1000
IN_ORDER, WHILE_PASSED_OVER = 15.0, 60.0
"""Seconds by which the order may differ: Asterisk lets as many look for a guide as have free phones, and serves the first who looks. One
in the two seconds after a call counts as free, so the other may have to wait for the next guide, as long as a callback takes; so does one
who is passed over, for a minute at most."""
HISTORIES = Path(__file__).parents[1] / "results" / "day-histories.jsonl"


class Failed(AssertionError):
    """The day did not show what it should; the message says all that differs."""


async def run(say: Callable[[str], None]) -> dict[str, Any]:
    """Play the day; the figures. Raises Failed and what a stack raises."""
    text = municipality_file((ROOT / "municipalities" / "lekeberg.toml").read_text(encoding="utf-8"), len(GUIDES), date.today())
    day = draw(SEED, numbers=NUMBERS, **DAY)  # type: ignore[arg-type]
    async with Stack({SLUG: text}, {}) as stack, Redis(
        port=PORTS["KC_REDIS_PORT"], password=stack.settings.redis_password, decode_responses=True
    ) as redis:
        passwords = {f"{SLUG}-{one}": phone_password(stack.settings.phone_seed, f"{SLUG}-{one}") for one in GUIDES}
        scene = Scene(stack.address, PORTS["KC_TRUNK_OUT_PORT"], passwords, redis, parse(text, SLUG), MAIN)
        town, begun = Town(scene, day), time.time()
        say(f"{len(day.orders)} callbacks, {len(day.callers)} live callers, {len(GUIDES)} guides: about a quarter of an hour")
        seen = await town.play(lambda: _to_work(stack), PATIENCE, WITHIN)
        await stack.calm()
        lasted = round(time.time() - begun)
        log = stack.docker("exec", stack.container("asterisk"), "cat", "/var/log/asterisk/queue_log")
        live = await live_places(redis, begun, len(day.callers) + sum(one.rings_in is not None for one in day.orders))
        found = judged(town.ordered, seen, log, live, {"result": Counter(), "outcome": Counter()}, await asyncio.to_thread(stack.metrics))
    export(seen, HISTORIES)
    return {"seed": SEED, "guides": len(GUIDES), "live_callers": len(live), "seconds": lasted, "ways": _ways(day)} | found


async def _to_work(stack: Stack) -> None:
    """The guides come to work: all that was ordered before is due at once."""
    await asyncio.to_thread(stack.log_in, SLUG, GUIDES)


def _ways(day: Day) -> dict[str, int]:
    return dict(Counter(day.ways[one.number] for one in day.orders).most_common())


async def live_places(redis: Redis, since: float, wanted: int) -> dict[str, float]:
    """The places of the live calls since an epoch second by call id, once the ledger has so many of them."""
    deadline = time.monotonic() + ROWS_SECONDS
    while True:
        rows = [row for row in await Ledger(redis).latest(SLUG, MOST_ROWS) if row.started >= since - 1]
        if len(rows) >= wanted or time.monotonic() > deadline:
            return {row.call_id: float(int(row.started)) for row in rows}
        await asyncio.sleep(1)


def judged(
    ordered: Sequence[str], seen: Seen, log: str, live: Mapping[str, float], before: Mapping[str, Counter[str]], scrape: str
) -> dict[str, Any]:
    """The figures. `before` are the counters from before the day. Raises Failed with all that is wrong."""
    made = account.all_attempts(seen)
    wrong = [
        *account.unaccounted(ordered, seen),
        *account.overlapping(seen.heard),
        *account.disagreeing(made, seen.heard),
        *account.miscounted(made, seen, before, account.counters(scrape, SLUG)),
    ]
    served = _order(seen, log, live)
    for when, most in (("in_the_queue", IN_ORDER), ("while_a_guide_is_passed_over", WHILE_PASSED_OVER)):
        if served[when]["largest_seconds"] > most:
            wrong.append(f"out of order {when}: {served[when]}")
    if wrong:
        raise Failed("\n".join(wrong))
    return account.figures(made, seen) | {"order": served}


def _order(seen: Seen, log: str, live: Mapping[str, float]) -> dict[str, Any]:
    """How far the order of serving was from the order of places: among those in the queue, the same while a guide was passed over, and
    all, counted from when a callback was due."""
    places = {one: turn.place for one, turn in seen.turns.items()} | dict(live)
    in_queue = order.stays(log.splitlines(), QUEUE, places)
    spans = order.passed_over(log.splitlines(), QUEUE)
    found = order.overtaken(in_queue)
    due = order.overtaken(order.from_due(in_queue, {one: turn.due for one, turn in seen.turns.items()}))
    return {
        "served": dict(Counter(order.kind(one.who) for one in in_queue)),
        "in_the_queue": _deviation([one for one in found if not order.is_within(one.at, spans)]),
        "while_a_guide_is_passed_over": _deviation([one for one in found if order.is_within(one.at, spans)]),
        "from_when_due": _deviation(due),
    }


def _deviation(found: Sequence[order.Overtaken]) -> dict[str, float]:
    seconds = [one.seconds for one in found]
    return {"served": len(seconds), "overtaken": sum(one > 0 for one in seconds), "largest_seconds": round(max(seconds, default=0.0), 1),
            "median_seconds": round(median(seconds or [0.0]), 1)}  # fmt: skip


def export(seen: Seen, to: Path) -> None:
    """Write each request's history, a line each."""
    to.write_text("".join(json.dumps(one, ensure_ascii=False) + "\n" for one in account.exported(seen)), encoding="utf-8")


def table(found: Mapping[str, Any]) -> str:
    """The figures for people."""
    who = f"{found['callbacks']} callbacks (seed {found['seed']}), {found['live_callers']} live callers, {found['guides']} guides"
    lines = [f"{who}, in {found['seconds']} s; citizens' phones rang {found['rings']} times"]
    for title in ("ways", "closed", "open", "attempts"):
        lines += ["", title, *(f"  {name:50}{many:6}" for name, many in found[title].items())]
    lines += ["", f"{'order of place':32}{'served':>8}{'overtaken':>11}{'largest s':>11}{'median s':>10}"]
    for name in ("in_the_queue", "while_a_guide_is_passed_over", "from_when_due"):
        one = found["order"][name]
        counted = f"{one['served']:8}{one['overtaken']:11}{one['largest_seconds']:11}{one['median_seconds']:10}"
        lines.append(f"  {name.replace('_', ' '):30}{counted}")
    return "\n".join(lines)
