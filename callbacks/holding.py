"""Who works on a request, and when it is rung: take, call, release, postpone, retry, hand over."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from functools import partial

from access.model import Holder
from access.refusal import Refused
from callbacks import changes
from callbacks.model import Request
from callbacks.rights import Person, phones
from callbacks.service import Asked, Callbacks, Seen, refuse_undialable, refuse_unknown, seen, step, unknown_extension
from callbacks.store import Act, Answer


async def take(callbacks: Callbacks, holder: Holder, request_id: str, asked: Asked) -> Seen:
    """From now on the holder works on it."""
    return await callbacks.carry_out(holder, request_id, asked, "take", partial(_take, callbacks))


async def call(callbacks: Callbacks, holder: Holder, request_id: str, asked: Asked) -> Seen:
    """Take it, and ring: the holder's phone first, then the citizen's. Also raises TelephoneAway; the request is the holder's then."""

    async def errand(person: Person, request: Request, act: Act) -> Answer:
        refuse_undialable(person.municipality, request)
        taken = await _take(callbacks, person, request, step(act, "take"))
        if taken.word != "ok":
            return taken
        return await callbacks.phones.call(person.municipality, taken.standing, person.phone(), replace(act, token=None))

    return await callbacks.carry_out(holder, request_id, asked, "call", errand)


async def release(callbacks: Callbacks, holder: Holder, request_id: str, asked: Asked) -> Seen:
    """Back to who waits, at its place."""

    async def errand(person: Person, request: Request, act: Act) -> Answer:
        if request.state != "taken":
            return Answer("illegal", request)
        return await callbacks.store.put_back(request, seen(act, request), "released", person.over)

    return await callbacks.carry_out(holder, request_id, asked, "release", errand)


async def postpone(callbacks: Callbacks, holder: Holder, request_id: str, asked: Asked, wanted: datetime) -> Seen:
    """To a wanted time within opening hours."""

    async def errand(person: Person, request: Request, act: Act) -> Answer:
        if request.state not in ("waiting", "taken"):
            return Answer("illegal", request)
        after = callbacks.wanted(person.municipality, lambda now: changes.postponed(person.municipality, request, wanted, now))
        return await callbacks.store.put_back(after, seen(act, request), "postponed", person.over)

    return await callbacks.carry_out(holder, request_id, asked, "postpone", errand)


async def retry(callbacks: Callbacks, holder: Holder, request_id: str, asked: Asked) -> Seen:
    """By a person's choice: one of which nobody knows how the attempt ended waits again."""

    async def errand(person: Person, request: Request, act: Act) -> Answer:
        if request.state != "unknown":
            return Answer("illegal", request)
        refuse_undialable(person.municipality, request)
        after = changes.retried(person.municipality, request, callbacks.counted(person.municipality))
        return await callbacks.store.put_back(after, seen(act, request), "retried", person.over)

    return await callbacks.carry_out(holder, request_id, asked, "retry", errand)


async def hand_over(callbacks: Callbacks, holder: Holder, request_id: str, asked: Asked, to: str) -> Seen:
    """To a guide, who has taken it then, or to the list of a handler or a function."""

    async def errand(person: Person, request: Request, act: Act) -> Answer:
        if request.state not in ("waiting", "taken"):
            return Answer("illegal", request)
        municipality = person.municipality
        if to in municipality.extensions():
            refuse_unknown(municipality, request.topic)
            theirs = changes.handed_over(municipality, request, to, callbacks.counted(municipality))
            return await callbacks.store.put_back(theirs, seen(act, request), "handed_over", person.over)
        if to not in phones(municipality):
            raise unknown_extension(to)
        if request.protected:
            raise Refused(422, "protected", "What is protected is handed to handlers and functions only. GET /api/handlers lists them.")
        return await callbacks.store.take(municipality.slug, request.id, to, act, callbacks.kept_until(municipality), person.over)

    return await callbacks.carry_out(holder, request_id, asked, "hand_over", errand)


async def _take(callbacks: Callbacks, person: Person, request: Request, act: Act) -> Answer:
    until = callbacks.kept_until(person.municipality)
    return await callbacks.store.take(request.municipality, request.id, person.phone(), act, until)
