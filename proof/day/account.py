"""Is everybody accounted for, and do histories, citizens' phones and figures say the same? Pure: what was seen to what is wrong with it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any

from prometheus_client.parser import text_string_to_metric_families

from callbacks.model import Entry
from callbacks.trace import VOICEMAIL_SECONDS
from proof.day.town import Heard, Seen

RESULT_OF = {486: "busy", 404: "failed", 503: "congestion", 487: "no_answer"}
"""The result of an attempt by the status that the citizen's phone gave last; 487 is its answer when we give up."""


@dataclass(frozen=True)
class Attempt:
    """One attempt as a history tells it; `rang` is whether the citizen's phone was rung, `result` "" for one that was withdrawn."""

    id: str
    number: str
    began: datetime
    ended: datetime
    rang: bool
    result: str


def attempts(number: str, entries: Iterable[Entry]) -> list[Attempt]:
    """The settled attempts of a request's history."""
    found: list[Attempt] = []
    began, rang = None, False
    for entry in entries:
        said = entry.model_extra or {}
        match entry.act:
            case "dialling":
                began, rang = entry.at, False
            case "accepted":
                rang = True
            case "settled" if began:
                found.append(Attempt(said["attempt"], number, began, entry.at, rang, said["result"]))
                began = None
    return found


def all_attempts(seen: Seen) -> list[Attempt]:
    """Those of all requests."""
    return [one for request in seen.requests for one in attempts(request.number, seen.histories[request.id])]


def result_of(heard: Heard) -> str:
    """How an attempt went, by what the citizen's phone has heard."""
    if heard.answered:
        return "voicemail" if (heard.ended - heard.answered).total_seconds() < VOICEMAIL_SECONDS else "answered"
    return RESULT_OF.get(heard.status, f"status {heard.status}")


def unaccounted(ordered: Iterable[str], seen: Seen) -> list[str]:
    """Requests that have vanished, were closed other than once, or are open and in no list."""
    there = {one.id: one for one in seen.requests}
    wrong = [f"{one} has vanished" for one in ordered if one not in there]
    for id_, request in there.items():
        states = [entry.state for entry in seen.histories[id_]]
        closings = sum(after == "closed" != before for before, after in pairwise(states))
        if request.state == "closed" and (closings, states[-1], bool(request.outcome)) != (1, "closed", True):
            wrong.append(f"{id_} was closed {closings} times, as {request.outcome or 'nothing'}")
        if request.state != "closed" and (id_ not in seen.listed or request.outcome):
            wrong.append(f"{id_} is {request.state} and in no list")
    return wrong


def overlapping(heard: Iterable[Heard]) -> list[str]:
    """Numbers that were rung while they were being rung, or talked to, already."""
    of_number = defaultdict(list)
    for one in sorted(heard, key=lambda one: one.rang):
        of_number[one.number].append(one)
    return [
        f"{number[-3:]} was rung at {after.rang} while the call of {before.rang} went on"
        for number, calls in of_number.items()
        for before, after in pairwise(calls)
        if after.rang < before.ended
    ]


def disagreeing(made: Sequence[Attempt], heard: Sequence[Heard]) -> list[str]:
    """Attempts whose histories say otherwise than the citizen's phone, and rings that no attempt has made."""
    wrong, rest = [], list(heard)
    for one in made:
        rings = [call for call in rest if call.number == one.number and one.began <= call.rang <= one.ended]
        rest = [call for call in rest if call not in rings]
        if len(rings) != one.rang:
            wrong.append(f"{one.id}: the citizen's phone rang {len(rings)} times, the history says {int(one.rang)}")
        elif rings and result_of(rings[0]) != one.result:
            wrong.append(f"{one.id}: the phone says {result_of(rings[0])}, the history {one.result}")
        elif not rings and one.result not in ("", "guide_missed"):
            wrong.append(f"{one.id}: {one.result}, and no phone rang")
    return [*wrong, *(f"{call.number[-3:]} was rung at {call.rang} by no attempt" for call in rest)]


def counters(scrape: str, municipality: str) -> dict[str, Counter[str]]:
    """The figures that count attempts by result and closed callbacks by outcome, from /metrics."""
    wanted = {"ivr_callback_attempts_total": "result", "ivr_callbacks_closed_total": "outcome"}
    found: dict[str, Counter[str]] = {label: Counter() for label in wanted.values()}
    for family in text_string_to_metric_families(scrape):
        for sample in family.samples:
            if (label := wanted.get(sample.name)) and sample.labels["municipality"] == municipality:
                found[label][sample.labels[label]] += int(sample.value)
    return found


def miscounted(made: Iterable[Attempt], seen: Seen, before: Mapping[str, Counter[str]], now: Mapping[str, Counter[str]]) -> list[str]:
    """Figures that say otherwise than the histories."""
    outcomes = (one.outcome for one in seen.requests if one.outcome)
    ours = {"result": Counter(one.result for one in made if one.result), "outcome": Counter(map(str, outcomes))}
    theirs = {label: now[label] - before[label] for label in ours}
    return [
        f"/metrics counts {dict(theirs[label])} by {label}, the histories {dict(counted)}"
        for label, counted in ours.items()
        if counted != theirs[label]
    ]


def figures(made: Sequence[Attempt], seen: Seen) -> dict[str, Any]:
    """What became of all."""
    still = Counter(f"{one.state}: {one.reason}" for one in seen.requests if one.state != "closed")
    return {
        "callbacks": len(seen.requests),
        "closed": _sorted(Counter(one.outcome for one in seen.requests if one.state == "closed")),
        "open": _sorted(still),
        "attempts": _sorted(Counter(one.result or "withdrawn" for one in made)),
        "rings": len(seen.heard),
    }


def _sorted(counted: Counter[str]) -> dict[str, int]:
    return dict(counted.most_common())


def exported(seen: Seen) -> list[dict[str, Any]]:
    """Each request's history from order to outcome; numbers stand in none of its lines."""
    return [
        {"id": one.id, "topic": one.topic, "state": one.state, "outcome": one.outcome,
         "history": [entry.model_dump(mode="json") for entry in seen.histories[one.id]]}
        for one in seen.requests
    ]  # fmt: skip
