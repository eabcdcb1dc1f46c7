"""The shapes of the API: what comes in, and what a person sees of a request. A row's number is masked."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from callbacks.entering import Entered, Wish
from callbacks.model import Entry, Message, Outcome, Result, Source, State
from callbacks.reading import Opened
from callbacks.rights import called
from callbacks.service import Seen
from routing.numbers import masked
from routing.words import Extension, Name

RequestId = Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]
ID = "5f0c3f6e7b6a4d0c9a1e2b3c4d5e6f70"
MESSAGE = {"name": "", "matter": "Storgatan 1", "urgency": "24h", "text": "Gatlampan är släckt sedan i går."}
ROW: dict[str, Any] = {
    "id": ID, "municipality": "lekeberg", "topic": "streets", "administration": "technical", "queue": "guides", "source": "guide",
    "owner": "", "owner_called": "", "lapsed": False, "state": "taken", "held_by": "1001", "held_by_called": "Vägledare 1 (1001)",
    "token": 1, "protected": False, "number": "+4670 ••• 05", "message": MESSAGE, "wanted": None, "not_before": "2026-11-25T09:00:00Z",
    "place": "2026-11-25T09:00:00Z", "due": "2026-11-25T14:00:00Z", "created_at": "2026-11-25T09:00:00Z", "overdue": False,
    "attempts": 0, "last_result": "", "outcome": "", "reason": "", "closed_at": None, "followed_by": "",
}  # fmt: skip
NEW = {"state": "waiting", "held_by": "", "held_by_called": "", "token": 0}
HISTORY = [{"at": "2026-11-25T09:00:00Z", "act": "registered", "state": "waiting", "by": "1002"},
           {"at": "2026-11-25T09:10:00Z", "act": "taken", "state": "taken", "by": "1001"}]  # fmt: skip


def example(*shown: Any, extra: Literal["forbid", "ignore"] = "ignore") -> ConfigDict:
    """The configuration of a shape with its examples."""
    return ConfigDict(json_schema_extra={"examples": list(shown)}, extra=extra)


class CallbackRow(BaseModel):
    """One request as a list shows it. `token` is for If-Match: it grows when somebody takes the request, and with each attempt."""

    model_config = example(ROW)

    id: str
    municipality: str
    topic: str
    administration: str
    queue: str
    source: Source
    owner: str
    owner_called: str
    lapsed: bool
    state: State
    held_by: str
    held_by_called: str
    token: int
    protected: bool
    number: str
    message: Message
    wanted: AwareDatetime | None
    not_before: AwareDatetime
    place: AwareDatetime | None
    due: AwareDatetime
    created_at: AwareDatetime
    overdue: bool
    attempts: int
    last_result: Result | Literal[""]
    outcome: Outcome | Literal[""]
    reason: str
    closed_at: AwareDatetime | None
    followed_by: str


class CallbackPage(CallbackRow):
    """One request with all that is known. `number` is in full for who works on it and for its handler; that it was shown is audited."""

    model_config = example(ROW | {"number": "+46701740605", "number_shown": True, "call_id": "", "follows": "", "history": HISTORY})

    number_shown: bool
    call_id: str
    follows: str
    history: list[Entry]


class NewCallback(BaseModel):
    """What a guide enters for a citizen. `owner` is a handler's or function's extension; left out, who rings back about the topic.

    `wanted` is a time within opening hours; left out, as soon as possible.
    """

    model_config = example(
        {"number": "070-174 06 05", "topic": "streets", "message": MESSAGE},
        {"number": "0701740605", "topic": "building", "owner": "2001", "wanted": "2026-11-26T10:00:00+01:00"},
        extra="forbid",
    )

    number: str = Field(min_length=1, max_length=40)
    topic: Name
    owner: Extension | None = None
    wanted: AwareDatetime | None = None
    message: Message = Message()

    def wish(self) -> Wish:
        """As the use case takes it."""
        return Wish(self.number, self.topic, self.owner or "", self.wanted, self.message)


class Promised(BaseModel):
    """Until when somebody rings. `merged`: one stood for it already. `request` is null for one that its owner alone may see."""

    model_config = example({"due": ROW["due"], "merged": False, "request": ROW | NEW})

    due: AwareDatetime
    merged: bool
    request: CallbackRow | None


class Postponement(BaseModel):
    """To when."""

    model_config = example({"wanted": "2026-11-26T10:00:00+01:00"}, extra="forbid")
    wanted: AwareDatetime


class Merger(BaseModel):
    """Which other request of the same number goes up in this one."""

    model_config = example({"other": "0a1b2c3d4e5f60718293a4b5c6d7e8f9"}, extra="forbid")
    other: RequestId


class Stated(BaseModel):
    """How it ended. `again`, for who was not reached: a successor is rung after the usual pause."""

    model_config = example({"outcome": "solved"}, {"outcome": "not_reached", "again": True}, extra="forbid")
    outcome: Outcome
    again: bool = False


class Receiver(BaseModel):
    """To whom: a guide's, handler's or function's extension."""

    model_config = example({"to": "2100"}, extra="forbid")
    to: Extension


class ChangeRow(BaseModel):
    """A change as the stream tells it: look the request up for more. `lists` are those it stands in or has just left."""

    model_config = example({
        "id": ID, "act": "taken", "state": "taken", "at": "2026-11-25T09:10:00Z", "lists": ["queue/guides", "pool"], "by": "1001",
    })  # fmt: skip

    id: str
    act: str
    state: State
    at: AwareDatetime
    lists: list[str]
    by: str


def row(seen: Seen, now: datetime) -> CallbackRow:
    """A request as a list shows it: the number masked."""
    return CallbackRow(**_shown(seen, now))


def page(opened: Opened, now: datetime) -> CallbackPage:
    """One request with its history; the number as this person may see it."""
    request = opened.seen.request
    shown = _shown(opened.seen, now) | ({"number": opened.number} if opened.number else {})
    return CallbackPage(
        **shown, number_shown=bool(opened.number), call_id=request.call_id, follows=request.follows, history=opened.history
    )


def promised(entered: Entered, now: datetime) -> Promised:
    """What the citizen is told. Whose request the guide may not see, of that she learns no more than she entered."""
    if not entered.person.may_see(entered.request):
        return Promised(due=entered.request.due, merged=False, request=None)
    return Promised(due=entered.request.due, merged=entered.merged, request=row(Seen(entered.person, entered.request), now))


def _shown(seen: Seen, now: datetime) -> dict[str, Any]:
    request, municipality = seen.request, seen.person.municipality
    as_it_is = {name: getattr(request, name) for name in CallbackRow.model_fields if hasattr(request, name)}
    return as_it_is | {
        "number": masked(request.number),
        "owner_called": called(municipality, request.owner),
        "held_by_called": called(municipality, request.held_by),
        "overdue": request.state != "closed" and request.due < now,
    }
