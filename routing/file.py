"""Read a municipality's file, and name everything that is wrong with it: file, key, reason and remedy, all at once.

It must not look at the clock or at Asterisk.
"""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from routing.municipality import Municipality

FIXED_TOPICS = ("guide", "concern")
"""Topics that the menu itself needs: silence leads to a guide, and a report of concern has a way of its own."""

SPOKEN_REFERRALS = ("concern", "fault_report")
"""Topics that the closed text offers, so somebody has to take them out of hours."""

REMEDIES = {
    "extra_forbidden": "Remove the key, or correct its spelling.",
    "missing": "Add the key.",
    "name": "Correct the key's name.",
    "span_form": "Write it as 08:00-12:00, from 00:00 to 23:59.",
    "span_backwards": "Let it end later than it begins, on the same day.",
    "spans_overlap": "Join the two, or put them in order.",
    "clocks_change": "Begin and end it at 02:00 or before, or at 03:00 or after.",
    "month_day": "Write month and day in quotes, as 06-15.",
    "seasons_overlap": "Let the one end before the other begins.",
    "date_from_datetime_parsing": "Write a day that exists, as 2026-12-23.",
    "never_open": "State the hours of at least one weekday.",
}
"""What to do about a kind of error, pydantic's or our own; the rest is a value to correct."""


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong in a file, and what to do about it."""

    file: str
    key: str
    reason: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.file}: {self.key}: {self.reason}. {self.remedy}"


class MunicipalityError(ValueError):
    """The file cannot be served; `problems` names everything that is wrong with it."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = problems


def load(path: Path) -> Municipality:
    """Read and validate one file. Raises MunicipalityError with every problem found."""
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise MunicipalityError((Problem(str(path), "file", f"cannot be read ({error})", "Check its name and rights."),)) from error
    except tomllib.TOMLDecodeError as error:
        raise MunicipalityError((_unreadable(str(path), str(error)),)) from error
    try:
        municipality = Municipality.model_validate(raw)
    except ValidationError as error:
        raise MunicipalityError(tuple(_explain(str(path), dict(one)) for one in error.errors())) from error
    if problems := tuple(_dangling(str(path), municipality)):
        raise MunicipalityError(problems)
    return municipality


def load_served(paths: Iterable[Path]) -> dict[str, Municipality]:
    """Several files by slug; a number or a slug belongs to one of them. Raises MunicipalityError with the problems of all files."""
    served: dict[str, Municipality] = {}
    taken: dict[str, Path] = {}
    problems: list[Problem] = []
    for path in paths:
        try:
            one = load(path)
        except MunicipalityError as error:
            problems += error.problems
            continue
        for value in (one.slug, *(number for line in one.lines.values() for number in line.numbers)):
            if (first := taken.setdefault(value, path)) is not path:
                problems.append(Problem(str(path), value, f"stands in {first}, too", "Keep it in one of the files."))
        served[one.slug] = one
    if problems:
        raise MunicipalityError(tuple(problems))
    return served


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


def _explain(file: str, error: dict[str, object]) -> Problem:
    place = error["loc"]
    parts = [str(part) for part in place] if isinstance(place, tuple) else [str(place)]
    is_name = parts[-1] == "[key]"  # pydantic's word for "the name itself is wrong, not what it holds"
    key = ".".join(parts[:-1] if is_name else parts)
    remedy = REMEDIES.get(str(error["type"]), REMEDIES["name"] if is_name else "Correct the value.")
    return Problem(file, key, str(error["msg"]).removeprefix("Value error, "), remedy)


def _dangling(file: str, m: Municipality) -> Iterator[Problem]:
    """Names that lead nowhere, and what may stand only once."""
    named = [(f"topics.{name}.queue", topic.queue, m.queues) for name, topic in m.topics.items()]
    named += [(f"guides.{guide.extension}.queues", queue, m.queues) for guide in m.guides for queue in guide.queues]
    for key, queue, queues in named:
        if queue not in queues:
            yield Problem(file, key, f"queue {queue!r} does not exist", f"Add [queues.{queue}] or name one of: {', '.join(queues)}.")
    for key, administration in ((f"topics.{name}.administration", topic.administration) for name, topic in m.topics.items()):
        if administration not in m.administrations:
            remedy = f"Add [administrations.{administration}] or name one of: {', '.join(m.administrations)}."
            yield Problem(file, key, f"administration {administration!r} does not exist", remedy)
    topics = [(f"menu.{key}.topic", entry.topic) for key, entry in m.menu.items()]
    topics += [(f"referrals.{name}", name) for name in m.referrals]
    topics += [(f"lines.{name}.topic", line.topic) for name, line in m.lines.items()] + [("topics", name) for name in FIXED_TOPICS]
    for key, topic in topics:
        if topic not in m.topics:
            yield Problem(file, key, f"topic {topic!r} does not exist", f"Add [topics.{topic}] or name one of: {', '.join(m.topics)}.")
    for name in SPOKEN_REFERRALS:
        if name in m.topics and name not in m.referrals:
            yield Problem(file, f"referrals.{name}", "is missing", "State who takes this out of hours: the closed text offers it.")
    for name, rules in m.queues.items():
        if (to := rules.overflow_to) and (to == name or to not in m.queues or m.queues[to].overflow_to):
            remedy = "Name another queue of this file that has no overflow_to itself."
            yield Problem(file, f"queues.{name}.overflow_to", f"{to!r} cannot take over", remedy)
        if not any(name in guide.queues for guide in m.guides):
            yield Problem(file, f"queues.{name}", "nobody answers it", "Name it in the queues of at least one guide.")
    if not any(m.main_number in line.numbers for line in m.lines.values()):
        remedy = "Name it in the numbers of a line; else no call to it is ours, and it could be ordered as a callback."
        yield Problem(file, "main_number", f"{m.main_number} belongs to no line", remedy)
    numbers = Counter(number for line in m.lines.values() for number in line.numbers)
    extensions = Counter(guide.extension for guide in m.guides)
    for kind, counts in (("lines.numbers", numbers), ("guides.extension", extensions)):
        for value, times in counts.items():
            if times > 1:
                yield Problem(file, kind, f"{value} stands {times} times", "Keep one of them.")
