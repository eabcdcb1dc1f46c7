"""The ledger: every finished call once, with its counts, in Redis. Derived from Asterisk's truth; decides no outcome."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from pathlib import Path

from redis.asyncio import Redis

from metrics import keys
from metrics.story import TRANSFER_OUTCOMES, CallRecord

BUCKETS = (5, 10, 20, 30, 45, 60, 90, 120, 180, 300, 600, 1200)
"""Seconds; a bucket stands exactly at each service level (20, 60, 120 s)."""

PREVIOUS_GUIDE_SECONDS = 24 * 3600
"""How long it is known who answered a number."""

_SETTLE = (Path(__file__).parent / "lua" / "settle.lua").read_text(encoding="utf-8")


class Ledger:
    """Finished calls and the totals that Prometheus reads."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._settle = redis.register_script(_SETTLE)

    async def settle(self, record: CallRecord, *, remembers_guide: bool = False) -> bool:
        """Enter a finished call, and note who answered its number if that may be; False when it stood there already.

        Raises redis.RedisError.
        """
        m = record.municipality
        guide = record.answered_by if remembers_guide and record.number else ""
        until = int(record.ended) + PREVIOUS_GUIDE_SECONDS
        arguments: list[str | float] = [record.model_dump_json(), record.ended, record.call_id, guide, until]
        for name, amount in counts(record):
            arguments += [name, amount]
        of_call = [keys.call(m, record.call_id), keys.calls(m), keys.totals(m), keys.previous_guide(m, record.number)]
        entered = await self._settle(keys=of_call, args=arguments)
        return bool(entered)

    async def previous_guide(self, municipality: str, number: str) -> str:
        """The extension of the guide who answered this number within 24 hours, "" for nobody. Raises redis.RedisError."""
        return str(await self._redis.get(keys.previous_guide(municipality, number)) or "")

    async def totals(self, municipality: str) -> dict[str, float]:
        """All totals of a municipality: `name|label|label` to value."""
        raw = await self._redis.hgetall(keys.totals(municipality))
        return {str(field): float(value) for field, value in raw.items()}

    async def latest(self, municipality: str, count: int) -> list[CallRecord]:
        """The calls that ended last, newest first."""
        ids = await self._redis.zrevrange(keys.calls(municipality), 0, count - 1)
        if not ids:
            return []
        rows = await self._redis.mget([keys.call(municipality, str(call_id)) for call_id in ids])
        return [CallRecord.model_validate_json(row) for row in rows if row]


def counts(record: CallRecord) -> Iterator[tuple[str, float]]:
    """What one finished call adds to the totals: field and increment."""
    yield f"calls_received|{record.entry or ('menu' if record.line == 'main' else record.line)}", 1
    yield f"calls_finished|{record.queue}|{record.outcome}", 1
    for choice in record.choices:
        yield f"menu_selections|{record.line}|{choice}", 1
    for queue, reason in record.exits:
        if reason in ("limit", "key", "overflow"):
            yield f"queue_exits|{queue}|{reason}", 1
    if record.queue != "none" and record.outcome in ("answered", "abandoned", "abandoned_short"):
        yield f"queue_exits|{record.queue}|{'answered' if record.outcome == 'answered' else 'abandoned'}", 1
    if record.priority_outcome:
        yield f"priority_calls|{record.priority_line}|{record.priority_outcome}", 1
    if record.priority_seconds is not None:
        yield from _observation("priority_answer_seconds", record.priority_line, record.priority_seconds)
    for transfer in record.transfers:
        if transfer.outcome in TRANSFER_OUTCOMES:
            yield f"transfers|{transfer.administration}|{transfer.outcome}", 1
    for back in record.returns:
        yield f"returned_calls|{back.source}|{back.outcome}", 1
    if record.fallback:
        yield "fallback_calls", 1
    if record.source == "logs":
        yield "reconcile_repairs|call_from_log", 1
    if record.choices:
        yield from _observation("menu_seconds", record.line, record.menu_seconds)
    if record.answer_seconds is not None:
        yield from _observation("answer_seconds", record.queue, record.answer_seconds)
    if record.queue_wait_seconds is not None:
        yield from _observation("queue_wait_seconds", f"{record.queue}|{record.outcome}", record.queue_wait_seconds)
    if record.talk_seconds is not None:
        yield from _observation("talk_seconds", record.queue, record.talk_seconds)


def _observation(name: str, labels: str, seconds: float) -> Iterator[tuple[str, float]]:
    place = bisect_left(BUCKETS, seconds)
    yield f"{name}_bucket|{labels}|{BUCKETS[place] if place < len(BUCKETS) else '+Inf'}", 1
    yield f"{name}_sum|{labels}", round(seconds, 3)
