"""When a handler or a function takes calls: phone hours within the municipality's hours. Pure; local time is Europe/Stockholm."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta

from routing.hours import HORIZON_DAYS, WEEKDAYS, ZONE, Interval, of_day, on_day
from routing.opening_hours import OpeningHours, Weekly


def intervals(hours: OpeningHours, phone: Weekly | None, first: date, days: int) -> list[Interval]:
    """When calls are taken on `days` local days from `first`; None as phone hours: whenever the municipality is open."""
    return [interval for ahead in range(days) for interval in _of_day(hours, phone, first + timedelta(days=ahead))]


def takes_calls(hours: OpeningHours, phone: Weekly | None, at: datetime) -> bool:
    """Whether the moment lies within the phone hours."""
    return any(interval.opens <= at < interval.closes for interval in _of_day(hours, phone, at.astimezone(ZONE).date()))


def back_at(hours: OpeningHours, phone: Weekly | None, away_until: datetime, now: datetime) -> datetime | None:
    """From when calls are taken again: the end of an absence (in the past for none), then the next phone hours; None within a year."""
    earliest = max(away_until, now)
    for ahead in range(HORIZON_DAYS):
        for interval in _of_day(hours, phone, earliest.astimezone(ZONE).date() + timedelta(days=ahead)):
            if interval.closes > earliest:
                return max(interval.opens, earliest)
    return None


def _of_day(hours: OpeningHours, phone: Weekly | None, day: date) -> list[Interval]:
    whole = of_day(hours, day)
    return whole if phone is None else list(_common(whole, on_day(phone.get(WEEKDAYS[day.weekday()], ()), day)))


def _common(some: list[Interval], others: list[Interval]) -> Iterator[Interval]:
    for one in some:
        for other in others:
            common = Interval(max(one.opens, other.opens), min(one.closes, other.closes))
            if common.opens < common.closes:
                yield common
