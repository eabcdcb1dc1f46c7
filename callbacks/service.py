"""What all use cases share: the store, the telephone side, the municipalities that are served, and the one way in which an act is done.

Each act is judged by who asks and carried out by one verb of the store; the same operation again has the same answer and no second effect.
It must not speak to Asterisk: the telephone side is behind `Phones`. The acts are in `entering`, `holding` and `closing`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from access.model import Holder
from access.refusal import Refused
from callbacks.dialler import TelephoneAway
from callbacks.model import Outcome, Request
from callbacks.orders import citizens_number
from callbacks.policy import NotWanted
from callbacks.refusals import UNKNOWN, judged, not_dialable
from callbacks.rights import Person, persons
from callbacks.store import Act, Answer, CallbackStore
from routing.hours import counts_from
from routing.municipality import Municipality
from routing.numbers import NotDialable

log = structlog.get_logger()


class Phones(Protocol):
    """The telephone side of a request. Both raise TelephoneAway."""

    async def call(self, municipality: Municipality, request: Request, extension: str, act: Act) -> Answer:
        """Claim a request that this person has taken (`CallbackStore.call`), and ring the person's own phone first."""

    async def withdraw(self, request: Request) -> None:
        """Take back the attempt under way, if nobody has accepted it."""


@dataclass(frozen=True)
class Asked:
    """How an act was asked for: `key` names it once and for all, `token` is of the request as it was seen; both may be left out."""

    key: str = ""
    token: int | None = None


@dataclass(frozen=True)
class Seen:
    """A request, and the person who sees it."""

    person: Person
    request: Request


Errand = Callable[[Person, Request, Act], Awaitable[Answer]]


class Callbacks:
    """What the acts on requests need. Each raises Refused, or callbacks.store.StoreAway with nothing half done."""

    def __init__(
        self,
        store: CallbackStore,
        phones: Phones,
        served: Mapping[str, Municipality],
        now: Callable[[], datetime],
        closed_until: Callable[[str], datetime | None],
    ) -> None:
        self.store = store
        self.phones = phones
        self.served = served
        self.now = now
        self._closed_until = closed_until

    def counted(self, municipality: Municipality) -> datetime:
        """From when the ordinary hours count: now, or the end of an emergency closure."""
        return counts_from(self.now(), self._closed_until(municipality.slug))

    async def find(self, holder: Holder, request_id: str) -> Seen:
        """A request that the holder may see. Raises Refused: one that may not be seen is as unknown as one that never was."""
        for person in persons(holder, self.served, self.served.values()):
            request = await self.store.find(person.municipality.slug, request_id)
            if request and person.may_see(request):
                return Seen(person, request)
        raise UNKNOWN

    def wanted(self, municipality: Municipality, promise: Callable[[datetime], Request]) -> Request:
        """A request with its promise. Raises Refused for a wanted time that cannot be promised."""
        try:
            return promise(self.counted(municipality))
        except NotWanted as error:
            raise Refused(422, "not_wanted", str(error)) from error

    def act(self, person: Person, asked: Asked, what: str) -> Act:
        """An act of a person now. The operation is the person's own: nobody else's key is the same one."""
        operation = f"{person.by}/{what}/{asked.key}" if asked.key else ""
        return Act(self.now(), by=person.by, operation=operation, token=asked.token)

    async def carry_out(self, holder: Holder, request_id: str, asked: Asked, what: str, errand: Errand) -> Seen:
        """The one way of every act: what was answered before, whether it may be seen, the errand, and what the store says of it."""
        for person in persons(holder, self.served, self.served.values()):
            slug, act = person.municipality.slug, self.act(person, asked, f"{request_id}/{what}")
            before = await self.store.answered(slug, act.operation) if act.operation else None
            if before:
                return Seen(person, judged(person, before))
            request = await self.store.find(slug, request_id)
            if request and person.may_see(request):
                return Seen(person, judged(person, await errand(person, request, act)))
        raise UNKNOWN

    def kept_until(self, municipality: Municipality) -> datetime:
        """How long a request stays with a person who does nothing."""
        return self.now() + timedelta(hours=municipality.callbacks.kept_hours)

    async def close(
        self, person: Person, request: Request, act: Act, outcome: Outcome, from_: str, successor: Request | None = None
    ) -> Answer:
        """Close; the attempt that a wish is about is withdrawn."""
        answer = await self.store.close(request.municipality, request.id, outcome, act, from_, successor)
        if answer.word == "wished":
            try:
                await self.phones.withdraw(answer.standing)
            except TelephoneAway:
                log.info("callback.not_withdrawn", id=request.id)  # the wish stands: the attempt closes it when it comes back
        return answer


def step(act: Act, name: str) -> Act:
    """One of the store's verbs that an act needs before its own."""
    return replace(act, operation=f"{act.operation}/{name}" if act.operation else "")


def seen(act: Act, request: Request) -> Act:
    """An act that holds only for the request as it was read just now: what it writes was reckoned from that."""
    return act if act.token is not None else replace(act, token=request.token)


def refuse_undialable(municipality: Municipality, request: Request) -> None:
    """Judge the number anew: what may be rung, and what is the municipality's own, may have changed since the order. Raises Refused."""
    number = citizens_number(municipality, request.number)
    if isinstance(number, NotDialable):
        raise not_dialable(number)


def refuse_unknown(municipality: Municipality, topic: str) -> None:
    """A topic that is none (any more) has nobody who answers for it. Raises Refused."""
    if topic not in municipality.topics:
        raise Refused(422, "unknown_topic", f"There is no topic {topic!r}. There are: {', '.join(municipality.topics)}.")


def unknown_extension(extension: str) -> Refused:
    """Nobody there."""
    return Refused(422, "unknown_extension", f"Nobody has the extension {extension}. GET /api/guides and /api/handlers list who has one.")
