"""What the dialplan says of an attempt, word by word, and what that makes of it. Pure.

The words are those of dialplan/templates/extensions/callbacks.j2: first in Asterisk's queue log, then as an event.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, cast, get_args

from callbacks.model import STAGES, Request, Stage
from callbacks.policy import INVALID, Settled

Word = Literal["queued", "guide_up", "accepted", "refused", "citizen_up", "served", "end"]
WORDS = {word.replace("_", "").upper(): cast(Word, word) for word in get_args(Word)}
QUEUE_SUFFIX = "-callbacks"
"""The name under which a municipality's attempts stand in the queue log: `lekeberg-callbacks`, which is no queue."""

VOICEMAIL_SECONDS = 8
"""A talk shorter than this is suspected to have been with a voicemail; a person judges."""
NO_SUCH_NUMBER = frozenset({1, 28})
"""Q.850: unallocated, invalid number format."""
CONGESTION = frozenset({34, 38, 41, 42, 44})
"""Q.850: the network could not, which says nothing about the citizen."""


@dataclass(frozen=True)
class Trace:
    """One word about an attempt. `who` is the extension of who was rung, "" for nobody yet; `at` is an epoch second."""

    attempt: str
    request: str
    municipality: str
    word: Word
    at: float
    who: str = ""
    detail: tuple[str, ...] = ()


@dataclass(frozen=True)
class Settlement:
    """How an attempt ended, and why that is known."""

    result: Settled
    reason: str = ""


def from_event(said: dict[str, str], at: float) -> Trace | None:
    """A `KCAttempt` event of the manager; None for a word that this program does not know."""
    word = WORDS.get(said["word"])
    who = said["who"] if said["who"] != "NONE" else ""
    return word and Trace(said["attempt"], said["callback"], said["municipality"], word, at, who, tuple(said["detail"].split("|")))


def from_log(line: str) -> Trace | None:
    """A line of the queue log: `time|attempt|lekeberg-callbacks|who|KCWORD|request|detail…`; None for any other line."""
    cells = line.split("|")
    if len(cells) < 6 or not cells[2].endswith(QUEUE_SUFFIX) or not cells[0].isdecimal():
        return None
    at, attempt, queue, who, said, request = cells[:6]
    word = WORDS.get(said.removeprefix("KC"))
    who = who if who != "NONE" else ""
    return word and Trace(attempt, request, queue.removesuffix(QUEUE_SUFFIX), word, float(at), who, tuple(cells[6:]))


def stage_of(word: Word) -> Stage | None:
    """How far an attempt has come by a word; None when it says nothing about that."""
    return cast(Stage, word) if word in STAGES else None


def settlement(end: Trace, request: Request, refused: bool) -> Settlement:
    """What an attempt's last word means. `refused`: somebody of ours answered, and did not press 1."""
    stage, dialled, cause, talked = (*end.detail, "", "", "", "")[:4]
    if stage == "unserved":
        return Settlement("guide_missed", "the citizen waited, and no guide came")
    if stage == "served" or request.stage == "citizen_up":
        seconds = int(talked or 0)
        return Settlement("voicemail" if seconds < VOICEMAIL_SECONDS else "answered", f"{seconds} s of talk")
    if not stage:
        return Settlement("guide_missed", "refused") if refused else Settlement("withdrawn")
    return _not_reached(dialled, int(cause or 0))


def _not_reached(dialled: str, cause: int) -> Settlement:
    """By the dial's status, and by the leg's cause where that says more."""
    match dialled:
        case "ANSWER":
            return Settlement("voicemail", "answered, and no key was pressed")
        case "BUSY":
            return Settlement("busy")
        case _ if cause in NO_SUCH_NUMBER:
            return Settlement("failed", INVALID)
        case _ if cause in CONGESTION or dialled == "CONGESTION":
            return Settlement("congestion", f"cause {cause}")
        case "CHANUNAVAIL":
            return Settlement("failed", f"cause {cause}")
        case "CANCEL" | "":
            return Settlement("no_answer", "our side hung up while it rang")
    return Settlement("no_answer")


def without_end(request: Request) -> Settlement:
    """An attempt that is no more in Asterisk and has no last word: Asterisk died in it, or it never began."""
    match request.stage:
        case "citizen_up":
            return Settlement("answered", "the talk was cut off: Asterisk has started anew")
        case "accepted":
            return Settlement("unknown", "Asterisk has started anew while the citizen's phone may have rung")
    return Settlement("withdrawn", "the attempt is not in Asterisk, and nobody had accepted it")
