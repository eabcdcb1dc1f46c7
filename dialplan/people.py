"""What the dialplan needs to know of handlers and functions: whom it rings for an extension, when, and what stands on a guide's phone."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from routing.hours import Interval
from routing.municipality import Municipality
from routing.opening_hours import Weekly
from routing.phone_hours import intervals
from routing.words import E164, Extension

DISPLAY = 25
"""Characters that a guide's phone shows."""
RING_SECONDS = 15
"""How long a handler's phone rings."""
ACCEPT_SECONDS = 17
"""On top, for a phone that answered at the last moment and is asked for a key: twice five seconds of words and three to press."""
VOICEMAIL_SECONDS = 8
"""A talk shorter than this, taken without a key, is suspected to have been with a voicemail."""
RETURNED, LONGEST_WHY = "ÅTER", len("fel nummer")


@dataclass(frozen=True)
class Target:
    """Somewhere to transfer to: `rounds` of handlers, all of a round rung at once; `hours` is the number of its set of phone hours."""

    extension: Extension
    administration: str
    shown: str
    number: E164 | None
    rounds: tuple[tuple[Extension, ...], ...]
    hours: int


def targets(municipality: Municipality) -> list[Target]:
    """Every handler, and every function behind them: the handlers of a function are rung first, then its stand-ins."""
    sets = hours_sets(municipality)
    found = [
        Target(one.extension, one.administration, shown(one.name), one.number, ((one.extension,),), sets.index(one.phone_hours))
        for one in municipality.handlers
    ]
    for function in municipality.functions.values():
        rounds = tuple(filter(None, (function.handlers, function.stand_ins)))
        name, hours = shown(function.title), sets.index(function.phone_hours)
        found.append(Target(function.extension, function.administration, name, function.number, rounds, hours))
    return found


def hours_sets(municipality: Municipality) -> list[Weekly | None]:
    """The distinct sets of phone hours; None is the municipality's own hours. One subroutine each keeps the dialplan small."""
    every = [one.phone_hours for one in municipality.handlers] + [one.phone_hours for one in municipality.functions.values()]
    return [hours for place, hours in enumerate(every) if hours not in every[:place]]


def hours_of(municipality: Municipality, today: date, days: int) -> Iterable[list[Interval]]:
    """For each set of phone hours the intervals of the next days."""
    return (intervals(municipality.hours, hours, today, days) for hours in hours_sets(municipality))


def is_ours(municipality: Municipality, number: E164) -> bool:
    """Whether it is a phone of the municipality's own exchange."""
    return number.startswith(municipality.number_series)


def shown(name: str) -> str:
    """A name as it fits between "ÅTER" and the longest reason on a guide's phone, without what Asterisk would take as its own."""
    plain = re.sub(r"[^\w -]", "", name).lower()
    return plain[: DISPLAY - len(RETURNED) - LONGEST_WHY - 2].strip()
