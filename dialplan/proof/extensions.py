"""Read the text of an extensions.conf as Asterisk does: contexts, extensions, priorities, labels. It must not guess what a line means."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

LINE = re.compile(r"(?:exten\s*=>?\s*(?P<exten>[^,]+),\s*|same\s*=>?\s*)(?P<priority>\d+|n)(?:\((?P<label>\w+)\))?,\s*(?P<call>.*)")
CALL = re.compile(r"(?P<name>\w+)(?:\((?P<arguments>.*)\))?")
ASSIGNED = re.compile(r"(?:^|,)(\w+(?:\((?:[^()]|\([^()]*\))*\))?)=")
INCLUDE = re.compile(r"include\s*=>?\s*(?P<context>\S+)")
ONE_DIGIT = re.compile(r"_\[\d-\d\]")
"""The one kind of pattern that is looked up; the others are only walked from their own text."""
SECTION = re.compile(r"\[([^\]]+)\](\([^)]*\))?")


@dataclass(frozen=True)
class Application:
    """One application with its arguments, variables not yet replaced."""

    name: str
    arguments: str = ""


@dataclass(frozen=True, order=True)
class Place:
    """A priority of an extension of a context."""

    context: str
    exten: str
    priority: int = 1

    def __str__(self) -> str:
        return f"{self.context},{self.exten},{self.priority}"

    @property
    def following(self) -> Place:
        """The next priority."""
        return Place(self.context, self.exten, self.priority + 1)


@dataclass
class Dialplan:
    """What is written, by place; `unread` are lines that are none of what our templates hold, as (number, text)."""

    steps: dict[Place, Application] = field(default_factory=dict)
    labels: dict[tuple[str, str, str], Place] = field(default_factory=dict)
    contexts: dict[str, dict[str, None]] = field(default_factory=dict)
    includes: dict[str, list[str]] = field(default_factory=dict)
    """The contexts in which is looked, too, by the one that includes them."""
    unread: list[tuple[int, str]] = field(default_factory=list)

    def find(self, context: str, exten: str, priority: str) -> Place | None:
        """The place of a number or a label, or None when nothing stands there."""
        place = Place(context, exten, int(priority)) if priority.isdecimal() else self.labels.get((context, exten, priority))
        if place in self.steps:
            return place
        patterns = (one for one in self.contexts.get(context, {}) if ONE_DIGIT.fullmatch(one))
        if pattern := next((one for one in patterns if re.fullmatch(one[1:], exten)), None):
            return self.find(context, pattern, priority)
        others = (self.find(one, exten, priority) for one in self.includes.get(context, []))
        return next((found for found in others if found), None)


def parse(text: str) -> Dialplan:
    """All contexts but [general], which holds settings."""
    found = Dialplan()
    context = exten = ""
    priority = 0
    for number, line in _lines(text):
        if section := SECTION.fullmatch(line):
            context, exten = section[1], ""
            found.contexts.setdefault(context, {})
        elif context == "general":
            continue
        elif include := INCLUDE.fullmatch(line):
            found.includes.setdefault(context, []).append(include["context"])
        elif (match := LINE.fullmatch(line)) and (match["exten"] or exten) and (call := application(match["call"])):
            exten = match["exten"] or exten
            priority = priority + 1 if match["priority"] == "n" else int(match["priority"])
            place = Place(context, exten, priority)
            found.contexts[context][exten] = None
            found.steps[place] = call
            if match["label"]:
                found.labels[context, exten, match["label"]] = place
        else:
            found.unread.append((number, line))
    return found


def application(text: str) -> Application | None:
    """`Name(arguments)`; None when it is not of that form."""
    match = CALL.fullmatch(text.strip())
    return Application(match["name"], match["arguments"] or "") if match else None


def assignments(step: Application) -> list[tuple[str, str]]:
    """What Set or MSet puts into which variable or function; nothing for any other application."""
    if step.name not in ("Set", "MSet"):
        return []
    starts = [*ASSIGNED.finditer(step.arguments)][: 1 if step.name == "Set" else None]
    if not starts:  # into another channel's variable, or a record: nothing of this call
        return []
    ends = [*(match.start() for match in starts[1:]), len(step.arguments)]
    return [(match[1].lstrip("_"), step.arguments[match.end() : end]) for match, end in zip(starts, ends, strict=True)]


def members(queues: str) -> Mapping[str, int]:
    """How many members each queue has, by the text of a queues.conf; templates and [general] are no queues."""
    counts: dict[str, int] = {}
    section = ""
    for _, line in _lines(queues):
        if match := SECTION.fullmatch(line):
            section = "" if match[1] == "general" or match[2] == "(!)" else match[1]
            counts |= {section: 0} if section else {}
        elif section and line.startswith("member"):
            counts[section] += 1
    return counts


def joined(dialplan: Dialplan) -> Counter[str]:
    """How many may log in to each queue by a code on their phone."""
    steps = (step for step in dialplan.steps.values() if step.name == "AddQueueMember")
    return Counter(step.arguments.partition(",")[0] for step in steps)


def sections(text: str) -> frozenset[str]:
    """The names of the sections of a configuration, templates left out."""
    matches = (SECTION.fullmatch(line) for _, line in _lines(text))
    return frozenset(match[1] for match in matches if match and match[2] != "(!)")


def _lines(text: str) -> Iterator[tuple[int, str]]:
    """What is written on each line, its comment left out (`\\;` is no comment)."""
    for number, line in enumerate(text.splitlines(), 1):
        if written := re.sub(r"(?<!\\);.*", "", line).strip():
            yield number, written
