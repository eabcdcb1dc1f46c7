"""A call that is walked through the dialplan: where it is, what is known of it, and what may follow."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from dialplan.proof.expression import UNKNOWN
from dialplan.proof.extensions import Place
from routing.graph import Edge, Longest


@dataclass(frozen=True)
class Frame:
    """Where a Gosub returns to (None: to whoever runs a hangup handler), and the caller's own arguments."""

    back: Place | None
    arguments: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Call:
    """A call at one place of the dialplan, with what is known of it. `timer` is the absolute timeout in seconds, 0 for none."""

    at: Place
    values: tuple[tuple[str, str], ...] = ()
    stack: tuple[Frame, ...] = ()
    timer: int = 0
    clock: str = ""
    spoken: bool = False
    asked: tuple[tuple[str, Place], ...] = ()
    """Variables that hold keys nobody has looked at yet, and where they were asked for."""

    def on(self, at: Place | None = None) -> Call:
        """The same call at the next priority, or elsewhere."""
        return replace(self, at=at or self.at.following)

    def holding(self, name: str, value: str) -> Call:
        """The same call with a variable set; one that may hold anything is as good as none."""
        values = {**dict(self.values), name: value}
        return replace(self, values=tuple(sorted(one for one in values.items() if one[1] != UNKNOWN)))


@dataclass
class Outcome:
    """The ways on from a call's place, what it takes to an end that is reached here, and what is wrong (reason, remedy)."""

    ways: list[Edge[Call]] = field(default_factory=list)
    end: Longest | None = None
    faults: list[tuple[str, str]] = field(default_factory=list)
    heard: set[Place] = field(default_factory=set)
    """Where keys were asked for that are looked at here."""

    def add(self, other: Outcome) -> None:
        """Also this."""
        self.ways += other.ways
        self.end = self.end or other.end
        self.faults += other.faults
        self.heard |= other.heard
