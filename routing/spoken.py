"""Moments as they are said: prompts of the day and, always last, of the time. What is said stands on a quarter of an hour."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from routing.hours import ZONE

QUARTER = timedelta(minutes=15)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
WEEKDAYS_AHEAD = 6
"""So many days ahead a weekday is said: the same weekday a week ahead would be taken for the nearer one."""


def by_then(due: datetime, now: datetime) -> tuple[str, ...]:
    """By when, at the latest. Rounded down, so that what is said is never later than what is due."""
    return _said(due.astimezone(UTC) - (due - EPOCH) % QUARTER, now)


def opening(moment: datetime, now: datetime) -> tuple[str, ...]:
    """When we open next. Rounded up, so that we never promise to be open earlier than we are."""
    return _said(moment.astimezone(UTC) + (EPOCH - moment) % QUARTER, now)


def _said(moment: datetime, now: datetime) -> tuple[str, ...]:
    local = moment.astimezone(ZONE)
    return *_day(local.date(), now.astimezone(ZONE).date()), f"time-{local:%H%M}"


def _day(day: date, today: date) -> tuple[str, ...]:
    match (day - today).days:
        case 0:
            return ("day-today",)
        case 1:
            return ("day-tomorrow",)
        case ahead if ahead > WEEKDAYS_AHEAD:
            return f"date-{day.day}", f"month-{day.month}"
    return (f"day-{day.weekday()}",)
