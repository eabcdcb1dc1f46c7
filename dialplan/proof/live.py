"""Which variables still matter at a place of the dialplan: two calls that differ in others only are walked as one.

To forget too much is safe: what is not known goes both ways.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from dialplan.proof.applications import PASSING, SETTING, Applications
from dialplan.proof.call import Call
from dialplan.proof.extensions import Application, Dialplan, Place, assignments

GIVEN = re.compile(r"(?P<target>.*?,\w+)\((?P<given>.*)\)")
"""A Gosub that gives arguments."""

Live = Mapping[Place, frozenset[str]]


def relevant(dialplan: Dialplan) -> frozenset[str]:
    """The variables that can decide where a call goes: named where that is decided, or in the value of one that is."""
    steps = dialplan.steps.values()
    given = [one for step in steps for one in assignments(step)]
    gosubs = [GIVEN.fullmatch(step.arguments) for step in steps if step.name == "Gosub"]
    given += [(f"ARG{number}", match["given"]) for match in gosubs if match for number in range(1, 10)]
    deciding = [_looked_at(step) for step in steps if step.name not in ("AGI", "Gosub", *SETTING, *PASSING)]
    deciding += [step.arguments for step in steps if step.name == "Gosub" and not GIVEN.fullmatch(step.arguments)]
    deciding += [match["target"] for match in gosubs if match]
    names = {word for arguments in deciding for word in re.findall(r"\w+", arguments)}
    size = 0
    while size < len(names):
        size = len(names)
        names |= {word for name, value in given if name in names for word in re.findall(r"\w+", value)}
    return frozenset(names)


def live(rules: Applications) -> Live:
    """The variables that may be looked at from each place on before they are set anew."""
    after = {place: _after(rules, place) for place in rules.dialplan.steps}
    names: dict[Place, frozenset[str]] = dict.fromkeys(after, frozenset())
    changed = True
    while changed:
        changed = False
        for place in reversed(after):
            later = frozenset[str]().union(*(names.get(one, frozenset()) for one in after[place]))
            needed = _needed(rules.dialplan.steps[place], later) & rules.relevant
            changed |= needed != names[place]
            names[place] = needed
    return names


def trimmed(call: Call, wanted: Live) -> Call:
    """The call without what matters neither here nor where its Gosubs return to."""
    places = [call.at, *(frame.back for frame in call.stack if frame.back)]
    names = frozenset[str]().union(*(wanted.get(place, frozenset()) for place in places))
    values = tuple(one for one in call.values if one[0] in names)
    return call if len(values) == len(call.values) else replace(call, values=values)


def _after(rules: Applications, place: Place) -> set[Place]:
    """Where a call may go on from here when nothing is known of it, a timeout and the return from a Gosub included."""
    calls = [way.to for way in rules.carry_out(Call(place, timer=1)).ways]
    return {call.at for call in calls} | {frame.back for call in calls for frame in call.stack if frame.back}


def _needed(step: Application, later: frozenset[str]) -> frozenset[str]:
    if step.name in ("AGI", *PASSING):
        return later
    if step.name == "Read":
        variable, _, others = step.arguments.partition(",")
        return (later - {variable}) | _words(others)
    if given := assignments(step):
        return (later - {name for name, _ in given}).union(*(_words(value) for name, value in given if name in later))
    if step.name == "Queue":
        later -= {"QUEUESTATUS"}
    if step.name == "Dial":
        later -= {"DIALSTATUS"}
    return later | _words(_looked_at(step))


def _looked_at(step: Application) -> str:
    """Of its arguments, what decides where the call goes: of a queue its name and its limit, not which of the guides it rings first."""
    return ",".join(step.arguments.split(",")[:5]) if step.name == "Queue" else step.arguments


def _words(text: str) -> frozenset[str]:
    return frozenset(re.findall(r"\w+", text))
