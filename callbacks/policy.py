"""The rules of a promise's times: pure."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from routing import hours
from routing.opening_hours import OpeningHours

DUE_OPEN_HOURS = timedelta(hours=4)


def due(opening: OpeningHours, now: datetime) -> datetime:
    """Until when we ring back: four open hours from now."""
    return hours.add_open_time(opening, now, DUE_OPEN_HOURS)


def due_of_handler(opening: OpeningHours, now: datetime) -> datetime:
    """Until when a handler rings back: the same clock time on the next working day (Friday 14.00 -> Monday 14.00)."""
    local = now.astimezone(hours.ZONE)
    working = (local.date() + timedelta(days=ahead) for ahead in range(1, hours.HORIZON_DAYS))
    day = next((one for one in working if hours.of_day(opening, one)), None)
    if day is None:
        raise LookupError("these hours do not open within a year")
    return datetime.combine(day, local.time(), hours.ZONE).astimezone(UTC)
