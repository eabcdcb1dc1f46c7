"""Callers who wait in a queue, as events tell it: who is ahead of whom, and who is to be spoken to next.

A caller is taken out of the queue to hear his place only while no phone rings for him; the dialplan asks us then. Pure but for `withdraw`.
"""

from __future__ import annotations

import asyncio
import math
import time
from dataclasses import dataclass

import structlog

from ivr.ami import ActionFailed, Ami, Event
from routing.municipality import Queue

log = structlog.get_logger()

TOP_PRIORITY = 2147483647
"""`QUEUE_PRIO = TOP_PRIORITY - place` in the dialplan, so the priority in Asterisk's list gives the place back."""
STAND_IN = "Local/"
"""How the channels begin that wait for somebody else; citizens come over the trunk."""
AGAIN_SECONDS = 10.0
"""A caller whom Asterisk did not hand out (answered or gone in that moment) is not asked for again at once."""


@dataclass
class Waiter:
    """One waiting caller. `place` decides the order (epoch seconds, 0 for a report of concern); `joined` is the epoch second of the
    first join; `next_word` is a monotonic second."""

    channel: str
    queue: str
    place: int
    joined: float
    next_word: float
    ringing: int = 0
    stand_in: bool = False
    """It waits on behalf of a citizen who is to be rung back: it has a place, and is nobody who waits on the line."""
    asked_out: float = 0.0
    """Until this monotonic second he is not asked out of the queue once more."""


class WaitingRoom:
    """All callers who wait, by channel id."""

    def __init__(self) -> None:
        self._waiters: dict[str, Waiter] = {}
        self._told: dict[str, int] = {}
        self._joined: dict[str, float] = {}

    def join(self, event: Event, queue: str, place: int, policy: Queue | None) -> None:
        """A caller entered a queue (again): next word after the first wait, or after the time between two announcements.

        A queue without rules (the fallback's) says nothing.
        """
        uniqueid, joined = event.get("uniqueid"), float(event.get("timestamp"))
        if not place:
            policy = None  # at the head of all: there is nothing to be told, and to be asked would cost time
        seconds = (policy.announce_every_seconds if self._told.get(uniqueid) else policy.offer_after_seconds) if policy else math.inf
        self._wait(uniqueid, Waiter(event.get("channel"), queue, place, joined, time.monotonic() + seconds))

    def found(self, entry: Event, policy: Queue | None) -> None:
        """A caller who waited before we came (a `QueueEntry` of Asterisk's list)."""
        place = TOP_PRIORITY - int(entry.get("priority"))
        joined = time.time() - int(entry.get("wait"))
        is_stand_in = entry.get("channel").startswith(STAND_IN)
        soon = time.monotonic() + (policy.announce_every_seconds if policy and not is_stand_in else math.inf)
        self._wait(entry.get("uniqueid"), Waiter(entry.get("channel"), entry.get("queue"), place, joined, soon, stand_in=is_stand_in))

    def stands_in(self, event: Event) -> None:
        """A citizen who is to be rung back has a place in a queue from now on."""
        queue, joined = f"{event.get('municipality')}-{event.get('detail')}", float(event.get("timestamp"))
        waiter = Waiter(event.get("channel"), queue, int(event.get("place")), joined, math.inf, stand_in=True)
        self._wait(event.get("uniqueid"), waiter)

    def _wait(self, uniqueid: str, waiter: Waiter) -> None:
        waiter.joined = self._joined.setdefault(uniqueid, waiter.joined)
        self._waiters[uniqueid] = waiter

    def leave(self, uniqueid: str) -> None:
        """He is no longer in a queue."""
        self._waiters.pop(uniqueid, None)

    def gone(self, uniqueid: str) -> None:
        """The call has ended."""
        self.leave(uniqueid)
        self._told.pop(uniqueid, None)
        self._joined.pop(uniqueid, None)

    def rings(self, uniqueid: str, change: int) -> None:
        """A guide's phone began (+1) or ceased (-1) to ring for him."""
        if waiter := self._waiters.get(uniqueid):
            waiter.ringing = max(0, waiter.ringing + change)

    def ahead_of(self, place: int) -> int:
        """How many wait with an earlier place."""
        return sum(waiter.place < place for waiter in self._waiters.values())

    def times_told(self, uniqueid: str) -> int:
        """How often this caller has been told his place."""
        return self._told.get(uniqueid, 0)

    def joined(self, queue: str) -> list[float]:
        """When each caller in this queue (Asterisk's name) first joined, in epoch seconds."""
        return [waiter.joined for waiter in self._waiters.values() if waiter.queue == queue and not waiter.stand_in]

    async def speak(self, ami: Ami) -> None:
        """Withdraw those whose turn to be told has come."""
        now = time.monotonic()
        for uniqueid, waiter in list(self._waiters.items()):
            if waiter.next_word > now or waiter.ringing:
                continue
            waiter.next_word = now + AGAIN_SECONDS
            if await _withdrawn(ami, waiter):
                self._told[uniqueid] = self._told.get(uniqueid, 0) + 1

    async def close(self, ami: Ami, municipality: str) -> None:
        """Withdraw all who wait in a municipality's queues; whom a phone rings for comes out if it is not answered."""
        now = time.monotonic()
        for waiter in list(self._waiters.values()):
            if waiter.queue.partition("-")[0] == municipality and waiter.asked_out <= now and not waiter.stand_in:
                waiter.asked_out = now + AGAIN_SECONDS
                await _withdrawn(ami, waiter)


async def _withdrawn(ami: Ami, waiter: Waiter) -> bool:
    try:
        await ami.action("QueueWithdrawCaller", Queue=waiter.queue, Caller=waiter.channel, WithdrawInfo="announcement")
    except ActionFailed:
        log.info("queue.not_withdrawn", queue=waiter.queue)  # answered or gone in this very moment
        return False
    return True


async def keep_speaking(room: WaitingRoom, ami: Ami, every: float = 1.0) -> None:
    """Look each second until cancelled."""
    while True:
        await asyncio.sleep(every)
        await room.speak(ami)
