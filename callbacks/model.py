"""A callback request and the closed words for it."""

from __future__ import annotations

from typing import Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict

State = Literal["waiting", "taken", "dialling", "talking", "talked", "unknown", "closed"]
Source = Literal["queue_key", "queue_limit", "handler_no_answer", "chain_failed", "closed", "guide"]


class Request(BaseModel):
    """One promise. Its three times are never mixed: may be dialled (`not_before`), order (`place`), the promise (`due`)."""

    model_config = ConfigDict(frozen=True)

    schema_version: Literal[1] = 1
    id: str
    municipality: str
    call_id: str
    number: str
    topic: str
    queue: str
    source: Source
    owner: str = ""
    """The extension of the handler or function who rings back; "" for the guides."""
    protected: bool
    state: State = "waiting"
    not_before: AwareDatetime
    place: AwareDatetime
    due: AwareDatetime
    created_at: AwareDatetime
