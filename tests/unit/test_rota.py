"""Who is on duty: nights, exceptions, and what is said of times in which nobody is."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

import pytest

from routing.chain import chain, rung
from routing.file import load
from routing.hours import ZONE
from routing.municipality import Municipality
from routing.priority import PriorityLine
from routing.rota import OnDuty, gaps, on_duty, rota_problems, shifts_between

LEKEBERG = load(Path("municipalities/lekeberg.toml"))
NIGHT = PriorityLine.model_validate({
    "title": "Jour", "topic": "concern",
    "people": {name: {"title": "Jour", "number": "+46701740661"} for name in ("day", "night", "spare")},
    "shifts": [
        {"days": ["monday", "sunday"], "begins": "08:00", "ends": "20:00", "people": ["day"]},
        {"days": ["sunday"], "begins": "20:00", "ends": "08:00", "people": ["night", "spare"]},
    ],
})  # fmt: skip


def at(day: int, clock: str) -> datetime:
    """A moment of March 2026, whose first and last Sunday are the 1st and the 29th."""
    return datetime.fromisoformat(f"2026-03-{day:02} {clock}").replace(tzinfo=ZONE)


def nobody_on(*days: int) -> dict[date, tuple[str, ...]]:
    return {date(2026, 3, day): () for day in days}


@pytest.mark.parametrize(("moment", "people"), [
    (at(1, "08:00"), ("day",)), (at(1, "19:59"), ("day",)), (at(1, "20:00"), ("night", "spare")), (at(2, "07:59"), ("night", "spare")),
    (at(2, "08:00"), ("day",)), (at(2, "20:00"), ()), (at(3, "07:00"), ()),
])  # fmt: skip
def test_a_shift_goes_on_over_midnight_and_over_the_weeks_end(moment: datetime, people: tuple[str, ...]) -> None:
    assert on_duty(NIGHT, moment) == people


def test_an_exception_holds_for_the_shifts_that_begin_on_its_day_until_they_end() -> None:
    overrides = {date(2026, 3, 1): ("spare",)}
    assert [on_duty(NIGHT, moment, overrides) for moment in (at(1, "09:00"), at(2, "07:59"), at(2, "08:00"))] == [("spare",)] * 2 + [
        ("day",)
    ]
    assert on_duty(NIGHT, at(2, "07:59"), nobody_on(2)) == ("night", "spare")


def test_a_night_in_which_the_clocks_change_is_an_hour_shorter() -> None:
    (_, night) = shifts_between(NIGHT, date(2026, 3, 29), 1)
    assert night == OnDuty(at(29, "20:00"), at(30, "08:00"), ("night", "spare"))
    (saturday,) = shifts_between(
        NIGHT.model_copy(update={"shifts": (NIGHT.shifts[1].model_copy(update={"days": ("saturday",)}),)}), date(2026, 3, 28), 1
    )
    assert (saturday.ends - saturday.begins).total_seconds() == 11 * 3600


def test_a_day_shows_the_shift_that_began_the_evening_before_and_none_that_nobody_has() -> None:
    assert [shift.people for shift in shifts_between(NIGHT, date(2026, 3, 2), 1)] == [("night", "spare"), ("day",)]
    assert [shift.people for shift in shifts_between(NIGHT, date(2026, 3, 2), 1, nobody_on(1))] == [("day",)]


def test_without_staffed_hours_somebody_is_wanted_day_and_night() -> None:
    (found,) = gaps(NIGHT, at(2, "12:00"), at(3, "12:00"))
    assert found == (at(2, "20:00"), at(3, "12:00"))


def test_outside_the_staffed_hours_nobody_is_missed() -> None:
    line = LEKEBERG.priority_lines["ifo"]
    assert gaps(line, at(2, "00:00"), at(9, "00:00")) == []
    assert [str(gap) for gap in gaps(line, at(2, "00:00"), at(9, "00:00"), nobody_on(4))] == ["2026-03-04 08:00-16:30"]


def said(municipality: Municipality, moment: datetime, *days: int) -> tuple[list[str], list[str]]:
    refusals, warnings = rota_problems(municipality, moment, {"ifo": nobody_on(*days)}, "x.toml")
    return [*map(str, refusals)], [*map(str, warnings)]


def test_a_rota_that_somebody_always_has_is_no_problem() -> None:
    assert said(LEKEBERG, at(2, "09:00")) == ([], [])


def test_nobody_on_duty_now_is_refused_with_the_moment_and_the_remedy() -> None:
    (refusal,), warnings = said(LEKEBERG, at(4, "09:00"), 4)
    assert refusal.startswith("x.toml: priority_lines.ifo.shifts: nobody is on duty now, 2026-03-04 09:00, and until 2026-03-04 16:30. ")
    assert "Give the shift to somebody" in refusal
    assert warnings == []
    assert said(LEKEBERG, at(4, "16:30"), 4) == ([], [])


def test_nobody_on_duty_within_four_weeks_is_warned_of_with_each_moment() -> None:
    refusals, (warning,) = said(LEKEBERG, at(2, "09:00"), 4, 20)
    assert refusals == []
    assert "priority_lines.ifo.shifts: nobody will be on duty 2026-03-04 08:00-16:30, 2026-03-20 08:00-16:00. Give" in warning
    assert said(LEKEBERG, at(2, "09:00"), 31) == ([], [])
    assert "and 10 times more" in said(LEKEBERG, at(1, "09:00"), *range(1, 32))[1][0]


@pytest.mark.parametrize("clock", ["07:59", "08:00", "11:59", "12:00", "12:59", "13:00", "16:29", "16:30"])
@pytest.mark.parametrize("overrides", [{}, {date(2026, 3, 4): ("second",)}, nobody_on(4)])
def test_who_is_rung_is_whom_the_rendered_chain_rings(clock: str, overrides: dict[date, tuple[str, ...]]) -> None:
    line, moment = LEKEBERG.priority_lines["ifo"], at(4, clock)
    stretches = chain(line, date(2026, 3, 4), 1, overrides).stretches
    links = next((one.links for one in stretches if one.begins <= moment < one.ends), ())
    assert tuple(one.number for one in rung(line, moment, overrides)) == links


def test_a_phone_that_stands_twice_is_rung_once_at_its_first_place() -> None:
    line = LEKEBERG.priority_lines["ifo"]
    head_too = {date(2026, 3, 4): ("second", "first", "second")}
    assert [one.title for one in rung(line, at(4, "12:30"), head_too)] == ["Jour 2", "Jour 1", "IFO-chef"]
