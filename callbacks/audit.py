"""Schedule and records checked against each other and mended, in small steps while others write. The record is the truth.

Both ways round: each record must stand wherever its state says, and whatever stands in an index must belong there.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Mapping
from datetime import datetime, timedelta

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from callbacks import keys
from callbacks.record import seconds
from callbacks.rounds import rounds
from callbacks.scripts import SCRIPTS
from callbacks.store import StoreAway
from routing.municipality import Municipality

log = structlog.get_logger()

LOOK_SECONDS = 5.0
EVERY = timedelta(minutes=10)
STEP = 100
"""So many ids are looked at in one script: some milliseconds in which nobody else is served."""
INDEXES = ("due:", "ready:", "held", "leases", "follow-up", "closed", "numbered", "of-number:", "open:")


class IndexAudit:
    """Audits all municipalities when this controller begins to act, and every ten minutes from then on."""

    def __init__(
        self, redis: Redis, municipalities: Mapping[str, Municipality], now: Callable[[], datetime], acts: Callable[[], bool]
    ) -> None:
        self._redis, self._municipalities, self._now, self._acts = redis, municipalities, now, acts
        self._next: datetime | None = None

    async def run(self) -> None:
        """Work until cancelled."""
        await rounds("index_audit", LOOK_SECONDS, self._acts, self.go)

    async def go(self) -> None:
        """All that is due, unless it was done just now. Raises StoreAway, and is then tried again at the next look."""
        now = self._now()
        if self._next and now < self._next:
            return
        for slug in list(self._municipalities):
            if mended := await audit(self._redis, slug, now):
                log.warning("index_audit.mended", municipality=slug, places=mended)
        self._next = now + EVERY


async def audit(redis: Redis, municipality: str, now: datetime) -> int:
    """How many places of the indexes were wrong and are mended; they are counted in the totals, too. Raises StoreAway."""
    reindex, mended = redis.register_script(SCRIPTS["reindex"]), 0
    try:
        async for seen, found in _places(redis, municipality):
            said = {"op": "", "now": seconds(now), "seen": seen, "ids": list(found), "numbers": [one for one in found.values() if one]}
            mended += int(await reindex(keys=[keys.prefix(municipality)], args=[json.dumps(said)]))
    except (RedisError, OSError) as error:
        raise StoreAway(str(error)) from error
    return mended


async def _places(redis: Redis, municipality: str) -> AsyncIterator[tuple[str, Mapping[str, str]]]:
    """Steps of an index ("" for the records) and the ids in it, to the number of each where it is under way, else ""."""
    records, index = keys.request(municipality, ""), f"{keys.prefix(municipality)}callbacks:"
    ids: dict[str, str] = {}
    async for key in redis.scan_iter(f"{keys.prefix(municipality)}callback*", count=STEP):
        name = str(key).removeprefix(index)
        if name.startswith(INDEXES):
            async for step in _steps(redis.zscan_iter(key, count=STEP)):
                yield name, {id_: "" for id_, _ in step}
        elif key.startswith(records) and not key.endswith(":history"):
            ids[key.removeprefix(records)] = ""
        if len(ids) >= STEP:
            yield "", ids
            ids = {}
    yield "", ids
    async for step in _steps(redis.hscan_iter(keys.live(municipality), count=STEP)):
        yield "", {id_: number for number, id_ in step}


async def _steps(pairs: AsyncIterator[tuple[str, str]]) -> AsyncIterator[list[tuple[str, str]]]:
    step: list[tuple[str, str]] = []
    async for pair in pairs:
        step.append(pair)
        if len(step) == STEP:
            yield step
            step = []
    if step:
        yield step
