"""Which calls are made: drawn by a seed from the matters' weights and answer rates, so that two dialplans meet the same ones. Pure."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeVar, get_args

from proof.transfers.matters import MATTERS, Matter

Word = TypeVar("Word", bound=str)
Entrance = Literal["transfer", "diverted"]
"""A guide transfers the citizen, or the handler's own number was dialled and another exchange diverts the call to the main number."""
Handler = Literal["answers", "rings", "voicemail", "diverts", "busy"]
HANDLERS: tuple[Handler, ...] = get_args(Handler)
Citizen = Literal["waits", "presses_9", "hangs_up"]
CITIZENS: tuple[Citizen, ...] = get_args(Citizen)

DIVERTED = 1 / 6
"""Of all calls. No figure tells how many there are; the kind has to be among them."""
UNANSWERED: dict[Handler, float] = {"rings": 0.6, "voicemail": 0.15, "diverts": 0.1, "busy": 0.15}
"""How a handler does not answer: most let it ring in vain."""
WISHES: dict[Citizen, float] = {"waits": 0.68, "presses_9": 0.25, "hangs_up": 0.07}


@dataclass(frozen=True)
class Case:
    """One call. `matter` is its place among the matters; `handler` is how the handler meets it, and `citizen` what the citizen does
    when nobody has answered (or, hanging up, before)."""

    matter: int
    entrance: Entrance
    handler: Handler
    citizen: Citizen


def draw(count: int, seed: int, matters: Sequence[Matter] = MATTERS) -> list[Case]:
    """So many calls; the same seed gives the same ones."""
    dice = random.Random(seed)
    return [_draw(dice, matters) for _ in range(count)]


def _draw(dice: random.Random, matters: Sequence[Matter]) -> Case:
    (matter,) = dice.choices(range(len(matters)), [one.hours for one in matters])
    handler: Handler = "answers" if dice.random() < matters[matter].rate else _one_of(dice, UNANSWERED)
    citizen = _one_of(dice, WISHES)
    if dice.random() < DIVERTED:
        return Case(matter, "diverted", "diverts", citizen)  # who is answered at the handler's own number never comes to us
    return Case(matter, "transfer", handler, citizen)


def _one_of(dice: random.Random, shares: dict[Word, float]) -> Word:
    return dice.choices(list(shares), list(shares.values()))[0]


def every_kind() -> list[Case]:
    """Each way of a handler and each of a citizen, transferred and diverted: a dozen calls."""
    ways: list[tuple[Entrance, Handler, Citizen]] = [
        ("transfer", "answers", "waits"), ("transfer", "answers", "hangs_up"), ("transfer", "answers", "waits"),
        ("transfer", "rings", "waits"), ("transfer", "rings", "presses_9"), ("transfer", "rings", "hangs_up"),
        ("transfer", "voicemail", "waits"), ("transfer", "voicemail", "presses_9"), ("transfer", "busy", "waits"),
        ("transfer", "diverts", "waits"), ("diverted", "diverts", "waits"), ("diverted", "diverts", "presses_9"),
    ]  # fmt: skip
    return [Case(place, *way) for place, way in enumerate(ways)]
