"""The live stream: what changes with the requests that a person may see, as server-sent events. No number stands in it."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from fastapi.sse import ServerSentEvent

from access.refusal import Refused
from callbacks.rights import Person
from callbacks.rows import ChangeRow
from callbacks.store import CallbackStore, Change, StoreAway

log = structlog.get_logger()

MOST = 50
"""So many at once; each holds a connection to Redis."""
HEARTBEAT_SECONDS = 10.0
"""So often who listens hears that the stream still lives."""
LOOK = timedelta(seconds=1)
"""How long one read waits: so soon a stream ends when all have to."""


@dataclass(frozen=True)
class Place:
    """Who listens, and from where: behind this position."""

    person: Person
    after: str


class Streams:
    """All the streams of this program. Its store's client must let a read wait for `LOOK`."""

    def __init__(self, store: CallbackStore, now: Callable[[], datetime]) -> None:
        self._store = store
        self._now = now
        self.listening = 0
        self._ended = False

    def end(self) -> None:
        """The program stops: every stream ends in order, and who listens comes back to the next one."""
        self._ended = True

    @asynccontextmanager
    async def seat(self, person: Person, after: str) -> AsyncIterator[Place]:
        """A place among those who listen; from now on when `after` is "". Raises Refused when all are taken, and StoreAway."""
        if self.listening >= MOST:
            raise Refused(503, "too_many_streams", f"{MOST} listen already. Close one, or ask for the list instead.")
        self.listening += 1
        try:
            yield Place(person, after or await self._store.last_change(person.municipality.slug))
        finally:
            self.listening -= 1

    async def events(self, place: Place) -> AsyncIterator[ServerSentEvent]:
        """The changes behind a place as they come, and heartbeats; ends when the store goes away, the token is over, or all streams end."""
        position, heard = place.after, time.monotonic()
        try:
            while not self._ended and self._now() < place.person.holder.expires_at:
                async for change in self._store.changes(place.person.municipality.slug, position, LOOK):
                    position = change.position
                    if place.person.may_see_lists(change.lists):
                        yield event(change)
                        heard = time.monotonic()
                    if self._ended:
                        return
                if time.monotonic() - heard >= HEARTBEAT_SECONDS:
                    yield ServerSentEvent(comment="still here")
                    heard = time.monotonic()
        except StoreAway as error:
            log.warning("stream.ended", reason=str(error))


def event(change: Change) -> ServerSentEvent:
    """A change with its position, from where a client that comes back goes on (Last-Event-ID)."""
    entry, lists = change.entry, list(dict.fromkeys(change.lists))
    row = ChangeRow(id=change.id, act=entry.act, state=entry.state, at=entry.at, lists=lists, by=entry.by)
    return ServerSentEvent(data=row, event="change", id=change.position)
