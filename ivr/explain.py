"""Say what would happen to a call, without a call: the same pure machines as in service, key by key, each turn with its reason.

It asks neither Asterisk nor the store: whether a guide is free, or a promise stands already, is not its business.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Annotated

from pydantic import AwareDatetime, BaseModel, Field, StringConstraints

from callbacks import conversation as offer
from callbacks import policy
from dialplan.prompts.catalogue import heard
from ivr.conversation import own_numbers
from routing import hours, menu, spoken
from routing.dialogue import Ask, Callback, Enter, GiveUp, Hangup, Move, Register
from routing.municipality import Municipality
from routing.numbers import masked


class Question(BaseModel):
    """A call that is only thought of. Keys, or keyed numbers, one for each question; when they are used up, silence."""

    municipality: str | None = Field(None, description="A served municipality; the first when left out.", examples=["lekeberg"])
    at: AwareDatetime | None = Field(None, description="When; now when left out.", examples=["2026-11-25T12:30:00+01:00"])
    number: str = Field("", pattern=r"^\+?[0-9]{0,15}$", description="The caller's number; empty when withheld.")
    keys: list[Annotated[str, StringConstraints(pattern=r"^[0-9*#]{0,16}$")]] = Field([], max_length=50, examples=[["2", "1"]])


class Said(BaseModel):
    """One turn: what the caller hears, what is pressed then ("" for silence), and why what follows follows."""

    hears: str
    presses: str
    reason: str


class Explained(BaseModel):
    """A call's way: why the hours say what they say, the turns, and where it ends."""

    state: hours.State
    turns: list[Said]
    ends: str


def explain(
    municipality: Municipality, at: datetime, number: str, keys: Sequence[str], closed_until: datetime | None = None
) -> Explained:
    """What a caller from `number` ("" when withheld) who presses `keys` at this moment meets; when the keys are used up, silence.

    `closed_until` is the end of an emergency closure that stands.
    """
    pressed = iter(keys)
    state, counted = hours.state(municipality.hours, at, closed_until), hours.counts_from(at, closed_until)
    turn = menu.start(state, spoken.opening(hours.next_opening(municipality.hours, counted), at))
    turns: list[Said] = []
    while isinstance(turn.move, Ask):
        key, said = next(pressed, ""), text(municipality, turn.move.prompts)
        turn = menu.answer(municipality, turn.state, key)
        turns.append(Said(hears=said, presses=key, reason=turn.reason))
    if not isinstance(turn.move, Callback):
        return Explained(state=state, turns=turns, ends=end(municipality, turn.move, state))
    ordered = offer.start(number, own_numbers(municipality))
    while isinstance(ordered.move, Ask):
        key, said = next(pressed, ""), text(municipality, ordered.move.prompts)
        ordered = offer.answer(ordered.state, key)
        turns.append(Said(hears=said, presses=masked(key) if len(key) > 1 else key, reason=ordered.reason))
    return Explained(state=state, turns=turns, ends=promised(municipality, ordered.move, counted, state))


def end(municipality: Municipality, move: Move, state: hours.State) -> str:
    """Where the menu leads, in words."""
    match move:
        case Enter(topic=name) if state == "open":
            topic = municipality.topics[name]
            guides = ", ".join(guide.extension for guide in municipality.guides if topic.queue in guide.queues)
            place = "at the head of" if name == "concern" else "in"
            return f"{place} the queue {topic.queue} as {topic.title!r}, answered by {guides}; the phone shows {topic.label!r}"
        case Enter(topic=name):
            return f"connected to {municipality.referrals[name].title}"
        case Hangup(prompts=prompts):
            return f"hears {text(municipality, prompts)!r}, and the call ends"
    raise TypeError(f"the menu does not end with {move}")


def promised(municipality: Municipality, move: Move, at: datetime, state: hours.State) -> str:
    """How the callback conversation ends, in words; the number masked."""
    match move:
        case Register(number=number):
            due = policy.due(municipality.hours, at).astimezone(hours.ZONE)
            return f"a callback to {masked(number)}, promised by {due:%Y-%m-%d %H:%M}"
        case GiveUp() if state == "open":
            return "no callback; the same place in the queue"
        case GiveUp():
            return "no callback; hears that we are closed, and the call ends"
    raise TypeError(f"the callback conversation does not end with {move}")


def text(municipality: Municipality, prompts: Sequence[str]) -> str:
    """What these prompts say to the municipality's callers."""
    catalogue = heard(municipality)
    return " ".join(part.text for prompt in prompts for part in catalogue[prompt] if part.kind in ("sv", "en"))


def lines(explained: Explained) -> Iterator[str]:
    """The same for a person at a terminal."""
    yield f"The hours say: {explained.state}."
    for turn in explained.turns:
        yield f"  hears: {turn.hears}"
        yield f"  presses: {turn.presses or 'nothing'} ({turn.reason})"
    yield f"Ends: {explained.ends}."
