"""Callback requests over HTTP: lists, one with its history, the acts, and the live stream. Who may do what is `callbacks.rights`'."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Path, Query
from fastapi.sse import EventSourceResponse, ServerSentEvent

from access.audit import Audit
from access.guard import Current
from access.refusal import Refusal, Refused
from callbacks import closing, holding, reading
from callbacks.entering import enter
from callbacks.rights import persons
from callbacks.rows import (
    CallbackPage,
    CallbackRow,
    Merger,
    NewCallback,
    Postponement,
    Promised,
    Receiver,
    Stated,
    page,
    promised,
    row,
)
from callbacks.service import Asked, Callbacks, Seen
from callbacks.stream import Place, Streams
from routing.file import chosen
from routing.words import Extension

REFUSALS: dict[int | str, dict[str, Any]] = {
    403: {"model": Refusal, "description": "`role`, `no_extension`"},
    404: {"model": Refusal, "description": "`unknown_request`, `not_served`"},
    409: {"model": Refusal, "description": "`taken_by`, `illegal`, `rings`, `live`, `number_a_day`, `an_hour`, `owner_decides`, …"},
    412: {"model": Refusal, "description": "`fenced`: the request has changed since the token in If-Match"},
    422: {"model": Refusal, "description": "`invalid`, `not_dialable`, `not_wanted`, `unknown_topic`, `unknown_extension`, `protected`, …"},
    503: {"model": Refusal, "description": "`store_away`, `asterisk_away`, `too_many_streams`"},
}
Id = Annotated[str, Path(description="The request's id.", examples=["5f0c3f6e7b6a4d0c9a1e2b3c4d5e6f70"])]
Served = Annotated[str | None, Query(description="A served municipality; all of the holder's when left out.", examples=["lekeberg"])]


ONCE = "Names this act: sent again, it has the same answer and no second effect."
Key = Annotated[str, Header(alias="Idempotency-Key", max_length=100, description=ONCE, examples=["8e03978e-40d5-43e8-bc93-6894a57f9324"])]
AS_SEEN = "The request's `token` as it was seen: an act on an older one is refused."
Token = Annotated[str | None, Header(alias="If-Match", pattern=r'^"?[0-9]{1,15}"?$', description=AS_SEEN, examples=['"1"'])]
BEHIND = "Go on behind this event; from now on when left out."
After = Annotated[str, Header(alias="Last-Event-ID", pattern=r"^([0-9]{1,15}(-[0-9]{1,15})?)?$", description=BEHIND)]


def asked(key: Key = "", token: Token = None) -> Asked:
    """What the headers say of an act."""
    return Asked(key, int(token.strip('"')) if token else None)


AsAsked = Annotated[Asked, Depends(asked)]


def router(callbacks: Callbacks, audit: Audit, streams: Streams, number_of: Callable[[str], str]) -> APIRouter:
    """The routes under /api/callbacks, and /api/calls/{call_id}/callbacks. `number_of` is a live call's number, "" when it is not known.

    They raise Refused, routing.file.NotServed, StoreAway, NotDurable, TelephoneAway and redis.RedisError.
    """
    api = APIRouter(tags=["callbacks"], responses=REFUSALS)
    _read(api, callbacks, number_of)
    _listen(api, callbacks, streams)
    _open(api, callbacks, audit)
    _act(api, callbacks)
    return api


def _read(api: APIRouter, callbacks: Callbacks, number_of: Callable[[str], str]) -> None:
    @api.get("/api/callbacks", summary="Open requests, what is overdue first, then the earliest due")
    async def listed(
        holder: Current,
        municipality: Served = None,
        mine: Annotated[bool, Query(description="Only those that the holder works on.")] = False,
        pool: Annotated[bool, Query(description="Only those that any guide may take.")] = False,
        overdue: Annotated[bool, Query(description="Only those whose promise is over.")] = False,
        protected: Annotated[bool, Query(description="Only those for holders with the duty.")] = False,
        owner: Annotated[Extension | None, Query(description="Only those of a handler or function.", examples=["2100"])] = None,
        count: Annotated[int, Query(ge=1, le=1000, description="So many at most.")] = 100,
    ) -> list[CallbackRow]:
        which = reading.Which(mine, pool, overdue, protected, owner or "", count)
        return [row(one, callbacks.now()) for one in await reading.listed(callbacks, holder, municipality, which)]

    @api.get("/api/calls/{call_id}/callbacks", summary="Who has looked for the caller of a live call, open and of late")
    async def looked_for(call_id: str, holder: Current) -> list[CallbackRow]:
        return [row(one, callbacks.now()) for one in await reading.looked_for(callbacks, holder, number_of(call_id))]


def _listen(api: APIRouter, callbacks: Callbacks, streams: Streams) -> None:
    async def seat(holder: Current, municipality: Served = None, after: After = "") -> AsyncIterator[Place]:
        found = persons(holder, callbacks.served, chosen(callbacks.served, municipality))
        if len(found) != 1:
            raise Refused(409, "municipality_needed", "A stream is of one municipality where you have a phone. Say which: ?municipality=…")
        async with streams.seat(found[0], after) as place:
            yield place

    @api.get("/api/callbacks/stream", summary="What changes, as server-sent events", response_class=EventSourceResponse)
    async def stream(place: Place = Depends(seat)) -> AsyncIterator[ServerSentEvent]:  # noqa: B008 - known here alone
        async for one in streams.events(place):
            yield one


def _open(api: APIRouter, callbacks: Callbacks, audit: Audit) -> None:
    @api.get("/api/callbacks/{id}", summary="One request with its history; the number in full for who works on it and its handler")
    async def opened(id: Id, holder: Current) -> CallbackPage:
        return page(await reading.opened(callbacks, audit, holder, id), callbacks.now())

    @api.post("/api/callbacks", summary="Enter a request for a citizen")
    async def entered(new: NewCallback, holder: Current, how: AsAsked, municipality: Served = None) -> Promised:
        return promised(await enter(callbacks, holder, municipality, new.wish(), how), callbacks.now())


def _act(api: APIRouter, callbacks: Callbacks) -> None:
    async def after(act: Awaitable[Seen]) -> CallbackRow:
        return row(await act, callbacks.now())

    @api.post("/api/callbacks/{id}/take", summary="Take it: nobody else works on it from now on")
    async def take(id: Id, holder: Current, how: AsAsked) -> CallbackRow:
        return await after(holding.take(callbacks, holder, id, how))

    @api.post("/api/callbacks/{id}/call", summary="Take it and ring: one's own phone first, then the citizen's")
    async def call(id: Id, holder: Current, how: AsAsked) -> CallbackRow:
        return await after(holding.call(callbacks, holder, id, how))

    @api.post("/api/callbacks/{id}/release", summary="Give it back, at its place")
    async def release(id: Id, holder: Current, how: AsAsked) -> CallbackRow:
        return await after(holding.release(callbacks, holder, id, how))

    @api.post("/api/callbacks/{id}/postpone", summary="Ring at a wanted time within opening hours")
    async def postpone(id: Id, to: Postponement, holder: Current, how: AsAsked) -> CallbackRow:
        return await after(holding.postpone(callbacks, holder, id, how, to.wanted))

    @api.post("/api/callbacks/{id}/merge", summary="Let another request of the same number go up in this one")
    async def merge(id: Id, with_: Merger, holder: Current, how: AsAsked) -> CallbackRow:
        return await after(closing.merge(callbacks, holder, id, how, with_.other))

    @api.post("/api/callbacks/{id}/cancel", summary="The citizen wants no call any more")
    async def cancel(id: Id, holder: Current, how: AsAsked) -> CallbackRow:
        return await after(closing.cancel(callbacks, holder, id, how))

    @api.post("/api/callbacks/{id}/outcome", summary="State how it ended, also while talking")
    async def outcome(id: Id, stated: Stated, holder: Current, how: AsAsked) -> CallbackRow:
        return await after(closing.outcome(callbacks, holder, id, how, stated.outcome, again=stated.again))

    @api.post("/api/callbacks/{id}/told", summary="A late owner's citizen has heard how it stands; the owner still has to ring")
    async def told(id: Id, holder: Current, how: AsAsked) -> CallbackRow:
        return await after(closing.told(callbacks, holder, id, how))

    @api.post("/api/callbacks/{id}/hand-over", summary="Hand it over to a guide, a handler or a function")
    async def hand_over(id: Id, receiver: Receiver, holder: Current, how: AsAsked) -> CallbackRow:
        return await after(holding.hand_over(callbacks, holder, id, how, receiver.to))

    @api.post("/api/callbacks/{id}/retry", summary="Ring again although nobody knows how the last attempt ended")
    async def retry(id: Id, holder: Current, how: AsAsked) -> CallbackRow:
        return await after(holding.retry(callbacks, holder, id, how))
