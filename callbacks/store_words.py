"""What is said to the store and what it answers: plain words, so that a fake speaks them, too."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from callbacks.model import Entry, Request

LEASE_SECONDS = 120
"""How long an attempt is nobody else's without a sign of life."""
AGE_BUCKETS = (60, 300, 900, 1800, 3600, 7200, 14400, 28800, 86400, 172800, 604800)
"""Seconds from order to close, up to a week."""

Word = Literal[
    "stored", "merged", "enough", "claimed", "none", "ok", "settled", "closed", "wished", "done", "erased",
    "unknown", "fenced", "illegal", "taken_by", "rings", "live", "number_a_day", "an_hour", "more",
]  # fmt: skip


class StoreAway(ConnectionError):
    """Redis did not answer, or refused: nothing may be promised."""


class NotDurable(RuntimeError):
    """Redis answers, but would lose a promise in a power cut."""


@dataclass(frozen=True)
class Durability:
    """Whether a promise made now survives, and if not why."""

    ok: bool
    reason: str = ""


@dataclass(frozen=True)
class Answer:
    """What a verb did, in a word, and the request as it is now; None when there is none."""

    word: Word
    request: Request | None = None

    @property
    def standing(self) -> Request:
        """The request, for who knows that there is one."""
        if self.request is None:
            raise LookupError(f"the store said {self.word} and gave no request")
        return self.request


@dataclass(frozen=True)
class Act:
    """Who does something, when. `operation` names it once and for all: the same one again changes nothing.

    `token` is of the request as it was seen: a person who acts on an older one is fenced off.
    """

    now: datetime
    by: str = ""
    operation: str = ""
    why: str = ""
    token: int | None = None


@dataclass(frozen=True)
class Attempt:
    """An attempt to be made. `held_by` is the person whose phone rings first; "" while the queue decides."""

    id: str
    held_by: str = ""
    busy: Collection[str] = ()
    """Numbers that are in a call now."""
    tomorrow: datetime | None = None
    """From when a number is dialled again that has had its share of today; in a day when left out."""
    midnight: datetime | None = None
    """Since when its attempts are counted; for a day when left out."""
    guard_until: datetime | None = None
    """From when a number is dialled again that is in a call now; in a minute when left out."""


@dataclass(frozen=True)
class Change:
    """One change as the stream tells it; `position` is where to go on from, `lists` which the request stands in or has just left."""

    position: str
    id: str
    lists: tuple[str, ...]
    entry: Entry


@dataclass(frozen=True)
class Figures:
    """What the metrics show of one municipality's callbacks; its cost does not grow with the number of requests."""

    totals: Mapping[str, float]
    open: Mapping[tuple[str, str], int]
    """By queue and state."""
    overdue: Mapping[str, int]
    oldest_due: Mapping[str, float]
    """Epoch seconds, 0 without an open request."""
    retention: float
    """When the retention last went through everything, epoch seconds; 0 for never."""
