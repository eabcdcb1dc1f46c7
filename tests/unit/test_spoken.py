"""Moments as they are said: the day, then the time, never promising more than is kept."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from routing import spoken
from routing.hours import ZONE

NOW = "2026-11-24 10:00"  # a Tuesday


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZONE)


@pytest.mark.parametrize(("at", "said"), [
    ("2026-11-24 15:07", ("day-today", "time-1500")), ("2026-11-24 23:59", ("day-today", "time-2345")),
    ("2026-11-25 08:15", ("day-tomorrow", "time-0815")), ("2026-11-26 08:00", ("day-3", "time-0800")),
    ("2026-11-30 08:00", ("day-0", "time-0800")), ("2026-12-01 08:00", ("date-1", "month-12", "time-0800")),
    ("2027-01-07 08:00", ("date-7", "month-1", "time-0800")),
])  # fmt: skip
def test_the_latest_moment_is_said_with_its_day(at: str, said: tuple[str, ...]) -> None:
    assert spoken.by_then(local(at), local(NOW)) == said


@pytest.mark.parametrize(("at", "said"), [
    ("2026-11-24 12:45", ("day-today", "time-1245")), ("2026-11-24 12:46", ("day-today", "time-1300")),
    ("2026-11-24 23:58", ("day-tomorrow", "time-0000")), ("2026-11-30 23:50", ("date-1", "month-12", "time-0000")),
    ("2027-01-07 08:00", ("date-7", "month-1", "time-0800")),
])  # fmt: skip
def test_the_opening_is_said_with_its_day_and_rounded_up(at: str, said: tuple[str, ...]) -> None:
    assert spoken.opening(local(at), local(NOW)) == said


def test_a_quarter_that_the_clocks_skip_is_not_said() -> None:
    assert spoken.opening(local("2027-03-28 01:50"), local("2027-03-27 10:00")) == ("day-tomorrow", "time-0300")


def test_today_is_the_citizens_day_and_not_the_one_of_utc() -> None:
    assert spoken.opening(local("2026-11-25 08:00"), datetime(2026, 11, 24, 23, 30, tzinfo=UTC)) == ("day-today", "time-0800")


@given(st.datetimes(datetime(2024, 1, 1), datetime(2030, 12, 31)).map(lambda at: at.replace(tzinfo=UTC)))
def test_a_promise_is_never_said_later_and_an_opening_never_earlier_than_it_is(at: datetime) -> None:
    day = at.astimezone(ZONE).replace(hour=0, minute=0, second=0, microsecond=0)
    for say, low, high in ((spoken.by_then, -15, 0), (spoken.opening, 0, 15)):
        *words, time = say(at, at)
        said = (day + timedelta(days=words == ["day-tomorrow"])).replace(hour=int(time[-4:-2]), minute=int(time[-2:]))
        off = {said.replace(fold=fold).astimezone(UTC) - at for fold in (0, 1)}
        assert any(timedelta(minutes=low) <= one <= timedelta(minutes=high) for one in off)
