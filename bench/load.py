"""One span of load: guides' phones on one side, citizens at a steady rate on the other, and what came of their calls."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass

from bench import scenario, trace
from bench.municipality import KEY, LABEL, OUR_NUMBER, TWIN_NUMBER
from bench.stack import BenchError, Stack, cpu_seconds
from simulation.scenario import phone_scenario
from simulation.sipp import Sipp, signalling_port

TALK_SECONDS = 0.3
DRAIN_SECONDS = 40.0
"""How long SIPp may need for the last calls: longer than a call's own patience."""
HANGUP_SECONDS = 0.5
"""In this time after the last call Asterisk has taken its last channels away."""
TAIL_SECONDS = 8.0
"""The controller's work for a call ends this long after it: Asterisk's log is read each second and entered 5 s later (ivr/books.py)."""
REGISTRATIONS_A_SECOND = 100


@dataclass(frozen=True)
class Side:
    """One of the two that are compared: the number to dial, and what a guide's phone shows when the call came by the right way."""

    name: str
    number: str
    shows: str


OURS = Side("ours", OUR_NUMBER, LABEL)
THEIRS = Side("theirs", TWIN_NUMBER, "")


@dataclass(frozen=True)
class Span:
    """What one span of load gave: `latencies` (seconds from key to ring) of the good calls, `faults` of the others, CPU seconds."""

    latencies: tuple[float, ...]
    faults: tuple[str, ...]
    asterisk_seconds: float
    controller_seconds: float

    @property
    def count(self) -> int:
        """All calls."""
        return len(self.latencies) + len(self.faults)

    @property
    def complaint(self) -> str:
        """How many calls failed, and why; the same reason once."""
        reasons = "; ".join(f"{times} times: {why}" for why, times in Counter(self.faults).items())
        return f"{len(self.faults)} of {self.count} calls failed" + (f" ({reasons})" if reasons else "")


class Stopwatch:
    """The CPU time of a process from now on."""

    def __init__(self, process: int) -> None:
        self._process = process
        self._begun = cpu_seconds(process)

    @property
    def seconds(self) -> float:
        """User and system time so far, its threads included."""
        return cpu_seconds(self._process) - self._begun


class Load:
    """Guides' phones that stay registered at one port, and load against them."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self._port = signalling_port()

    async def register(self) -> None:
        """Register all guides' phones. Raises BenchError."""
        passwords = self._stack.passwords
        files = {"accounts.csv": scenario.accounts_file(passwords)}
        options = ("-m", str(len(passwords)), "-r", str(REGISTRATIONS_A_SECOND), "-inf", "accounts.csv", self._target)
        async with Sipp(scenario.registration(self._port), *options, timeout=60, files=files) as sipp:
            if await sipp.ended() != 0:
                raise BenchError(f"the guides' phones were not registered: {sipp.errors()}")

    async def span(self, side: Side, rate: float, seconds: float, *, tail: float = 0.0) -> Span:
        """`rate` calls a second for so many seconds. The controller's CPU time is read `tail` seconds after Asterisk's."""
        count = round(rate * seconds)
        options = ("-s", side.number, "-r", f"{rate:g}", "-m", str(count), "-l", str(count), "-inf", "numbers.csv", self._target)
        files = {"numbers.csv": scenario.numbers_file()}
        limit = seconds + DRAIN_SECONDS
        # without a process of its own the controller has no part in the calls
        asterisk = Stopwatch(self._stack.process("asterisk", "asterisk -f"))
        controller = Stopwatch(self._stack.process("controller", "ivr serve")) if side is OURS else None
        async with Sipp(phone_scenario(0.0, TALK_SECONDS, None), timeout=limit + tail, port=self._port) as phones:
            await phones.listening()
            async with Sipp(scenario.citizen(KEY), *options, timeout=limit, files=files) as citizens:
                await citizens.ended()
                await asyncio.sleep(HANGUP_SECONDS)
                asterisk_seconds = asterisk.seconds
                await asyncio.sleep(tail)
                controller_seconds = controller.seconds if controller else 0.0
                pairs = trace.pair(trace.presses(citizens.messages()), trace.rings(phones.messages()))
            await self._stack.calm()
        faults = [fault for pair in pairs if (fault := pair.fault(side.shows))] + ["no key was pressed"] * (count - len(pairs))
        latencies = tuple(pair.seconds for pair in pairs if not pair.fault(side.shows))
        return Span(latencies, tuple(faults), asterisk_seconds, controller_seconds)

    @property
    def _target(self) -> str:
        host, port = self._stack.address
        return f"{host}:{port}"
