"""The keypress menu as a pure state machine: every sequence of keys ends with a person, a callback or a spoken referral."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from routing.dialogue import Ask, Callback, Enter, Hangup, Move
from routing.hours import State
from routing.municipality import Municipality

Place = Literal["menu", "concern", "english", "closed"]

SILENCE = ""
REPEATS = 3
"""So often a caller may hear a menu again before a guide asks instead."""


@dataclass(frozen=True)
class MenuState:
    """Where the caller is, what was wrong so far, and while closed, why and the prompts of the next opening."""

    place: Place = "menu"
    why: State = "open"
    opening: tuple[str, ...] = ()
    wrong: int = 0
    repeats: int = 0


@dataclass(frozen=True)
class Turn:
    """What comes next, why, and what was chosen (the label of `ivr_menu_selections_total`)."""

    state: MenuState
    move: Move
    reason: str
    choice: str = ""


def start(why: State, opening: tuple[str, ...] = ()) -> Turn:
    """The first words: the menu, or that we are closed, why, and until when: `opening` as `routing.spoken` says it, needed unless open."""
    if why == "open":
        return Turn(MenuState(), _ask("menu"), "open")
    state = MenuState("closed", why, opening)
    return Turn(state, _ask_closed(state), why)


def answer(municipality: Municipality, state: MenuState, keys: str) -> Turn:
    """One key, or silence (""), in a state. Total: every state takes every key."""
    match state.place:
        case "concern":
            topic = "concern" if keys == "1" else "social"
            return Turn(state, Enter(topic), "concern asked", topic)
        case "english":
            return _english(state, keys)
        case "closed":
            return _closed(municipality, state, keys)
        case "menu":
            return _menu(municipality, state, keys)


def _menu(municipality: Municipality, state: MenuState, keys: str) -> Turn:
    if keys == SILENCE:
        return Turn(state, Enter("guide"), "silence", "timeout")
    if keys == "#":
        return _again(state, _ask("menu"), Enter("guide"), "ignored key")
    if (key := municipality.menu.get(keys)) is None:
        if state.wrong:
            return Turn(state, Enter("guide"), "two wrong keys", "invalid")
        return Turn(replace(state, wrong=1), _ask("wrong-key", "menu"), "wrong key", "invalid")
    match key.action:
        case "repeat":
            return _again(state, _ask("menu"), Enter("guide"), "repeat", "repeat")
        case "english":
            return Turn(replace(state, place="english"), _ask("welcome-en"), "english", "english")
        case "callback":
            return Turn(state, Callback(), "callback key", "callback")
        case "topic" if key.ask_concern:
            return Turn(replace(state, place="concern"), _ask("after-social"), "is it a concern?")
        case "topic":
            return Turn(state, Enter(key.topic), "key", key.topic)


def _english(state: MenuState, keys: str) -> Turn:
    match keys:
        case "2":
            return Turn(state, Enter("concern"), "concern in English", "concern")
        case "9":
            return Turn(state, Callback(), "callback in English", "callback")
        case _:
            return Turn(state, Enter("guide"), "English", "guide")


def _closed(municipality: Municipality, state: MenuState, keys: str) -> Turn:
    """2 and the matters with a number out of hours, 9 for a callback, everything else is asked once more."""
    key = municipality.menu.get(keys)
    match keys:
        case "2":
            return Turn(state, Enter("concern"), "concern while closed", "concern")
        case "9":
            return Turn(state, Callback(), "callback while closed", "callback")
        case _ if key and key.action == "topic" and key.topic in municipality.referrals:
            return Turn(state, Enter(key.topic), "urgent while closed", key.topic)
        case _:
            return _again(
                state,
                _ask_closed(state),
                Hangup(("goodbye",)),
                "closed, no choice",
                "timeout" if keys == SILENCE else "invalid",
                most=1,
            )


def _again(state: MenuState, once_more: Ask, then: Move, reason: str, choice: str = "", most: int = REPEATS) -> Turn:
    if state.repeats >= most:
        return Turn(state, then, f"{reason}, heard enough", choice)
    return Turn(replace(state, repeats=state.repeats + 1), once_more, reason, choice)


def _ask(*prompts: str) -> Ask:
    return Ask(prompts)


def _ask_closed(state: MenuState) -> Ask:
    """A break ends the same day, so only its time is said; when an emergency ends nobody promises."""
    if state.why == "emergency":
        return Ask(("emergency", "emergency-callback"), timeout=5.0)
    if state.why == "lunch":
        return Ask(("lunch", *state.opening[-1:], "lunch-keys"), timeout=5.0)
    return Ask(("closed", *state.opening, "closed-keys"), timeout=5.0)
