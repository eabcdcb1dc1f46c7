"""A call's story, folded from facts: pure, so that live events and Asterisk's own records give the same outcome.

The fixed words are the dialplan's (its macro `fact`); it must not know where a fact came from.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, get_args

from pydantic import BaseModel, ConfigDict

Outcome = Literal["answered", "callback", "abandoned", "abandoned_short", "menu_hangup", "closed", "error"]
OUTCOMES: tuple[Outcome, ...] = ("answered", "callback", "abandoned", "abandoned_short", "menu_hangup", "closed", "error")

PriorityOutcome = Literal["on_duty", "guide", "nobody", "hung_up"]
PRIORITY_OUTCOMES: tuple[PriorityOutcome, ...] = ("on_duty", "guide", "nobody", "hung_up")

TransferOutcome = Literal["answered", "no_answer", "busy", "away", "voicemail_suspected", "diverted_back", "hung_up"]
TRANSFER_OUTCOMES: tuple[TransferOutcome, ...] = get_args(TransferOutcome)
ReturnSource = Literal["transfer", "diverted"]
RETURN_SOURCES: tuple[ReturnSource, ...] = get_args(ReturnSource)
ReturnOutcome = Literal["answered", "callback", "hung_up"]
RETURN_OUTCOMES: tuple[ReturnOutcome, ...] = get_args(ReturnOutcome)

EXITS = {"queue_limit": "limit", "queue_key": "key", "queue_wait": "announcement", "overflow": "overflow"}
"""Ways out of a queue, by the dialplan's word."""
SHORT_SECONDS = 10.0
"""Who leaves a queue, chain, dial or offer sooner than this has hardly waited: counted apart."""


VOICEMAIL_SECONDS = 8.0
"""As in the dialplan: a talk shorter than this, taken without a key, is suspected to have been with a voicemail."""


class Transfer(BaseModel):
    """A transfer to a handler or a function, and what came of it; "" while that is not known."""

    model_config = ConfigDict(frozen=True)

    administration: str
    to: str
    outcome: TransferOutcome | Literal["unknown", ""] = ""


class Return(BaseModel):
    """A call that came back from an extension, and what came of that."""

    model_config = ConfigDict(frozen=True)

    source: ReturnSource
    outcome: ReturnOutcome


class CallRecord(BaseModel):
    """One finished call as the ledger keeps it. Times are epoch seconds, waits and talk are seconds."""

    model_config = ConfigDict(frozen=True)

    schema_version: Literal[1] = 1
    call_id: str
    municipality: str
    line: str
    started: float
    ended: float
    outcome: Outcome
    reason: str = ""
    topic: str = ""
    queue: str = "none"
    number: str = ""
    answered_by: str = ""
    answer_seconds: float | None = None
    queue_wait_seconds: float | None = None
    talk_seconds: float | None = None
    callback_id: str = ""
    fallback: bool = False
    priority_line: str = ""
    priority_outcome: PriorityOutcome | Literal[""] = ""
    priority_seconds: float | None = None
    """From the first ring, or the transfer there, to somebody on duty, else to the guide."""
    exits: tuple[tuple[str, str], ...] = ()
    choices: tuple[str, ...] = ()
    entry: str = ""
    transfers: tuple[Transfer, ...] = ()
    returns: tuple[Return, ...] = ()
    source: Literal["events", "logs"] = "events"

    @property
    def menu_seconds(self) -> float:
        """From the first ring to the end of the menu."""
        return self.ended - self.started - (self.queue_wait_seconds or 0.0) - (self.talk_seconds or 0.0)


@dataclass
class Story:
    """What is known so far of one call; `tell` adds a fact, `record` closes it."""

    call_id: str
    started: float
    municipality: str = ""
    line: str = ""
    topic: str = ""
    queue: str = ""
    number: str = ""
    answered_by: str = ""
    callback_id: str = ""
    closed: bool = False
    fallback: bool = False
    waiting_since: float | None = None
    answered: float | None = None
    priority_line: str = ""
    sought: float = 0.0
    """The first ring, or the transfer to the priority line."""
    reached: float | None = None
    helped: float | None = None
    """The first talk since."""
    by_guide: bool = False
    nobody: bool = False
    rings: str = ""
    """The guide whose phone alone rings, before the queue."""
    exits: list[tuple[str, str]] = field(default_factory=list)
    choices: list[str] = field(default_factory=list)
    entry: str = ""
    transfers: list[Transfer] = field(default_factory=list)
    taken: tuple[float, bool] | None = None
    """When a handler's phone took the transfer that goes on, and whether a person did for sure: by a key, or in a consultation."""
    returns: list[Return] = field(default_factory=list)

    def tell(self, fact: str, detail: str, at: float) -> None:
        """Add one fact at an epoch time. Unknown facts are ignored: an older record must not stop a newer program."""
        match fact:
            case "entered":
                self.municipality, self.line, self.entry = (*detail.split("/"), "", "")[:3]
                if self.entry == "diverted":
                    self.returns.append(Return(source="diverted", outcome="hung_up"))
            case "queued":
                queue, _, self.topic = detail.partition("/")
                self.queue, self.rings = self.queue or queue, ""
                self.by_guide = True
                self._wait_from(at)
            case "previous":
                self.rings = detail
            case "dialled":
                self.topic = detail.partition("/")[2]
                self.by_guide = False
                self._wait_from(at)
            case "sought":
                self.priority_line, _, self.topic = detail.partition("/")
                self.number = ""  # a priority line keeps no caller's number
                self.sought = self.started if self.answered is None else at
                self.helped, self.by_guide = None, False
                self._wait_from(at)
            case "reached":
                self.reached = float(detail.partition("/")[2])
            case "nobody":
                self.nobody = True
            case "left":
                queue, _, reason = detail.partition("/")
                self.exits.append((queue, EXITS[reason]))
            case "fallback":
                self.fallback = True
            case "chose":
                self.choices.append(detail)
            case "callback":
                self.callback_id = detail
                self._settle_return("callback")
            case "transferred":
                administration, _, to = detail.partition("/")
                self.transfers.append(Transfer(administration=administration, to=to))
                self.taken = None
            case "taken":
                self.taken = at, detail.endswith("/outside")
            case "handed_over" if self.taken:
                self.taken = self.taken[0], True  # the guide has spoken with the one who took it
            case "transfer" if self.transfers:
                self.transfers[-1] = self.transfers[-1].model_copy(update={"outcome": detail})
            case "returned":
                self.returns.append(Return(source="transfer", outcome="hung_up"))
            case "closed":
                self.closed = True
            case "answered":
                self._settle_return("answered")
                self.answered = at if self.answered is None else self.answered
                self.answered_by = self.answered_by or detail or self.rings
                self.helped = at if self.helped is None else self.helped

    def _wait_from(self, at: float) -> None:
        if self.waiting_since is None:
            self.waiting_since = at

    def _settle_return(self, outcome: ReturnOutcome) -> None:
        if self.returns and self.returns[-1].outcome == "hung_up":
            self.returns[-1] = self.returns[-1].model_copy(update={"outcome": outcome})

    def _settled(self, transfer: Transfer, ended: float) -> Transfer:
        """A transfer without a result ended with the call: in the talk with the handler, or while it rang."""
        if transfer.outcome or self.taken is None:
            return transfer if transfer.outcome else transfer.model_copy(update={"outcome": "hung_up"})
        at, by_person = self.taken
        is_talk = by_person or ended - at >= VOICEMAIL_SECONDS
        return transfer.model_copy(update={"outcome": "answered" if is_talk else "voicemail_suspected"})

    def outcome(self, ended: float) -> Outcome:
        """The one outcome of a call that ends now, decided in the order of the design: a person first."""
        if self.answered is not None:
            return "answered"
        if self.callback_id:
            return "callback"
        if self.closed:
            return "closed"
        if self.waiting_since is None:
            return "menu_hangup"
        return "abandoned_short" if ended - self.waiting_since < SHORT_SECONDS else "abandoned"

    def priority_outcome(self) -> PriorityOutcome | Literal[""]:
        """Who took a call to a priority line: whoever is on duty there or out of hours, a guide, nobody; or it ended before."""
        if not self.priority_line:
            return ""
        if self.reached is not None or (self.helped is not None and not self.by_guide):
            return "on_duty"
        if self.helped is not None:
            return "guide"
        return "nobody" if self.nobody else "hung_up"

    def record(self, ended: float, source: Literal["events", "logs"] = "events", error: str = "") -> CallRecord:
        """Close the story. `error` names why it could not end by itself (restart), and makes that the outcome."""
        taken = self.helped if self.reached is None else self.reached
        waited_until = ended if self.answered is None else self.answered
        return CallRecord(
            call_id=self.call_id,
            municipality=self.municipality,
            line=self.line,
            started=self.started,
            ended=ended,
            outcome="error" if error else self.outcome(ended),
            reason=error,
            topic=self.topic,
            queue=self.queue or "none",
            number=self.number,
            answered_by=self.answered_by,
            answer_seconds=None if self.answered is None else self.answered - self.started,
            queue_wait_seconds=None if self.waiting_since is None else waited_until - self.waiting_since,
            talk_seconds=None if self.answered is None else ended - self.answered,
            callback_id=self.callback_id,
            fallback=self.fallback,
            priority_line=self.priority_line,
            priority_outcome=self.priority_outcome(),
            priority_seconds=None if taken is None or not self.priority_line else taken - self.sought,
            exits=tuple(self.exits),
            choices=tuple(self.choices),
            entry=self.entry,
            transfers=tuple(self._settled(one, ended) for one in self.transfers),
            returns=tuple(self.returns),
            source=source,
        )
