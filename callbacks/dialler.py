"""Rings citizens back: puts due requests into the guides' queue, follows each attempt to its end, and settles what nobody saw end.

It decides by `policy` and `trace`, remembers in the store, and acts through a `Telephone`. The intent to dial is stored before Asterisk is
told; how an attempt ended is read from the dialplan's own words. It is the only one that tries again.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal, Protocol

import structlog

from callbacks import policy
from callbacks.model import STAGES, Request
from callbacks.policy import INVALID
from callbacks.store import Act, Answer, Attempt, CallbackStore
from callbacks.trace import Settlement, Trace, settlement, stage_of, without_end
from callbacks.transitions import RANG
from routing import hours
from routing.municipality import Municipality
from routing.numbers import NotDialable, dialable

log = structlog.get_logger()

RENEW_SECONDS = 30.0
GONE_SECONDS = 5.0
"""So long an attempt has to be missing in Asterisk: it may just begin, or its last word may still be on its way."""


Kind = Literal["stand-in", "own-phone", "citizen-first"]


class TelephoneAway(ConnectionError):
    """Asterisk cannot be asked now."""


class NotBegun(RuntimeError):
    """Asterisk did not begin the attempt: no phone has rung."""


@dataclass(frozen=True)
class Ringing:
    """An attempt as Asterisk is told of it. `target` is a queue, or the extension of who has taken the request."""

    kind: Kind
    request: Request
    target: str
    label: str
    seconds: int
    """How long it may wait in the queue."""
    ring_seconds: int


class Telephone(Protocol):
    """What Asterisk does for the dialler."""

    async def ring(self, ringing: Ringing) -> None:
        """Begin an attempt. Raises NotBegun, or TelephoneAway when it may or may not have begun."""

    async def withdraw(self, attempt: str) -> None:
        """Take an attempt out of the queue, and let nobody accept it any more. Raises TelephoneAway."""

    async def alive(self) -> Collection[str]:
        """The attempts that are in Asterisk now. Raises TelephoneAway."""


@dataclass
class Watched:
    """An attempt under way as this process knows it."""

    request: Request
    waits_in: str
    """The queue in which it waits."""
    gone_since: float | None = None
    """Monotonic second at which it was first missed in Asterisk."""
    refused: bool = False
    missed: bool = False
    withdrawn: bool = False


@dataclass(frozen=True)
class Surroundings:
    """What the dialler asks the rest of the program."""

    municipalities: Mapping[str, Municipality]
    now: Callable[[], datetime]
    clock: Callable[[], float]
    """Monotonic seconds."""
    on_duty: Callable[[str, str], int]
    """How many guides are on duty, by municipality and queue."""
    in_calls: Callable[[], Collection[str]]
    """Numbers (E.164) of citizens who are in a call with us now, whichever municipality's."""
    closed_until: Callable[[str], datetime | None]
    """The end of an emergency closure."""
    is_held: Callable[[str], bool]
    """Whether whoever leads has held the dialling of a municipality."""


@dataclass
class Dialler:
    """The attempts of all municipalities of one installation. Errors of store and telephone come out: the loop around it goes on."""

    store: CallbackStore
    telephone: Telephone
    around: Surroundings
    watched: dict[str, Watched] = field(default_factory=dict)
    """By attempt."""
    _looked: float = 0.0

    async def sweep(self) -> None:
        """Once a second: put into the queues what is due, take out what has to leave, look after what is under way."""
        if self.around.clock() - self._looked > RENEW_SECONDS:
            await self.look_after()
        for municipality in list(self.around.municipalities.values()):
            for queue in municipality.queues:
                await self._fill(municipality, queue)

    async def look_after(self) -> None:
        """Renew what is alive in Asterisk, and settle what is there no more: also what another process, now dead, had begun."""
        looked, before = self.around.clock(), set(self.watched)
        under_way = [one for slug in list(self.around.municipalities) for one in await self.store.under_way(slug)]
        for settled in before - {one.attempt for one in under_way}:  # by another process, while this one did not act
            self.watched.pop(settled, None)
        alive = await self.telephone.alive() if under_way else ()
        for request in under_way:
            known = self.watched.setdefault(request.attempt, Watched(request, request.queue))
            if request.attempt in alive:
                known.gone_since = None
                await self.store.advance(request, Act(self.around.now()), request.stage)
            elif known.gone_since is None:
                known.gone_since = looked
            elif looked - known.gone_since > GONE_SECONDS:
                await self._settle(request, without_end(request))
        is_sure = all(one.gone_since is None for one in self.watched.values())
        self._looked = looked if is_sure else looked - RENEW_SECONDS + GONE_SECONDS

    async def _fill(self, municipality: Municipality, queue: str) -> None:
        until, busy = self._until(municipality), self._busy(municipality)
        there = self._served_in(municipality, queue)
        on_duty = self.around.on_duty(municipality.slug, there)
        waiting = [one for one in self.watched.values() if one.request.municipality == municipality.slug and not one.request.held_by]
        for one in waiting:
            if one.request.queue == queue and (why := self._no_longer(one, until, on_duty, busy)):
                await self._take_out(one, why)
        if until is None:
            return
        for _ in range(on_duty - sum(one.waits_in == there for one in waiting)):
            if not await self._dial_next(municipality, queue, there, until, busy):
                return

    def _served_in(self, municipality: Municipality, queue: str) -> str:
        """Where the callers of a queue are served now: who has nobody on duty there is rung back from where they overflow to."""
        while not self.around.on_duty(municipality.slug, queue) and (further := municipality.queues[queue].overflow_to):
            queue = further
        return queue

    def _no_longer(self, one: Watched, until: datetime | None, on_duty: int, busy: Collection[str]) -> str:
        """Why an attempt has to leave the queue; "" while it may wait."""
        if until is None:
            return "no time to dial"
        if not on_duty:
            return "nobody on duty"
        return "the citizen is in a call" if one.request.number in busy else ""

    def _busy(self, municipality: Municipality) -> frozenset[str]:
        """Numbers that are in a call, or that another municipality is ringing: the store of one does not know the others'."""
        elsewhere = {one.request.number for one in self.watched.values() if one.request.municipality != municipality.slug}
        return frozenset({*self.around.in_calls(), *elsewhere})

    def _until(self, municipality: Municipality) -> datetime | None:
        if self.around.is_held(municipality.slug):
            return None
        closed_until = self.around.closed_until(municipality.slug)
        return policy.may_dial(municipality.hours, municipality.callbacks, self.around.now(), closed_until)

    async def _dial_next(self, municipality: Municipality, queue: str, there: str, until: datetime, busy: Collection[str]) -> bool:
        attempt = self._attempt(municipality, busy)
        act = Act(self.around.now())
        answer = await self.store.claim(municipality.slug, queue, attempt, act, municipality.callbacks)
        if answer.word != "claimed":
            return False
        request = answer.standing
        kind: Kind = "stand-in" if municipality.callbacks.rung_first == "guide" else "citizen-first"
        await self._ring(municipality, request, kind, there, int((until - act.now).total_seconds()))
        return True

    async def call(self, municipality: Municipality, request: Request, extension: str, act: Act) -> Answer:
        """Ring the phone of who has taken a request, then the citizen: claimed, or the store's word for why not. Raises TelephoneAway."""
        await self.telephone.alive()  # or nothing is claimed
        attempt = self._attempt(municipality, self._busy(municipality), extension)
        answer = await self.store.call(municipality.slug, request.id, attempt, act, municipality.callbacks)
        if answer.word != "claimed" or answer.standing.attempt != attempt.id:  # the latter was begun before, by the same operation
            return answer
        if not await self._ring(municipality, answer.standing, "own-phone", extension, municipality.callbacks.ring_seconds):
            raise TelephoneAway("Asterisk did not begin the attempt")
        return answer

    async def withdraw(self, request: Request) -> None:
        """Take back the attempt under way, if nobody has accepted it. Raises TelephoneAway."""
        if known := self.watched.get(request.attempt):
            await self._take_out(known, "taken back")

    async def _take_out(self, one: Watched, why: str) -> None:
        if not one.withdrawn and one.request.stage not in RANG:
            request = one.request
            await self.telephone.withdraw(request.attempt)
            one.withdrawn = True  # not before: while Asterisk is away it is asked again
            log.info("callback.withdrawn", callback=request.id, attempt=request.attempt, reason=why)

    def _attempt(self, municipality: Municipality, busy: Collection[str], held_by: str = "") -> Attempt:
        moment = self.around.now()
        midnight = moment.astimezone(hours.ZONE).replace(hour=0, minute=0, second=0, microsecond=0)
        return Attempt(
            id=f"cb-{secrets.token_hex(6)}",
            held_by=held_by,
            busy=busy,
            midnight=midnight,
            tomorrow=next(policy.working_days(municipality.hours, moment))[0].opens,
            guard_until=moment + timedelta(seconds=policy.GUARD_SECONDS),
        )

    async def _ring(self, municipality: Municipality, request: Request, kind: Kind, target: str, seconds: int) -> bool:
        """Whether it has begun; what has not is settled."""
        self.watched[request.attempt] = Watched(request, target)
        own = frozenset(number for line in municipality.lines.values() for number in line.numbers)
        if isinstance(refused := dialable(request.number, own), NotDialable):  # the rules, or the file, have changed since
            log.error("callback.not_dialable", callback=request.id, reason=refused.reason)
            await self._settle(request, Settlement("failed", INVALID))
            return False
        label = municipality.topics[request.topic].label if request.topic in municipality.topics else ""
        try:
            await self.telephone.ring(Ringing(kind, request, target, label, seconds, municipality.callbacks.ring_seconds))
        except NotBegun as error:
            self.watched[request.attempt].missed = True  # held back, so that it is not tried again at once
            await self._settle(request, Settlement("withdrawn", f"Asterisk did not begin it: {error}"))
            return False
        log.info("callback.dialling", callback=request.id, attempt=request.attempt, kind=kind)
        return True

    async def take(self, trace: Trace) -> None:
        """One word about an attempt, from the manager or from the log; one that comes twice changes nothing. Raises StoreAway."""
        if trace.municipality not in self.around.municipalities:
            return
        if (known := await self._known(trace)) is None:
            return
        act = Act(self.around.now(), by=trace.who)
        if stage := stage_of(trace.word):
            if STAGES.index(stage) > STAGES.index(known.request.stage):
                answer = await self.store.advance(known.request, act, stage, trace.who if stage == "accepted" else "")
                known.request = answer.request or known.request
        elif trace.word == "refused":
            known.refused = True
        elif trace.word == "end":
            await self._settle(known.request, settlement(trace, known.request, known.refused or known.missed))

    async def missed(self, attempt: str) -> None:
        """A guide's phone has rung in vain for it: it is held back a little, so that live callers are not kept waiting behind it."""
        if (known := self.watched.get(attempt)) and not known.withdrawn:
            known.missed = True
            await self._take_out(known, "a guide did not answer")

    async def _known(self, trace: Trace) -> Watched | None:
        if known := self.watched.get(trace.attempt):
            return known
        for request in await self.store.under_way(trace.municipality):
            if request.attempt == trace.attempt:
                return self.watched.setdefault(trace.attempt, Watched(request, request.queue))
        return None  # settled already: the log tells again what the events have told

    async def _settle(self, request: Request, how: Settlement) -> None:
        municipality, moment = self.around.municipalities[request.municipality], self.around.now()
        known = self.watched.get(request.attempt)
        result = "guide_missed" if how.result == "withdrawn" and known and known.missed else how.result
        after = policy.after(request, result, municipality.callbacks, municipality.hours, moment, how.reason)
        answer = await self.store.settle(request, request.attempt, Act(moment, by=request.held_by), result, after)
        self.watched.pop(request.attempt, None)
        log.info("callback.settled", callback=request.id, attempt=request.attempt, result=result, state=after.state, word=answer.word)
        if after.state == "unknown":
            log.error("callback.unknown", callback=request.id, attempt=request.attempt, reason=after.reason)
