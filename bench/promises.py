"""Callback requests against what others do with delayed jobs: arq and rq on the same Redis, which syncs each write to the disk.

Ours is a request registered, claimed and settled; theirs a delayed job enqueued, started and finished. Then claims among a million.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
import uuid
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar

from redis.asyncio import Redis

from bench.comparison import Comparison
from bench.containers import ROOT
from bench.figures import Goal, percentile, row
from bench.stack import BenchError
from callbacks import keys
from callbacks.model import Request
from callbacks.policy import Next
from callbacks.record import seconds, to_fields
from callbacks.scripts import PRELUDE
from callbacks.store import Act, Attempt, CallbackStore
from routing.callback_rules import CallbackRules
from tests.redis_server import RedisServer

T = TypeVar("T")
RESULTS = Path(__file__).parent / "results" / "promises.json"
PEERS = Path(__file__).parent / "peers"
PYTHON = ROOT / ".venv" / "peers" / "bin" / "python"
NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)
SLUG, QUEUE = "bench", "guides"
FEW, MANY = 1_000, 1_000_000
COUNT, RQ_COUNT, LATENCIES = 1000, 50, 300
AT_ONCE, ARQ_AT_ONCE = 50, 10
"""Clients of ours; of arq ten jobs, its own default, with which it is quickest."""
ROUNDS = 3
STEP = 5000
UNGUARDED = CallbackRules.model_construct(**CallbackRules().model_dump() | {"dials_an_hour": 10**9})
DONE = Next("closed", "measured", outcome="not_reached", counts=True)


@dataclass
class Measured:
    """Of each round: whole requests and jobs a second; of each verb its rate; the seconds of claims one after another."""

    arq: list[tuple[float, float]] = field(default_factory=list)
    rq: list[tuple[float, float]] = field(default_factory=list)
    verbs: list[dict[str, float]] = field(default_factory=list)
    claims: list[float] = field(default_factory=list)


def example(number: str) -> Request:
    """A request of the guides' that may be dialled now."""
    return Request(
        id=uuid.uuid4().hex, municipality=SLUG, topic="care", administration="social", queue=QUEUE, source="queue_key", protected=False,
        created_at=NOW, number=number, not_before=NOW, place=NOW + timedelta(days=1), due=NOW + timedelta(hours=4),
        limit=NOW + timedelta(days=2), follow_up_at=NOW + timedelta(hours=3),
    )  # fmt: skip


async def fill(redis: Redis, begin: int, end: int) -> None:
    """Open requests, without the file while they are written: it is written anew at the end."""
    script = PRELUDE + (Path(__file__).parent / "load_requests.lua").read_text(encoding="utf-8")
    load, fields = redis.register_script(script), to_fields(example("")) | {"place": seconds(NOW)}
    await redis.config_set("appendonly", "no")
    for start in range(begin, end, STEP):
        said = {"op": "", "now": seconds(NOW), "fields": fields, "from": start, "to": min(start + STEP, end) - 1}
        await load(keys=[keys.prefix(SLUG)], args=[json.dumps(said)])
    print(f"bench: {end} requests are open", file=sys.stderr, flush=True)
    await redis.config_set("appendonly", "yes")
    while (info := await redis.info("persistence"))["aof_rewrite_in_progress"] or info["aof_rewrite_scheduled"]:  # noqa: ASYNC110 - no event
        await asyncio.sleep(0.1)


class Ours:
    """The store as it is used: each verb awaited, so many at the same time."""

    def __init__(self, redis: Redis) -> None:
        self._store = CallbackStore(redis)

    async def rates(self, count: int) -> dict[str, float]:
        """How many requests, claims and settlements a second, and how many whole ones."""
        requests = [example(f"+01{uuid.uuid4().int % 10**12}") for _ in range(count)]
        claimed: list[Request] = []
        registering = await _timed(self._register, requests)
        claiming = await _timed(lambda _: self._claim(claimed), range(count))
        settling = await _timed(self._settle, claimed)
        spent = {"requests": registering, "claims": claiming, "settlements": settling, "whole": registering + claiming + settling}
        return {name: count / seconds_ for name, seconds_ in spent.items()}

    async def claim_seconds(self, count: int) -> list[float]:
        """How long each of so many claims took, one after another."""
        claimed: list[Request] = []
        took = []
        for _ in range(count):
            begun = time.perf_counter()
            await self._claim(claimed)
            took.append(time.perf_counter() - begun)
        await _timed(self._settle, claimed)
        return took

    async def _register(self, request: Request) -> None:
        await self._store.register(request, _act(), UNGUARDED)

    async def _claim(self, claimed: list[Request]) -> None:
        answer = await self._store.claim(SLUG, QUEUE, Attempt(uuid.uuid4().hex), _act(), UNGUARDED)
        if answer.word != "claimed":
            raise BenchError(f"a claim was answered with {answer.word}")
        claimed.append(answer.standing)

    async def _settle(self, request: Request) -> None:
        answer = await self._store.settle(request, request.attempt, _act(), "no_answer", DONE)
        if answer.word != "settled":
            raise BenchError(f"a settlement was answered with {answer.word}")


def _act() -> Act:
    return Act(NOW, operation=uuid.uuid4().hex)


async def _timed(do: Callable[[T], Awaitable[None]], each: Iterable[T]) -> float:
    left = iter(list(each))

    async def some() -> None:
        for one in left:
            await do(one)

    begun = time.perf_counter()
    await asyncio.gather(*(some() for _ in range(AT_ONCE)))
    return time.perf_counter() - begun


async def peer(program: str, count: int, *arguments: int) -> float:
    """Jobs a second of a peer, in a process of its own as it would be. Raises BenchError."""
    command = [str(PYTHON), str(PEERS / program), *map(str, arguments)]
    process = await asyncio.create_subprocess_exec(*command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=PEERS)
    told, wrong = await process.communicate()
    if process.returncode:
        raise BenchError(f"{program}: {wrong.decode()[-300:]}")
    return count / float(told.split()[-1])


async def _measured(server: RedisServer, redis: Redis, *, with_rq: bool) -> Measured:
    measured, ours = Measured(), Ours(redis)
    await ours.rates(200)  # the first ones of a fresh process are slower
    for _ in range(ROUNDS):
        rates = await ours.rates(COUNT)
        measured.verbs.append(rates)
        measured.claims += await ours.claim_seconds(LATENCIES // ROUNDS)
        measured.arq.append((rates["whole"], await peer("arq_jobs.py", COUNT, server.port, COUNT, ARQ_AT_ONCE)))
        if with_rq:
            measured.rq.append((rates["whole"], await peer("rq_jobs.py", RQ_COUNT, server.port, RQ_COUNT)))
        print(f"bench: {rates['whole']:.0f} whole requests/s, arq {measured.arq[-1][1]:.0f} jobs/s", file=sys.stderr, flush=True)
    return measured


async def run() -> list[Comparison]:
    """Every comparison, at a thousand and at a million open requests. Raises BenchError."""
    if not PYTHON.exists():
        raise BenchError("the peers are not installed: run setup/peers.sh")
    server = RedisServer()
    redis = server.client(timeout=60)
    try:
        await fill(redis, 0, FEW)
        few = await _measured(server, redis, with_rq=True)
        await fill(redis, FEW, MANY)
        many = await _measured(server, redis, with_rq=False)
    finally:
        await redis.aclose()
        server.remove()
    return compare(few, many)


def compare(few: Measured, many: Measured) -> list[Comparison]:
    """What was measured, with the goals."""
    goal, name = Goal(3, at_least=True), "request, claim, settlement, {} open"
    p99s = (1000 * percentile(many.claims, 0.99), 1000 * percentile(few.claims, 0.99))
    beside = [
        Comparison(row(name.format("1 000"), "arq, a delayed job", "1/s", few.arq), goal),
        Comparison(row(name.format("1 000"), "rq, a delayed job", "1/s", few.rq), goal),
        Comparison(row(name.format("1 000 000"), "arq, a delayed job", "1/s", many.arq), goal),
        Comparison(row("p99 of a claim, 1 000 000 open", "1 000 open", "ms", [p99s]), Goal(2)),
    ]
    for verb in ("requests", "claims", "settlements"):
        rounds = [(one[verb], other[verb]) for one, other in zip(many.verbs, few.verbs, strict=True)]
        beside.append(Comparison(row(f"{verb}, 1 000 000 open", "1 000 open", "1/s", rounds), Goal(0.5, at_least=True)))
    return beside
