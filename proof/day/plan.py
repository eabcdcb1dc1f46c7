"""Who is owed a call on that day, when each order comes, how each citizen's phone behaves, and who rings in. Drawn from a seed. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Literal

from callbacks.model import Outcome
from simulation import Answers, Behaviour, InTurn, Refuses, Rings

TALKS = Answers(after=1.0, talk=9.5)
"""Longer than what is taken for a voicemail's."""
KINDS: Mapping[str, tuple[int, Behaviour]] = {
    "talks": (50, TALKS),
    "busy first": (12, InTurn((Refuses(486), TALKS))),
    "never answers": (9, Rings()),
    "hangs up at once": (9, Answers(after=1.0, talk=0.5)),
    "voicemail": (10, Answers(after=2.0, talk=3.0)),
    "no such number": (5, Refuses(404)),
    "congestion": (5, Refuses(503)),
}
"""How a citizen's phone behaves, and the share of the numbers that do in %: each way is met often; no source gives such shares."""
STATED: Mapping[Outcome | Literal[""], int] = {"solved": 84, "new_matter": 10, "wrong_number": 3, "": 3}
"""What a guide states of a talk, in %; "" is left unstated."""
TOPICS = ("care", "education", "streets", "building", "fault_report", "guide")


@dataclass(frozen=True)
class Order:
    """A callback that is ordered `at` seconds after the opening (0: before it); `rings_in` so many seconds later the citizen himself."""

    at: float
    number: str
    topic: str
    states: Outcome | Literal[""]
    rings_in: float | None = None


@dataclass(frozen=True)
class Day:
    """All that happens: orders, each number's way, and the moments at which other citizens ring in (seconds after the opening)."""

    orders: tuple[Order, ...]
    ways: Mapping[str, str]
    callers: tuple[float, ...]

    @property
    def behaviours(self) -> dict[str, Behaviour]:
        """The far end's numbers."""
        return {number: KINDS[way][1] for number, way in self.ways.items()}


def draw(seed: int, *, orders: int, before: int, callers: int, ring_in: int, seconds: float, numbers: Sequence[str]) -> Day:
    """The first `before` orders are there at the opening, the others come within `seconds`, as do the callers; `ring_in` of those who have
    ordered ring in themselves. A number orders again, about another topic, once every number has ordered."""
    random = Random(seed)
    ways = dict(zip(numbers, random.choices([*KINDS], [share for share, _ in KINDS.values()], k=len(numbers)), strict=True))
    matters = [(numbers[place % len(numbers)], TOPICS[place // len(numbers)]) for place in range(orders)]
    random.shuffle(matters)
    moments = [0.0] * before + sorted(random.uniform(1, seconds) for _ in range(orders - before))
    themselves = set(random.sample(range(orders), ring_in))
    stated = random.choices([*STATED], [*STATED.values()], k=orders)
    return Day(
        tuple(
            Order(at, number, topic, states, 3.0 if place in themselves else None)
            for place, (at, (number, topic), states) in enumerate(zip(moments, matters, stated, strict=True))
        ),
        ways,
        tuple(sorted(random.uniform(0, seconds) for _ in range(callers))),
    )
