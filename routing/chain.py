"""A priority line's chain over time: which phones are rung, in which order. Pure; the dialplan is rendered from it."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from routing.hours import ZONE, Interval, intervals
from routing.priority import OnCall, PriorityLine
from routing.rota import NONE, Overrides, on_duty, shifts_between


@dataclass(frozen=True)
class Stretch:
    """From `begins` until `ends` (UTC) these numbers (E.164) are rung, in order."""

    begins: datetime
    ends: datetime
    links: tuple[str, ...]


@dataclass(frozen=True)
class Chain:
    """The stretches in order, without overlaps; what lies between them belongs to the number out of hours.

    `kinds` are the different chains; the first one is everybody, for when nothing is known of the rota any more.
    """

    stretches: tuple[Stretch, ...]
    kinds: tuple[tuple[str, ...], ...]


def chain(line: PriorityLine, first: date, days: int, overrides: Overrides) -> Chain:
    """The chain on `days` local days from `first`: reception within its hours, who is on duty, the head."""
    begin, end = (datetime.combine(first + timedelta(days=ahead), datetime.min.time(), ZONE) for ahead in (0, days))
    staffed = [Interval(begin, end)] if line.staffed is None else intervals(line.staffed, first, days)
    desk = intervals(line.reception.hours, first, days) if line.reception else []
    shifts = [(Interval(begins, ends), people) for begins, ends, people in shifts_between(line, first, days, overrides)]
    edges = sorted({edge for one in (*staffed, *desk, *(shift for shift, _ in shifts)) for edge in (one.opens, one.closes)})
    stretches: list[Stretch] = []
    for begins, ends in itertools.pairwise(edges):
        if not _within(staffed, begins):
            continue
        people = next((names for shift, names in shifts if _within([shift], begins)), ())
        links = _links(line, people, has_reception=_within(desk, begins))
        if stretches and stretches[-1].ends == begins and stretches[-1].links == links:
            stretches[-1] = Stretch(stretches[-1].begins, ends, links)
        elif links:
            stretches.append(Stretch(begins, ends, links))
    everybody = _links(line, tuple(line.people), has_reception=True)
    return Chain(tuple(stretches), tuple(dict.fromkeys((everybody, *(one.links for one in stretches)))))


def _within(intervals: Sequence[Interval], at: datetime) -> bool:
    return any(one.opens <= at < one.closes for one in intervals)


def rung(line: PriorityLine, at: datetime, overrides: Overrides = NONE) -> tuple[OnCall, ...]:
    """Who is rung at a moment, in order; empty when the number out of hours is called at once."""
    today = at.astimezone(ZONE).date()
    if line.staffed is not None and not _within(intervals(line.staffed, today, 1), at):
        return ()
    desk = intervals(line.reception.hours, today, 1) if line.reception else []
    return _on_call(line, on_duty(line, at, overrides), has_reception=_within(desk, at))


def _links(line: PriorityLine, people: tuple[str, ...], *, has_reception: bool) -> tuple[str, ...]:
    return tuple(one.number for one in _on_call(line, people, has_reception=has_reception))


def _on_call(line: PriorityLine, people: tuple[str, ...], *, has_reception: bool) -> tuple[OnCall, ...]:
    """In the order of ringing, each phone once."""
    desk = (line.reception,) if line.reception and has_reception else ()
    head = (line.head,) if line.head else ()
    phones: dict[str, OnCall] = {}
    for one in (*desk, *(line.people[name] for name in people), *head):
        phones.setdefault(one.number, one)
    return tuple(phones.values())
