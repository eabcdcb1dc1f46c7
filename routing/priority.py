"""The priority line as the municipality's file states it: a chain that always reaches a person. `routing.rota` says who is on duty."""

from __future__ import annotations

from pydantic import Field

from routing.opening_hours import ClockTime, OpeningHours, Weekday, Weekly
from routing.part import Part
from routing.words import E164, Name, Text


class OnCall(Part):
    """Somebody who can be on duty, and the phone that rings then. A placeholder is the municipality's to state."""

    title: Text
    number: E164
    placeholder: bool = False


class Reception(OnCall):
    """The administration's own front desk, rung first within its hours."""

    hours: Weekly


class Shift(Part):
    """Who is on duty, in the order of ringing: from `begins` on each of `days` until `ends`, the same day or, if not later, the next."""

    days: tuple[Weekday, ...] = Field(min_length=1)
    begins: ClockTime
    ends: ClockTime
    people: tuple[Name, ...] = Field(min_length=1)


class PriorityLine(Part):
    """The chain: reception, who is on duty, the next one ringing beside, the head, a guide; then the referral of the topic.

    `staffed` says when somebody has to be on duty (day and night when left out); at other times the referral is called at once.
    """

    title: Text
    topic: Name
    staffed: OpeningHours | None = None
    reception: Reception | None = None
    people: dict[Name, OnCall] = Field(min_length=1)
    shifts: tuple[Shift, ...]
    head: OnCall | None = None
    next_after_seconds: int = Field(15, ge=5, le=60)
    rounds: int = Field(3, ge=1, le=5)
