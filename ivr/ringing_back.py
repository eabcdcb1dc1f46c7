"""The dialler's place in the controller: it gets the words about attempts, from events at once and from the queue log for what was not
heard, and is asked each second what has to be done. It decides nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from callbacks import keys
from callbacks.dialler import Dialler, TelephoneAway
from callbacks.store import StoreAway
from callbacks.trace import Trace, from_event, from_log
from ivr.ami import Ami, Event
from metrics.cel import Tail

log = structlog.get_logger()

EVERY_SECONDS = 1.0
AWAY_SECONDS = 2.0
"""After the store or Asterisk was away, before it is asked again."""
Said = Trace | str
"""A word about an attempt, or the id of an attempt for which a guide's phone has rung in vain."""


class RingingBack:
    """A `Listener` of the controller's session."""

    def __init__(self, dialler: Dialler, redis: Redis, queue_log: Path, installation: str, acts: Callable[[], bool]) -> None:
        """`installation` names the position in the log; `acts` says whether this controller is the one that acts."""
        self.dialler = dialler
        self._redis, self._queue_log, self._position = redis, queue_log, keys.trace_position(installation)
        self._acts = acts
        self._said: asyncio.Queue[Said] = asyncio.Queue()

    def take(self, event: Event) -> None:
        """Keep a word for its turn: each is carried out after the one before."""
        if event.name == "UserEvent" and event.get("userevent") == "KCAttempt":
            said = {name: event.get(name) for name in ("attempt", "callback", "municipality", "who", "word", "detail")}
            if trace := from_event(said, float(event.get("timestamp"))):
                self._said.put_nowait(trace)
        elif event.name == "AgentRingNoAnswer" and event.get("uniqueid").startswith("cb-"):
            self._said.put_nowait(event.get("uniqueid").removesuffix("-2"))

    async def begin(self, ami: Ami) -> None:
        """Work until the connection is lost. What was under way is looked after first."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._listen())
            tasks.create_task(self._read_log())
            tasks.create_task(self._sweep())

    async def _listen(self) -> None:
        while True:
            said = await self._said.get()
            if self._acts():
                await self._tried(partial(self._hear, said))

    async def _hear(self, said: Said) -> None:
        if isinstance(said, str):
            await self.dialler.missed(said)
        else:
            await self.dialler.take(said)

    async def _sweep(self) -> None:
        await self._tried(self.dialler.look_after)
        while True:
            await asyncio.sleep(EVERY_SECONDS)
            if self._acts():
                await self._tried(self.dialler.sweep)

    async def _read_log(self) -> None:
        while True:
            await self._tried(self._follow)
            await asyncio.sleep(AWAY_SECONDS)

    async def _follow(self) -> None:
        """From the stored position on; it moves when the words before it have been carried out, so that none is passed over."""
        tail = Tail(self._queue_log, str(await self._redis.get(self._position) or ""))
        while True:
            for line in await asyncio.to_thread(tail.lines):
                if (trace := from_log(line)) and self._acts():
                    await self.dialler.take(trace)
            await self._redis.set(self._position, tail.position)
            await asyncio.sleep(EVERY_SECONDS)

    async def _tried(self, what: Callable[[], Awaitable[None]]) -> None:
        try:
            await what()
        except (StoreAway, TelephoneAway, RedisError, OSError) as error:
            log.warning("callbacks.waiting", reason=str(error))
            await asyncio.sleep(AWAY_SECONDS)
        except Exception:  # one record that cannot be read must not keep the others from being dialled
            log.exception("callbacks.failed")
            await asyncio.sleep(AWAY_SECONDS)
