"""The spoken callback conversation as a pure state machine: a number is agreed on, or the caller keeps the place."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from routing.dialogue import Ask, GiveUp, Move, Register
from routing.numbers import NotDialable, dialable

TRIES = 3
KEYING = {"withheld": "callback-keying-hidden", "own": "callback-keying-number"}
"""What is said to who cannot be rung back where he rings from; a diverted call may show the extension that was rung."""


@dataclass(frozen=True)
class OfferState:
    """Where the conversation is. `shown` is the caller's own number in E.164, or "" when it cannot be rung."""

    own: frozenset[str]
    shown: str = ""
    place: Literal["number", "keying", "reading"] = "number"
    keyed: str = ""
    tries: int = 0
    unsure: int = 0


@dataclass(frozen=True)
class Turn:
    """What comes next, and why."""

    state: OfferState
    move: Move
    reason: str


def start(shown: str, own: frozenset[str]) -> Turn:
    """Begin with the number that called ("" when withheld). One that we cannot ring back is asked for anew."""
    number = dialable(shown, own) if shown else NotDialable("withheld")
    if isinstance(number, NotDialable):
        state = OfferState(own, place="keying")
        prompt = KEYING.get(number.reason, "callback-keying")
        return Turn(state, _keying(prompt), number.reason)
    return Turn(OfferState(own, shown=number), Ask(("callback-number",), timeout=5.0), "which number?")


def answer(state: OfferState, keys: str) -> Turn:
    """Keys, or silence (""), in a state. Total: ends after a bounded number of turns whatever is pressed."""
    match state.place, keys:
        case "number", "1":
            return Turn(state, Register(state.shown), "the number shown")
        case "reading", "1":
            return Turn(state, Register(state.keyed), "keyed and confirmed")
        case "number", "2":
            return Turn(replace(state, place="keying"), _keying("callback-keying"), "another number")
        case "reading", "2":
            return _retry(state, "callback-keying", "read back as wrong")
        case "keying", _:
            return _keyed(state, keys)
    if state.unsure:
        return Turn(state, GiveUp(), "no answer")
    again = Ask(("callback-number",), timeout=5.0) if state.place == "number" else _read_back(state.keyed)
    return Turn(replace(state, unsure=1), again, "asked again")


def _keyed(state: OfferState, keys: str) -> Turn:
    number = dialable(keys, state.own) if keys else NotDialable("silence")
    if isinstance(number, NotDialable):
        return _retry(state, "callback-cannot", number.reason)
    return Turn(replace(state, place="reading", keyed=number, unsure=0), _read_back(number), "read back")


def _retry(state: OfferState, prompt: str, reason: str) -> Turn:
    tries = state.tries + 1
    if tries >= TRIES:
        return Turn(state, GiveUp(), f"{reason}, three tries")
    return Turn(replace(state, place="keying", tries=tries), _keying(prompt), reason)


def _keying(prompt: str) -> Ask:
    return Ask((prompt,), max_digits=16, timeout=5.0)


def _read_back(number: str) -> Ask:
    digits = "0" + number.removeprefix("+46")
    return Ask(("callback-you-keyed", *(f"digit-{digit}" for digit in digits), "callback-correct"), timeout=5.0)
