"""Show that a spoken dialogue leaves nobody behind: each sequence of keys reaches a person, a callback, a spoken referral, or the
caller's own hang-up.

It walks the pure machines over (state, what comes next), so a loop is a cycle of that graph: one that no counter ends. It must not
know where prompts come from (their seconds are given), nor how a move is carried out.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from typing import Protocol, TypeVar

from routing import menu, spoken
from routing.dialogue import Ask, Callback, Enter, Hangup, Move
from routing.graph import Edge, Graph, Keys, Longest, explore
from routing.hours import HORIZON_DAYS, SERVED_AFTER_CLOSING, ZONE, Interval, State, intervals
from routing.municipality import Municipality
from routing.opening_hours import OpeningHours

KEYS = (menu.SILENCE, *"0123456789*#")
MOST_SITUATIONS = 5_000
"""A dialogue with more than these has a counter that nothing stops. The shipped menu has about a hundred."""

MOST_SPELT = 12
"""Keys of an endless sequence that are named."""

S = TypeVar("S", bound=Hashable)
S_co = TypeVar("S_co", bound=Hashable, covariant=True)
Lengths = Mapping[str, float]
"""Seconds by prompt id; what is missing here does not exist."""


class Turn(Protocol[S_co]):
    """What a dialogue's machine answers: where it is now, and what it wants next."""

    @property
    def state(self) -> S_co: ...
    @property
    def move(self) -> Move: ...


@dataclass(frozen=True)
class Finding:
    """A place where somebody would be left, the reason, and what to do about it."""

    where: str
    reason: str
    remedy: str


@dataclass(frozen=True)
class Proof:
    """What a walk showed; what is not counted is 0. The longest time to an end is infinite where a finding says why."""

    where: str
    situations: int
    sequences: int
    longest: Longest
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True)
class World:
    """What the menu meets: open or why not, and whether a guide is logged in."""

    why: State
    staffed: bool = True

    def __str__(self) -> str:
        return self.why if self.staffed else f"{self.why}, nobody logged in"


WORLDS = (World("open"), World("open", staffed=False), World("lunch"), World("closed"), World("holiday"), World("emergency"))


@dataclass(frozen=True)
class After:
    """What follows at the longest once the menu has handed the caller over: the callback conversation, and the offer of a callback
    at a queue's limit with that conversation in it."""

    callback: Longest
    offer: Longest


Judge = Callable[[Move], Longest | str]
"""What an end still takes, or why it is none."""


def prove(where: str, first: Turn[S], answer: Callable[[S, str], Turn[S]], judge: Judge, lengths: Lengths, tried: Tried) -> Proof:
    """Walk one dialogue with every key in every state."""

    def ways(node: tuple[S, Move]) -> list[Edge[tuple[S, Move]]]:
        state, move = node
        if not isinstance(move, Ask) or _unknown(move.prompts, lengths):
            return []
        turns = ((keys, answer(state, keys)) for keys in tried(move))
        return [Edge((turn.state, turn.move), keys, seconds(move, keys, lengths)) for keys, turn in turns]

    return _judged(where, (first.state, first.move), explore([(first.state, first.move)], ways, MOST_SITUATIONS), judge, lengths)


Tried = Callable[[Ask], Iterable[str]]


def single_keys(_: Ask) -> Iterable[str]:
    """Every key, and silence."""
    return KEYS


def seconds(ask: Ask, keys: str, lengths: Lengths) -> float:
    """The longest that keys take: each comes at the last moment, and silence ends what could go on."""
    return sum(lengths[prompt] for prompt in ask.prompts) + ask.timeout * min(len(keys) + 1, ask.max_digits)


def spell(keys: Keys) -> str:
    """A sequence of keys as one line."""
    return " ".join(key or "silence" for key in keys) or "no key"


def _judged(where: str, first: tuple[S, Move], graph: Graph[tuple[S, Move]], judge: Judge, lengths: Lengths) -> Proof:
    findings = (*_loops(where, graph), *_dead_ends(where, graph, judge, lengths))
    if graph.unfinished or graph.cycle():
        return Proof(where, len(graph.edges), 0, Longest(math.inf), findings)
    ends = {node: found for node in graph.edges if isinstance(found := _end(node[1], judge, lengths), Longest)}
    longest = graph.longest(ends.get).get(first, Longest(math.inf))
    return Proof(where, len(graph.edges), graph.sequences()[first], longest, findings)


def _loops(where: str, graph: Graph[tuple[S, Move]]) -> Iterable[Finding]:
    remedy = "Count how often, and lead to a person then."
    if graph.unfinished:
        keys = spell(graph.keys(graph.unfinished)[:MOST_SPELT])
        yield Finding(f"{where}, keys {keys} …", f"no end is found in {MOST_SITUATIONS} situations", remedy)
    elif around := graph.cycle():
        keys, again = spell(graph.keys(around[0])), spell(graph.keys_along(around))
        yield Finding(f"{where}, keys {keys}", f"goes round for ever with {again}", remedy)


def _dead_ends(where: str, graph: Graph[tuple[S, Move]], judge: Judge, lengths: Lengths) -> tuple[Finding, ...]:
    """One finding a reason, with the first of the shortest sequences that meet it."""
    found: dict[str, Finding] = {}
    for node in graph.edges:
        if isinstance(reason := _end(node[1], judge, lengths), str):
            remedy = "Lead it to what exists, or add that."
            found.setdefault(reason, Finding(f"{where}, keys {spell(graph.keys(node))}", reason, remedy))
    return tuple(found.values())


def _end(move: Move, judge: Judge, lengths: Lengths) -> Longest | str | None:
    """None where the dialogue goes on."""
    if isinstance(move, Ask | Hangup) and (unknown := _unknown(move.prompts, lengths)):
        return f"prompt {unknown[0]!r} does not exist"
    if isinstance(move, Ask):
        return None
    if isinstance(move, Hangup):
        return Longest(sum(lengths[prompt] for prompt in move.prompts)) if move.prompts else "the call is ended without a word"
    return judge(move)


def _unknown(prompts: tuple[str, ...], lengths: Lengths) -> list[str]:
    return [prompt for prompt in prompts if prompt not in lengths]


def prove_menu(
    municipality: Municipality,
    world: World,
    lengths: Lengths,
    after: After,
    *,
    opening: tuple[str, ...] = (),
    start: Callable[[State, tuple[str, ...]], Turn[S]],
    answer: Callable[[Municipality, S, str], Turn[S]],
) -> Proof:
    """Walk the menu in one world. `opening` is what is said of the next opening; `start` and `answer` are routing.menu's."""

    def judge(move: Move) -> Longest | str:
        match move:
            case Callback():
                return after.callback
            case Enter(topic=topic) if world.why == "open":
                return _queued(municipality, topic, None if world.staffed else after.offer)
            case Enter(topic=topic):
                return Longest(0.0) if topic in municipality.referrals else f"topic {topic!r} has no referral out of hours"
        return f"the menu cannot carry out {move}"

    first = start(world.why, opening)
    return prove(f"menu, {world}", first, lambda state, keys: answer(municipality, state, keys), judge, lengths, single_keys)


def _queued(m: Municipality, topic: str, offer: Longest | None) -> Longest | str:
    """Waiting is an end where somebody serves the queue; with nobody logged in, what its limit leads to is (`offer`)."""
    if (matter := m.topics.get(topic)) is None:
        return f"topic {topic!r} does not exist"
    if matter.queue not in m.queues:
        return f"topic {topic!r} leads to queue {matter.queue!r}, which does not exist"
    if not any(matter.queue in guide.queues for guide in m.guides):
        return f"topic {topic!r} leads to queue {matter.queue!r}, which nobody answers"
    if offer is None:
        return Longest(0.0)
    limit = m.queues[matter.queue].limit_seconds
    return Longest(limit + offer.seconds, (f"(waits {limit} s)", *offer.keys))


def longest_service(hours: OpeningHours, today: date) -> timedelta | None:
    """How long those who wait are served without a break, at the longest: closing time ends every wait. None when it never comes."""
    stretches: list[Interval] = []
    for span in intervals(hours, today, HORIZON_DAYS):
        opens, closes = span.opens, span.closes + SERVED_AFTER_CLOSING
        if stretches and opens <= stretches[-1].closes:
            opens = stretches.pop().opens
        stretches.append(Interval(opens, closes))
    longest = max((served.closes - served.opens for served in stretches), default=timedelta())
    return longest if longest < timedelta(days=HORIZON_DAYS - 1) else None


def openings_said(hours: OpeningHours, today: date) -> set[tuple[str, ...]]:
    """All that the coming year's callers may hear of the next opening while closed, as prompts: they change with the local day."""
    said: set[tuple[str, ...]] = set()
    for before, after in pairwise(intervals(hours, today, HORIZON_DAYS)):
        days = (after.opens.astimezone(ZONE).date() - before.closes.astimezone(ZONE).date()).days
        said |= {spoken.opening(after.opens, before.closes + timedelta(days=ahead)) for ahead in range(days + 1)}
    return said
