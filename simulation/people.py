"""Citizens who ring and guides' phones that answer: real SIP, played by SIPp. What a call should lead to is not their business."""

from __future__ import annotations

import contextlib
import csv
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from types import TracebackType
from typing import Literal, Self

from simulation.scenario import Step, citizen_scenario, phone_scenario, recordings, register_scenario
from simulation.sipp import HOST, Address, Message, Sipp, SippError, until


@dataclass(frozen=True)
class CallResult:
    """How one call went, seen from the caller. `seconds` run from the INVITE to the end of the call."""

    answered: bool
    status_code: int
    ended_by: Literal["us", "them", "rejected"]
    exit_code: int
    seconds: float


@dataclass(frozen=True)
class LoadResult:
    """SIPp's own counts, and the calls that reached an end."""

    created: int
    successful: int
    failed: int
    exit_code: int
    seconds: float
    calls: tuple[CallResult, ...]

    @property
    def answered(self) -> int:
        """How many calls were answered."""
        return sum(call.answered for call in self.calls)


@dataclass(frozen=True)
class Ring:
    """One call that reached a phone."""

    name: str
    number: str
    when: datetime


def call_result(messages: Sequence[Message], exit_code: int) -> CallResult | None:
    """The result of one outgoing call, or None when it has no end."""
    answers = [one for one in messages if not one.sent and one.status >= 200 and "INVITE" in one.header("CSeq")]
    ends = [one for one in messages if one.start.startswith(("BYE ", "CANCEL "))]
    status = answers[-1].status if answers else 0
    answered = any(one.status < 300 for one in answers)
    if not answers or (answered and not ends):
        return None
    ended_by: Literal["us", "them", "rejected"] = "rejected"
    if ends:
        ended_by = "us" if ends[0].sent else "them"
    last = ends[0] if ends else answers[-1]
    return CallResult(answered, status, ended_by, exit_code, (last.when - messages[0].when).total_seconds())


def _local(to: Address) -> str:
    if to[0] != HOST:
        raise ValueError(f"calls go to {HOST} only")
    return f"{to[0]}:{to[1]}"


@dataclass(frozen=True)
class Citizen:
    """A caller. `gives_up_after` cancels the call when nobody has answered by then."""

    number: str
    dial: str
    steps: Sequence[Step]
    hidden: bool = False
    gives_up_after: float | None = None
    timeout: float = 120

    async def call(self, to: Address) -> CallResult:
        """Call and return when the call has ended. Cancelling the task kills the call; SippError when it has no end."""
        scenario = citizen_scenario(self.number, self.steps, hidden=self.hidden, gives_up_after=self.gives_up_after)
        options = ("-s", self.dial, "-m", "1", _local(to))
        begun = time.monotonic()
        async with Sipp(scenario, *options, timeout=self.timeout, files=recordings(self.steps)) as sipp:
            exit_code = await sipp.ended()
            result = call_result(sipp.messages(), exit_code)
            if result is None or time.monotonic() - begun >= self.timeout:
                raise SippError(f"the call of {self.number} had no end (exit code {exit_code}): {sipp.errors()}")
            return result


class Phone:
    """A guide's phone: registers (when `registrar` is given) and takes any number of calls until it is stopped."""

    def __init__(
        self,
        extension: str,
        password: str = "",
        answers_after: float | None = 0.0,
        talk: float | None = None,
        status: int | None = None,
        *,
        registrar: Address | None = None,
        username: str | None = None,
        port: int = 0,
        life: float = 600,
    ) -> None:
        self.extension, self._username, self._password = extension, username or extension, password
        self._registrar = registrar
        self._sipp = Sipp(phone_scenario(answers_after, talk, status), timeout=life, port=port)
        self._kept: list[Ring] | None = None
        self.port = self._sipp.port

    @property
    def address(self) -> Address:
        """Where the phone listens."""
        return HOST, self.port

    async def start(self) -> None:
        """Register from the port that will take the calls (a server may look at the source), then listen on it."""
        try:
            if self._registrar is not None:
                await self._register(self._registrar, expires=3600)
            await self._sipp.start()
            await self._sipp.listening()
        except BaseException:
            await self._sipp.stop()
            raise

    async def _register(self, registrar: Address, expires: int) -> None:
        contact = f"sip:{self.extension}@{HOST}:{self.port}"
        scenario = register_scenario(self.extension, self._username, self._password, contact, expires)
        async with Sipp(scenario, "-m", "1", _local(registrar), timeout=5, port=self.port) as sipp:
            if await sipp.ended() != 0:
                answers = [one.status for one in sipp.messages() if not one.sent]
                raise SippError(f"{self.extension} was not registered, answers {answers}: {sipp.errors()}")

    async def stop(self) -> None:
        """End the phone and take its registration away, as far as the registrar still answers."""
        if self._kept is not None:
            return
        self._kept = self.rings
        was_running = self._sipp.running
        await self._sipp.stop()
        if self._registrar is not None and was_running:
            with contextlib.suppress(SippError):
                await self._register(self._registrar, expires=0)

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        await self.stop()

    @property
    def running(self) -> bool:
        """Whether the phone takes calls."""
        return self._sipp.running

    @property
    def messages(self) -> list[Message]:
        """The SIP messages so far; none after the stop."""
        return self._sipp.messages()

    @property
    def rings(self) -> list[Ring]:
        """The calls that reached the phone, one per Call-ID, also after the stop."""
        if self._kept is not None:
            return self._kept
        first: dict[str, Ring] = {}
        for one in self._sipp.messages():
            if not one.sent and one.start.startswith("INVITE "):
                first.setdefault(one.header("Call-ID"), ring_of(one))
        return list(first.values())

    async def rang(self, n: int = 1, timeout: float = 10) -> list[Ring]:
        """Wait until the phone has rung n times in all."""
        await until(lambda: len(self.rings) >= n, timeout, f"{n} calls at the phone {self.extension}")
        return self.rings


def ring_of(invite: Message) -> Ring:
    """What a phone shows of an INVITE."""
    found = re.match(r'\s*(?:"((?:[^"\\]|\\.)*)"|([^<"]*?))\s*<?sips?:(?:([^@;>]*)@)?', invite.header("From"))
    if not found:
        return Ring("", "", invite.when)
    name = re.sub(r"\\(.)", r"\1", found[1]) if found[1] is not None else (found[2] or "")
    return Ring(name, found[3] or "", invite.when)


async def load(
    to: Address,
    dial: str,
    steps: Sequence[Step],
    *,
    rate: float,
    count: int,
    gives_up_after: float | None = None,
    timeout: float = 300,
) -> LoadResult:
    """`count` citizens, `rate` new ones a second, from the fictional numbers 0701740605 to 0701740699 in turn."""
    scenario = citizen_scenario("[field0]", steps, gives_up_after=gives_up_after)
    # SIPp takes whole calls per period, so the pace is one call per period of its own length.
    pace = ("-r", "1", "-rp", str(max(1, round(1000 / rate))), "-m", str(count), "-l", str(count))
    options = ("-s", dial, *pace, "-inf", "numbers.csv", "-trace_stat", "-stf", "stat.csv", "-fd", "1")
    numbers = "".join(f"07017406{last:02};\n" for last in range(5, 100))
    written = {"numbers.csv": f"SEQUENTIAL\n{numbers}".encode(), **recordings(steps)}
    begun = time.monotonic()
    async with Sipp(scenario, *options, _local(to), timeout=timeout, files=written) as sipp:
        exit_code = await sipp.ended()
        rows = list(csv.DictReader(sipp.text("stat.csv").splitlines(), delimiter=";"))
        if not rows:
            raise SippError(f"SIPp left no counts (exit code {exit_code}): {sipp.errors()}")
        per_call: dict[str, list[Message]] = {}
        for one in sipp.messages():
            per_call.setdefault(one.header("Call-ID"), []).append(one)
    calls = tuple(result for part in per_call.values() if (result := call_result(part, exit_code)))
    names = ("TotalCallCreated", "SuccessfulCall(C)", "FailedCall(C)")
    created, successful, failed = (int(rows[-1][name]) for name in names)
    return LoadResult(created, successful, failed, exit_code, time.monotonic() - begun, calls)
