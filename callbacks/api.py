"""Callback requests over HTTP. Numbers are masked, and protected requests are shown to those with the duty only."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import AwareDatetime, BaseModel

from access.guard import Current
from callbacks.model import Request, Source, State
from callbacks.store import CallbackStore
from routing.file import chosen
from routing.municipality import Municipality
from routing.numbers import masked


class CallbackRow(BaseModel):
    """One open promise as a list shows it."""

    id: str
    municipality: str
    topic: str
    queue: str
    source: Source
    owner: str
    state: State
    protected: bool
    number: str
    not_before: AwareDatetime
    place: AwareDatetime | None
    due: AwareDatetime
    created_at: AwareDatetime
    overdue: bool


def row(request: Request, now: datetime) -> CallbackRow:
    """A request as a list shows it: the number masked."""
    shown = {name: getattr(request, name) for name in CallbackRow.model_fields if name not in ("number", "overdue")}
    return CallbackRow(**shown, number=masked(request.number), overdue=request.due < now)


def router(store: CallbackStore, municipalities: Mapping[str, Municipality], now: Callable[[], datetime]) -> APIRouter:
    """The routes under /api/callbacks. They raise callbacks.store.StoreAway and routing.file.NotServed."""
    api = APIRouter(prefix="/api/callbacks", tags=["callbacks"])

    @api.get("", summary="Open callback requests, the earliest due first")
    async def listed(
        holder: Current,
        municipality: Annotated[str | None, Query(description="A served municipality; all when left out.", examples=["lekeberg"])] = None,
        count: Annotated[int, Query(ge=1, le=1000, description="How many requests of a municipality to look at.")] = 100,
    ) -> list[CallbackRow]:
        asked = chosen(municipalities, municipality)
        found = [request for one in asked for request in await store.listed(one.slug, [f"queue/{queue}" for queue in one.queues], count)]
        moment = now()
        return [row(request, moment) for request in found if holder.may_see(protected=request.protected)]

    return api
