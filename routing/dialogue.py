"""The words of a spoken dialogue: what a pure machine may want next. Prompts are ids of the catalogue."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Ask:
    """Play prompts and collect keys; `timeout` seconds of silence after the last word, or after a key, end it."""

    prompts: tuple[str, ...]
    max_digits: int = 1
    timeout: float = 2.0


@dataclass(frozen=True)
class Enter:
    """Go to the queue of a topic."""

    topic: str


@dataclass(frozen=True)
class Callback:
    """Go on with the callback conversation."""


@dataclass(frozen=True)
class Hangup:
    """Say prompts and end the call."""

    prompts: tuple[str, ...]


@dataclass(frozen=True)
class Register:
    """Store a callback to this number (E.164)."""

    number: str


@dataclass(frozen=True)
class GiveUp:
    """No callback: back to the same place in the queue, or when closed the spoken referral."""


Move = Ask | Enter | Callback | Hangup | Register | GiveUp
