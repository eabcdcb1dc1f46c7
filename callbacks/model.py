"""A callback request and the closed words for it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal, get_args

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

State = Literal["waiting", "taken", "dialling", "talking", "talked", "unknown", "closed"]
STATES: tuple[State, ...] = get_args(State)
Outcome = Literal["solved", "new_matter", "not_reached", "wrong_number", "invalid_number", "cancelled", "called_in", "merged"]
OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)
Result = Literal["answered", "voicemail", "busy", "no_answer", "guide_missed", "congestion", "failed", "unknown"]
RESULTS: tuple[Result, ...] = get_args(Result)
"""How an attempt went. An attempt that was withdrawn before anybody heard of it has none."""
Source = Literal["queue_key", "queue_limit", "handler_no_answer", "chain_failed", "closed", "guide"]
Urgency = Literal["today", "24h", "can_wait"]
Stage = Literal["", "guide_up", "accepted", "citizen_up"]
STAGES: tuple[Stage, ...] = get_args(Stage)
"""How far an attempt has come: from `accepted` on the citizen's phone may have rung."""

Name = Annotated[str, StringConstraints(pattern=r"^[^|\x00-\x1f\x7f]*$")]
"""What the store puts into the names of its lists, with a bar between."""
OneLine = StringConstraints(strip_whitespace=True, pattern=r"^[^\x00-\x1f\x7f]*$")


class Message(BaseModel):
    """What the receiver needs to judge the priority. Never in a mail; no `text` about what is protected."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Annotated[str, OneLine, Field(max_length=60)] = ""
    matter: Annotated[str, OneLine, Field(max_length=80)] = ""
    """The matter, or the address it is about."""
    urgency: Urgency = "24h"
    text: Annotated[str, OneLine, Field(max_length=160)] = ""


class Order(BaseModel):
    """What was asked for: it never changes. `call_id` is the call it was made in, "" for one that a guide has entered."""

    model_config = ConfigDict(frozen=True)

    schema_version: Literal[2] = 2
    id: str
    municipality: str
    call_id: str = ""
    topic: Name
    administration: str
    queue: Name
    source: Source
    protected: bool
    message: Message = Message()
    wanted: AwareDatetime | None = None
    """The wanted time; None for as soon as possible."""
    created_at: AwareDatetime
    created_by: str = ""
    """Who has entered it; "" for the citizen."""
    follows: str = ""
    """The id of the request that this one goes on from."""


class Request(Order):
    """An order and where it stands. Three times, never mixed: may be dialled (`not_before`), order (`place`), the promise (`due`)."""

    number: Name
    """E.164; "" once the retention has erased it."""
    owner: Name = ""
    """The extension of the handler or function who rings back; "" for the guides."""
    lapsed: bool = False
    """The owner was late: it stands in the guides' list, too (a protected one before all with the duty)."""
    not_before: AwareDatetime
    place: AwareDatetime | None = None
    """None while it stands in its owner's list only."""
    due: AwareDatetime
    limit: AwareDatetime
    """Two working days: by then whoever leads has to know."""

    state: State = "waiting"
    token: int = 0
    """Fences writers off: it grows with each attempt, with each person who takes the request, and when it is put back."""
    lease_until: AwareDatetime | None = None
    held_by: str = ""
    """Who works on it, by extension."""
    attempt: str = ""
    """The attempt under way, as Asterisk knows it."""
    stage: Stage = ""
    attempts: int = 0
    """Those that count: the citizen's phone rang."""
    busies: int = 0
    wish: Outcome | Literal[""] = ""
    """The outcome to close with when the attempt under way comes back without having reached the citizen."""
    last_result: Result | Literal[""] = ""
    tried_at: AwareDatetime | None = None
    """When the citizen's phone rang last."""
    follow_up_at: AwareDatetime | None = None
    followed: int = 0
    """How many of its follow-ups are done."""
    outcome: Outcome | Literal[""] = ""
    followed_by: str = ""
    """The id of the request that goes on from this one."""
    reason: str = ""
    closed_at: AwareDatetime | None = None

    @property
    def in_queue(self) -> bool:
        """Whether the program dials it by itself, from the guides' queue: also a handler's that is late, never what is protected."""
        return not self.protected and (self.lapsed or not self.owner)

    @property
    def lists(self) -> tuple[str, ...]:
        """The lists it stands in while it is open: by queue, for the figures and the leader; by who has to ring."""
        whose = f"owner/{self.owner}" if self.owner else "pool"
        shown = ("protected",) if self.protected else ("pool",) if self.lapsed or not self.owner else ()
        return tuple(dict.fromkeys((f"queue/{self.queue}", *((whose,) if self.owner else ()), *shown)))


class Entry(BaseModel):
    """One line of a request's history: append-only, without a number."""

    model_config = ConfigDict(frozen=True, extra="allow")

    at: AwareDatetime
    act: str
    state: State
    by: str = ""
    """An extension, a token's name, "" for the program or the citizen."""


def iso(moment: datetime | None) -> str:
    """A moment as the store keeps it; "" for none."""
    return moment.isoformat() if moment else ""
