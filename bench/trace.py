"""Read the two ends' SIP traces, which have one clock: each citizen's key, and the INVITE with which a guide's phone begins to ring.

The ends share no identifier but the caller's number, which the guide's phone is shown: in the name by the product, in the address by plain
dialplan. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bench.scenario import NUMBERS
from simulation.sipp import Message

RING_SECONDS = 3.0
"""A guide's phone that rings later than this after the key counts as a failed call: the key was not heard, or the queue stands."""
STAMP = timedelta(seconds=0.25)
"""So much a ring may precede its key: SIPp stamps a message after it has sent it, and may have to wait for the processor in between."""
_NUMBER = re.compile(r"\+?\d{10,}")


@dataclass(frozen=True)
class Press:
    """A citizen's key, by the caller's number, and whether the guide ended the call in order afterwards."""

    number: str
    when: datetime
    is_ended: bool


@dataclass(frozen=True)
class Ring:
    """A guide's phone begins to ring for a number; `shown` is the whole From header."""

    number: str
    when: datetime
    shown: str


@dataclass(frozen=True)
class Pair:
    """A key, and the ring that it led to, if any."""

    press: Press
    ring: Ring | None

    @property
    def seconds(self) -> float:
        """From the key to the ring; infinite without one."""
        return (self.ring.when - self.press.when).total_seconds() if self.ring else float("inf")

    def fault(self, shows: str) -> str:
        """Why this call is not a good one, "" when it is; `shows` is what the guide's phone shows of a call that came by the right way."""
        if self.ring is None:
            return "no phone rang"
        if self.seconds > RING_SECONDS:
            return f"a phone rang only {self.seconds:.1f} s after the key, for {self.ring.shown}"
        if shows not in self.ring.shown:
            return f"came by another way, for {self.ring.shown}"
        return "" if self.press.is_ended else "the guide's end of the call did not arrive"


def presses(messages: Iterable[Message]) -> list[Press]:
    """The keys of a trace of citizens, in order; a repeated INFO counts by its first sending."""
    keys: dict[str, tuple[str, datetime]] = {}
    ended = set()
    for one in messages:
        call = one.header("Call-ID")
        if one.sent and one.start.startswith("INFO "):
            keys.setdefault(call, (caller(one.header("From")), one.when))
        elif not one.sent and one.start.startswith("BYE "):
            ended.add(call)
    return [Press(number, when, call in ended) for call, (number, when) in keys.items()]


def rings(messages: Iterable[Message]) -> list[Ring]:
    """The calls that reached the guides' phones, in order; a repeated INVITE counts by its first arrival."""
    first: dict[str, Ring] = {}
    for one in messages:
        if not one.sent and one.start.startswith("INVITE "):
            shown = one.header("From")
            first.setdefault(one.header("Call-ID"), Ring(caller(shown), one.when, shown))
    return list(first.values())


def caller(shown: str) -> str:
    """The caller's number in a From header, "" without one of ours."""
    return next((found for found in _NUMBER.findall(shown) if found in NUMBERS), "")


def pair(pressed: Sequence[Press], rung: Sequence[Ring]) -> list[Pair]:
    """Each key with the first ring for its number that comes before that number's next key."""
    next_key: dict[str, datetime] = {}
    pairs: list[Pair] = []
    for press in sorted(pressed, key=lambda press: press.when, reverse=True):
        until = next_key.get(press.number, press.when + timedelta(days=1))
        next_key[press.number] = press.when
        near = [ring for ring in rung if ring.number == press.number and press.when <= ring.when + STAMP < until]
        pairs.append(Pair(press, min(near, key=lambda ring: ring.when, default=None)))
    return pairs[::-1]
