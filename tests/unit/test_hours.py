"""Opening hours: breaks, holidays, and time that counts only while open."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from routing import hours
from routing.file import load
from routing.opening_hours import OpeningHours

LEKEBERG = load(Path("municipalities/lekeberg.toml")).hours


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=hours.ZONE)


@pytest.mark.parametrize(("at", "state"), [
    ("2026-11-24 08:00", "open"), ("2026-11-24 12:00", "lunch"), ("2026-11-24 16:30", "closed"), ("2026-11-28 10:00", "closed"),
    ("2026-12-25 10:00", "holiday"), ("2027-01-06 10:00", "holiday"), ("2026-12-24 10:00", "holiday"), ("2026-06-19 10:00", "holiday"),
    ("2027-01-05 11:59", "open"), ("2027-01-05 14:00", "closed"), ("2026-05-15 14:00", "open"), ("2026-12-26 10:00", "closed"),
])  # fmt: skip
def test_the_state_says_why_we_do_not_answer(at: str, state: str) -> None:
    assert hours.state(LEKEBERG, local(at)) == state


def test_four_open_hours_from_friday_afternoon_end_on_monday() -> None:
    assert hours.add_open_time(LEKEBERG, local("2026-11-27 15:00"), timedelta(hours=4)) == local("2026-11-30 11:00")


def test_the_next_opening_skips_christmas() -> None:
    assert hours.next_opening(LEKEBERG, local("2026-12-24 17:00")) == local("2026-12-28 08:00")


DAY_BY_DAY = OpeningHours.model_validate({
    "weekly": {day: ["08:00-16:00"] for day in hours.WEEKDAYS[:5]},
    "seasons": [
        {"name": "Jul", "first": "12-20", "last": "01-10", "weekly": {"tuesday": ["10:00-11:00"], "thursday": ["10:00-11:00"]}},
        {"name": "Skottdagen", "first": "02-29", "last": "02-29", "weekly": {"thursday": ["10:00-11:00"]}},
    ],
    "eves": ["08:00-12:00"],
    "special_days": {"2026-12-24": ["09:00-10:00"], "2027-01-05": ["13:00-14:00"], "2027-03-03": [], "2027-03-04": ["09:00-10:00"]},
    "closing_days": ["2027-03-04", "2027-03-05"],
})  # fmt: skip


@pytest.mark.parametrize(("day", "spans", "why"), [
    ("2027-03-02", "08:00-16:00", "an ordinary Tuesday"),
    ("2027-03-03", "", "a special day without spans is closed"),
    ("2027-03-04", "", "a closing day wins over a special day"),
    ("2026-12-24", "09:00-10:00", "a special day wins over a holiday"),
    ("2027-01-05", "13:00-14:00", "a special day wins over an eve"),
    ("2026-12-31", "", "a holiday wins over the season"),
    ("2028-01-05", "", "an eve whose weekday has no hours in the season"),
    ("2027-04-30", "08:00-12:00", "an eve wins over the weekly hours"),
    ("2027-12-21", "10:00-11:00", "the season, before the new year"), ("2027-01-07", "10:00-11:00", "and after it"),
    ("2027-01-10", "", "its last day"), ("2027-01-11", "08:00-16:00", "the day after it"),
    ("2028-02-29", "", "a season of one day, a Tuesday"), ("2024-02-29", "10:00-11:00", "a Thursday"), ("2028-03-01", "08:00-16:00", ""),
])  # fmt: skip
def test_the_first_that_says_something_about_a_day_decides(day: str, spans: str, why: str) -> None:
    assert ", ".join(map(str, hours.spans(DAY_BY_DAY, date.fromisoformat(day)))) == spans, why


def test_closed_by_the_calendar_is_a_holiday_only_where_the_weekday_has_hours() -> None:
    assert hours.state(DAY_BY_DAY, local("2027-03-05 10:00")) == "holiday"
    assert hours.state(DAY_BY_DAY, local("2027-03-03 10:00")) == "holiday"
    assert hours.state(DAY_BY_DAY, local("2027-01-01 10:00")) == "closed"  # a Friday of the season, which has none


def test_which_days_of_the_calendar_close_us_is_stated() -> None:
    ordinary = LEKEBERG.model_copy(update={"holidays": frozenset({"public"}), "eves": None})
    assert hours.state(ordinary, local("2026-12-24 15:00")) == "open"
    assert hours.state(ordinary, local("2026-12-25 15:00")) == "holiday"
    assert hours.state(ordinary, local("2027-01-05 15:00")) == "open"


def test_an_hour_that_the_clocks_skip_opens_nothing() -> None:
    night = OpeningHours.model_validate({"weekly": {"sunday": ["02:00-03:00"]}})
    assert hours.of_day(night, date(2026, 3, 29)) == []
    (twice,) = hours.of_day(night, date(2026, 10, 25))
    assert twice.closes - twice.opens == timedelta(hours=2)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 7 * 365 * 24 * 60))
def test_open_agrees_with_walking_the_minutes_to_the_next_opening(minutes: int) -> None:
    at = datetime(2024, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
    walked = at
    while not hours.is_open(LEKEBERG, walked):
        walked += timedelta(minutes=1)
    assert hours.next_opening(LEKEBERG, at) == walked
