"""Plays the day: guides' phones, citizens' phones beyond the trunk, orders put into the store, live callers, and guides who state outcomes.

It tells what was seen, and judges nothing.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from redis.asyncio import Redis

from callbacks.model import Entry, Request
from callbacks.orders import new_request
from callbacks.store import Act, CallbackStore
from proof.day.guide import Guide
from proof.day.plan import Day, Order
from routing.municipality import Municipality
from simulation import Citizen, FarEnd, Leg, Press, Wait, WaitForBye
from simulation.sipp import Address

LOOKS_SECONDS = 0.5
"""Shorter than a guide takes to accept: no attempt that anybody takes is overlooked."""
MENU_KEY, LONGEST_CALL = "1", 600.0


@dataclass(frozen=True)
class Scene:
    """Where it is played: Asterisk, the port of its trunk out, the guides' accounts and passwords, the store, the number citizens dial."""

    exchange: Address
    trunk_out: int
    guides: Mapping[str, str]
    redis: Redis
    municipality: Municipality
    main: str


@dataclass(frozen=True)
class Heard:
    """One call at a citizen's phone: E.164, when it rang, was answered and ended, and the status that the phone gave last."""

    number: str
    rang: datetime
    answered: datetime | None
    ended: datetime
    status: int


@dataclass(frozen=True)
class Turn:
    """The place of an attempt, and from when it was due (epoch seconds): those of its request at that time."""

    place: float
    due: float


@dataclass(frozen=True)
class Seen:
    """All that was seen. `requests` as they stand in the end, `listed` the ids of those that the list shows as open."""

    requests: Sequence[Request]
    listed: frozenset[str]
    histories: Mapping[str, list[Entry]]
    heard: Sequence[Heard]
    turns: Mapping[str, Turn]


class Town:
    """Everybody who takes part, on one Asterisk."""

    def __init__(self, scene: Scene, day: Day) -> None:
        self._scene, self._day = scene, day
        self._store = CallbackStore(scene.redis)
        self._orders: dict[str, Order] = {}
        self._turns: dict[str, Turn] = {}

    async def play(self, opens: Callable[[], Awaitable[None]], patience: float, within: float) -> Seen:
        """The whole day. `opens` lets the program dial; who is not to be tried again within `patience` seconds is waited for no more, and
        after `within` seconds nobody is. Raises AssertionError for an order that was not taken, SippError for a call without an end."""
        async with self._people() as far:
            for order in (one for one in self._day.orders if not one.at):
                await self._put_in(order)
            await opens()
            begun = time.monotonic()
            try:
                async with asyncio.TaskGroup() as tasks:
                    acts = [tasks.create_task(self._at(begun + at, act)) for at, act in self._acts()]
                    tasks.create_task(self._follow(acts, patience, begun + within))
            except ExceptionGroup as failed:
                raise failed.exceptions[0] from failed
        return await self._seen(far)

    @asynccontextmanager
    async def _people(self) -> AsyncIterator[FarEnd]:
        async with AsyncExitStack() as phones:
            for place, (account, password) in enumerate(self._scene.guides.items()):
                await phones.enter_async_context(Guide(account, password, self._scene.exchange, 5 * place))
            yield await phones.enter_async_context(FarEnd(self._scene.exchange, self._scene.trunk_out, self._day.behaviours))

    def _acts(self) -> list[tuple[float, Callable[[], Awaitable[None]]]]:
        """What happens in the course of the day, with its moment in seconds after the opening."""
        orders = [(one.at, lambda one=one: self._put_in(one)) for one in self._day.orders if one.at]
        in_person = [
            (one.at + one.rings_in, lambda one=one: self._ring_in(one.number)) for one in self._day.orders if one.rings_in is not None
        ]
        return [*orders, *in_person, *((at, lambda: self._ring_in("")) for at in self._day.callers)]

    async def _at(self, moment: float, act: Callable[[], Awaitable[None]]) -> None:
        await asyncio.sleep(max(0.0, moment - time.monotonic()))
        await act()

    async def _put_in(self, order: Order) -> None:
        now, served = datetime.now(UTC), self._scene.municipality
        request = new_request(served, number=order.number, topic=order.topic, source="queue_key", now=now)
        answer = await self._store.register(request, Act(now), served.callbacks)
        assert answer.word == "stored", f"an order was {answer.word}"
        self._orders[request.id] = order

    async def _ring_in(self, number: str) -> None:
        """A live caller, to the end of the call; "" is a withheld number, so that it keeps nobody's promise."""
        shown = f"0{number.removeprefix('+46')}" if number else "anonymous"
        steps = (Wait(1.0), Press(MENU_KEY), WaitForBye())
        await Citizen(shown, self._scene.main, steps, hidden=not number, timeout=LONGEST_CALL).call(self._scene.exchange)

    async def _follow(self, acts: Sequence[asyncio.Task[None]], patience: float, deadline: float) -> None:
        """Note each attempt's turn, state the outcomes of talks, until nothing more is to come."""
        while time.monotonic() < deadline:
            requests = await self._open()
            for one in requests:
                await self._look_at(one)
            if all(act.done() for act in acts) and not any(self._is_to_come(one, patience) for one in requests):
                return
            await asyncio.sleep(LOOKS_SECONDS)
        for act in acts:
            act.cancel()

    async def _look_at(self, request: Request) -> None:
        if request.state == "dialling" and request.place:
            due = max(request.not_before, request.created_at)
            self._turns.setdefault(request.attempt, Turn(request.place.timestamp(), due.timestamp()))
        states = self._orders[request.id].states
        if request.state == "talked" and states:
            outcome = "not_reached" if request.last_result == "voicemail" else states
            act = Act(datetime.now(UTC), by=request.held_by)
            await self._store.close(request.municipality, request.id, outcome, act)

    def _is_to_come(self, request: Request, patience: float) -> bool:
        match request.state:
            case "talked":
                return bool(self._orders[request.id].states)
            case "waiting":
                return request.not_before - datetime.now(UTC) < timedelta(seconds=patience)
        return request.state != "unknown"

    async def _open(self) -> list[Request]:
        slug = self._scene.municipality.slug
        queues = [f"queue/{name}" for name in self._scene.municipality.queues]
        return [one for one in await self._store.listed(slug, queues, 10_000) if one.id in self._orders]

    async def _seen(self, far: FarEnd) -> Seen:
        slug, still = self._scene.municipality.slug, await self._open()
        found = [await self._store.find(slug, one) for one in self._orders]
        histories = {one: await self._store.history(slug, one) for one in self._orders}
        heard = [heard_of(leg) for leg in far.legs]
        return Seen([one for one in found if one], frozenset(one.id for one in still), histories, heard, self._turns)

    @property
    def ordered(self) -> list[str]:
        """The ids of what was ordered."""
        return list(self._orders)


def heard_of(leg: Leg) -> Heard:
    """What one leg of the far end has heard; one that was still going on ends now."""
    return Heard(leg.dialled, leg.invite.when, leg.answered_at, leg.ended_at or datetime.now(UTC), leg.status)
