"""A guide enters a request for a citizen."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from access.model import Holder
from access.refusal import Refused
from callbacks.model import Message, Request
from callbacks.orders import citizens_number, new_request
from callbacks.refusals import not_dialable
from callbacks.rights import Person, persons
from callbacks.service import Asked, Callbacks, refuse_unknown, unknown_extension
from routing.file import chosen
from routing.numbers import NotDialable


@dataclass(frozen=True)
class Wish:
    """What a citizen wants, as a guide has written it. `owner` is a handler's or function's extension, "" for who answers the topic."""

    number: str
    topic: str
    owner: str = ""
    wanted: datetime | None = None
    message: Message = Message()  # noqa: RUF009 - frozen


@dataclass(frozen=True)
class Entered:
    """The promise: until when somebody rings. `merged` is whether one stood for it already."""

    person: Person
    request: Request
    merged: bool


async def enter(callbacks: Callbacks, holder: Holder, slug: str | None, wish: Wish, asked: Asked) -> Entered:
    """Store a request. Raises Refused, routing.file.NotServed, and callbacks.store's NotDurable and StoreAway: nothing is promised then."""
    person = _who(callbacks, holder, slug)
    act = callbacks.act(person, asked, "enter")
    answer = await callbacks.store.answered(person.municipality.slug, act.operation) if act.operation else None
    if answer is None:
        request = _ordered(callbacks, person, wish)
        answer = await callbacks.store.register(request, act, person.municipality.callbacks)
    return Entered(person, answer.standing, answer.word != "stored")


def _who(callbacks: Callbacks, holder: Holder, slug: str | None) -> Person:
    """The holder in the one municipality that is meant."""
    found = persons(holder, callbacks.served, chosen(callbacks.served, slug))
    if not found:
        raise Refused(403, "no_extension", "Who enters a request needs a phone there. Ask for a token with your extension.")
    if len(found) > 1:
        named = ", ".join(one.municipality.slug for one in found)
        raise Refused(409, "municipality_needed", f"This could be for {named}. Say which: ?municipality=…")
    return found[0]


def _ordered(callbacks: Callbacks, person: Person, wish: Wish) -> Request:
    municipality, now = person.municipality, callbacks.now()
    refuse_unknown(municipality, wish.topic)
    if wish.owner and wish.owner not in municipality.extensions():
        raise unknown_extension(wish.owner)
    number = citizens_number(municipality, wish.number)
    if isinstance(number, NotDialable):
        raise not_dialable(number)
    return callbacks.wanted(
        municipality,
        lambda counted: new_request(
            municipality, number=number, topic=wish.topic, source="guide", now=now, counted_from=counted, owner=wish.owner,
            message=wish.message, wanted=wish.wanted, created_by=person.by,
        ),
    )  # fmt: skip
