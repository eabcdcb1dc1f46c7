"""The rota against a model that walks the minutes: any shifts a file can state, over midnight, the week's end and the clocks' changes.

The model asks for each minute what the clock on the wall shows and who stands there for it; it shares only the time zone with the code.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import pairwise
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from routing import rota
from routing.hours import ZONE
from routing.priority import PriorityLine

Written = dict[str, Any]
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
DAYS = [date(2024, 1, 1) + passed * DAY for passed in range((date(2031, 1, 1) - date(2024, 1, 1)).days)]
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
WEEK = [(day, minute) for day in range(7) for minute in range(0, 24 * 60, 30)]


def midnight(day: date) -> datetime:
    return datetime.combine(day, time(), ZONE).astimezone(UTC)


CHANGES = [day for day in DAYS if midnight(day + DAY) - midnight(day) != DAY]
NEAR_CHANGES = [day + beside * DAY for day in CHANGES for beside in (-1, 0, 1)]


@lru_cache
def wall(day: date) -> list[tuple[datetime, str]]:
    """Each minute of a local day, and what the clock on the wall shows in it."""
    minutes = (midnight(day) + passed * MINUTE for passed in range((midnight(day + DAY) - midnight(day)) // MINUTE))
    return [(at, f"{at.astimezone(ZONE):%H:%M}") for at in minutes]


def serves(shift: Written, day: date, clock: str, overrides: rota.Overrides) -> tuple[str, ...]:
    """Who stands in a shift at a time of a day: those of a shift that began this day, or the evening before and ends today."""
    begins, ends, before = shift["begins"], shift["ends"], day - DAY
    over_midnight = ends <= begins
    if WEEKDAYS[day.weekday()] in shift["days"] and begins <= clock and (over_midnight or clock < ends):
        return overrides.get(day, tuple(shift["people"]))
    if over_midnight and WEEKDAYS[before.weekday()] in shift["days"] and clock < ends:
        return overrides.get(before, tuple(shift["people"]))
    return ()


def there(written: Written, day: date, clock: str, overrides: rota.Overrides) -> tuple[str, ...]:
    return next((people for shift in written["shifts"] if (people := serves(shift, day, clock, overrides))), ())


def wanted(written: Written, day: date, clock: str) -> bool:
    if "staffed" not in written:
        return True
    spans = written["staffed"]["weekly"].get(WEEKDAYS[day.weekday()], [])
    return any(opens <= clock < closes for opens, closes in (span.split("-") for span in spans))


def walked(written: Written, first: date, days: int, overrides: rota.Overrides) -> Iterator[tuple[datetime, tuple[str, ...], bool]]:
    """Each minute: who is there, and whether somebody has to be."""
    for day in (first + passed * DAY for passed in range(days)):
        for at, clock in wall(day):
            yield at, there(written, day, clock, overrides), wanted(written, day, clock)


def in_the_changing_hour(day: int, minute: int) -> bool:
    return day == 6 and 2 * 60 < minute < 3 * 60


@st.composite
def shifts(draw: st.DrawFn) -> list[Written]:
    """Points of a week in order; between two of them somebody serves or nobody; none longer than a day, the last over the week's end."""
    points = sorted(
        draw(st.lists(st.sampled_from([at for at in WEEK if not in_the_changing_hour(*at)]), min_size=2, max_size=12, unique=True))
    )
    made = []
    for here, following in zip(points, [*points[1:], points[0]], strict=True):
        people = draw(st.lists(st.sampled_from(["first", "second", "third"]), max_size=3, unique=True))
        length = ((following[0] - here[0]) * 1440 + following[1] - here[1]) % (7 * 1440)
        if people and length <= 1440:
            begins, ends = (f"{minute // 60:02}:{minute % 60:02}" for minute in (here[1], following[1]))
            made.append({"days": [WEEKDAYS[here[0]]], "begins": begins, "ends": ends, "people": people})
    return draw(st.permutations(made))


ONE = {"title": "Jour", "number": "+46701740661"}
STAFFED_DAYS = st.sampled_from([["00:00-23:59"], ["08:00-12:00", "12:00-17:00"], ["06:30-07:00", "13:00-16:30"]])
STAFFED = st.dictionaries(st.sampled_from(WEEKDAYS), STAFFED_DAYS, min_size=1).map(lambda weekly: {"weekly": weekly, "holidays": []})
PEOPLE = dict.fromkeys(("first", "second", "third"), ONE)
WRITTEN = st.fixed_dictionaries(
    {
        "title": st.just("IFO"),
        "topic": st.just("concern"),
        "people": st.just(PEOPLE),
        "shifts": shifts(),
    },
    optional={"staffed": STAFFED},
)
FIRST_DAYS = st.sampled_from(NEAR_CHANGES) | st.sampled_from(DAYS)
OVERRIDDEN = st.dictionaries(st.integers(-1, 8), st.sampled_from([(), ("third",), ("second", "first")]), max_size=4)
LENGTH = 8
"""A week and a day, so that the week's end is always in it."""


def dated(first: date, overridden: dict[int, tuple[str, ...]]) -> dict[date, tuple[str, ...]]:
    return {first + ahead * DAY: people for ahead, people in overridden.items()}


@settings(max_examples=80, deadline=None)
@given(WRITTEN, FIRST_DAYS, OVERRIDDEN)
def test_in_every_minute_those_are_on_duty_who_stand_there(written: Written, first: date, overridden: dict[int, tuple[str, ...]]) -> None:
    overrides = dated(first, overridden)
    found = rota.shifts_between(PriorityLine.model_validate(written), first, LENGTH, overrides)
    assert all(one.ends <= other.begins for one, other in pairwise(found))
    by_minute: dict[datetime, tuple[str, ...]] = {}
    for shift in found:
        by_minute |= {shift.begins + passed * MINUTE: shift.people for passed in range((shift.ends - shift.begins) // MINUTE)}
    wrong = [at for at, people, _ in walked(written, first, LENGTH, overrides) if by_minute.get(at, ()) != people]
    assert wrong == []
    assert all(shift.ends > midnight(first) and shift.begins < midnight(first + LENGTH * DAY) for shift in found)


@settings(max_examples=80, deadline=None)
@given(WRITTEN, FIRST_DAYS, OVERRIDDEN, st.integers(0, 1380))
def test_on_duty_says_the_same_of_one_moment(written: Written, first: date, overridden: dict[int, tuple[str, ...]], passed: int) -> None:
    overrides = dated(first, overridden)
    at, people, _ = list(walked(written, first, 1, overrides))[passed % len(wall(first))]
    assert rota.on_duty(PriorityLine.model_validate(written), at, overrides) == people


@settings(max_examples=80, deadline=None)
@given(WRITTEN, FIRST_DAYS, OVERRIDDEN, st.integers(0, 1400), st.integers(0, 1400))
def test_a_gap_is_every_minute_that_wants_somebody_and_has_nobody(
    written: Written, first: date, overridden: dict[int, tuple[str, ...]], late: int, early: int
) -> None:
    overrides = dated(first, overridden)
    since, until = midnight(first) + late * MINUTE, midnight(first + LENGTH * DAY) - early * MINUTE
    found = rota.gaps(PriorityLine.model_validate(written), since, until, overrides)
    minutes = [gap.begins + passed * MINUTE for gap in found for passed in range((gap.ends - gap.begins) // MINUTE)]
    walk = walked(written, first, LENGTH, overrides)
    assert minutes == [at for at, people, needed in walk if needed and not people and since <= at < until]
    assert all(one.ends < other.begins for one, other in pairwise(found))
