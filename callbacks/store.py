"""Callback requests in Redis: durable before they are promised. One Lua script a verb; no rule of the policy lives here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import cast

from redis.asyncio import Redis
from redis.exceptions import RedisError

from callbacks import keys
from callbacks.model import Request

CALL_REMEMBERED_SECONDS = 24 * 3600
"""Longer than any call lasts."""

WANTED = {"appendonly": "yes", "appendfsync": "always", "maxmemory-policy": "noeviction"}
"""What Redis must be set to, so that a promise survives a power cut."""

_REGISTER = (Path(__file__).parent / "lua" / "register.lua").read_text(encoding="utf-8")


class StoreAway(ConnectionError):
    """Redis did not answer, or refused: nothing may be promised."""


class NotDurable(RuntimeError):
    """Redis answers, but would lose a promise in a power cut."""


@dataclass(frozen=True)
class Durability:
    """Whether a promise made now survives, and if not why."""

    ok: bool
    reason: str = ""


@dataclass(frozen=True)
class Registered:
    """The request that stands; `merged` when an earlier one took this one up."""

    request: Request
    merged: bool


@dataclass(frozen=True)
class Figures:
    """What the metrics show of one municipality's callbacks; its cost does not grow with the number of requests."""

    totals: Mapping[str, float]
    open: Mapping[tuple[str, str], int]
    """By queue and state."""
    overdue: Mapping[str, int]
    oldest_due: Mapping[str, float]
    """Epoch seconds, 0 without an open request."""


def matter(request: Request) -> str:
    """What makes two open requests one: the same number about the same topic, to the same handler."""
    return "|".join(filter(None, (request.number, request.topic, request.owner)))


class CallbackStore:
    """The open promises of all municipalities of one installation."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._register = redis.register_script(_REGISTER)

    async def durable(self) -> Durability:
        """Ask Redis how it keeps its word; never raises."""
        try:
            config = await self._redis.config_get("append*", "maxmemory-policy")
            info = await self._redis.info("persistence")
        except (RedisError, OSError) as error:
            return Durability(False, f"Redis does not answer ({error})")
        for name, value in WANTED.items():
            if config.get(name) != value:
                return Durability(False, f"Redis has {name} {config.get(name)}, it must be {value}")
        if info.get("aof_last_write_status") != "ok":
            return Durability(False, "Redis cannot write its append-only file")
        return Durability(True)

    async def register(self, request: Request) -> Registered:
        """Store a request; idempotent by call id. Raises NotDurable or StoreAway, and then nothing was promised."""
        if not (durability := await self.durable()).ok:
            raise NotDurable(durability.reason)
        m, queue = request.municipality, request.queue
        try:
            standing = await self._register(
                keys=[
                    keys.request(m, request.id), keys.open_by_due(m, queue), keys.open_by_matter(m),
                    keys.of_call(m, request.call_id), keys.open_counts(m), keys.totals(m),
                ],
                args=[
                    request.model_dump_json(), request.id, request.due.timestamp(), matter(request),
                    f"{queue}|{request.source}", f"{queue}|{request.state}", CALL_REMEMBERED_SECONDS,
                ],
            )  # fmt: skip
            found = await self._redis.get(keys.request(m, str(standing)))
        except (RedisError, OSError) as error:
            raise StoreAway(str(error)) from error
        if found is None:
            raise StoreAway(f"request {standing} vanished while it was registered")
        kept = Request.model_validate_json(found)
        return Registered(kept, merged=kept.id != request.id)

    async def open_requests(self, municipality: str, queues: Iterable[str], count: int = 100) -> list[Request]:
        """Up to `count` open requests of these queues, the earliest due first. Raises StoreAway."""
        try:
            due: list[tuple[str, float]] = []
            for queue in queues:
                due += await self._earliest(municipality, queue, count)
            first = sorted(due, key=lambda one: one[1])[:count]
            rows = await self._redis.mget([keys.request(municipality, str(one)) for one, _ in first]) if first else []
        except (RedisError, OSError) as error:
            raise StoreAway(str(error)) from error
        return [Request.model_validate_json(row) for row in rows if row]

    async def figures(self, municipality: str, queues: Iterable[str], now: datetime) -> Figures:
        """The figures of these queues. Raises StoreAway."""
        try:
            totals = await self._redis.hgetall(keys.totals(municipality))
            counts = await self._redis.hgetall(keys.open_counts(municipality))
            overdue: dict[str, int] = {}
            oldest: dict[str, float] = {}
            for queue in queues:
                overdue[queue] = await self._redis.zcount(keys.open_by_due(municipality, queue), "-inf", f"({now.timestamp()}")
                oldest[queue] = max((at for _, at in await self._earliest(municipality, queue, 1)), default=0.0)
        except (RedisError, OSError) as error:
            raise StoreAway(str(error)) from error
        by_state = {(queue, state): int(n) for field, n in counts.items() for queue, _, state in [str(field).partition("|")]}
        return Figures({str(field): float(n) for field, n in totals.items()}, by_state, overdue, oldest)

    async def _earliest(self, municipality: str, queue: str, count: int) -> list[tuple[str, float]]:
        rows = await self._redis.zrange(keys.open_by_due(municipality, queue), 0, count - 1, withscores=True)
        return cast(list[tuple[str, float]], rows)
