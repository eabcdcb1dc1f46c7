"""Say what would happen to a call, without a call: the same pure machines as in service, key by key, each turn with its reason.

It asks neither Asterisk nor the store: whether a guide is free, or a promise stands already, is not its business.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated

from pydantic import AwareDatetime, BaseModel, Field, StringConstraints

from access.refusal import Refused
from callbacks import conversation as offer
from callbacks import policy
from dialplan.prompts.catalogue import heard
from ivr.conversation import own_numbers
from routing import hours, menu, spoken
from routing.chain import rung
from routing.dialogue import Ask, Callback, Enter, GiveUp, Hangup, Move, Register
from routing.municipality import Municipality
from routing.numbers import masked
from routing.rota import NONE, Overrides


class Question(BaseModel):
    """A call that is only thought of. Keys, or keyed numbers, one for each question; when they are used up, silence."""

    municipality: str | None = Field(None, description="A served municipality; the first when left out.", examples=["lekeberg"])
    at: AwareDatetime | None = Field(None, description="When; now when left out.", examples=["2026-11-25T12:30:00+01:00"])
    number: str = Field("", pattern=r"^\+?[0-9]{0,15}$", description="The caller's number; empty when withheld.")
    line: str = Field("main", description="Which of the municipality's lines is called.", examples=["concern"])
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


@dataclass(frozen=True)
class Moment:
    """What holds beside the file: the end of an emergency closure that stands, and each priority line's exceptions to its shifts."""

    at: datetime
    closed_until: datetime | None = None
    overrides: Mapping[str, Overrides] = field(default_factory=dict)


def explain(municipality: Municipality, moment: Moment, number: str, keys: Sequence[str], line: str = "main") -> Explained:
    """What a caller from `number` ("" when withheld) who calls a line and presses `keys` meets; when the keys are used up, silence.

    Raises Refused for a line that is none of the municipality's.
    """
    if line not in municipality.lines:
        raise Refused(404, "unknown_line", f"There is no line {line!r}. Name one of: {', '.join(municipality.lines)}.")
    at, closed_until, opening_hours = moment.at, moment.closed_until, municipality.hours_of(line)
    state, counted = hours.state(opening_hours, at, closed_until), hours.counts_from(at, closed_until)
    turns: list[Said] = []
    if (straight := leads_straight(municipality, line, state)) is not None:
        return Explained(state=state, turns=turns, ends=end(municipality, straight, state, moment))
    pressed = iter(keys)
    turn = menu.start(state, spoken.opening(hours.next_opening(opening_hours, counted), at))
    while isinstance(turn.move, Ask):
        key, said = next(pressed, ""), text(municipality, turn.move.prompts)
        turn = menu.answer(municipality, turn.state, key)
        turns.append(Said(hears=said, presses=key, reason=turn.reason))
    if not isinstance(turn.move, Callback):
        return Explained(state=state, turns=turns, ends=end(municipality, turn.move, state, moment))
    ordered = offer.start(number, own_numbers(municipality))
    while isinstance(ordered.move, Ask):
        key, said = next(pressed, ""), text(municipality, ordered.move.prompts)
        ordered = offer.answer(ordered.state, key)
        turns.append(Said(hears=said, presses=masked(key) if len(key) > 1 else key, reason=ordered.reason))
    return Explained(state=state, turns=turns, ends=promised(municipality, ordered.move, counted, state))


def leads_straight(municipality: Municipality, line: str, state: hours.State) -> Enter | None:
    """Where a line leads that asks nothing; None for one that asks."""
    called = municipality.lines[line]
    asks = called.entry == "menu" or (called.entry == "queue" and state != "open" and called.topic not in municipality.referrals)
    return None if asks else Enter(called.topic)


def end(municipality: Municipality, move: Move, state: hours.State, moment: Moment) -> str:
    """Where the menu leads, in words."""
    match move:
        case Enter(topic=name) if line := municipality.priority_line(name):
            return sought(municipality, line, moment)
        case Enter(topic=name) if state == "open":
            topic = municipality.topics[name]
            guides = ", ".join(guide.extension for guide in municipality.guides if topic.queue in guide.queues)
            return f"in the queue {topic.queue} as {topic.title!r}, answered by {guides}; the phone shows {topic.label!r}"
        case Enter(topic=name):
            return f"connected to {municipality.referrals[name].title}"
        case Hangup(prompts=prompts):
            return f"hears {text(municipality, prompts)!r}, and the call ends"
    raise TypeError(f"the menu does not end with {move}")


def sought(municipality: Municipality, name: str, moment: Moment) -> str:
    """Whom a priority line rings, in words, by their titles."""
    line = municipality.priority_lines[name]
    last = municipality.referrals[line.topic].title
    if not (chain := rung(line, moment.at, moment.overrides.get(name, NONE))):
        return f"connected to {last}"
    is_open = hours.state(municipality.hours, moment.at, moment.closed_until) == "open"
    people = ", ".join(one.title for one in chain)
    guide = "a guide while the search goes on, then " if is_open else ""
    return f"{line.title} rings {people}, the next one {line.next_after_seconds} s later; then {guide}{last}"


def promised(municipality: Municipality, move: Move, at: datetime, state: hours.State) -> str:
    """How the callback conversation ends, in words; the number masked."""
    match move:
        case Register(number=number):
            due = policy.due(municipality.hours, at, municipality.callbacks).astimezone(hours.ZONE)
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
