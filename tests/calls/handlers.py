"""What stories about handlers share: their numbers, a talk that can be transferred, and the callbacks that were promised."""

from __future__ import annotations

import asyncio

from callbacks.model import Request
from callbacks.store import CallbackStore
from simulation import CallResult, Leg, Press, Softphone, Step, Wait
from tests.calls.stack import LEKEBERG, Stack

OFFICE, MOBILE = "+46701740681", "+46701740671"
"""The phones of 2001, of the municipality's own exchange, and of 2002, an outside one."""
MAIN = f"+46{LEKEBERG[1:]}"


def calls(stack: Stack, number: str, *steps: Step) -> asyncio.Task[CallResult]:
    """A citizen rings about building, then does these steps."""
    return asyncio.create_task(stack.call(number, Wait(1.0), Press("5"), *steps))


async def in_talk(stack: Stack, phone: Softphone) -> Leg:
    """The guide's first talk with the citizen, once the two are connected."""
    leg = await phone.talk()
    await stack.talking()
    return leg


async def promised(stack: Stack, number: str) -> list[Request]:
    """The open callbacks to a number."""
    async with stack.redis() as redis:
        return [one for one in await CallbackStore(redis).listed("lekeberg", ("queue/guides",), 1000) if one.number == number]
