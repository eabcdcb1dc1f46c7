"""Who is on duty: each guide as Asterisk's queues tell it, and what follows from that, as orders.

Pure: moments are epoch seconds that come in, and nothing here talks to Asterisk.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from math import ceil
from typing import Literal, get_args

from routing.people import SEATS, Guide, Staffing

OwnReason = Literal["visit", "mail", "break", "meeting"]
"""Why a guide pauses; `wrap_up` and `missed` are the system's."""
OWN_REASONS: tuple[OwnReason, ...] = get_args(OwnReason)
PAUSE_KEYS: Mapping[str, OwnReason] = {str(key): reason for key, reason in enumerate(OWN_REASONS, 1)}
"""The key behind *13 on a guide's phone."""
WRAP_UP, MISSED = "wrap_up", "missed"

State = Literal["available", "ringing", "busy", "wrapup", "paused", "unavailable", "logged_out"]
STATES: tuple[State, ...] = get_args(State)

UNREACHABLE = frozenset({4, 5})
"""Asterisk's device states invalid and unavailable: no phone is registered."""
IDLE = 1
LAST_RANK = len(SEATS)
"""Behind all seats: who has just let a call ring out. Else the one who has been idle longest would be rung again and again."""
PASSED_OVER_SECONDS = 60.0


@dataclass(frozen=True)
class Membership:
    """A guide in one queue. `reason` is as Asterisk keeps it: a wrap-up of a chosen length is `wrap_up:SECONDS`."""

    penalty: int
    paused: bool = False
    reason: str = ""
    since: float = 0.0


@dataclass(frozen=True)
class Pause:
    """Pause a guide in all queues that he or she is logged in to."""

    extension: str
    reason: str


@dataclass(frozen=True)
class Ready:
    """End a guide's pause."""

    extension: str


@dataclass(frozen=True)
class Rank:
    """Give a guide's place in the order of ringing, 0 first, in one queue."""

    extension: str
    queue: str
    penalty: int


@dataclass(frozen=True)
class Join:
    """Log a guide in to a queue."""

    extension: str
    queue: str
    penalty: int


@dataclass(frozen=True)
class Leave:
    """Log whoever it is out of a queue."""

    extension: str
    queue: str


@dataclass(frozen=True)
class Tell:
    """Ring a guide to say that he or she is paused because of missed calls."""

    extension: str


Order = Pause | Ready | Rank | Join | Leave | Tell


@dataclass
class Duty:
    """One guide. `memberships` are the queues he or she is logged in to; `pausing` is a pause that is ordered and not yet seen."""

    guide: Guide
    memberships: dict[str, Membership] = field(default_factory=dict)
    device: int = 0
    pausing: bool = False
    rung_for: str = ""
    missed: int = 0
    missed_call: str = ""
    passed_over_until: float = 0.0

    @property
    def is_logged_in(self) -> bool:
        """In any queue."""
        return bool(self.memberships)

    @property
    def pause(self) -> Membership | None:
        """The pause, if any; it is the same in all queues."""
        return next((one for one in self.memberships.values() if one.paused), None)

    @property
    def reason(self) -> str:
        """Why paused, "" when not."""
        return self.pause.reason.partition(":")[0] if self.pause else ""

    @property
    def is_reachable(self) -> bool:
        """Whether the phone is registered."""
        return self.device not in UNREACHABLE

    @property
    def is_on_duty(self) -> bool:
        """Logged in, not paused, with a phone that can be rung: one that cannot would leave nobody to answer."""
        return self.is_logged_in and self.is_reachable and not self.pause and not self.pausing

    @property
    def state(self) -> State:
        """What the guide does now, in one word."""
        if not self.is_logged_in:
            return "logged_out"
        if self.pause or self.pausing:
            return "wrapup" if self.reason == WRAP_UP else "paused"
        if not self.is_reachable:
            return "unavailable"
        if self.rung_for:
            return "ringing"
        return "available" if self.device in (0, IDLE) else "busy"

    def is_back(self) -> None:
        """A guide who answers, or says that he or she is here, has missed nothing in a row."""
        self.missed, self.missed_call, self.passed_over_until = 0, "", 0.0

    def rank(self, now: float) -> int:
        """The seat's place in the order, or the last."""
        return LAST_RANK if now < self.passed_over_until else SEATS.index(self.guide.seat)

    def wrap_up_ends(self, usual: int) -> float | None:
        """When the wrap-up is over; None when it is none."""
        if not self.pause or self.reason != WRAP_UP:
            return None
        return self.pause.since + int(self.pause.reason.partition(":")[2] or usual)


class Staff:
    """The guides of one municipality. Facts come in; `orders` says what has to be done about them."""

    def __init__(self, guides: Iterable[Guide], staffing: Staffing) -> None:
        self.duties = {guide.extension: Duty(guide) for guide in guides}
        self._staffing = staffing
        self._decided: list[Order] = []
        self.has_orders = False
        """Whether something happened from which orders may follow. A phone that rings or is busy is not: it does with every call."""

    def forget(self) -> None:
        """What is remembered of Asterisk's queues is no longer true; they are about to be read."""
        self._decided.clear()
        for duty in self.duties.values():
            duty.memberships.clear()
            duty.pausing, duty.rung_for = False, ""

    def seen(self, extension: str, queue: str, membership: Membership, device: int) -> None:
        """A guide is in a queue. One that the file does not put there is to leave it."""
        duty = self.duties.get(extension)
        if duty is None or queue not in duty.guide.queues:
            self._decided.append(Leave(extension, queue))
            self.has_orders = True
            return
        if not duty.memberships:
            duty.is_back()
        before = duty.memberships.get(queue)
        if before and before.paused and not membership.paused:
            duty.is_back()
        was_reachable, duty.device = duty.is_reachable, device
        self.has_orders |= before != membership or was_reachable != duty.is_reachable
        duty.memberships[queue] = membership
        if membership.paused:
            duty.pausing = False
        if device == IDLE:
            duty.rung_for = ""

    def gone(self, extension: str, queue: str) -> None:
        """A guide is no longer in a queue."""
        if duty := self.duties.get(extension):
            duty.memberships.pop(queue, None)
            self.has_orders = True

    def rings(self, extension: str, call: str) -> None:
        """A guide's phone begins to ring for a call."""
        if duty := self.duties.get(extension):
            duty.rung_for = call

    def answers(self, extension: str) -> None:
        """A guide has answered."""
        if duty := self.duties.get(extension):
            duty.rung_for = ""
            self.has_orders |= bool(duty.passed_over_until)
            duty.is_back()

    def misses(self, extension: str, call: str, now: float) -> None:
        """A call was not answered. The retries for one call count once: a phone that refuses is tried again each second."""
        if (duty := self.duties.get(extension)) is None:
            return
        duty.rung_for = ""
        duty.passed_over_until = now + PASSED_OVER_SECONDS
        self.has_orders = True
        if call == duty.missed_call:
            return
        duty.missed, duty.missed_call = duty.missed + 1, call
        if duty.missed >= self._staffing.pause_after_missed and duty.is_on_duty and not self.is_last(duty):
            duty.pausing = True
            self._decided += [Pause(extension, MISSED), Tell(extension)]

    def completes(self, extension: str) -> None:
        """A talk has ended: wrap-up begins, unless the guide has paused meanwhile."""
        duty = self.duties.get(extension)
        if duty and duty.is_logged_in and not duty.pause and self._staffing.wrap_up_seconds:
            duty.pausing = True
            self._decided.append(Pause(extension, WRAP_UP))
            self.has_orders = True

    def is_last(self, duty: Duty) -> bool:
        """Whether a queue of this guide would have nobody on duty without him or her."""
        others = [one for one in self.duties.values() if one is not duty and one.is_on_duty]
        return not all(any(queue in one.memberships for one in others) for queue in duty.memberships)

    def on_duty(self, queue: str) -> int:
        """How many are on duty in a queue."""
        return sum(queue in duty.memberships and duty.is_on_duty for duty in self.duties.values())

    def is_free(self, extension: str, queue: str) -> bool:
        """Whether a guide could take a call of a queue at this moment."""
        duty = self.duties.get(extension)
        return duty is not None and queue in duty.memberships and duty.is_on_duty and duty.state == "available"

    def states(self, queue: str) -> dict[State, int]:
        """How many of those logged in to a queue are in which state."""
        counts: dict[State, int] = {state: 0 for state in STATES if state != "logged_out"}
        for duty in self.duties.values():
            if queue in duty.memberships:
                counts[duty.state] += 1
        return counts

    def repairs(self) -> list[Order]:
        """After reading: who is in some of the own queues belongs in all, and is paused in all or none."""
        found: list[Order] = []
        for extension, duty in self.duties.items():
            if not duty.is_logged_in:
                continue
            missing = [queue for queue in duty.guide.queues if queue not in duty.memberships]
            found += [Join(extension, queue, SEATS.index(duty.guide.seat)) for queue in missing]
            if duty.pause and (missing or not all(one.paused for one in duty.memberships.values())):
                found.append(Pause(extension, duty.pause.reason))
        return found

    def orders(self, now: float) -> list[Order]:
        """What has to be done now; what was decided is given once."""
        decided, self._decided, self.has_orders = self._decided, [], False
        over = [Ready(extension) for extension, duty in self.duties.items() if (end := self._wrap_up_ends(duty)) and end <= now]
        return [*decided, *over, *self._ranks(now)]

    def next_moment(self, now: float) -> float | None:
        """When something has to be done although nothing happens."""
        moments = [moment for duty in self.duties.values() for moment in (duty.passed_over_until, self._wrap_up_ends(duty) or 0.0)]
        return min((moment for moment in moments if moment > now), default=None)

    def _wrap_up_ends(self, duty: Duty) -> float | None:
        return duty.wrap_up_ends(self._staffing.wrap_up_seconds)

    def _ranks(self, now: float) -> Iterator[Rank]:
        """The first seat with somebody on duty is rung at once; each later one keeps the place that its waiting time opens."""
        for queue in {queue for duty in self.duties.values() for queue in duty.memberships}:
            members = [duty for duty in self.duties.values() if queue in duty.memberships]
            first = min((duty.rank(now) for duty in members if duty.is_on_duty), default=0)
            for duty in members:
                rank = duty.rank(now)
                wanted = 0 if rank <= first else rank
                if duty.memberships[queue].penalty != wanted:
                    duty.memberships[queue] = replace(duty.memberships[queue], penalty=wanted)  # ordered once
                    yield Rank(duty.guide.extension, queue, wanted)


def seat_waits(staffing: Staffing) -> tuple[tuple[int, int], ...]:
    """From which second of waiting on which rank (and all before it) may be rung; the back office may at once."""
    stand_in = staffing.stand_in_after_seconds
    return (min(staffing.reception_after_seconds, stand_in), SEATS.index("reception")), (stand_in, LAST_RANK)


def longest_seat_wait(staffing: Staffing) -> int:
    """After so many seconds of waiting everybody may be rung."""
    return seat_waits(staffing)[-1][0]


FEWEST_FOR_AN_ESTIMATE = 3
"""With fewer guides one long talk makes every estimate wrong."""


def estimated_wait(place: int, handling_seconds: int, on_duty: int) -> float | None:
    """Seconds until who stands at this place is answered; None with nobody on duty."""
    return place * handling_seconds / on_duty if on_duty else None


def estimated_minutes(place: int, handling_seconds: int, on_duty: int) -> int | None:
    """The estimate as it is said, in whole minutes rounded up; None when none is said."""
    seconds = estimated_wait(place, handling_seconds, on_duty)
    if seconds is None or on_duty < FEWEST_FOR_AN_ESTIMATE:
        return None
    return ceil(seconds / 60)
