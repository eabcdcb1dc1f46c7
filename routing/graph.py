"""A finite graph of situations that a caller can be in, walked as a whole: what leads where, what goes round, what takes longest."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from graphlib import CycleError, TopologicalSorter
from itertools import pairwise
from typing import Generic, TypeVar

N = TypeVar("N", bound=Hashable)

Keys = tuple[str, ...]
"""What a caller pressed, one entry a question; "" is silence."""


@dataclass(frozen=True)
class Edge(Generic[N]):
    """One way on: what was pressed (None where nothing is asked), how long it takes, and what else it is, as the walk words it."""

    to: N
    key: str | None = None
    seconds: float = 0.0
    marks: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Longest:
    """The longest way to an end, in seconds, and one sequence of keys that takes it."""

    seconds: float
    keys: Keys = ()


Follow = Callable[[Edge[N]], bool]
"""Which ways on count."""


def _all(_: Edge[N]) -> bool:
    return True


@dataclass(frozen=True)
class Graph(Generic[N]):
    """All that was reached, each with its ways on; `unfinished` is where the walk was given up."""

    nodes: list[N]
    edges: dict[N, Sequence[Edge[N]]]
    came: dict[N, tuple[N, Edge[N]]]
    unfinished: N | None = None
    _sorted: dict[Follow[N], list[N]] = field(default_factory=dict)

    def way(self, to: N) -> list[tuple[N, Edge[N]]]:
        """The steps of a shortest way there."""
        steps: list[tuple[N, Edge[N]]] = []
        while to in self.came:
            steps.append(self.came[to])
            to = steps[-1][0]
        return steps[::-1]

    def keys(self, to: N) -> Keys:
        """What is pressed on that way."""
        return tuple(edge.key for _, edge in self.way(to) if edge.key is not None)

    def keys_along(self, nodes: Sequence[N]) -> Keys:
        """What is pressed from each node to the next."""
        steps = (next(edge for edge in self.edges[here] if edge.to == there) for here, there in pairwise(nodes))
        return tuple(edge.key for edge in steps if edge.key is not None)

    def cycle(self, follow: Follow[N] = _all) -> list[N]:
        """One way round along the edges that count, its first node again at its end; empty when there is none."""
        try:
            self.ends_first(follow)
        except CycleError as error:
            numbers: list[int] = error.args[1]
            return [self.nodes[number] for number in reversed(numbers)]  # it names what comes before what
        return []

    def longest(self, end: Callable[[N], Longest | None], follow: Follow[N] = _all) -> dict[N, Longest]:
        """The longest way from each node to a node where `end` is given (what it takes from there). Raises CycleError."""
        best: dict[N, Longest] = {}
        for node in self.ends_first(follow):
            ways = [first] if (first := end(node)) else []
            for edge in self.edges[node]:
                if follow(edge) and (rest := best.get(edge.to)):
                    keys = rest.keys if edge.key is None else (edge.key, *rest.keys)
                    ways.append(Longest(edge.seconds + rest.seconds, keys))
            if ways:
                best[node] = max(ways, key=lambda way: way.seconds)
        return best

    def sequences(self) -> dict[N, int]:
        """How many different ways lead from each node to where nothing follows. Raises CycleError."""
        count: dict[N, int] = {}
        for node in self.ends_first(_all):
            count[node] = sum(count[edge.to] for edge in self.edges[node]) or 1
        return count

    def ends_first(self, follow: Follow[N]) -> list[N]:
        """All nodes, each after those that follow it; sorted once for each `follow`. Raises CycleError."""
        if follow not in self._sorted:
            after = {here: [there for there, edge in ways if follow(edge)] for here, ways in self._numbered.items()}
            self._sorted[follow] = [self.nodes[number] for number in TopologicalSorter(after).static_order()]
        return self._sorted[follow]

    @cached_property
    def _numbered(self) -> dict[int, list[tuple[int, Edge[N]]]]:
        """The edges by their nodes' numbers: to sort those is many times quicker."""
        number = {node: position for position, node in enumerate(self.nodes)}
        return {number[node]: [(number[edge.to], edge) for edge in edges] for node, edges in self.edges.items()}


def explore(starts: Iterable[N], ways: Callable[[N], Sequence[Edge[N]]], most: int) -> Graph[N]:
    """Walk until nothing new is found, or more than `most` nodes are: breadth-first from each start in turn, so that what several of
    them reach keeps the way from the first."""
    edges: dict[N, Sequence[Edge[N]]] = {}
    came: dict[N, tuple[N, Edge[N]]] = {}
    seen: dict[N, None] = {}
    for start in starts:
        waiting = deque([start] if start not in seen else [])
        seen[start] = None
        while waiting:
            if len(seen) > most:
                return Graph(list(seen), edges, came, waiting[-1])
            node = waiting.popleft()
            edges[node] = ways(node)
            for edge in edges[node]:
                if edge.to not in seen:
                    seen[edge.to] = None
                    came[edge.to] = node, edge
                    waiting.append(edge.to)
    return Graph(list(seen), edges, came)
