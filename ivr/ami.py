"""The one way to Asterisk's manager interface: asyncio outside, the library's reader thread inside.

It carries actions there and events back, and says at once when the connection is lost. It must never send an action a
second time, never send one late, and never run the application's code in the reader thread (`ivr.ami_link`).
"""

import asyncio
import contextlib
import random
import secrets
import time
from collections import deque
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from dataclasses import dataclass

import structlog
from asterisk.ami.action import Action  # type: ignore[import-untyped]  # the library has no types

from ivr.ami_link import Link
from ivr.ami_wire import Event, Headers, check
from ivr.ami_words import ActionFailed, AmiLost, AmiRefused, Credentials, Limits, TooLate

__all__ = [
    "ActionFailed", "Ami", "AmiLost", "AmiRefused", "Credentials", "Event", "Headers", "Limits", "TooLate", "sessions",
]  # fmt: skip

log = structlog.get_logger()
_CLOSED = "closed by us"
_USUAL = Limits()

Acted = Callable[[str, str, float], None]
"""Hears of each action: its name, how it went (ok, failed, late, timeout, lost), and seconds to the response."""
_RESULTS: Mapping[type[BaseException], str] = {ActionFailed: "failed", TooLate: "late", TimeoutError: "timeout"}


def _nobody_counts(name: str, result: str, seconds: float) -> None:
    """For who does not count."""


@dataclass
class _Pending:
    """An action whose answer is awaited, and the list it collects if it is a list action."""

    future: asyncio.Future[Event]
    events: list[Event] | None = None


class Ami:
    """One connection, from login to loss; it does not come back: `sessions` makes the next one."""

    def __init__(
        self, credentials: Credentials, limits: Limits = _USUAL, wanted: frozenset[str] | None = None, acted: Acted = _nobody_counts,
    ) -> None:  # fmt: skip
        """`wanted` names the events worth parsing; None means all. Lists and replies always arrive. `acted` hears of each action."""
        names = None if wanted is None else frozenset(name.encode() for name in wanted)
        self._credentials, self._limits, self._acted = credentials, limits, acted
        self._link = Link(credentials, limits, names, self._deliver, self._reader_ended)
        self._token = secrets.token_hex(4)  # other sessions' ActionIDs reach us in events, too
        self._count = 0
        self._pending: dict[str, _Pending] = {}
        self._arrived: deque[Event] = deque()  # filled by the reader thread, emptied in the loop
        self._inbox: deque[Event] = deque()  # filled in the loop, emptied by events()
        self._is_woken = False
        self._wake = asyncio.Event()
        self._down: Exception | None = None
        self._ticked = _clock()
        self._watcher: asyncio.Task[None] | None = None

    async def connect(self) -> None:
        """Greeting and login. Raises AmiRefused on a wrong secret, OSError or TimeoutError otherwise."""
        self._loop = asyncio.get_running_loop()
        try:
            await asyncio.to_thread(self._link.connect)
            self._ticked = _clock()
            self._watcher = asyncio.create_task(self._watch(), name="ami-watch")
            login = {"Username": self._credentials.user, "Secret": self._credentials.secret}
            await self._call([("Login", login, {})], None, self._limits.connect)
        except ActionFailed as error:
            await self.close()
            raise AmiRefused(str(error)) from error
        except BaseException:
            await self.close()
            raise

    @property
    def pending(self) -> int:
        """How many actions wait for an answer."""
        return len(self._pending)

    def alive_gap(self) -> float:
        """Seconds since the event loop was last seen running."""
        return _clock() - self._ticked

    async def action(
        self, name: str, *, timeout: float = 5.0, until: float | None = None,
        variables: Mapping[str, str] | None = None, **headers: str,
    ) -> Headers:  # fmt: skip
        """Send one action and return its response's headers.

        `until` is a moment of time.monotonic(), judged right before writing. Raises TooLate (nothing was written),
        ActionFailed, AmiLost (outcome unknown), TimeoutError (outcome unknown) and ValueError (not writable).
        """
        return (await self._call([(name, headers, variables or {})], until, timeout))[0]

    async def batch(self, actions: Sequence[tuple[str, dict[str, str]]], until: float | None = None, timeout: float = 5.0) -> list[Headers]:
        """Several actions in one write; all responses in order, or the first failure once all have answered."""
        return await self._call([(name, headers, {}) for name, headers in actions], until, timeout)

    async def list_action(self, name: str, *, timeout: float = 5.0, **headers: str) -> list[Event]:
        """Send an action that answers with a list; returns its events without the closing one."""
        collected: list[Event] = []
        await self._call([(name, headers, {})], None, timeout, collected)
        return collected

    async def events(self) -> AsyncGenerator[Event, None]:
        """Events in order, for one reader. Ends after `close`; raises AmiLost when the connection is lost."""
        while True:
            while self._inbox:
                yield self._inbox.popleft()
            if self._down is not None:
                if str(self._down) == _CLOSED:
                    return
                raise AmiLost(str(self._down)) from self._down
            self._wake.clear()
            await self._wake.wait()

    async def close(self) -> None:
        """Drop the connection; whoever waits for an answer gets AmiLost."""
        self._drop(AmiLost(_CLOSED))
        if self._watcher is not None:
            await asyncio.wait([self._watcher])
        await asyncio.to_thread(self._link.join)

    async def _call(
        self, actions: Sequence[tuple[str, Mapping[str, str], Mapping[str, str]]],
        until: float | None, timeout: float, collected: list[Event] | None = None,
    ) -> list[Headers]:  # fmt: skip
        texts, ids = [], []
        for name, headers, variables in actions:
            check(name, headers, variables)
            self._count += 1
            ids.append(f"{self._token}-{'action' if collected is None else 'list'}-{self._count}")
            texts.append(str(Action(name, {"ActionID": ids[-1], **headers}, variables)))
        waiting = {id_: _Pending(self._loop.create_future(), collected) for id_ in ids}
        if not waiting:
            return []
        began, result = time.monotonic(), "ok"
        try:
            self._write("\r\n".join(texts), until)
            return await self._replies(actions, waiting, timeout)
        except BaseException as error:
            result = _RESULTS.get(type(error), "lost")
            raise
        finally:
            for name, _, _ in actions:
                self._acted(name, result, time.monotonic() - began)

    async def _replies(
        self, actions: Sequence[tuple[str, Mapping[str, str], Mapping[str, str]]], waiting: dict[str, _Pending], timeout: float
    ) -> list[Headers]:
        self._pending.update(waiting)  # in time: replies are handled in this loop, and nothing was awaited since
        try:
            _, late = await asyncio.wait([one.future for one in waiting.values()], timeout=timeout)
        finally:
            for id_ in waiting:
                self._pending.pop(id_, None)
        if lost := [error for one in waiting.values() if one.future.done() and (error := one.future.exception())]:
            raise lost[0]
        if late:
            raise TimeoutError(f"{actions[0][0]}: no answer within {timeout:g} s")
        replies = [one.future.result() for one in waiting.values()]
        for (name, _, _), reply in zip(actions, replies, strict=True):
            if reply.get("response").lower() == "error" or reply.get("eventlist").lower() == "cancelled":
                raise ActionFailed(name, reply)
        return [reply.headers for reply in replies]

    def _write(self, text: str, until: float | None) -> None:
        self._drop_if_frozen()
        if self._down is not None:
            raise (TooLate if isinstance(self._down, TooLate) else AmiLost)(str(self._down)) from self._down
        try:
            self._link.send(text, until)
        except TooLate:
            raise
        except OSError as error:
            self._drop(error)
            raise AmiLost(str(error)) from error

    def _deliver(self, events: list[Event]) -> None:
        """In the reader thread: hand over what one read brought, with one wakeup of the loop."""
        self._arrived.extend(events)
        if len(self._arrived) + len(self._inbox) > self._limits.capacity:
            raise OverflowError("events arrive faster than they are handled")
        if not self._is_woken:
            self._is_woken = True
            self._loop.call_soon_threadsafe(self._drain)

    def _reader_ended(self, reason: Exception) -> None:
        with contextlib.suppress(RuntimeError):  # the loop has ended before us: nobody is left to tell
            self._loop.call_soon_threadsafe(self._drop, reason)

    def _drain(self) -> None:
        self._is_woken = False  # before the emptying: what arrives after it wakes us again
        self._drop_if_frozen()
        while self._arrived:
            event = self._arrived.popleft()
            if self._down is None:
                self._dispatch(event)
        self._wake.set()

    def _dispatch(self, event: Event) -> None:
        id_ = event.get("actionid")
        one = self._pending.get(id_) if id_ else None
        if not event.name:
            if one and (one.events is None or event.get("response").lower() == "error"):
                _settle(one, event)
        elif one and one.events is not None:
            if event.get("eventlist").lower() in ("complete", "cancelled"):
                _settle(one, event)
            else:
                one.events.append(event)
        elif not id_.startswith(f"{self._token}-list-"):  # the rest of a list that nobody waits for any more
            self._inbox.append(event)

    def _drop(self, reason: Exception) -> None:
        """The end of this connection, whoever finds it first; idempotent, in the loop only."""
        if self._down is not None:
            return
        self._down = reason
        self._link.disconnect()
        if isinstance(reason, (OverflowError, TooLate)):
            self._inbox.clear()  # the caller has to look anew: what it would read is no longer true
        for one in self._pending.values():
            if not one.future.done():
                one.future.set_exception(AmiLost(str(reason)))
        self._wake.set()
        if self._watcher is not None:
            self._watcher.cancel()
        if str(reason) != _CLOSED:
            log.warning("ami.lost", reason=str(reason), kind=type(reason).__name__)

    def _drop_if_frozen(self) -> None:
        if self._watcher is not None and (gap := self.alive_gap()) > self._limits.freeze_after:
            self._drop(TooLate(f"the event loop stood still for {gap:.1f} s"))

    async def _watch(self) -> None:
        """Stamp that the loop runs, ping an idle connection, drop a dead one."""
        pinged = time.monotonic()
        while self._down is None:
            self._drop_if_frozen()  # before the stamp, which would hide the gap
            self._ticked, now = _clock(), time.monotonic()
            idle = now - self._link.last_byte
            if idle > self._limits.dead_after:
                self._drop(AmiLost(f"no byte for {idle:.0f} s"))
            elif min(idle, now - pinged) >= self._limits.ping_after and self._down is None:
                pinged = now
                try:
                    self._write(str(Action("Ping")), None)
                except (AmiLost, TooLate):
                    return
            await asyncio.sleep(self._limits.tick)


def _settle(one: _Pending, event: Event) -> None:
    if not one.future.done():
        one.future.set_result(event)


def _clock() -> float:
    """Seconds that also run while the machine is suspended, which time.monotonic() does not count on Linux."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


async def sessions(
    credentials: Credentials, limits: Limits = _USUAL, wanted: frozenset[str] | None = None,
    shortest: float = 0.2, longest: float = 5.0, acted: Acted = _nobody_counts,
) -> AsyncGenerator[Ami, None]:  # fmt: skip
    """A freshly connected Ami each time the caller comes back for one; AmiRefused ends it.

    Pauses double from `shortest` to `longest` seconds with jitter, and start anew after a session that outlived them.
    """
    pause = shortest
    while True:
        ami, began = Ami(credentials, limits, wanted, acted), time.monotonic()
        try:
            await ami.connect()
            began = time.monotonic()
            yield ami
            pause = shortest if time.monotonic() - began > longest else pause
        except AmiRefused:
            raise
        except OSError as error:
            log.warning("ami.connect_failed", host=credentials.host, port=credentials.port, kind=type(error).__name__)
        finally:
            await ami.close()
        await asyncio.sleep(pause * random.uniform(0.5, 1.0))
        pause = min(pause * 2, longest)
