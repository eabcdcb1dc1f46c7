"""What people do with callback requests: the use cases over the store, in the municipalities that are served.

Each act is judged by who asks and carried out by one verb of the store; the same operation again has the same answer and no second effect.
It must not speak to Asterisk: the telephone side is behind `Phones`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from access.model import Holder
from access.refusal import Refused
from callbacks import changes
from callbacks.model import Outcome, Request
from callbacks.orders import citizens_number
from callbacks.policy import NotWanted
from callbacks.refusals import UNKNOWN, judged, not_dialable
from callbacks.rights import Person, persons, phones
from callbacks.store import Act, Answer, CallbackStore
from routing.hours import counts_from
from routing.municipality import Municipality
from routing.numbers import NotDialable

log = structlog.get_logger()


class PhonesAway(ConnectionError):
    """Asterisk cannot be asked: nobody's phone was rung, and none was silenced."""


class Phones(Protocol):
    """The telephone side of a request. Both raise PhonesAway."""

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
    """The acts on a request. Each raises Refused, or callbacks.store.StoreAway with nothing half done."""

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

    async def take(self, holder: Holder, request_id: str, asked: Asked) -> Seen:
        """From now on the holder works on it."""
        return await self._carry_out(holder, request_id, asked, "take", self._take)

    async def call(self, holder: Holder, request_id: str, asked: Asked) -> Seen:
        """Take it, and ring: the holder's phone first, then the citizen's. Also raises PhonesAway; the request is the holder's then."""

        async def errand(person: Person, request: Request, act: Act) -> Answer:
            refuse_undialable(person.municipality, request)
            taken = await self._take(person, request, step(act, "take"))
            if taken.word != "ok":
                return taken
            return await self.phones.call(person.municipality, taken.standing, person.phone(), replace(act, token=None))

        return await self._carry_out(holder, request_id, asked, "call", errand)

    async def release(self, holder: Holder, request_id: str, asked: Asked) -> Seen:
        """Back to who waits, at its place."""

        async def errand(person: Person, request: Request, act: Act) -> Answer:
            if request.state != "taken":
                return Answer("illegal", request)
            return await self.store.put_back(request, seen(act, request), "released", person.over)

        return await self._carry_out(holder, request_id, asked, "release", errand)

    async def postpone(self, holder: Holder, request_id: str, asked: Asked, wanted: datetime) -> Seen:
        """To a wanted time within opening hours."""

        async def errand(person: Person, request: Request, act: Act) -> Answer:
            if request.state not in ("waiting", "taken"):
                return Answer("illegal", request)
            after = self.wanted(person.municipality, lambda now: changes.postponed(person.municipality, request, wanted, now))
            return await self.store.put_back(after, seen(act, request), "postponed", person.over)

        return await self._carry_out(holder, request_id, asked, "postpone", errand)

    async def retry(self, holder: Holder, request_id: str, asked: Asked) -> Seen:
        """By a person's choice: one of which nobody knows how the attempt ended waits again."""

        async def errand(person: Person, request: Request, act: Act) -> Answer:
            if request.state != "unknown":
                return Answer("illegal", request)
            refuse_undialable(person.municipality, request)
            after = changes.retried(person.municipality, request, self.counted(person.municipality))
            return await self.store.put_back(after, seen(act, request), "retried", person.over)

        return await self._carry_out(holder, request_id, asked, "retry", errand)

    async def hand_over(self, holder: Holder, request_id: str, asked: Asked, to: str) -> Seen:
        """To a guide, who has taken it then, or to the list of a handler or a function."""

        async def errand(person: Person, request: Request, act: Act) -> Answer:
            if request.state not in ("waiting", "taken"):
                return Answer("illegal", request)
            municipality = person.municipality
            if to in municipality.extensions():
                refuse_unknown(municipality, request.topic)
                theirs = changes.handed_over(municipality, request, to, self.counted(municipality))
                return await self.store.put_back(theirs, seen(act, request), "handed_over", person.over)
            if to not in phones(municipality):
                raise unknown_extension(to)
            if request.protected:
                raise Refused(422, "protected", "What is protected is handed to handlers and functions only. GET /api/handlers lists them.")
            return await self.store.take(municipality.slug, request.id, to, act, self._kept_until(municipality), person.over)

        return await self._carry_out(holder, request_id, asked, "hand_over", errand)

    async def cancel(self, holder: Holder, request_id: str, asked: Asked) -> Seen:
        """The citizen wants no call any more, whoever works on it. An attempt that nobody has accepted is taken back."""

        async def errand(person: Person, request: Request, act: Act) -> Answer:
            return await self._close(person, request, replace(act, why="the citizen's wish"), "cancelled", "*")

        return await self._carry_out(holder, request_id, asked, "cancel", errand)

    async def merge(self, holder: Holder, request_id: str, asked: Asked, other_id: str) -> Seen:
        """Another request of the same number goes up in this one, which keeps the sooner promise of both."""

        async def errand(person: Person, request: Request, act: Act) -> Answer:
            other = (await self.find(holder, other_id)).request
            if other.id == request.id or other.number != request.number or "closed" in (other.state, request.state):
                raise Refused(409, "not_mergeable", "Only two open requests of the same number can become one.")
            better = changes.joined(request, other)
            if request.state == "waiting" and better != request:
                await self.store.put_back(better, step(seen(act, request), "better"), "merged_with", person.over)
            closing = replace(act, why=f"merged into {request.id}", token=None)
            return await self._close(person, other, closing, "merged", person.over)

        await self._carry_out(holder, request_id, asked, f"merge/{other_id}", errand)
        return await self.find(holder, request_id)

    async def outcome(self, holder: Holder, request_id: str, asked: Asked, outcome: Outcome, *, again: bool = False) -> Seen:
        """State how it ended, also while talking. With `again`, one that was not reached is rung again by a successor."""
        if again and outcome != "not_reached":
            raise Refused(422, "not_again", "Only who was not reached is rung again. Leave `again` out.")

        async def errand(person: Person, request: Request, act: Act) -> Answer:
            if outcome in ("solved", "new_matter") and request.owner and request.owner not in person.owns and not person.leads:
                raise Refused(409, "owner_decides", "Whether this is solved its owner says. When you have told how it stands, use `told`.")
            municipality, successor = person.municipality, None
            if again:
                refuse_unknown(municipality, request.topic)
                refuse_undialable(municipality, request)
                successor = changes.again(municipality, request, person.by, self.now())
            return await self._close(person, request, act, outcome, person.over, successor)

        return await self._carry_out(holder, request_id, asked, "outcome", errand)

    async def told(self, holder: Holder, request_id: str, asked: Asked) -> Seen:
        """The citizen of a request whose owner was late has heard how it stands; its owner still has to ring, by the next working day."""

        async def errand(person: Person, request: Request, act: Act) -> Answer:
            if not request.lapsed:
                raise Refused(409, "not_lapsed", "Its owner is not late with this request. State the outcome instead.")
            refuse_unknown(person.municipality, request.topic)
            refuse_undialable(person.municipality, request)
            successor = changes.told(person.municipality, request, person.by, self.now())
            return await self._close(person, request, replace(act, why="told how it stands"), "new_matter", person.over, successor)

        return await self._carry_out(holder, request_id, asked, "told", errand)

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

    async def _carry_out(self, holder: Holder, request_id: str, asked: Asked, what: str, errand: Errand) -> Seen:
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

    async def _take(self, person: Person, request: Request, act: Act) -> Answer:
        until = self._kept_until(person.municipality)
        return await self.store.take(request.municipality, request.id, person.phone(), act, until)

    def _kept_until(self, municipality: Municipality) -> datetime:
        return self.now() + timedelta(hours=municipality.callbacks.kept_hours)

    async def _close(
        self, person: Person, request: Request, act: Act, outcome: Outcome, from_: str, successor: Request | None = None
    ) -> Answer:
        answer = await self.store.close(request.municipality, request.id, outcome, act, from_, successor)
        if answer.word == "wished":
            try:
                await self.phones.withdraw(answer.standing)
            except PhonesAway:
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
