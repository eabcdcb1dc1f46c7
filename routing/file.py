"""Read a municipality's file, and name everything that is wrong with it: file, key, reason and remedy, all at once.

It must not look at the clock or at Asterisk; what the file says is judged by `routing.soundness`.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from pydantic import ValidationError

from routing.municipality import Municipality
from routing.problem import Problem
from routing.soundness import refusals

REMEDIES = {
    "extra_forbidden": "Remove the key, or correct its spelling.",
    "missing": "Add the key.",
    "too_short": "Name at least one.",
    "name": "Correct the key's name.",
    "span_form": "Write it as 08:00-12:00, from 00:00 to 23:59.",
    "span_backwards": "Let it end later than it begins, on the same day.",
    "shifts_overlap": "Let the one end before the other begins, or join the two.",
    "spans_overlap": "Join the two, or put them in order.",
    "clocks_change": "Begin and end it at 02:00 or before, or at 03:00 or after.",
    "month_day": "Write month and day in quotes, as 06-15.",
    "seasons_overlap": "Let the one end before the other begins.",
    "date_from_datetime_parsing": "Write a day that exists, as 2026-12-23.",
    "never_open": "State the hours of at least one weekday.",
}
"""What to do about a kind of error, pydantic's or our own; the rest is a value to correct."""

MISSING = {
    ("handlers", "number"): ("this handler has no number, so that nobody could be connected", "State the number of the phone that rings."),
}
"""What is said, in plain words, of a key that is missing, by table and key: the reason and the remedy."""


class MunicipalityError(ValueError):
    """The file cannot be served; `problems` names everything that is wrong with it."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = problems


def load(path: Path) -> Municipality:
    """Read and validate one file. Raises MunicipalityError with every problem found."""
    return parse(read(path), str(path))


def read(path: Path) -> str:
    """The text of a file. Raises MunicipalityError when it cannot be read."""
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise MunicipalityError((Problem(str(path), "file", f"cannot be read ({error})", "Check its name and rights."),)) from error


def parse(text: str, file: str) -> Municipality:
    """Validate the text of a file. Raises MunicipalityError with every problem found."""
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise MunicipalityError((_unreadable(file, str(error)),)) from error
    try:
        municipality = Municipality.model_validate(raw)
    except ValidationError as error:
        raise MunicipalityError(tuple(_explain(file, raw, dict(one)) for one in error.errors())) from error
    if problems := refusals(file, municipality):
        raise MunicipalityError(problems)
    return municipality


def load_served(paths: Iterable[Path]) -> dict[str, Municipality]:
    """Several files by slug; a number or a slug belongs to one of them. Raises MunicipalityError with the problems of all files."""
    loaded: dict[str, Municipality] = {}
    problems: list[Problem] = []
    for path in paths:
        try:
            loaded[str(path)] = load(path)
        except MunicipalityError as error:
            problems += error.problems
    problems += clashes(loaded)
    if problems:
        raise MunicipalityError(tuple(problems))
    return {one.slug: one for one in loaded.values()}


def clashes(files: Mapping[str, Municipality]) -> Iterator[Problem]:
    """A number or a slug that stands in several files, by their names."""
    taken: dict[str, str] = {}
    for file, one in files.items():
        for value in (one.slug, *(number for line in one.lines.values() for number in line.numbers)):
            if (first := taken.setdefault(value, file)) != file:
                yield Problem(file, value, f"stands in {first}, too", "Keep it in one of the files.")


class NotServed(LookupError):
    """Nobody here serves the municipality that was asked for."""


def chosen(served: Mapping[str, Municipality], slug: str | None) -> tuple[Municipality, ...]:
    """The one that is asked for, or all of them. Raises NotServed."""
    if slug is None:
        return tuple(served.values())
    if slug not in served:
        raise NotServed(f"No municipality {slug!r} is served here. Served: {', '.join(served)}.")
    return (served[slug],)


def _unreadable(file: str, message: str) -> Problem:
    """A fault of TOML itself, by its line. tomllib says where only in its words, before Python 3.14."""
    line = re.search(r"at line (\d+)", message)
    key = f"line {line[1]}" if line else "end of file"
    if message.startswith(("Cannot overwrite", "Cannot declare", "Cannot mutate")):
        return Problem(file, key, "this key or table stands a second time", "Keep one of them.")
    return Problem(file, key, message, "Mend that line.")


def _explain(file: str, raw: object, error: dict[str, object]) -> Problem:
    place = error["loc"]
    parts = list(place) if isinstance(place, tuple) else [place]
    is_name = parts[-1] == "[key]"  # pydantic's word for "the name itself is wrong, not what it holds"
    key = ".".join(_named(raw, parts[:-1] if is_name else parts))
    kind = str(error["type"])
    if kind == "missing" and (plain := MISSING.get((str(parts[0]), str(parts[-1])))):
        return Problem(file, key, *plain)
    remedy = REMEDIES.get(kind, REMEDIES["name"] if is_name else "Correct the value.")
    return Problem(file, key, str(error["msg"]).removeprefix("Value error, "), remedy)


def _named(raw: object, parts: Iterable[object]) -> Iterator[str]:
    """The way to a value as a person would name it: who has an extension by that, and not by the place in the list."""
    for part in parts:
        try:
            raw = raw[part]  # type: ignore[index]
        except (LookupError, TypeError):
            raw = None
        extension = raw.get("extension") if isinstance(part, int) and isinstance(raw, dict) else None
        yield str(extension or part)
