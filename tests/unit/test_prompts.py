"""Every prompt that a pure machine can want is in the catalogue: Asterisk skips a file that is not there, and says nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Protocol, TypeVar, get_args

import pytest

from callbacks import conversation as offer
from dialplan.prompts.catalogue import load as catalogue
from routing import menu, spoken
from routing.dialogue import Ask, Hangup, Move
from routing.file import load
from routing.hours import ZONE, State

S = TypeVar("S", covariant=True)
LEKEBERG = load(Path("municipalities/lekeberg.toml"))
OWN = frozenset({LEKEBERG.main_number})
MIDNIGHT = datetime(2028, 1, 1, tzinfo=ZONE)  # of a leap year
MENU_KEYS = ("", *"0123456789*#")
OFFER_KEYS = ("", "1", "2", "112", "0701740605", "058548723489", "0585487123", "0108888888")


class Turn(Protocol[S]):
    """What every machine answers."""

    @property
    def state(self) -> S: ...
    @property
    def move(self) -> Move: ...


def wanted(first: Turn[S], answer: Callable[[S, str], Turn[S]], keys: Iterable[str]) -> set[str]:
    """The prompts of every turn that can be reached by keys."""
    prompts: set[str] = set()
    seen, turns = set(), [first]
    while turns:
        turn = turns.pop()
        if isinstance(turn.move, Ask | Hangup):
            prompts |= set(turn.move.prompts)
        if isinstance(turn.move, Ask) and turn.state not in seen:
            seen.add(turn.state)
            turns += [answer(turn.state, key) for key in keys]
    return prompts


def of_the_menu() -> set[str]:
    opening = spoken.opening(MIDNIGHT, MIDNIGHT)
    starts = (menu.start(why, opening) for why in get_args(State))
    return set[str]().union(*(wanted(start, partial(menu.answer, LEKEBERG), MENU_KEYS) for start in starts))


def of_the_offer() -> set[str]:
    starts = (offer.start(shown, OWN) for shown in ("", "0701740605", LEKEBERG.main_number))
    return set[str]().union(*(wanted(start, offer.answer, OFFER_KEYS) for start in starts))


def of_moments() -> set[str]:
    """Each quarter of a day and each day of a year, from the first of January."""
    ahead = [*(timedelta(minutes=15 * quarter) for quarter in range(96)), *map(timedelta, range(366))]
    said = (say(MIDNIGHT + more, MIDNIGHT) for more in ahead for say in (spoken.opening, spoken.by_then))
    weeks = (spoken.opening(MIDNIGHT + timedelta(days=day + 3), MIDNIGHT + timedelta(days=day)) for day in range(7))
    return set[str]().union(*said, *weeks)


@pytest.mark.parametrize(("prompts", "some"), [
    (of_the_menu(), {"menu", "wrong-key", "after-social", "welcome-en", "closed", "closed-keys", "lunch", "lunch-keys", "goodbye"}),
    (of_the_offer(), {"callback-number", "callback-keying", "callback-keying-hidden", "callback-cannot", "digit-0", "callback-correct"}),
    (of_moments(), {"day-today", "day-tomorrow", "day-0", "day-6", "date-1", "date-31", "month-1", "month-12", "time-0000", "time-2345"}),
])  # fmt: skip
def test_what_the_machines_want_is_in_the_catalogue(prompts: set[str], some: set[str]) -> None:
    assert some <= prompts
    assert prompts - catalogue().keys() == set()


def test_no_day_month_or_time_is_missing() -> None:
    families = {f"day-{day}" for day in range(7)} | {f"date-{day}" for day in range(1, 32)} | {f"month-{month}" for month in range(1, 13)}
    assert families <= of_moments()


@pytest.mark.parametrize(("prompt", "text"), [
    ("date-1", "den första"), ("date-7", "den sjunde"), ("date-20", "den tjugonde"), ("date-21", "den tjugoförsta"),
    ("date-31", "den trettioförsta"), ("month-1", "januari"), ("month-12", "december"), ("time-1245", "klockan kvart i ett,"),
])  # fmt: skip
def test_dates_are_said_as_one_says_them(prompt: str, text: str) -> None:
    (part,) = catalogue()[prompt]
    assert part.text == text
