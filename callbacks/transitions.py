"""The one table of legal transitions. Pure; the store's scripts are given this table, and nothing else writes the state."""

from __future__ import annotations

from collections.abc import Mapping

from callbacks.model import STAGES, Stage, State

LEGAL: Mapping[State, frozenset[State]] = {
    "waiting": frozenset({"taken", "dialling", "closed"}),
    "taken": frozenset({"dialling", "waiting", "taken", "closed"}),
    "dialling": frozenset({"talking", "waiting", "talked", "closed", "unknown"}),
    "talking": frozenset({"talked", "closed", "unknown"}),
    "talked": frozenset({"closed"}),
    "unknown": frozenset({"closed", "waiting"}),
    "closed": frozenset(),
}
"""From each state to which. An attempt that was answered and ended before anybody was told goes from `dialling` to `talked` at once;
one whose end nobody knows goes from `talking` to `unknown`."""

RANG: frozenset[Stage] = frozenset(STAGES[2:])
"""From these stages on the citizen's phone may have rung."""


def is_legal(before: State, after: State) -> bool:
    """Whether a request may go from one state to another."""
    return after in LEGAL[before]
