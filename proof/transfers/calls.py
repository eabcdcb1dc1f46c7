"""Carries out cases as real calls: guides' phones that transfer, handlers beyond the trunk, citizens who do as they were drawn.

It tells what the phones saw, and judges nothing.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from dialplan.people import RETURNED
from proof.transfers.cases import Case
from simulation import Answers, Behaviour, Diverts, FarEnd, Leg, Refuses, Rings, diversion
from simulation.people import ring_of
from simulation.sipp import Address
from simulation.user_agent import UserAgent

TALK_SECONDS, BOX_SECONDS, GUIDE_SECONDS = 9.0, 5.0, 1.5
"""A handler's talk, longer than what is taken for a voicemail's; what a voicemail box records; a guide's talk with who came back."""
LISTENS_SECONDS = 4.0
"""From the handler's silence to the words that name the key."""
LONGEST = 150.0
"""Who is still there then was left in the lurch."""
NUMBERS = tuple(f"07017406{last:02}" for last in range(21, 45))
"""Callers: fictional numbers that are nobody else's, here or in the tests: a number of the municipality's own is never called back."""
LOG_IN, LOG_OUT, CODE_SECONDS = "*11", "*12", 30.0


@dataclass(frozen=True)
class Phone:
    """A handler's phone: one of the exchange, or an outside one, which is asked for a key. `number` is E.164."""

    extension: str
    number: str
    is_ours: bool


@dataclass(frozen=True)
class Scene:
    """Where the calls go: Asterisk, the port of its trunk out, the number that citizens dial and the key that they press there ("" for
    none), the guides' accounts and passwords, and the handlers' phones: a matter's is the one in its place, counted round."""

    exchange: Address
    trunk_out: int
    number: str
    key: str
    guides: Mapping[str, str]
    phones: Sequence[Phone]

    def phone(self, case: Case) -> Phone:
        """The phone of a case's matter."""
        return self.phones[case.matter % len(self.phones)]


@dataclass
class Call:
    """One call, and what the phones saw of it. `began` is an epoch second."""

    case: Case
    phone: Phone
    number: str
    began: float
    transferred: bool = False
    handler: Leg | None = None
    guides: int = 0
    """Talks with a guide after the transfer, where the guide's phone shows who it is."""
    hung_up: bool = False
    """By the citizen's own choice, before anybody took the call."""
    stranded: bool = False
    """Nobody ended the call."""
    rung: asyncio.Event = field(default_factory=asyncio.Event)
    """The handler's phone has rung."""
    decided: asyncio.Event = field(default_factory=asyncio.Event)
    """Nothing more comes of the handler's phone."""

    @property
    def handler_talked(self) -> bool:
        """Whether a handler, and not a voicemail, was connected and the citizen had not gone."""
        return self.case.handler == "answers" and self.handler is not None and self.handler.answered.is_set() and not self.hung_up


def behaviour(case: Case, phone: Phone, main_number: str) -> Behaviour:
    """How the handler's phone meets the call."""
    match case.handler:
        case "answers":
            return Answers(after=1.0, presses="" if phone.is_ours else "1", presses_after=1.5, talk=TALK_SECONDS)
        case "voicemail":
            return Answers(after=1.5, talk=BOX_SECONDS)
        case "diverts":
            return Diverts(to=main_number)
        case "busy":
            return Refuses()
        case "rings":
            return Rings()


class Town:
    """Everybody who takes part, on one Asterisk. As a context manager, the guides are logged in while it lasts."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._far = FarEnd(scene.exchange, scene.trunk_out)
        self._citizens = UserAgent("citizen", peer=scene.exchange, on_call=_refuse)
        accounts = scene.guides.items()
        self._guides = [UserAgent(account, password, peer=scene.exchange, on_call=self._answer) for account, password in accounts]
        self._calls: dict[str, Call] = {}
        self._numbers: asyncio.Queue[str] = asyncio.Queue()
        self._lines: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self.returned = 0
        """Talks of guides whose phone said that the caller came back."""

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as opened:
            await opened.enter_async_context(self._far)
            for agent in (self._citizens, *self._guides):
                await agent.start()
                opened.push_async_callback(agent.stop)
            await asyncio.gather(*(_dial_code(guide, LOG_IN) for guide in self._guides))
            self._opened = opened.pop_all()
        for number in NUMBERS:
            self._numbers.put_nowait(number)
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        async with self._opened:
            await asyncio.gather(*(_dial_code(guide, LOG_OUT) for guide in self._guides))

    async def carry_out(self, cases: Sequence[Case], at_once: int) -> list[Call]:
        """All cases, at most so many at once and one at a handler's phone; what became of each, in their order."""
        room = asyncio.Semaphore(at_once)

        async def one(case: Case) -> Call:
            phone = self._scene.phone(case)
            async with AsyncExitStack() as line:
                await line.enter_async_context(self._lines[phone.number])
                async with room:
                    number = await self._numbers.get()
                    call = self._calls[number] = Call(case, phone, number, time.time())
                    going = asyncio.create_task(self._ring(call))
                    decided = asyncio.create_task(call.decided.wait())
                    await asyncio.wait((going, decided), return_when=asyncio.FIRST_COMPLETED)
                    decided.cancel()
                    await line.aclose()  # the handler's phone is free
                    await going
                    del self._calls[number]
                    self._numbers.put_nowait(number)
            return call

        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(one(case)) for case in cases]
        return [task.result() for task in tasks]

    async def _ring(self, call: Call) -> None:
        """The citizen's call from the first ring to its end."""
        diverted = call.case.entrance == "diverted"
        leg = await self._citizens.dial(self._scene.number, shown=call.number, headers=diversion(call.phone.number) if diverted else ())
        try:
            async with asyncio.timeout(LONGEST):
                await _either(leg.answered, leg.ended)
                if not diverted:
                    await leg.pause(1.0)
                    await leg.press(self._scene.key)
                    await _either(call.rung, leg.ended)
                await self._wish(call, leg)
                await leg.ended.wait()
        except TimeoutError:
            call.stranded = True
        await leg.hang_up()
        call.decided.set()

    async def _wish(self, call: Call, leg: Leg) -> None:
        """What the citizen does about it; who waits does nothing."""
        match call.case.citizen:
            case "hangs_up":
                await leg.pause(0.5 if call.handler and call.case.handler == "answers" else 1.5)
                call.hung_up = not leg.ended.is_set() and not (call.handler and call.handler.answered.is_set())
                if call.hung_up:
                    await leg.hang_up()
            case "presses_9" if self._scene.key and call.case.handler != "answers":
                if call.handler:
                    await _either(call.handler.ended, leg.ended)
                await leg.pause(LISTENS_SECONDS)
                await self._press(leg, "9")
                await leg.pause(2.0)
                for _ in range(4):  # whoever is asked again answers again
                    await self._press(leg, "1")
                    await leg.pause(6.0)

    @staticmethod
    async def _press(leg: Leg, key: str) -> None:
        if not leg.ended.is_set():
            await leg.press(key)

    async def _answer(self, leg: Leg) -> None:
        """A guide's phone rings: a caller who states a matter is transferred, one who came back is talked with."""
        name = ring_of(leg.invite).name
        await leg.pause(0.3)
        if leg.ended.is_set():
            return
        leg.answer()
        found = re.search(r"07017406\d\d", name)
        call = self._calls.get(found[0]) if found else None
        await leg.pause(0.5)
        if call and call.case.entrance == "transfer" and not call.transferred:
            call.transferred = True
            await self._transfer(call, leg)
            return
        await leg.pause(GUIDE_SECONDS)
        if not leg.ended.is_set():
            self.returned += name.startswith(RETURNED)
            if call:
                call.guides += 1
            await leg.hang_up()

    async def _transfer(self, call: Call, leg: Leg) -> None:
        """Blind, and then see what the handler's phone does."""
        number = call.phone.number
        self._far.numbers[number] = behaviour(call.case, call.phone, self._scene.number)
        times = self._far.dialled.count(number) + 1
        watching = asyncio.create_task(leg.transfer(call.phone.extension))
        with contextlib.suppress(TimeoutError):
            call.handler = await self._far.rang(number, times, timeout=10)
            call.rung.set()
            await call.handler.ended.wait()
        call.decided.set()
        with contextlib.suppress(TimeoutError):
            await watching


async def _refuse(leg: Leg) -> None:
    leg.refuse(480)


async def _either(one: asyncio.Event, other: asyncio.Event) -> None:
    tasks = [asyncio.create_task(event.wait()) for event in (one, other)]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()


async def _dial_code(guide: UserAgent, code: str) -> None:
    """Dial, and hear it confirmed to the end. Raises TimeoutError."""
    async with asyncio.timeout(CODE_SECONDS):
        await (await guide.dial(code)).ended.wait()
