"""Who is beyond the exchange: the trunk's far end, where each number behaves in its own way, and a guide's phone that can transfer."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Literal, Self

from simulation.people import Ring, ring_of
from simulation.sipp import Address, until
from simulation.user_agent import Headers, Leg, UserAgent


@dataclass(frozen=True)
class Answers:
    """Answers after so many seconds, then presses keys (a voicemail presses none), and hangs up after `talk` seconds."""

    after: float = 0.3
    presses: str = ""
    presses_after: float = 1.0
    talk: float | None = None


@dataclass(frozen=True)
class Rings:
    """Rings and is never answered."""


@dataclass(frozen=True)
class Refuses:
    """Is busy (486), or refuses for another reason."""

    status: int = 486


@dataclass(frozen=True)
class Diverts:
    """Another exchange diverts the call: after a while it rings `to` by a call of its own, and says for whom it was."""

    to: str
    after: float = 1.0
    header: Literal["Diversion", "History-Info"] = "Diversion"


@dataclass(frozen=True)
class InTurn:
    """The first call is met in the first way, the next in the next; the last way stays."""

    ways: tuple[Answers | Rings | Refuses, ...]


Behaviour = Answers | Rings | Refuses | Diverts | InTurn


class FarEnd:
    """The trunk's far end: each dialled number as `numbers` says, every other one `otherwise`."""

    def __init__(
        self, exchange: Address, port: int, numbers: Mapping[str, Behaviour] | None = None, otherwise: Behaviour | None = None
    ) -> None:
        self.numbers, self._otherwise = dict(numbers or {}), otherwise or Answers()
        self._agent = UserAgent("outside", peer=exchange, port=port, on_call=self._take)
        self.diverted: list[Leg] = []
        """The calls that diversions began."""

    @property
    def rings(self) -> list[Ring]:
        """The calls that came here, in order: what was shown."""
        return [ring_of(leg.invite) for leg in self.legs]

    @property
    def dialled(self) -> list[str]:
        """The numbers that were rung, in order."""
        return [leg.dialled for leg in self.legs]

    def leg(self, number: str) -> Leg:
        """The latest call to a number. Raises LookupError."""
        found = [leg for leg in self.legs if leg.dialled == number]
        if not found:
            raise LookupError(f"{number} was not rung")
        return found[-1]

    async def rang(self, number: str, times: int = 1, timeout: float = 30) -> Leg:
        """Wait until a number has been rung so often; the latest call."""
        await until(lambda: self.dialled.count(number) >= times, timeout, f"{times} calls to {number}")
        return self.leg(number)

    @property
    def legs(self) -> list[Leg]:
        """The calls that came here, in order."""
        return [leg for leg in self._agent.legs.values() if leg.incoming]

    async def _take(self, leg: Leg) -> None:
        match self._way(leg.dialled):
            case Refuses(status):
                leg.refuse(status)
            case Diverts() as how:
                await asyncio.sleep(how.after)
                await self._divert(leg, how)
            case Answers() as how:
                await _answer(leg, how)

    def _way(self, number: str) -> Behaviour:
        how = self.numbers.get(number, self._otherwise)
        return how.ways[min(self.dialled.count(number), len(how.ways)) - 1] if isinstance(how, InTurn) else how

    async def _divert(self, leg: Leg, how: Diverts) -> None:
        begun = await self._agent.dial(how.to, shown=ring_of(leg.invite).number, headers=diversion(leg.dialled, how.header))
        self.diverted.append(begun)
        refused, cancelled = asyncio.create_task(begun.ended.wait()), asyncio.create_task(leg.ended.wait())
        await asyncio.wait((refused, cancelled), return_when=asyncio.FIRST_COMPLETED)
        if not leg.ended.is_set():
            leg.refuse(begun.status)  # as an exchange does: what the new call met goes back to the first

    async def __aenter__(self) -> Self:
        await self._agent.start()
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        await self._agent.stop()


async def _answer(leg: Leg, how: Answers) -> None:
    await asyncio.sleep(how.after)
    if leg.ended.is_set():
        return
    leg.answer()
    if how.presses:
        await asyncio.sleep(how.presses_after)
        await leg.press(how.presses)
    if how.talk is not None:
        await leg.pause(how.talk)
        await leg.hang_up()


def diversion(number: str, header: Literal["Diversion", "History-Info"] = "Diversion", reason: str = "no-answer") -> Headers:
    """How an exchange says whom a call was for before it was diverted."""
    if header == "Diversion":
        return ((header, f"<sip:{number}@127.0.0.1>;reason={reason};counter=1"),)
    return ((header, f"<sip:{number}@127.0.0.1?Reason=SIP%3Bcause%3D408>;index=1,<sip:main@127.0.0.1>;index=1.1"),)


class Softphone:
    """A guide's phone that behaves in its way when it rings, dials, and transfers a talk blind or attended."""

    def __init__(self, account: str, password: str, exchange: Address, *, behaviour: Answers | Rings | Refuses = Answers()) -> None:
        self.account, self.behaviour = account, behaviour
        self._agent = UserAgent(account, password, peer=exchange, on_call=self._take)

    @property
    def rings(self) -> list[Ring]:
        """The calls that reached the phone, also after the stop."""
        return [ring_of(leg.invite) for leg in self._incoming()]

    def _incoming(self) -> list[Leg]:
        return [leg for leg in self._agent.legs.values() if leg.incoming]

    async def talk(self, number: int = 1, timeout: float = 30) -> Leg:
        """Wait until the phone has answered so many calls; the latest of them."""
        await until(lambda: len(self._answered()) >= number, timeout, f"{number} answered calls at {self.account}")
        return self._answered()[number - 1]

    async def rang(self, times: int = 1, timeout: float = 30) -> list[Ring]:
        """Wait until the phone has rung so often in all."""
        await until(lambda: len(self.rings) >= times, timeout, f"{times} calls at {self.account}")
        return self.rings

    def _answered(self) -> list[Leg]:
        return [leg for leg in self._incoming() if leg.answered.is_set()]

    async def dial(self, number: str) -> Leg:
        """Dial; returns at once. The leg says when it is answered or has ended."""
        return await self._agent.dial(number)

    async def _take(self, leg: Leg) -> None:
        match self.behaviour:
            case Refuses(status):
                leg.refuse(status)
            case Answers() as how:
                await _answer(leg, how)

    async def __aenter__(self) -> Self:
        await self._agent.start()
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        await self._agent.stop()
