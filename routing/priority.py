"""The priority line as the municipality's file states it: a chain that always reaches a person. `routing.rota` says who is on duty."""

from __future__ import annotations

from datetime import time
from itertools import pairwise
from typing import Annotated, Self, get_args

from pydantic import AfterValidator, Field, model_validator
from pydantic_core import PydanticCustomError as Refused

from routing.opening_hours import CLOCKS_CHANGE, ClockTime, OpeningHours, Weekday
from routing.part import Part
from routing.words import E164, Extension, Name, Text

DAY_MINUTES = 24 * 60
WEEK_MINUTES = 7 * DAY_MINUTES
MOST_PEOPLE = 7
"""So many at once on duty: with reception and head nine phones, which the dialplan counts with one digit."""


class OnCall(Part):
    """Somebody who can be on duty, and the phone that rings then. A placeholder is the municipality's to state."""

    title: Text
    number: E164
    placeholder: bool = False


class Reception(OnCall):
    """The administration's own front desk, rung first within its hours."""

    hours: OpeningHours


class Shift(Part):
    """Who is on duty, in the order of ringing: from `begins` on each of `days` until `ends`, the same day or, if not later, the next."""

    days: tuple[Weekday, ...] = Field(min_length=1)
    begins: ClockTime
    ends: ClockTime
    people: tuple[Name, ...] = Field(min_length=1, max_length=MOST_PEOPLE)

    @property
    def over_midnight(self) -> bool:
        """Whether it ends on the day after."""
        return self.ends <= self.begins

    @model_validator(mode="after")
    def _outside_the_change_of_clocks(self) -> Self:
        """An end at a time that, on such a Sunday, does not exist or exists twice would be nobody's."""
        first, last = CLOCKS_CHANGE
        ends_on = "saturday" if self.over_midnight else "sunday"
        for day, end in (("sunday", self.begins), (ends_on, self.ends)):
            if day in self.days and first < end < last:
                words = {"day": "sunday", "span": f"{self.begins:%H:%M}-{self.ends:%H:%M}"}
                raise Refused("clocks_change", "{day}: {span} begins or ends in the hour that the clocks skip or repeat", words)
        return self


def _apart(shifts: tuple[Shift, ...]) -> tuple[Shift, ...]:
    """Nobody could say who of two shifts is rung first."""
    spans = sorted(span for number, shift in enumerate(shifts) for span in _of_the_week(number, shift))
    if len(spans) < 2:
        return shifts
    first = spans[0]
    following = (first[0] + WEEK_MINUTES, first[1] + WEEK_MINUTES, *first[2:])  # the week begins anew
    for (_, ends, one, there), (begins, _, other, here) in pairwise([*spans, following]):
        if begins < ends:
            words = {"one": one, "other": other, "there": there, "here": here}
            raise Refused("shifts_overlap", "shift {other}, {here}, begins while shift {one}, {there}, still goes on", words)
    return shifts


def _of_the_week(number: int, shift: Shift) -> list[tuple[int, int, int, str]]:
    """Begin and end in minutes of a week, the shift's number, and the same for a person."""
    begins, ends = _minute(shift.begins), _minute(shift.ends) + DAY_MINUTES * shift.over_midnight
    written = f"{shift.begins:%H:%M}-{shift.ends:%H:%M}"
    mondays = {day: DAY_MINUTES * passed for passed, day in enumerate(get_args(Weekday))}
    return [(mondays[day] + begins, mondays[day] + ends, number, f"{day} {written}") for day in shift.days]


def _minute(at: time) -> int:
    return at.hour * 60 + at.minute


class PriorityLine(Part):
    """The chain: reception, who is on duty, the next one ringing beside, the head, a guide; then the referral of the topic.

    `staffed` says when somebody has to be on duty (day and night when left out); at other times the referral is called at once.
    """

    title: Text
    topic: Name
    extension: Extension | None = None
    """By which a guide transfers a citizen there."""
    staffed: OpeningHours | None = None
    reception: Reception | None = None
    people: dict[Name, OnCall] = Field(min_length=1)
    shifts: Annotated[tuple[Shift, ...], AfterValidator(_apart)]
    head: OnCall | None = None
    next_after_seconds: int = Field(15, ge=5, le=60)
    rounds: int = Field(3, ge=1, le=5)
