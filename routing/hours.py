"""Opening hours: pure functions of the hours and a moment. Local time is Europe/Stockholm; everything given and returned is aware."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Literal, get_args
from zoneinfo import ZoneInfo

import holidays

from routing.opening_hours import HolidayKind, OpeningHours, Span, Weekday

ZONE = ZoneInfo("Europe/Stockholm")
WEEKDAYS: tuple[Weekday, ...] = get_args(Weekday)
HORIZON_DAYS = 400
"""How far an opening is looked for: hours without one within a year are an error of the file."""

SERVED_AFTER_CLOSING = timedelta(minutes=15)

State = Literal["open", "lunch", "closed", "holiday", "emergency"]
"""`emergency`: closed by order until a moment, whatever the hours say."""


@dataclass(frozen=True)
class Interval:
    """An open span, in UTC; `closes` is not part of it."""

    opens: datetime
    closes: datetime


@lru_cache(maxsize=32)
def _calendar(year: int, kind: HolidayKind | Literal["optional"]) -> frozenset[date]:
    """The days of one kind in Sweden's calendar of a year, without Sundays as such and without the day after Ascension Day."""
    named = holidays.country_holidays("SE", years=year, categories=kind, language="sv", include_sundays=False)
    return frozenset(day for day, name in named.items() if name != "Klämdag")


def _ordinary(hours: OpeningHours, day: date) -> tuple[Span, ...]:
    return hours.weekly_on(day).get(WEEKDAYS[day.weekday()], ())


def spans(hours: OpeningHours, day: date) -> tuple[Span, ...]:
    """What holds on one local day, in the order that OpeningHours documents."""
    if day in hours.closing_days:
        return ()
    if day in hours.special_days:
        return hours.special_days[day]
    if any(day in _calendar(day.year, kind) for kind in hours.holidays):
        return ()
    ordinary = _ordinary(hours, day)
    if hours.eves is not None and ordinary and day in _calendar(day.year, "optional"):
        return hours.eves
    return ordinary


def of_day(hours: OpeningHours, day: date) -> list[Interval]:
    """The open intervals of one local day. A span that the clocks skip is none."""
    return on_day(spans(hours, day), day)


def on_day(of_the_day: Iterable[Span], day: date) -> list[Interval]:
    """Spans of local time as the intervals of one local day. A span that the clocks skip is none."""
    ends = ((_moment(day, span.opens), _moment(day, span.closes)) for span in of_the_day)
    return [Interval(opens, closes) for opens, closes in ends if opens < closes]


def _moment(day: date, at: time) -> datetime:
    return datetime.combine(day, at, ZONE).astimezone(UTC)


def intervals(hours: OpeningHours, first: date, days: int) -> list[Interval]:
    """The open intervals of `days` local days from `first`."""
    return [interval for ahead in range(days) for interval in of_day(hours, first + timedelta(days=ahead))]


def is_open(hours: OpeningHours, at: datetime) -> bool:
    """Whether the moment lies in an open interval."""
    return state(hours, at) == "open"


def state(hours: OpeningHours, at: datetime, closed_until: datetime | None = None) -> State:
    """Open, or why not: lunch is a break between two intervals of a day; a holiday is a closed day whose weekday has hours.

    `closed_until` is the end of an emergency closure; before it nothing else counts.
    """
    if closed_until and at < closed_until:
        return "emergency"
    day = at.astimezone(ZONE).date()
    today = of_day(hours, day)
    if any(interval.opens <= at < interval.closes for interval in today):
        return "open"
    if today and today[0].opens <= at < today[-1].closes:
        return "lunch"
    return "holiday" if not today and _ordinary(hours, day) else "closed"


def is_served(hours: OpeningHours, at: datetime, closed_until: datetime | None = None) -> bool:
    """Whether those who wait are still served: while open, and for a quarter of an hour after closing; not in an emergency closure."""
    if closed_until and at < closed_until:
        return False
    return is_open(hours, at) or is_open(hours, at - SERVED_AFTER_CLOSING)


def counts_from(at: datetime, closed_until: datetime | None) -> datetime:
    """From when the ordinary hours count for who calls now: not before the end of an emergency closure."""
    return max(at, closed_until) if closed_until else at


def _from(hours: OpeningHours, at: datetime) -> Iterator[Interval]:
    for ahead in range(HORIZON_DAYS):
        for span in of_day(hours, at.astimezone(ZONE).date() + timedelta(days=ahead)):
            if span.closes > at:
                yield span


def next_opening(hours: OpeningHours, at: datetime) -> datetime:
    """The next moment of being open: `at` itself when open. Raises LookupError for hours that never open."""
    for span in _from(hours, at):
        return max(span.opens, at)
    raise LookupError("these hours do not open within a year")


def add_open_time(hours: OpeningHours, start: datetime, amount: timedelta) -> datetime:
    """The moment at which `amount` of open time has passed since `start`. Raises LookupError for hours that never open."""
    left = amount
    for span in _from(hours, start):
        begins = max(span.opens, start)
        if left <= span.closes - begins:
            return begins + left
        left -= span.closes - begins
    raise LookupError("these hours do not open long enough within a year")


def subtract_open_time(hours: OpeningHours, end: datetime, amount: timedelta) -> datetime:
    """The moment from which `amount` of open time passes until `end`. Raises LookupError for hours that never open."""
    left = amount
    for ago in range(HORIZON_DAYS):
        for span in reversed(of_day(hours, end.astimezone(ZONE).date() - timedelta(days=ago))):
            closes = min(span.closes, end)
            if left <= closes - span.opens:
                return closes - left
            left -= max(closes - span.opens, timedelta())
    raise LookupError("these hours have not been open long enough within a year")
