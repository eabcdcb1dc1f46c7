"""Opening hours as the municipality's file states them. What they mean at a moment is `routing.hours`' job."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, time, timedelta
from itertools import combinations, pairwise
from typing import Annotated, Literal, NamedTuple, Self

from pydantic import AfterValidator, Field, PlainValidator, model_validator
from pydantic_core import PydanticCustomError as Refused

from routing.part import Part

Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
HolidayKind = Literal["public", "de_facto"]

CLOCK = r"(?:[01][0-9]|2[0-3]):[0-5][0-9]"
CLOCKS_CHANGE = time(2), time(3)
"""The hour between these local times is skipped in March and comes twice in October. The ends themselves are safe: in March both are
the same moment, and in October 02:00 is taken as the first."""


@dataclass(frozen=True)
class Span:
    """Open from `opens` until `closes`, local times of one day; the latter is not part of it."""

    opens: time
    closes: time

    def __str__(self) -> str:
        return f"{self.opens:%H:%M}-{self.closes:%H:%M}"


class MonthDay(NamedTuple):
    """A day of every year; 29 February of those that have it."""

    month: int
    day: int


def parse_span(text: object) -> Span:
    """`"08:00-12:00"` as two times of day. Raises Refused, a ValueError."""
    if not isinstance(text, str) or not (match := re.fullmatch(f"({CLOCK})-({CLOCK})", text)):
        raise Refused("span_form", "{span} is not two times of day", {"span": repr(text)})
    return Span(time.fromisoformat(match[1]), time.fromisoformat(match[2]))


def parse_clock(text: object) -> time:
    """`"08:00"` as a time of day. Raises Refused, a ValueError."""
    if not isinstance(text, str) or not re.fullmatch(CLOCK, text):
        raise Refused("clock_form", "{time} is not a time of day", {"time": repr(text)})
    return time.fromisoformat(text)


def parse_month_day(text: object) -> MonthDay:
    """`"06-15"` as a day of every year. Raises Refused, a ValueError."""
    try:
        if not isinstance(text, str) or not re.fullmatch("[0-9]{2}-[0-9]{2}", text):
            raise ValueError("not of the form MM-DD")
        there = date.fromisoformat(f"2024-{text}")  # a leap year has every day
    except ValueError as error:
        raise Refused("month_day", "{day} is not a day of the year", {"day": repr(text)}) from error
    return MonthDay(there.month, there.day)


def _in_order(spans: tuple[Span, ...]) -> tuple[Span, ...]:
    for span in spans:
        if span.closes <= span.opens:
            raise Refused("span_backwards", "{span} ends before it begins, or at once", {"span": str(span)})
    for before, span in pairwise(spans):
        if span.opens < before.closes:
            words = {"span": str(span), "before": str(before)}
            raise Refused("spans_overlap", "{span} overlaps {before}, or should stand before it", words)
    return spans


def _outside_the_change_of_clocks(day: str, spans: Iterable[Span]) -> None:
    """Refuse a span with an end at a time that, on such a night, does not exist or exists twice."""
    first, last = CLOCKS_CHANGE
    for span in spans:
        if any(first < end < last for end in (span.opens, span.closes)):
            words = {"day": day, "span": str(span)}
            raise Refused("clocks_change", "{day}: {span} begins or ends in the hour that the clocks skip or repeat", words)


def _sundays(weekly: dict[Weekday, tuple[Span, ...]]) -> dict[Weekday, tuple[Span, ...]]:
    _outside_the_change_of_clocks("sunday", weekly.get("sunday", ()))
    return weekly


def clocks_change(day: date) -> bool:
    """The last Sundays of March and October (directive 2000/84/EC)."""
    return day.month in (3, 10) and day.isoweekday() == 7 and (day + timedelta(days=7)).month != day.month


def _special_nights(special_days: dict[date, tuple[Span, ...]]) -> dict[date, tuple[Span, ...]]:
    for day, spans in special_days.items():
        if clocks_change(day):
            _outside_the_change_of_clocks(str(day), spans)
    return special_days


ClockTime = Annotated[time, PlainValidator(parse_clock)]
Spans = Annotated[tuple[Annotated[Span, PlainValidator(parse_span)], ...], AfterValidator(_in_order)]
Weekly = Annotated[dict[Weekday, Spans], AfterValidator(_sundays)]


class Season(Part):
    """A part of every year with weekly hours of its own, from `first` to `last` (`"MM-DD"`, both in it); it may pass the new year."""

    name: str = Field(min_length=1)
    first: Annotated[MonthDay, PlainValidator(parse_month_day)]
    last: Annotated[MonthDay, PlainValidator(parse_month_day)]
    weekly: Weekly

    def holds_on(self, day: MonthDay) -> bool:
        """Whether the day belongs to the season."""
        if self.first <= self.last:
            return self.first <= day <= self.last
        return day >= self.first or day <= self.last


def _apart(seasons: tuple[Season, ...]) -> tuple[Season, ...]:
    for one, other in combinations(seasons, 2):
        if one.holds_on(other.first) or other.holds_on(one.first):
            raise Refused("seasons_overlap", "{one} and {other} overlap", {"one": repr(one.name), "other": repr(other.name)})
    return seasons


class OpeningHours(Part):
    """When somebody answers: the municipality, or one line. For each day the first of these that says something decides:

    1. `closing_days`: closed.
    2. `special_days`: these spans; none means closed.
    3. `holidays`: closed on these kinds of days of the Swedish calendar. `public` are the holidays by law (1989:253); `de_facto` are
       Midsummer's, Christmas and New Year's Eve, which the law on leave puts beside them (1977:480, section 7).
    4. `eves`: these spans on the other eves (Twelfth Night, Maundy Thursday, Holy Saturday, Walpurgis Night, the eves of Pentecost and
       All Saints' Day), if the weekday has hours at all; none means closed. Left out, eves are ordinary days.
    5. `seasons`: the weekly hours of the season that the day is in.
    6. `weekly`: spans by weekday (`"08:00-12:00"`, local time); a weekday that is left out is closed.

    An eve never falls on a night when the clocks change (Thursdays, Fridays, Saturdays, and dates in January and April).
    """

    weekly: Weekly
    seasons: Annotated[tuple[Season, ...], AfterValidator(_apart)] = ()
    holidays: frozenset[HolidayKind] = frozenset({"public", "de_facto"})
    eves: Spans | None = None
    special_days: Annotated[dict[date, Spans], AfterValidator(_special_nights)] = Field(default_factory=dict)
    closing_days: frozenset[date] = frozenset()

    @model_validator(mode="after")
    def _opens_sometimes(self) -> Self:
        """Without a next opening no callback could be promised."""
        year = (date(2024, 1, 1) + timedelta(days=passed) for passed in range(366))
        if not any(spans for day in year for spans in self.weekly_on(day).values()):
            raise Refused("never_open", "no day has opening hours")
        return self

    def weekly_on(self, day: date) -> dict[Weekday, tuple[Span, ...]]:
        """The weekly hours of the season that the day is in, else those of the year."""
        at = MonthDay(day.month, day.day)
        return next((season.weekly for season in self.seasons if season.holds_on(at)), self.weekly)
