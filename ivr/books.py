"""Bring finished calls into the ledger: those that the events told whole, and those that only Asterisk's own log knows.

Both tell the same story (`metrics.story`); the log is read with a stored position and asked a little later, so that it fills gaps only.
It must not decide an outcome, and a store that is away loses nothing: the log waits.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from metrics import keys
from metrics.cel import CelStories, Tail, parse
from metrics.ledger import Ledger
from metrics.story import CallRecord

log = structlog.get_logger()

READ_SECONDS = 1.0
GRACE_SECONDS = 5.0
"""How long the live events have to settle a call before Asterisk's log may enter it."""


Storing = Callable[[str], AbstractContextManager[None]]
"""Times one operation of the store, by its name."""


class AfterCall(Protocol):
    """What else a call that the events told has to do."""

    def ended(self, record: CallRecord) -> None:
        """In the moment it ends."""

    async def entered(self, record: CallRecord) -> None:
        """When it stands in the ledger, or the store is away."""


class Books:
    """The way of finished calls into the ledger of one installation."""

    def __init__(
        self,
        redis: Redis,
        installation: str,
        cel: Path,
        storing: Storing,
        remembers_guide: Callable[[CallRecord], bool],
        after: AfterCall,
    ) -> None:
        """`remembers_guide` says whether it may be noted who answered the call's number."""
        self._remembers_guide, self._after = remembers_guide, after
        self.ledger = Ledger(redis)
        self._storing = storing
        self._redis = redis
        self._position_key = keys.cel_offset(installation)
        self._cel = cel
        self._told: asyncio.Queue[CallRecord] = asyncio.Queue()
        self._unsettled: dict[str, CallRecord] = {}
        self._numbers: dict[str, str] = {}
        self._restarted: float | None = None

    def enter(self, record: CallRecord) -> None:
        """A call that the events told from its first fact to its last."""
        self._after.ended(record)
        self._told.put_nowait(record)

    def remember_number(self, call_id: str, number: str) -> None:
        """The number of a call whose beginning we did not see: it stands in no log, the channel alone still says it."""
        self._numbers[call_id] = number

    def asterisk_started(self, at: float) -> None:
        """Calls that began before this epoch second and have not ended were cut off by Asterisk's restart."""
        self._restarted = at

    async def run(self) -> None:
        """Work until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._settle_told())
            tasks.create_task(self._read_log())

    async def _settle_told(self) -> None:
        while True:
            record = await self._told.get()
            try:
                with self._storing("settle"):
                    await self.ledger.settle(record, remembers_guide=self._remembers_guide(record))
            except (RedisError, OSError) as error:
                self._unsettled[record.call_id] = record
                log.error("call.not_settled", call_id=record.call_id, error=str(error))
            await self._after.entered(record)
            log.info("call.ended", **record.model_dump(exclude={"number", "exits", "choices"}))

    async def _read_log(self) -> None:
        while True:
            try:
                await self._follow()
            except (RedisError, OSError) as error:
                log.error("log.not_read", error=str(error))
            await asyncio.sleep(READ_SECONDS)

    async def _follow(self) -> None:
        """From the stored position on; it moves only while no call is open, so that after a restart each is read whole."""
        tail, stories = Tail(self._cel, str(await self._redis.get(self._position_key) or "")), CelStories()
        while True:
            ended = list(stories.feed(row for line in await asyncio.to_thread(tail.lines) if (row := parse(line))))
            if self._restarted is not None:
                ended += stories.cut_off(self._restarted)
            if ended:
                await asyncio.sleep(GRACE_SECONDS)
            for record in ended:
                await self._fill(record)
            if not stories.open_calls:
                await self._redis.set(self._position_key, tail.position)
            await asyncio.sleep(READ_SECONDS)

    async def _fill(self, logged: CallRecord) -> None:
        number = self._numbers.get(logged.call_id, "")
        record = self._unsettled.get(logged.call_id) or logged.model_copy(update={"number": number})
        with self._storing("settle"):
            entered = await self.ledger.settle(record, remembers_guide=self._remembers_guide(record))
        if entered:
            log.warning("call.entered_from_log", call_id=record.call_id, outcome=record.outcome, reason=record.reason)
        self._unsettled.pop(logged.call_id, None)
        self._numbers.pop(logged.call_id, None)
