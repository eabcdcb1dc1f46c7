"""Opening hours against a model that walks the minutes: any hours a file can state, on every day from 2024 to 2030.

The model reads what stands in the file word by word and has a calendar of its own: it shares nothing with the code but the time zone.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import islice
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from routing import hours
from routing.opening_hours import OpeningHours, clocks_change

Written = dict[str, Any]
"""The table `[hours]` as it stands in a file."""

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
YEARS = range(2024, 2031)
DAYS = [date(YEARS[0], 1, 1) + passed * DAY for passed in range((date(YEARS[-1] + 1, 1, 1) - date(YEARS[0], 1, 1)).days)]
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def easter(year: int) -> date:
    """Easter Sunday, by the anonymous Gregorian algorithm."""
    golden, century, rest = year % 19, year // 100, year % 100
    moon = (19 * golden + century - century // 4 - (century - (century + 8) // 25 + 1) // 3 + 15) % 30
    weekday = (32 + 2 * (century % 4) + 2 * (rest // 4) - moon - rest % 4) % 7
    month, day = divmod(moon + weekday - 7 * ((golden + 11 * moon + 22 * weekday) // 451) + 114, 31)
    return date(year, month, day + 1)


def first_saturday(day: date) -> date:
    return day + (5 - day.weekday()) % 7 * DAY


@lru_cache
def calendar(year: int) -> dict[date, str]:
    """Sweden's holidays (law 1989:253), what is put beside them (law 1977:480), and the other eves."""
    sunday, midsummer, all_saints = easter(year), first_saturday(date(year, 6, 20)), first_saturday(date(year, 10, 31))
    fixed = [date(year, *day) for day in ((1, 1), (1, 6), (5, 1), (6, 6), (12, 25), (12, 26))]
    public = [*fixed, midsummer, all_saints, *(sunday + after * DAY for after in (-2, 0, 1, 39, 49))]
    de_facto = [midsummer - DAY, date(year, 12, 24), date(year, 12, 31)]
    eves = [date(year, 1, 5), date(year, 4, 30), all_saints - DAY, *(sunday + after * DAY for after in (-3, -1, 48))]
    return dict.fromkeys(eves, "eve") | dict.fromkeys(de_facto, "de_facto") | dict.fromkeys(public, "public")


def ordinary(written: Written, day: date) -> list[str]:
    """The weekly spans of a day, by its season."""
    weekly, at = written["weekly"], f"{day:%m-%d}"
    for season in written["seasons"]:
        first, last = season["first"], season["last"]
        if (first <= at <= last) if first <= last else (at >= first or at <= last):
            weekly = season["weekly"]
    return list(weekly.get(WEEKDAYS[day.weekday()], []))


def stated(written: Written, day: date) -> list[str]:
    """The spans of a day."""
    kind, usual = calendar(day.year).get(day), ordinary(written, day)
    if day in written["closing_days"]:
        return []
    if str(day) in written["special_days"]:
        return list(written["special_days"][str(day)])
    if kind in written["holidays"]:
        return []
    return list(written["eves"]) if kind == "eve" and usual and "eves" in written else usual


def midnight(day: date) -> datetime:
    return datetime.combine(day, time(), hours.ZONE).astimezone(UTC)


def length(day: date) -> int:
    """How many minutes a day has."""
    return (midnight(day + DAY) - midnight(day)) // MINUTE


@lru_cache
def wall(day: date) -> list[str]:
    """What the clock on the wall shows in each minute of a day."""
    return [f"{(midnight(day) + passed * MINUTE).astimezone(hours.ZONE):%H:%M}" for passed in range(length(day))]


@lru_cache(maxsize=10_000)
def minutes(spans: tuple[str, ...], day: date) -> bytes:
    """For each minute of a day whether it is open: 1 or 0."""
    ends = [span.split("-") for span in spans]
    return bytes(any(opens <= clock < closes for opens, closes in ends) for clock in wall(day))


def open_minutes(written: Written, day: date) -> bytes:
    """The same by what the file states. All days of 24 hours show the same times, and are walked once."""
    return minutes(tuple(stated(written, day)), day if length(day) != 24 * 60 else DAYS[0])


def reason(written: Written, at: datetime) -> str:
    """The state that a moment is in."""
    day = at.astimezone(hours.ZONE).date()
    walked, passed = open_minutes(written, day), (at - midnight(day)) // MINUTE
    if walked[passed]:
        return "open"
    if 1 in walked[:passed] and 1 in walked[passed:]:
        return "lunch"
    return "holiday" if 1 not in walked and ordinary(written, day) else "closed"


def walk(written: Written, start: datetime) -> Iterator[datetime]:
    """The open minutes from a moment on, as far as the code looks."""
    first = start.astimezone(hours.ZONE).date()
    for day in (first + ahead * DAY for ahead in range(hours.HORIZON_DAYS)):
        walked = open_minutes(written, day)
        moments = (midnight(day) + passed * MINUTE for passed in range(len(walked)) if walked[passed])
        yield from (moment for moment in moments if moment >= start)


EDGES = [day + beside * DAY for day in DAYS if day in calendar(day.year) or length(day) != 24 * 60 for beside in (-1, 0, 1)]
"""Holidays, eves and the changes of clocks, each with the days beside it."""

QUARTERS = [f"{quarter // 4:02}:{quarter % 4 * 15:02}" for quarter in range(96)]
SAFE = [clock for clock in QUARTERS if not "02:00" < clock < "03:00"]
"""An hour that the clocks skip or repeat may not begin or end a span."""
SPANS = st.lists(st.sampled_from(SAFE), max_size=4, unique=True).map(sorted).map(
    lambda clocks: [f"{opens}-{closes}" for opens, closes in zip(clocks[::2], clocks[1::2], strict=False)]
)  # fmt: skip
WEEKLY = st.dictionaries(st.sampled_from(WEEKDAYS), SPANS, min_size=4).map(
    lambda weekly: weekly if any(weekly.values()) else {"wednesday": ["08:00-12:00"]}
)


@st.composite
def seasons(draw: st.DrawFn) -> list[Written]:
    """None, one or two, in the middle of the year or around its end; some last a day."""
    dates = st.sampled_from([f"{day:%m-%d}" for day in DAYS[:366]])
    a, b, c, d = sorted(draw(st.lists(dates, min_size=4, max_size=4, unique=True)))
    ends = draw(st.sampled_from([[], [(a, b)], [(a, a)], [(d, a)], [(a, b), (c, d)], [(d, a), (b, c)]]))
    return [{"name": first, "first": first, "last": last, "weekly": draw(WEEKLY)} for first, last in ends]


WRITTEN = st.fixed_dictionaries(
    {
        "weekly": WEEKLY,
        "seasons": seasons(),
        "holidays": st.lists(st.sampled_from(["public", "de_facto"]), unique=True),
        "special_days": st.dictionaries(st.sampled_from(EDGES).map(str), SPANS, max_size=20),
        "closing_days": st.lists(st.sampled_from(EDGES), max_size=10),
    },
    optional={"eves": SPANS},
)
MOMENTS = st.builds(
    lambda day, passed: midnight(day) + passed * MINUTE,
    st.sampled_from(EDGES) | st.sampled_from(DAYS),
    st.integers(0, 24 * 60 - 1) | st.integers(0, 24 * 4 - 1).map(lambda quarter: quarter * 15),
)  # fmt: skip


def test_the_clocks_change_when_the_time_zone_says_so() -> None:
    assert [day for day in DAYS if clocks_change(day)] == [day for day in DAYS if length(day) != 24 * 60]


@settings(max_examples=40, deadline=None)
@given(WRITTEN)
def test_every_minute_of_seven_years_is_open_or_not_as_the_wall_clock_says(written: Written) -> None:
    opening_hours = OpeningHours.model_validate(written)
    found = {day: bytearray(length(day)) for day in DAYS}
    for interval in hours.intervals(opening_hours, DAYS[0], len(DAYS)):
        day = interval.opens.astimezone(hours.ZONE).date()
        first, last = ((end - midnight(day)) // MINUTE for end in (interval.opens, interval.closes))
        found[day][first:last] = b"\1" * (last - first)
    assert [day for day in DAYS if found[day] != open_minutes(written, day)] == []


@settings(max_examples=300, deadline=None)
@given(WRITTEN, MOMENTS)
def test_the_state_is_what_the_wall_clock_says(written: Written, at: datetime) -> None:
    assert hours.state(OpeningHours.model_validate(written), at) == reason(written, at)


@settings(max_examples=100, deadline=None)
@given(WRITTEN, MOMENTS)
def test_the_next_opening_is_the_first_open_minute(written: Written, at: datetime) -> None:
    opening_hours = OpeningHours.model_validate(written)
    if (walked := next(walk(written, at), None)) is not None:
        assert hours.next_opening(opening_hours, at) == walked
    else:
        with pytest.raises(LookupError):
            hours.next_opening(opening_hours, at)


@settings(max_examples=50, deadline=None)
@given(WRITTEN, MOMENTS, st.integers(1, 300))
def test_open_time_is_counted_in_open_minutes_only(written: Written, at: datetime, amount: int) -> None:
    opening_hours = OpeningHours.model_validate(written)
    if (walked := next(islice(walk(written, at), amount - 1, None), None)) is not None:
        assert hours.add_open_time(opening_hours, at, amount * MINUTE) == walked + MINUTE
    else:
        with pytest.raises(LookupError):
            hours.add_open_time(opening_hours, at, amount * MINUTE)


@settings(max_examples=100, deadline=None)
@given(WRITTEN, st.sampled_from(EDGES))
def test_both_ends_of_every_interval_count_as_the_rule_says(written: Written, day: date) -> None:
    """The opening minute is open, the closing one is not, unless the next interval begins there; a whole interval ends in itself."""
    opening_hours = OpeningHours.model_validate(written)
    spans = hours.intervals(opening_hours, day, 7)
    for span in spans:
        assert hours.is_open(opening_hours, span.opens)
        assert hours.is_open(opening_hours, span.closes) == any(other.opens == span.closes for other in spans)
        assert hours.add_open_time(opening_hours, span.opens, span.closes - span.opens) == span.closes
