"""How long a prompt lasts: measured where its sound file is at hand, else estimated from its text."""

from __future__ import annotations

import re
import wave
from collections.abc import Mapping
from pathlib import Path

from dialplan.prompts.catalogue import Part, asterisks_own, heard, sound, topics
from routing.municipality import Municipality

WORD_SECONDS = 60 / 150
"""150 words a minute, which the catalogue is spoken with."""
WORD_LETTERS = 6
"""A compound word lasts as long as several: so many letters, the space among them, count as one word."""
STOP_SECONDS = 0.4
EDGE_SECONDS = 0.7
"""What espeak-ng takes for a stop and around a text: with both no estimate is shorter than the prompt that is made of the text."""


def lengths(municipality: Municipality, sounds: Path | None = None) -> Mapping[str, float]:
    """Seconds by the file names that Asterisk plays for a municipality (`catalogue.sound`, `topic_sound`, its own).

    `sounds` holds them as `ID.wav`, where they are built.
    """
    catalogue = {sound(municipality, name): parts for name, parts in heard(municipality).items()}
    catalogue |= topics(municipality) | asterisks_own()
    return {name: _measured(sounds, name) or sum(map(estimated, parts)) for name, parts in catalogue.items()}


def prompt_lengths(municipality: Municipality, sounds: Path | None = None) -> Mapping[str, float]:
    """The same by the prompts' ids, as the pure machines name them."""
    seconds = lengths(municipality, sounds)
    return {name: seconds[sound(municipality, name)] for name in heard(municipality)}


def estimated(part: Part) -> float:
    """Seconds of one part: at least as long as the machine's voice takes."""
    match part.kind:
        case "pause":
            return float(part.text)
        case "tone":
            return float(part.text.split()[1])
    words = max(len(part.text.split()), len(part.text) / WORD_LETTERS)
    return words * WORD_SECONDS + len(re.findall(r"[.,:?]", part.text)) * STOP_SECONDS + EDGE_SECONDS


def _measured(sounds: Path | None, name: str) -> float | None:
    if sounds is None or not (file := sounds / f"{name}.wav").exists():
        return None
    with wave.open(str(file)) as sound:
        seconds: float = sound.getnframes() / sound.getframerate()
    return seconds
