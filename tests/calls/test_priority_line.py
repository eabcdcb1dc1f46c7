"""The priority line: a report of concern reaches somebody on duty, else a guide while the search goes on, else the out-of-hours line."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager

from simulation import Answers, Behaviour, CallResult, FarEnd, HangUp, Phone, Press, Refuses, Rings, Wait, WaitForBye
from tests.calls.stack import CITIZEN, Stack

RECEPTION, FIRST, SECOND, HEAD = (f"+4670174066{last}" for last in range(4))
OUT_OF_HOURS = "+46701740690"
ACCEPTS = Answers(presses="1", presses_after=1.0)
VOICEMAIL = Answers()
TO_CONCERN = (Wait(1.5), Press("2"), Wait(2), Press("1"))


@asynccontextmanager
async def on_call(stack: Stack, **phones: Behaviour) -> AsyncIterator[FarEnd]:
    """IFO's phones, each in its own way; silent when not named."""
    numbers = {"reception": RECEPTION, "first": FIRST, "second": SECOND, "head": HEAD, "out_of_hours": OUT_OF_HOURS}
    async with stack.far_end({numbers[name]: behaviour for name, behaviour in phones.items()}, otherwise=Rings()) as far_end:
        yield far_end


async def reported(call: Awaitable[CallResult], within: float = 60) -> CallResult:
    async with asyncio.timeout(within):
        return await call


async def test_a_report_of_concern_reaches_whoever_is_on_duty(stack: Stack, ready: float) -> None:
    async with on_call(stack, reception=ACCEPTS) as phones:
        await reported(stack.call(CITIZEN, *TO_CONCERN, Wait(6), HangUp()))
        assert phones.dialled == [RECEPTION]
        record = await stack.last_call(ready)
    assert (record.outcome, record.topic, record.priority_line, record.priority_outcome) == ("answered", "concern", "ifo", "on_duty")
    assert record.number == ""


async def test_a_voicemail_never_takes_it_and_the_next_one_rings_beside(stack: Stack, ready: float) -> None:
    async with on_call(stack, reception=VOICEMAIL, first=Refuses(486), second=ACCEPTS) as phones:
        await reported(stack.call(CITIZEN, *TO_CONCERN, Wait(20), HangUp()))
        assert phones.dialled == [RECEPTION, FIRST, SECOND]
        record = await stack.last_call(ready)
    assert record.priority_outcome == "on_duty"


async def test_a_guide_stays_with_the_citizen_while_the_search_goes_on(stack: Stack, guide: Phone) -> None:
    async with on_call(stack) as phones:
        call = asyncio.create_task(stack.call(CITIZEN, *TO_CONCERN, WaitForBye()))
        await guide.rang(timeout=60)
        await stack.talking()
        print(stack.asterisk("core show channels verbose"), stack.asterisk("bridge show all"))
        phones.numbers[SECOND] = ACCEPTS
        await phones.rang(SECOND, times=2)
        await asyncio.sleep(8)
        print(stack.asterisk("core show channels verbose"), stack.asterisk("bridge show all"))
        print(stack.file("/var/log/asterisk/queue_log"))
        await phones.leg(SECOND).hang_up()
        print(await call)
