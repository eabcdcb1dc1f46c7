"""Exceptions to the shifts of priority lines, as they are kept between starts beside the activated file. It judges no wish."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict

from ivr.settings import Settings
from routing.municipality import Municipality
from routing.problem import Problem
from routing.rota import Overrides

Lines = Mapping[str, Overrides]
"""By the priority line's name."""
LASTS = timedelta(days=1)
"""So long after its date the shift that began on it may still go on, over midnight."""


class Kept(BaseModel):
    """What the file of one municipality holds."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    schema_version: Literal[1] = 1
    lines: dict[str, dict[date, tuple[str, ...]]] = {}


def place(settings: Settings, slug: str) -> Path:
    """Where they are kept."""
    return settings.rendered / "activated" / f"{slug}.rota.json"


def read(path: Path) -> Lines:
    """What is kept there; nothing without a file. Raises OSError, and ValueError for a file that is no such."""
    return Kept.model_validate_json(path.read_bytes()).lines if path.exists() else {}


def text(lines: Lines, today: date) -> str:
    """The file's text; what is over is left out."""
    lasting = {name: {day: people for day, people in sorted(days.items()) if day >= today - LASTS} for name, days in lines.items()}
    return Kept(lines={name: days for name, days in lasting.items() if days}).model_dump_json(indent=1) + "\n"


def changed(lines: Lines, line: str, day: date, people: tuple[str, ...] | None) -> Lines:
    """The same with another exception on a date; None takes it away."""
    others = {one: names for one, names in lines.get(line, {}).items() if one != day}
    return {**lines, line: others if people is None else {**others, day: people}}


def strangers(municipality: Municipality, lines: Lines, today: date, file: str) -> Iterator[Problem]:
    """Exceptions that name people whom the municipality's file does not have: nobody would be rung for them."""
    for name, line in municipality.priority_lines.items():
        for day, people in lines.get(name, {}).items():
            for person in people:
                if person not in line.people and day >= today - LASTS:
                    remedy = f"Keep the person, or give the day to others first: `ivr rota set {name} {day} NAME`."
                    yield Problem(file, f"priority_lines.{name}.people.{person}", f"has the exception of {day}, and does not exist", remedy)


def usable(municipality: Municipality, lines: Lines) -> Lines:
    """Those whose people all exist; on the other days the shifts hold."""
    return {
        name: {day: people for day, people in days.items() if set(people) <= set(municipality.priority_lines[name].people)}
        for name, days in lines.items()
        if name in municipality.priority_lines
    }
