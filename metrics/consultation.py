"""Calls that a guide's phone makes beside a talk: whom it asked, kept until the talk is handed over there, or forgotten.

Their facts carry an id of their own; only a hand-over, which Asterisk tells, makes them part of the citizen's call. A guide who asks and
goes on talking has transferred nobody. Pure, so that live events and Asterisk's own records come to the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from metrics.story import Story

KEPT_SECONDS = 3600.0
"""Longer than anybody consults; the manager does not tell when such a call ends."""


@dataclass
class _Consultation:
    begun: float
    facts: list[tuple[str, str, float]] = field(default_factory=list)
    story: Story | None = None
    """The call that was handed over here."""


class Consultations:
    """Those that go on now, by their id."""

    def __init__(self) -> None:
        self._begun: dict[str, _Consultation] = {}

    def tell(self, call_id: str, fact: str, detail: str, at: float) -> None:
        """A fact of a call that is no citizen's, at an epoch time; what is no consultation's is dropped."""
        if fact == "transferred":
            self._begun = {known: one for known, one in self._begun.items() if at - one.begun < KEPT_SECONDS}
            self._begun[call_id] = _Consultation(at)
        if (one := self._begun.get(call_id)) is None:
            return
        if one.story is None:
            one.facts.append((fact, detail, at))
        elif fact == "taken":  # how the guide's own leg ends says nothing about the citizen any more
            one.story.tell(fact, detail, at)

    def hand_over(self, parties: Iterable[str], stories: Mapping[str, Story], at: float) -> None:
        """Asterisk has joined the calls of these ids, in any order: what the consultation has told belongs to the citizen's story."""
        parties = tuple(parties)
        story = next((stories[one] for one in parties if one in stories), None)
        asked = next((self._begun[one] for one in parties if one in self._begun), None)
        if story is None or asked is None or asked.story:
            return
        for fact in asked.facts:
            story.tell(*fact)
        story.tell("handed_over", "", at)
        asked.story = story

    def forget(self, call_id: str) -> None:
        """It has ended, whatever became of it."""
        self._begun.pop(call_id, None)
