"""The keypress menu as a pure state machine: every sequence of keys ends with a person, a callback or a spoken referral.

A key may lead to a second menu with the same rules. What is wrong or repeated is counted over all menus together; that one goes from
menu to menu is not, so menus that lead to each other in a ring have no end (`routing.proof` finds that).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from routing.dialogue import Ask, Callback, Enter, Hangup, Move
from routing.hours import State
from routing.municipality import MenuKey, Municipality

Place = Literal["menu", "concern", "english", "closed"]

SILENCE = ""
REPEATS = 3
"""So often a caller may hear a menu again before a guide asks instead."""


@dataclass(frozen=True)
class MenuState:
    """Where the caller is (`menu` names the second menu, "" the first; `topic` what the question about concern was asked for), what was
    wrong so far, and while closed, why and the prompts of the next opening."""

    place: Place = "menu"
    why: State = "open"
    opening: tuple[str, ...] = ()
    wrong: int = 0
    repeats: int = 0
    menu: str = ""
    topic: str = ""


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
            topic = "concern" if keys == "1" else state.topic
            return Turn(state, Enter(topic), "concern asked", topic)
        case "english":
            return _english(state, keys)
        case "closed":
            return _closed(municipality, state, keys)
        case "menu":
            return _menu(municipality, state, keys)


def _menu(municipality: Municipality, state: MenuState, keys: str) -> Turn:
    here = f" in {state.menu}" if state.menu else ""
    spoken = prompt(state.menu)
    if keys == SILENCE:
        return Turn(state, Enter("guide"), f"silence{here}", "timeout")
    if keys == "#":
        return _again(state, _ask(spoken), Enter("guide"), f"ignored key{here}")
    if (key := meaning(municipality, state.menu, keys)) is None:
        if state.wrong:
            return Turn(state, Enter("guide"), f"two wrong keys{here}", "invalid")
        return Turn(replace(state, wrong=1), _ask("wrong-key", spoken), f"wrong key{here}", "invalid")
    match key.action:
        case "repeat":
            return _again(state, _ask(spoken), Enter("guide"), f"repeat{here}", "repeat")
        case "english":
            return Turn(replace(state, place="english"), _ask("welcome-en"), f"english{here}", "english")
        case "callback":
            return Turn(state, Callback(), f"callback key{here}", "callback")
        case "menu":
            into = key.menu or ""
            return Turn(replace(state, menu=into), _ask(prompt(into)), f"menu {into}{here}")
        case "topic" if key.ask_concern:
            return Turn(replace(state, place="concern", topic=key.topic), _ask("after-social"), f"is it a concern?{here}")
        case "topic":
            return Turn(state, Enter(key.topic), f"key{here}", key.topic)


def prompt(menu: str) -> str:
    """The id of the text that speaks a menu; "" is the first."""
    return f"menu-{menu}" if menu else "menu"


def meaning(municipality: Municipality, menu: str, key: str) -> MenuKey | None:
    """What a key means in a menu. The first one's acts and its way to a guide (`*`, 8, 9, 0) hold in all, unless a menu says otherwise."""
    first = municipality.menu.get(key)
    if not menu:
        return first
    everywhere = first and (first.action in ("repeat", "english", "callback") or (first.action == "topic" and first.topic == "guide"))
    return municipality.menus.get(menu, {}).get(key, first if everywhere else None)


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
