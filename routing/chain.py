"""A priority line's chain over time: which phones are rung, in which order. Pure; the dialplan is rendered from it."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from routing.hours import ZONE, Interval, intervals
from routing.priority import PriorityLine
from routing.rota import shifts_between


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


def chain(line: PriorityLine, first: date, days: int, overrides: Mapping[date, tuple[str, ...]]) -> Chain:
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


def _links(line: PriorityLine, people: tuple[str, ...], *, has_reception: bool) -> tuple[str, ...]:
    desk = (line.reception.number,) if line.reception and has_reception else ()
    head = (line.head.number,) if line.head else ()
    return tuple(dict.fromkeys((*desk, *(line.people[name].number for name in people), *head)))
