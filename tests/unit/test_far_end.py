"""The far end's numbers and the phone that transfers, against a bare user agent on 127.0.0.1: no telephone exchange between them."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from simulation import Answers, Behaviour, Diverts, FarEnd, InTurn, Leg, Refuses, Rings, until
from simulation.sipp import HOST, signalling_port
from simulation.user_agent import UserAgent

MOBILE, MAIN = "+46701740671", "+4658548700"


class Exchange:
    """Dials the far end, and takes what comes back."""

    def __init__(self, numbers: Mapping[str, Behaviour]) -> None:
        self.port, far = signalling_port(), signalling_port()
        self.came: list[Leg] = []
        self.far = FarEnd((HOST, self.port), far, numbers)
        self.agent = UserAgent("0701740605", peer=(HOST, far), port=self.port, on_call=self._take)

    async def _take(self, leg: Leg) -> None:
        self.came.append(leg)
        leg.refuse(486)

    async def __aenter__(self) -> Exchange:
        await self.agent.start()
        await self.far.__aenter__()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.agent.stop()
        await self.far.__aexit__(None, None, None)


async def test_a_number_may_meet_its_first_call_otherwise_than_the_next_ones_and_tells_when_each_was_answered_and_ended() -> None:
    async with Exchange({MOBILE: InTurn((Refuses(), Answers(after=0.05, talk=0.1)))}) as exchange:
        for _ in range(3):
            await (await exchange.agent.dial(MOBILE)).ended.wait()
        busy, *answered = exchange.far.legs
    assert (busy.status, busy.answered_at, busy.ended_at is None) == (486, None, False)
    for leg in answered:
        assert leg.answered_at and leg.ended_at and 0.1 <= (leg.ended_at - leg.answered_at).total_seconds() < 1.0


async def test_each_number_behaves_in_its_own_way() -> None:
    async with Exchange({MOBILE: Refuses(), "+46701740672": Answers(after=0.05, talk=0.1)}) as exchange:
        busy, answering = await exchange.agent.dial(MOBILE), await exchange.agent.dial("+46701740672")
        await until(lambda: busy.ended.is_set() and answering.ended.is_set(), 5, "both ends")
        assert (busy.status, busy.answered.is_set(), answering.answered.is_set()) == (486, False, True)
        assert sorted(exchange.far.dialled) == [MOBILE, "+46701740672"]


async def test_a_silent_number_rings_until_the_caller_gives_up() -> None:
    async with Exchange({MOBILE: Rings()}) as exchange:
        leg = await exchange.agent.dial(MOBILE)
        await until(lambda: leg.status == 180, 5, "ringing")
        await leg.hang_up()
        await until(lambda: exchange.far.leg(MOBILE).ended.is_set(), 5, "the phone has ceased to ring")
        assert not exchange.far.leg(MOBILE).answered.is_set()


async def test_a_key_is_pressed_after_the_answer_as_rtp_events() -> None:
    async with Exchange({MOBILE: Answers(after=0.05, presses="1", presses_after=0.05)}) as exchange:
        leg = await exchange.agent.dial(MOBILE)
        await until(leg.answered.is_set, 5, "the answer")
        async with asyncio.timeout(5):
            while (packet := await asyncio.to_thread(leg.sound.recv, 2000))[1] & 0x7F != 101:
                assert packet[1] & 0x7F == 8  # silence before the key
        assert packet[12] == 1


async def test_a_diverted_call_comes_back_by_a_new_invite_that_says_for_whom_it_was() -> None:
    async with Exchange({MOBILE: Diverts(MAIN, after=0.05)}) as exchange:
        leg = await exchange.agent.dial(MOBILE)
        await until(leg.ended.is_set, 5, "the first call's end")
        (came,) = exchange.came
        assert (came.dialled, leg.status) == (MAIN, 486)
        assert came.invite.header("Diversion").startswith(f"<sip:{MOBILE}@")
