"""A guide's phone on that day."""

from __future__ import annotations

from typing import Self

from simulation import Leg
from simulation.people import ring_of
from simulation.sipp import Address
from simulation.user_agent import UserAgent

TO_RING_BACK = "UPP"
"""How a guide's phone shows a callback."""
ANSWERS_AFTER, ACCEPTS_AFTER, LIVE_TALK = 0.5, 3.0, 5.0
"""Seconds of a guide: to lift, to hear what it is about, and to talk with who has rung in."""
REFUSES_EACH, SILENT_EACH = 13, 17
"""Each so manyth call at a guide's phone is refused, if it is a callback, or not answered."""


class Guide:
    """A guide's phone: accepts callbacks with 1, talks a little with who has rung in, now and then refuses or does not answer."""

    def __init__(self, account: str, password: str, exchange: Address, offset: int) -> None:
        self._agent = UserAgent(account, password, peer=exchange, on_call=self._take)
        self._rung = offset

    async def _take(self, leg: Leg) -> None:
        self._rung += 1
        if self._rung % SILENT_EACH == 0:
            return
        await leg.pause(ANSWERS_AFTER)
        if leg.ended.is_set():
            return
        leg.answer()
        if ring_of(leg.invite).name.startswith(TO_RING_BACK):
            await leg.pause(ACCEPTS_AFTER)
            await leg.press("2" if self._rung % REFUSES_EACH == 0 else "1")
        else:
            await leg.pause(LIVE_TALK)
            await leg.hang_up()

    async def __aenter__(self) -> Self:
        await self._agent.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._agent.stop()
