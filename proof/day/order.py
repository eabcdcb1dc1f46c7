"""Who waited when, and who was served before somebody with an earlier place: from Asterisk's queue log. Pure.

The log has whole seconds, and so has what comes out here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from callbacks.trace import QUEUE_SUFFIX

SERVED = frozenset({"CONNECT", "KCGUIDEUP"})
LEAVES = frozenset({"ABANDON", "EXITEMPTY", "EXITWITHKEY", "EXITWITHTIMEOUT", "WITHDRAW"})
ATTEMPT = "cb-"
"""How the ids of our own legs begin; the one that stands in the queue ends in -2."""
LAST = float("inf")
Span = tuple[float, float]


@dataclass(frozen=True)
class Stay:
    """The wait of somebody who was served, in epoch seconds; `place` is a whole one, as in the queue. `ready` is from when he could have
    been offered; `away` are the spans in which he could not: a guide's phone rang for him in vain, or he was told something meanwhile."""

    who: str
    place: float
    ready: float
    served: float = LAST
    away: tuple[Span, ...] = ()

    def is_offerable(self, at: float) -> bool:
        """Whether he waited at that moment, in the queue, and no phone rang for him."""
        return self.ready < at < self.served and not is_within(at, self.away)

    def back(self, at: float) -> Stay:
        """The same, in the queue again."""
        return replace(self, away=tuple((begins, min(ends, at)) for begins, ends in self.away))


@dataclass(frozen=True)
class Overtaken:
    """Somebody who was served `seconds` after somebody with a later place, `by`, though he could have been offered then."""

    who: str
    by: str
    seconds: float
    at: float = 0.0
    """The epoch second at which the other one was served."""


def stays(lines: Iterable[str], queue: str, places: Mapping[str, float]) -> list[Stay]:
    """Who was served in a queue (Asterisk's name), in that order. `places` by call id, or by attempt; what has none there is left out.

    A stand-in is served when a guide lifts the phone for it; the queue's own CONNECT comes only after the key.
    """
    kept: list[Stay] = []
    here: dict[str, Stay] = {}
    told = f"{queue.partition('-')[0]}{QUEUE_SUFFIX}"
    for cells in (line.split("|") for line in lines):
        if len(cells) < 5 or cells[2] not in (queue, told):
            continue
        at, who, said = float(cells[0]), cells[1].removesuffix("-2") if cells[1].startswith(ATTEMPT) else cells[1], cells[4]
        if said == "ENTERQUEUE" and who in places:
            here[who] = here[who].back(at) if who in here else Stay(who, float(int(places[who])), at)
        elif who in here and said == "RINGNOANSWER":
            rang = int(cells[5] or 0) / 1000
            here[who] = replace(here[who], away=(*here[who].away, (at - rang - 1, at)))
        elif who in here and said in LEAVES:
            here[who] = replace(here[who], away=(*here[who].away, (at, LAST)))
        elif who in here and said in SERVED:
            kept.append(replace(here.pop(who), served=at))
    return kept


def from_due(all_stays: Iterable[Stay], due: Mapping[str, float]) -> list[Stay]:
    """The same, but an attempt could have been offered from when it was due, in the queue or not yet."""
    return [replace(one, ready=min(one.ready, due.get(one.who, one.ready))) for one in all_stays]


def overtaken(all_stays: Sequence[Stay]) -> list[Overtaken]:
    """For each who was served: the worst case of somebody with a later place who was served while he could have been offered."""
    return [_worst(one, all_stays) for one in all_stays]


def _worst(early: Stay, others: Iterable[Stay]) -> Overtaken:
    before = [one for one in others if one.place > early.place and early.is_offerable(one.served)]
    first = min(before, key=lambda one: one.served, default=early)
    return Overtaken(early.who, first.who if first != early else "", early.served - first.served, first.served)


def passed_over(lines: Iterable[str], queue: str) -> list[Span]:
    """The spans in which some guide was rung last, after a call that he had missed: a penalty in the queue.

    Asterisk lets as many callers at once look for a guide as there are guides whose phones are free, and counts those, too, whom a
    penalty keeps from being rung: then who is second or third in the list may come before the first one.
    """
    spans: list[Span] = []
    low: dict[str, float] = {}
    for cells in (line.split("|") for line in lines):
        if len(cells) < 6 or cells[2] != queue or cells[4] != "PENALTY":
            continue
        at, guide = float(cells[0]), cells[3]
        if int(cells[5]):
            low.setdefault(guide, at)
        elif guide in low:
            spans.append((low.pop(guide), at))
    return [*spans, *((begins, LAST) for begins in low.values())]


def is_within(at: float, spans: Iterable[Span]) -> bool:
    """Whether a moment lies in one of the spans."""
    return any(begins <= at <= ends for begins, ends in spans)


def kind(who: str) -> Literal["callback", "live"]:
    """Whether an id is an attempt's or a live call's."""
    return "callback" if who.startswith(ATTEMPT) else "live"
