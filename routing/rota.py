"""Who is on duty for a priority line: pure functions of its shifts, the exceptions made since, and a moment.

Shifts are stated in local time (Europe/Stockholm); every moment given and returned is aware, those returned in UTC.

    on_duty(line, at, overrides) -> tuple[str, ...]
    shifts_between(line, first_day, days, overrides) -> list[OnDuty]          # OnDuty(begins, ends, people), a tuple
    gaps(line, since, until, overrides) -> list[Gap]                          # Gap(begins, ends), a tuple
    rota_problems(municipality, at, overrides_by_line) -> (refusals, warnings)
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from types import MappingProxyType
from typing import NamedTuple

from routing.hours import WEEKDAYS, ZONE, intervals
from routing.municipality import Municipality
from routing.priority import PriorityLine, Shift
from routing.problem import Problem

WARNED_AHEAD = timedelta(weeks=4)
"""A shift that nobody has is warned of so long before."""
MOST_MOMENTS = 10
"""So many of the moments without anybody are told one by one."""
DAY = timedelta(days=1)

Overrides = Mapping[date, tuple[str, ...]]
"""Instead of everybody who would begin a shift on that local date: these, in the order of ringing; an empty tuple is nobody."""
NONE: Overrides = MappingProxyType({})


class OnDuty(NamedTuple):
    """A shift that somebody has: UTC, `ends` not part of it; the people's names in the order of ringing, at least one."""

    begins: datetime
    ends: datetime
    people: tuple[str, ...]


class Gap(NamedTuple):
    """A time in which somebody has to be on duty and nobody is: UTC, `ends` not part of it."""

    begins: datetime
    ends: datetime

    def __str__(self) -> str:
        begins, ends = (end.astimezone(ZONE) for end in self)
        return f"{begins:%Y-%m-%d %H:%M}-{ends:{'%H:%M' if begins.date() == ends.date() else '%Y-%m-%d %H:%M'}}"


def on_duty(line: PriorityLine, at: datetime, overrides: Overrides = NONE) -> tuple[str, ...]:
    """The names (keys of `line.people`) of who is on duty at a moment, in the order of ringing; empty when nobody is."""
    today = shifts_between(line, at.astimezone(ZONE).date(), 1, overrides)
    return next((shift.people for shift in today if shift.begins <= at < shift.ends), ())


def shifts_between(line: PriorityLine, first_day: date, days: int, overrides: Overrides = NONE) -> list[OnDuty]:
    """The shifts that touch the `days` local days from `first_day`, each whole, in order and without overlaps.

    One that began the evening before is the first of them. A shift that nobody has, and one that the clocks skip, is left out.
    """
    first, last = _moment(first_day, time()), _moment(first_day + days * DAY, time())
    begun = (shift for passed in range(-1, days) for shift in _beginning(line, first_day + passed * DAY, overrides))
    return sorted(shift for shift in begun if shift.people and shift.begins < shift.ends and shift.begins < last and shift.ends > first)


def gaps(line: PriorityLine, since: datetime, until: datetime, overrides: Overrides = NONE) -> list[Gap]:
    """The times from `since` to `until` in which `line.staffed` (None: day and night) wants somebody and nobody is on duty, in order."""
    first = since.astimezone(ZONE).date()
    days = (until.astimezone(ZONE).date() - first).days + 1
    wanted = [Gap(since, until)]
    if line.staffed:
        open_hours = (Gap(max(span.opens, since), min(span.closes, until)) for span in intervals(line.staffed, first, days))
        wanted = [span for span in open_hours if span.begins < span.ends]
    shifts = shifts_between(line, first, days, overrides)
    return list(_joined(gap for span in wanted for gap in _uncovered(span, shifts)))


def rota_problems(
    municipality: Municipality,
    at: datetime,
    overrides: Mapping[str, Overrides] = MappingProxyType({}),
    file: str | None = None,
) -> tuple[tuple[Problem, ...], tuple[Problem, ...]]:
    """(refusals, warnings): lines with nobody on duty now, and lines where that comes within four weeks.

    `overrides` are by the priority line's name; `file` is what the problems name, else the slug's usual file.
    """
    refusals, warnings = [], []
    for name, line in municipality.priority_lines.items():
        found = gaps(line, at, at + WARNED_AHEAD, overrides.get(name, NONE))
        where = file or f"{municipality.slug}.toml", f"priority_lines.{name}.shifts"
        if found and found[0].begins <= at:
            reason = (
                f"nobody is on duty now, {at.astimezone(ZONE):%Y-%m-%d %H:%M}, and until {found[0].ends.astimezone(ZONE):%Y-%m-%d %H:%M}"
            )
            refusals.append(Problem(*where, reason, "Give the shift to somebody, or take the time out of `staffed`."))
        if ahead := [gap for gap in found if gap.begins > at]:
            more = f" and {len(ahead) - MOST_MOMENTS} times more" if len(ahead) > MOST_MOMENTS else ""
            reason = f"nobody will be on duty {', '.join(map(str, ahead[:MOST_MOMENTS]))}{more}"
            warnings.append(Problem(*where, reason, "Give these shifts to somebody in time."))
    return tuple(refusals), tuple(warnings)


def begins_on(line: PriorityLine, day: date) -> bool:
    """Whether a shift begins on a local date: only then can an exception say whose it is."""
    return any(WEEKDAYS[day.weekday()] in shift.days for shift in line.shifts)


def _beginning(line: PriorityLine, day: date, overrides: Overrides) -> Iterator[OnDuty]:
    for shift in line.shifts:
        if WEEKDAYS[day.weekday()] in shift.days:
            yield OnDuty(_moment(day, shift.begins), _moment(_last_day(day, shift), shift.ends), overrides.get(day, shift.people))


def _last_day(day: date, shift: Shift) -> date:
    return day + DAY if shift.over_midnight else day


def _moment(day: date, at: time) -> datetime:
    return datetime.combine(day, at, ZONE).astimezone(UTC)


def _uncovered(span: Gap, shifts: Iterable[OnDuty]) -> Iterator[Gap]:
    begins = span.begins
    for shift in shifts:
        if begins < min(shift.begins, span.ends):
            yield Gap(begins, min(shift.begins, span.ends))
        begins = max(begins, shift.ends)
    if begins < span.ends:
        yield Gap(begins, span.ends)


def _joined(found: Iterable[Gap]) -> Iterator[Gap]:
    """Gaps of which one ends where the next begins, as one."""
    last: Gap | None = None
    for gap in found:
        if last and last.ends == gap.begins:
            gap = Gap(last.begins, gap.ends)
        elif last:
            yield last
        last = gap
    if last:
        yield last
