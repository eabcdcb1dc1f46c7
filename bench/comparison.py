"""What is compared, with the goals, and how it is told: rows, a table, a file. Pure but for the writing."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.figures import Goal, Row, percentile, row
from bench.load import Span
from bench.measure import FAST, SLOW, Measured

PEER = "plain dialplan (Answer, Read, Queue), same Asterisk"
RESULTS = Path(__file__).parent / "results" / "latest.json"


@dataclass(frozen=True)
class Comparison:
    """A row and, where it has one, the goal that its ratio is held against."""

    row: Row
    goal: Goal | None = None

    @property
    def verdict(self) -> str:
        """Whether the goal is reached, in words."""
        if self.goal is None:
            return ""
        return "reached" if self.goal.is_reached(self.row["ratio"]) else "not reached"


def compare(measured: Measured) -> list[Comparison]:
    """Every comparison for which something was measured."""
    told = [*_at(SLOW, measured.slow, latency=Goal(1.25)), *_at(FAST, measured.fast, latency=Goal(1.8))]
    if measured.highest:
        made = row("highest rate without a failed call", PEER, "calls/s", measured.highest)
        told.append(Comparison(made, Goal(0.9, at_least=True)))
    return told


def _at(rate: float, spans: Sequence[tuple[Span, Span]], latency: Goal) -> list[Comparison]:
    """What spans at one rate tell. The controller's CPU time is held against the twin's Asterisk."""

    def told(name: str, ours: Callable[[Span], float], theirs: Callable[[Span], float], goal: Goal | None = None) -> Comparison:
        return Comparison(row(f"{name}, {rate:g} calls/s", PEER, "ms", [(ours(a), theirs(b)) for a, b in spans]), goal)

    return [
        told("key to ring, median", median_ms, median_ms, latency),
        told("key to ring, p99", p99_ms, p99_ms),
        told("Asterisk's CPU per call", asterisk_ms, asterisk_ms),
        told("controller's CPU per call : Asterisk's", controller_ms, asterisk_ms, Goal(0.4)),
    ]


def median_ms(span: Span) -> float:
    """Key to ring of half the calls, at most."""
    return 1000 * percentile(span.latencies, 0.5)


def p99_ms(span: Span) -> float:
    """Key to ring of 99 calls of a hundred, at most."""
    return 1000 * percentile(span.latencies, 0.99)


def asterisk_ms(span: Span) -> float:
    """Asterisk's CPU time for each call."""
    return 1000 * span.asterisk_seconds / span.count


def controller_ms(span: Span) -> float:
    """The controller's CPU time for each call."""
    return 1000 * span.controller_seconds / span.count


def table(told: Sequence[Comparison]) -> str:
    """The rows for people, with goals and verdicts."""
    lines = [("", "ours", "theirs", "unit", "ratio", "spread", "goal", "")]
    for one in told:
        made, spread = one.row, "{:.2f}..{:.2f}".format(*one.row["spread"])
        figures = (f"{made['ours']:.2f}", f"{made['theirs']:.2f}", made["unit"], f"{made['ratio']:.2f}", spread)
        lines.append((made["name"], *figures, str(one.goal or ""), one.verdict))
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines)


def write(told: Sequence[Comparison], to: Path = RESULTS) -> None:
    """The rows for programs."""
    to.parent.mkdir(exist_ok=True)
    to.write_text(json.dumps([one.row for one in told], indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
