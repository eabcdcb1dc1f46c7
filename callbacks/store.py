"""Callback requests in Redis: durable before they are promised. One Lua script a verb; no rule of the policy lives here.

Every verb is idempotent by its operation id, so that one whose answer was lost can be sent again. A verb answers with a word, not with
an exception: that somebody else was quicker is no error.
"""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator, Awaitable, Iterable, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any, cast

from redis.asyncio import Redis
from redis.exceptions import RedisError, ResponseError

from callbacks import keys
from callbacks.model import STATES, Entry, Outcome, Request, Stage
from callbacks.policy import GUARD_SECONDS, Next, Settled
from callbacks.record import from_fields, seconds, standing, to_fields
from callbacks.scripts import Scripts
from callbacks.store_words import (
    AGE_BUCKETS,
    LEASE_SECONDS,
    Act,
    Answer,
    Attempt,
    Change,
    Durability,
    Figures,
    NotDurable,
    StoreAway,
    Word,
)  # fmt: skip
from routing.callback_rules import CallbackRules

__all__ = [
    "AGE_BUCKETS", "LEASE_SECONDS", "Act", "Answer", "Attempt", "CallbackStore", "Change", "Durability", "Figures", "NotDurable",
    "StoreAway", "Word",
]  # fmt: skip

WANTED = {"appendonly": "yes", "appendfsync": "always", "maxmemory-policy": "noeviction"}
"""What Redis must be set to, so that a promise survives a power cut."""
TRUSTED_SECONDS = 1.0
"""How long one look at these settings holds."""


class CallbackStore:
    """The promises of all municipalities of one installation. Every method raises StoreAway while Redis is."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._scripts = Scripts(redis)
        self._trusted_until = 0.0

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

    async def register(self, request: Request, act: Act, rules: CallbackRules) -> Answer:
        """Store a request: stored, merged or enough. Raises NotDurable or StoreAway, and then nothing was promised."""
        if time.monotonic() > self._trusted_until:
            if not (durability := await self.durable()).ok:
                raise NotDurable(durability.reason)
            self._trusted_until = time.monotonic() + TRUSTED_SECONDS
        arguments = {"new_id": request.id, "fields": to_fields(request), "open_per_number": rules.open_per_number}
        try:
            return await self._run("register", request.municipality, act, "registered", arguments, synced=True)
        except StoreAway:
            self._trusted_until = 0.0
            raise

    async def claim(self, municipality: str, queue: str, attempt: Attempt, act: Act, rules: CallbackRules) -> Answer:
        """The earliest place of a queue that may be dialled now, with the intent to dial it stored: claimed, none or an_hour."""
        arguments = {"queue": queue, **_guard(attempt, act, rules)}
        while (answer := await self._run("claim", municipality, act, "dialling", arguments)).word == "more":
            pass
        return answer

    async def call(self, municipality: str, request_id: str, attempt: Attempt, act: Act, rules: CallbackRules) -> Answer:
        """The intent to dial a request that `attempt.held_by` has taken: claimed, taken_by, illegal, or the guard's word."""
        return await self._run("call", municipality, act, "dialling", {"id": request_id, **_guard(attempt, act, rules)})

    async def advance(self, request: Request, act: Act, stage: Stage, held_by: str = "") -> Answer:
        """An attempt has come so far; its lease runs anew: ok, illegal or fenced."""
        arguments = {"stage": stage, "held_by": held_by, "lease_until": seconds(act.now + timedelta(seconds=LEASE_SECONDS))}
        return await self._run("advance", request.municipality, act, stage or "renewed", _of(request) | arguments)

    async def settle(self, request: Request, attempt: str, act: Act, result: Settled, after: Next) -> Answer:
        """An attempt has ended: settled, illegal (it was settled before) or fenced."""
        arguments = _of(request) | {
            "attempt": attempt,
            "result": "" if result == "withdrawn" else result,
            "rang": after.counts or after.busy or result in ("congestion", "failed"),
            "state": after.state,
            "reason": after.reason,
            "outcome": after.outcome,
            "not_before": seconds(after.not_before),
            "place": seconds(after.place),
            "counts": after.counts,
            "busy": after.busy,
        }
        return await self._run("settle", request.municipality, act, "settled", arguments)

    async def take(self, municipality: str, request_id: str, to: str, act: Act, until: datetime, from_: str = "") -> Answer:
        """A person works on it from now on: ok, taken_by or illegal. `from_` is who may have it now; "*" for whoever."""
        arguments = {"id": request_id, "to": to, "lease_until": seconds(until), "from": from_}
        return await self._run("take", municipality, act, "taken" if to == act.by else "handed_over", arguments)

    async def put_back(self, after: Request, act: Act, what: str, from_: str = "*") -> Answer:
        """Back to who waits, with the times and the owner of `after`, and what follows from whose it is: ok, taken_by, illegal, or fenced.

        It is fenced when `after` was made of a record that is over. `what` names it in the history.
        """
        times = {name: seconds(getattr(after, name)) for name in ("not_before", "place", "due", "limit", "follow_up_at", "wanted")}
        whose = {"owner": after.owner, "administration": after.administration, "message": after.message.model_dump_json()}
        flags = {"lapsed": str(int(after.lapsed)), "protected": str(int(after.protected)), "followed": str(after.followed)}
        arguments = {"id": after.id, "seen": after.token, "from": from_, "fields": times | whose | flags | standing(after)}
        return await self._run("put_back", after.municipality, act, what, arguments)

    async def expire(self, request: Request, act: Act) -> Answer:
        """Back to who waits, from a person whose lease is over: ok or illegal."""
        return await self._run("expire", request.municipality, act, "lease_expired", {"id": request.id})

    async def close(
        self, municipality: str, request_id: str, outcome: Outcome, act: Act, from_: str = "*", successor: Request | None = None
    ) -> Answer:
        """Close: closed, wished (the attempt under way has to be withdrawn), rings (too late), taken_by or illegal.

        `successor` goes on from it, stored in the same moment; it is not, where one for the same matter stands.
        """
        arguments: dict[str, object] = {"id": request_id, "outcome": outcome, "reason": act.why, "from": from_}
        if successor:
            arguments["successor"] = {"id": successor.id, "fields": to_fields(successor)}
        return await self._run("close", municipality, act, "closed", arguments)

    async def follow_up(self, request: Request, act: Act, what: str, then: datetime | None, lapsed: Request | None = None) -> Answer:
        """A follow-up is done, the next one is at `then`: ok, done, illegal or fenced.

        With `lapsed` the request stands as that one from now on.
        """
        fields: dict[str, str] = {}
        if lapsed:
            fields = {"lapsed": "1", "place": seconds(lapsed.place)} | standing(lapsed)
        arguments = {"id": request.id, "seen": request.token, "followed": request.followed, "next": seconds(then), "fields": fields}
        return await self._run("follow_up", request.municipality, act, what, arguments)

    async def erase(self, request: Request, act: Act, *, whole: bool) -> Answer:
        """The retention: the number (and the message), or the whole row: erased, done or illegal."""
        return await self._run("erase", request.municipality, act, "erased", {"id": request.id, "whole": whole})

    async def find(self, municipality: str, request_id: str) -> Request | None:
        """A request, open or closed."""
        found = await self._found(municipality, [request_id])
        return found[0] if found else None

    async def history(self, municipality: str, request_id: str) -> list[Entry]:
        """What has happened to a request, the oldest first."""
        lines = await self._asked(self._redis.lrange(keys.history(municipality, request_id), 0, -1))
        return [Entry.model_validate_json(line) for line in lines]

    async def listed(self, municipality: str, lists: Iterable[str], count: int = 100) -> list[Request]:
        """Up to `count` open requests that stand in any of these lists, the earliest due first."""
        by_due: dict[str, float] = {}
        for one in lists:
            rows = await self._asked(self._redis.zrange(keys.due(municipality, one), 0, count - 1, withscores=True))
            by_due |= {str(id_): float(at) for id_, at in rows}
        return await self._found(municipality, sorted(by_due, key=by_due.__getitem__)[:count])

    async def of_number(self, municipality: str, number: str) -> list[Request]:
        """A number's open requests, the earliest due first."""
        ids = await self._asked(self._redis.zrange(keys.of_number(municipality, number), 0, -1))
        return await self._found(municipality, map(str, ids))

    async def closed_of_number(self, municipality: str, number: str, since: datetime) -> list[Request]:
        """A number's requests that were closed since a moment, the latest first."""
        key = keys.closed_of_number(municipality, number)
        ids = await self._asked(self._redis.zrevrangebyscore(key, "+inf", since.timestamp()))
        return await self._found(municipality, map(str, ids))

    async def answered(self, municipality: str, operation: str) -> Answer | None:
        """What an operation has answered before, with its request as it is now; None for one that is new."""
        known = await self._asked(self._redis.get(keys.operation(municipality, operation)))
        if known is None:
            return None
        word, _, request_id = str(known).partition("|")
        return Answer(cast(Word, word), await self.find(municipality, request_id))

    async def worked_on(self, municipality: str, count: int = 1000) -> list[Request]:
        """Requests that somebody works on, whose lease ends first."""
        ids = await self._asked(self._redis.zrange(keys.leases(municipality), 0, count - 1))
        return await self._found(municipality, map(str, ids))

    async def under_way(self, municipality: str) -> list[Request]:
        """The requests whose attempts have not been settled."""
        ids = await self._asked(self._redis.hvals(keys.live(municipality)))
        return await self._found(municipality, map(str, ids))

    async def leases_over(self, municipality: str, now: datetime, count: int = 100) -> list[Request]:
        """Requests that somebody worked on and has let lie."""
        ids = await self._asked(self._redis.zrangebyscore(keys.leases(municipality), "-inf", now.timestamp(), 0, count))
        return await self._found(municipality, map(str, ids))

    async def to_follow_up(self, municipality: str, now: datetime, count: int = 100) -> list[Request]:
        """Requests of which somebody has to know by now."""
        ids = await self._asked(self._redis.zrangebyscore(keys.follow_up(municipality), "-inf", now.timestamp(), 0, count))
        found = await self._found(municipality, map(str, ids))
        return [one for one in found if one.follow_up_at and one.follow_up_at <= now]  # between the two reads somebody may have done it

    async def closed_before(
        self, municipality: str, moment: datetime, count: int = 100, skip: int = 0, *, numbered: bool = False
    ) -> list[Request]:
        """Requests that were closed before a moment, the oldest first; with `numbered` those whose numbers are still kept."""
        key = keys.numbered(municipality) if numbered else keys.closed(municipality)
        ids = await self._asked(self._redis.zrangebyscore(key, "-inf", moment.timestamp(), skip, count))
        return await self._found(municipality, map(str, ids))

    async def retained(self, municipality: str, now: datetime) -> None:
        """Everything has been looked at that the retention has to erase by now."""
        await self._asked(self._redis.set(keys.retention(municipality), seconds(now)))

    async def rewrite(self) -> None:
        """Have the append-only file written anew: what was erased stands there no more. One that is being rewritten is left alone."""
        with suppress(ResponseError):
            await self._redis.bgrewriteaof()

    async def changes(self, municipality: str, after: str, wait: timedelta) -> AsyncIterator[Change]:
        """The changes behind a position ("$" for from now on), as they come; ends when none came for so long.

        The client must allow a read to last that long.
        """
        key = keys.changes(municipality)
        while True:
            found = await self._asked(self._redis.xread({key: after}, block=int(wait.total_seconds() * 1000), count=100))
            if not found:
                return
            for position, said in found[0][1]:
                after = str(position)
                yield Change(after, said["id"], tuple(said["lists"].split("|")), Entry.model_validate_json(said["entry"]))

    async def last_change(self, municipality: str) -> str:
        """The position of the latest change."""
        rows = await self._asked(self._redis.xrevrange(keys.changes(municipality), count=1))
        return str(rows[0][0]) if rows else "0"

    async def figures(self, municipality: str, queues: Iterable[str], now: datetime) -> Figures:
        """The figures of these queues."""
        pipe = self._redis.pipeline(transaction=False)
        pipe.hgetall(keys.totals(municipality))
        pipe.get(keys.retention(municipality))
        places = [(queue, state) for queue in queues for state in STATES if state != "closed"]
        for place in places:
            pipe.zcard(keys.open_in(municipality, *place))
        due = {queue: keys.due(municipality, f"queue/{queue}") for queue, _ in places}
        for key in due.values():
            pipe.zcount(key, "-inf", f"({now.timestamp()}")
            pipe.zrange(key, 0, 0, withscores=True)
        totals, retention, *counts = await self._asked(pipe.execute())
        overdue, first = counts[len(places) :: 2], counts[len(places) + 1 :: 2]
        return Figures(
            totals={str(field): float(n) for field, n in totals.items()},
            open=dict(zip(places, counts, strict=False)),
            overdue=dict(zip(due, overdue, strict=True)),
            oldest_due={queue: max((at for _, at in row), default=0.0) for queue, row in zip(due, first, strict=True)},
            retention=float(retention or 0),
        )

    async def _found(self, municipality: str, ids: Iterable[str]) -> list[Request]:
        pipe = self._redis.pipeline(transaction=False)
        for one in ids:
            pipe.hgetall(keys.request(municipality, one))
        rows = await self._asked(pipe.execute())
        return [from_fields(row) for row in rows if row]

    async def _run(
        self, verb: str, municipality: str, act: Act, what: str, arguments: Mapping[str, object], *, synced: bool = False
    ) -> Answer:
        entry = {"at": act.now.isoformat(), "act": what, "by": act.by}  # an `Entry`; the script sets its state
        if act.why:
            entry["why"] = act.why
        seen = {} if act.token is None else {"token": act.token}
        said = json.dumps({"op": act.operation, "now": seconds(act.now), "entry": entry, **seen, **arguments}, ensure_ascii=False)
        try:
            word, _, flat = await self._scripts.run(verb, keys.prefix(municipality), said, synced=synced)
        except (RedisError, OSError) as error:
            raise StoreAway(str(error)) from error
        fields = dict(zip(flat[::2], flat[1::2], strict=True))
        return Answer(word, from_fields(fields) if fields else None)

    async def _asked(self, asking: Awaitable[Any]) -> Any:  # redis-py's own types name every form of every protocol
        try:
            return await asking
        except (RedisError, OSError) as error:
            raise StoreAway(str(error)) from error


def _of(request: Request) -> dict[str, object]:
    return {"id": request.id, "token": request.token}


def _guard(attempt: Attempt, act: Act, rules: CallbackRules) -> dict[str, object]:
    return {
        "attempt": attempt.id,
        "held_by": attempt.held_by,
        "lease_until": seconds(act.now + timedelta(seconds=LEASE_SECONDS)),
        "busy": dict.fromkeys(attempt.busy, True),
        "midnight": seconds(attempt.midnight or act.now - timedelta(days=1)),
        "tomorrow": seconds(attempt.tomorrow or act.now + timedelta(days=1)),
        "guard_until": seconds(attempt.guard_until or act.now + timedelta(seconds=GUARD_SECONDS)),
        "number_a_day": rules.dials_per_number_a_day,
        "an_hour": rules.dials_an_hour,
    }
