"""The rules of a promise's times: pure."""

from __future__ import annotations

from datetime import datetime, timedelta

from routing import hours
from routing.opening_hours import OpeningHours

DUE_OPEN_HOURS = timedelta(hours=4)


def due(opening: OpeningHours, now: datetime) -> datetime:
    """Until when we ring back: four open hours from now."""
    return hours.add_open_time(opening, now, DUE_OPEN_HOURS)
