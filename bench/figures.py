"""From measured values to figures: percentiles, ratios of rounds, and the search for the highest rate. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import TypedDict


class Row(TypedDict):
    """One comparison. `spread` is the smallest and the largest ratio of a round, `ratio` their median."""

    name: str
    peer: str
    unit: str
    ours: float
    theirs: float
    ratio: float
    spread: tuple[float, float]


@dataclass(frozen=True)
class Goal:
    """What a ratio should be: at most, or at least, `bound`."""

    bound: float
    at_least: bool = False

    def is_reached(self, ratio: float) -> bool:
        """Whether the ratio is on the right side of the bound."""
        return ratio >= self.bound if self.at_least else ratio <= self.bound

    def __str__(self) -> str:
        return f"{'>=' if self.at_least else '<='} {self.bound:g}"


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least this share of all values does not exceed (nearest rank). Raises ValueError without values."""
    if not values:
        raise ValueError("no values to take a percentile of")
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)]


def row(name: str, peer: str, unit: str, rounds: Sequence[tuple[float, float]]) -> Row:
    """A row from (ours, theirs) of each round: medians. A round's sides were measured one after the other, so that what the machine does
    over minutes hardly moves their ratio. Raises ZeroDivisionError when theirs is 0."""
    ratios = [ours / theirs for ours, theirs in rounds]
    return Row(
        name=name,
        peer=peer,
        unit=unit,
        ours=round(median(ours for ours, _ in rounds), 2),
        theirs=round(median(theirs for _, theirs in rounds), 2),
        ratio=round(median(ratios), 3),
        spread=(round(min(ratios), 3), round(max(ratios), 3)),
    )


class Search:
    """Find the highest of ascending rates that passes: a bisection, in which a rate that fails is tried a second time."""

    def __init__(self, rates: Sequence[float]) -> None:
        self._rates = rates
        self._passed, self._failed = -1, len(rates)
        self._has_failed_once = False

    @property
    def best(self) -> float:
        """The highest rate that passed, 0 when none did."""
        return self._rates[self._passed] if self._passed >= 0 else 0.0

    @property
    def is_at_limit(self) -> bool:
        """Whether the highest rate of all passed, so that the true one is not known."""
        return self._passed == len(self._rates) - 1

    def next(self) -> float | None:
        """The rate to try now, None when the answer is found."""
        return None if self._failed - self._passed <= 1 else self._rates[self._middle]

    def tell(self, *, passed: bool) -> None:
        """How the rate of `next` went."""
        if passed:
            self._passed = self._middle
        elif self._has_failed_once:
            self._failed = self._middle
        self._has_failed_once = not passed and not self._has_failed_once

    @property
    def _middle(self) -> int:
        return (self._passed + self._failed) // 2
