"""The rules of a promise: when it may be dialled, when it is due, what follows an attempt, who is told when. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Literal

from callbacks.model import Outcome, Request, Result, State
from routing import hours
from routing.callback_rules import CallbackRules
from routing.opening_hours import OpeningHours

Settled = Result | Literal["withdrawn"]
"""How an attempt ended; withdrawn, when it was taken back before anybody had accepted it."""
FollowUpKind = Literal["reminder", "overdue", "limit"]

DIGESTS = (time(8, 30), time(13, 0))
WANTED_AHEAD = timedelta(days=30)
"""No later time is promised: who works then, and when it is open, is not settled yet."""
GUARD_SECONDS = 60
"""How long a request is held back whose citizen is in a call now, or already being rung."""
INVALID = "no such number"
"""The reason of an attempt on a number that does not exist: it is never dialled again."""


class NotWanted(ValueError):
    """A wanted time that cannot be promised; the message says why, and what can."""


@dataclass(frozen=True)
class Times:
    """The three times of a request, and by when whoever leads has to know."""

    not_before: datetime
    place: datetime | None
    due: datetime
    limit: datetime


@dataclass(frozen=True)
class Next:
    """What becomes of a request after an attempt. `counts` is whether the attempt was one of those that are limited."""

    state: State
    reason: str
    not_before: datetime | None = None
    place: datetime | None = None
    outcome: Outcome | Literal[""] = ""
    counts: bool = False
    busy: bool = False


@dataclass(frozen=True)
class FollowUp:
    """Somebody has to know by then."""

    at: datetime
    kind: FollowUpKind


def due(opening: OpeningHours, now: datetime, rules: CallbackRules) -> datetime:
    """Until when we ring back: so many open hours from now, at the latest by the limit."""
    return min(hours.add_open_time(opening, now, timedelta(hours=rules.due_open_hours)), limit(opening, now))


def due_of_handler(opening: OpeningHours, now: datetime) -> datetime:
    """Until when a handler rings back: the same clock time on the next working day (Friday 14.00 -> Monday 14.00).

    What is asked for on a Sunday at 03.00 would be due before anybody has come to work: it counts from the opening.
    """
    at, opens = _next_day(opening, now), hours.next_opening(opening, now)
    return at if at > opens else min(_next_day(opening, opens), limit(opening, now))


def _next_day(opening: OpeningHours, now: datetime) -> datetime:
    day = next(working_days(opening, now))[0].opens.astimezone(hours.ZONE).date()
    return datetime.combine(day, now.astimezone(hours.ZONE).time(), hours.ZONE).astimezone(UTC)


def limit(opening: OpeningHours, now: datetime) -> datetime:
    """The closing of the second working day after this one."""
    days = working_days(opening, now)
    next(days)
    return next(days)[-1].closes


def working_days(opening: OpeningHours, now: datetime) -> Iterator[list[hours.Interval]]:
    """The open intervals of each day after today that has some. Raises LookupError when there is none within a year."""
    today = now.astimezone(hours.ZONE).date()
    for ahead in range(1, hours.HORIZON_DAYS):
        if spans := hours.of_day(opening, today + timedelta(days=ahead)):
            yield spans
    raise LookupError("these hours do not open within a year")


def times(
    opening: OpeningHours, rules: CallbackRules, now: datetime, *, place: datetime, owned: bool, wanted: datetime | None = None
) -> Times:
    """The times of a request made now. `place` is the start of the original call; `owned` a handler's, a function's or a protected one.

    Raises NotWanted for a wanted time that is over, or when we are closed.
    """
    opens = hours.next_opening(opening, now)
    end = limit(opening, now)
    if wanted:
        return Times(wanted, None if owned else wanted, *_slot(opening, rules, now, wanted))
    if owned:
        return Times(opens, None, due_of_handler(opening, now), end)
    return Times(opens, max(place, opens) if opens > now else place, due(opening, now, rules), end)


def _slot(opening: OpeningHours, rules: CallbackRules, now: datetime, wanted: datetime) -> tuple[datetime, datetime]:
    if wanted <= now:
        raise NotWanted("The wanted time is over already, or before we open again. Name a later one, or none for as soon as possible.")
    if wanted > now + WANTED_AHEAD:
        raise NotWanted(f"The wanted time lies more than {WANTED_AHEAD.days} days ahead. Name an earlier one.")
    if not hours.is_open(opening, wanted):
        opens = hours.next_opening(opening, wanted).astimezone(hours.ZONE)
        raise NotWanted(f"It is closed then. The next opening is {opens:%Y-%m-%d %H:%M}.")
    end = hours.add_open_time(opening, wanted, timedelta(minutes=rules.slot_minutes))
    return end, max(end, limit(opening, now))


def may_dial(opening: OpeningHours, rules: CallbackRules, now: datetime, closed_until: datetime | None) -> datetime | None:
    """Until when the program may dial now, None when it may not: open hours are judged at dial time, and closing is kept clear."""
    if hours.state(opening, now, closed_until) != "open":
        return None
    span = next(one for one in hours.of_day(opening, now.astimezone(hours.ZONE).date()) if one.opens <= now < one.closes)
    end = span.closes - timedelta(minutes=rules.last_call_minutes)
    return end if now < end else None


def after(request: Request, result: Settled, rules: CallbackRules, opening: OpeningHours, now: datetime, reason: str = "") -> Next:
    """What follows an attempt that has ended. A person states the outcome of a talk; what nobody knows is a person's, too."""
    match result:
        case "answered":
            return Next("talked", reason or "talk ended without a stated outcome", counts=True)
        case "voicemail" if request.stage == "citizen_up":
            return Next("talked", reason or "a talk of seconds: a voicemail is suspected", counts=True)
        case "unknown":
            return Next("unknown", reason or "nobody knows how the attempt ended", counts=True)
        case "withdrawn":
            return Next("waiting", reason or "withdrawn", hours.next_opening(opening, now), request.place)
        case "guide_missed":
            held = hours.next_opening(opening, now + timedelta(seconds=rules.missed_seconds))
            return Next("waiting", reason or "no guide took it", held, request.place)
        case "busy" | "congestion" if request.busies < rules.busy_times:
            again = hours.next_opening(opening, now + timedelta(minutes=rules.busy_minutes))
            return Next("waiting", reason or result, again, again, busy=True)
        case "failed" if reason == INVALID:
            return Next("closed", reason, outcome="invalid_number", counts=True)
    tried = request.attempts + 1
    if tried >= rules.attempts:
        return Next("closed", f"{reason or result}, attempt {tried} of {rules.attempts}", outcome="not_reached", counts=True)
    again = retry_at(opening, rules, tried, now)
    return Next("waiting", f"{reason or result}, attempt {tried} of {rules.attempts}", again, again, counts=True)


def retry_at(opening: OpeningHours, rules: CallbackRules, tried: int, now: datetime) -> datetime:
    """When a citizen is rung again who has not answered `tried` times."""
    if tried <= len(rules.retry_minutes):
        return hours.next_opening(opening, now + timedelta(minutes=rules.retry_minutes[tried - 1]))
    return next(working_days(opening, now))[0].opens


def follow_ups(request: Request, opening: OpeningHours, rules: CallbackRules) -> tuple[FollowUp, ...]:
    """Who has to know when, in order: before the promise is due, when it is, and at the hard limit."""
    before = timedelta(minutes=rules.reminder_minutes)
    reminder = max(hours.subtract_open_time(opening, request.due, before), request.created_at)
    return (
        FollowUp(reminder, "reminder"),
        FollowUp(request.due, "overdue"),
        FollowUp(max(request.limit, request.due), "limit"),
    )


def next_follow_up(request: Request, opening: OpeningHours, rules: CallbackRules) -> datetime | None:
    """The moment of the first one that is not done."""
    left = follow_ups(request, opening, rules)[request.followed :]
    return left[0].at if left else None
