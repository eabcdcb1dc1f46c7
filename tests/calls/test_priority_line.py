"""The priority line: a report of concern reaches somebody on duty, else a guide while the search goes on, else the number out of hours."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from simulation import Answers, Behaviour, FarEnd, HangUp, Phone, Press, Refuses, Rings, Wait, WaitForBye
from tests.calls.handlers import in_talk
from tests.calls.operating import hears
from tests.calls.stack import CITIZEN, CLOSED, CONCERN_LINE, Stack, until
from tests.calls.test_without_controller import killed

RECEPTION, FIRST, SECOND, HEAD = (f"+4670174066{last}" for last in range(4))
OUT_OF_HOURS = "+46701740690"
NUMBERS = {"reception": RECEPTION, "first": FIRST, "second": SECOND, "head": HEAD, "out_of_hours": OUT_OF_HOURS}
ACCEPTS = Answers(presses="1", presses_after=1.0)
VOICEMAIL = Answers()
ANONYMOUS = "07017406995"
"""A digit too long to be anybody's, so that no other story can have left it anywhere."""
TO_CONCERN = (Wait(1.5), Press("2"), Wait(2), Press("1"))


@asynccontextmanager
async def on_call(stack: Stack, **phones: Behaviour) -> AsyncIterator[FarEnd]:
    """IFO's phones, each in its own way; silent when not named."""
    async with stack.far_end({NUMBERS[name]: behaviour for name, behaviour in phones.items()}, otherwise=Rings()) as far_end:
        yield far_end


async def test_a_report_of_concern_reaches_whoever_is_on_duty(stack: Stack, ready: float) -> None:
    async with on_call(stack, reception=ACCEPTS) as phones:
        await stack.call(CITIZEN, *TO_CONCERN, Wait(6), HangUp())
        record = await stack.last_call(ready)
    assert phones.dialled == [RECEPTION]
    assert (record.outcome, record.topic, record.priority_line, record.priority_outcome) == ("answered", "concern", "ifo", "on_duty")
    assert record.number == ""


async def test_a_voicemail_never_takes_it_a_busy_phone_costs_no_time_and_the_next_one_rings_beside(stack: Stack, ready: float) -> None:
    async with on_call(stack, reception=VOICEMAIL, first=Refuses(486), second=ACCEPTS) as phones:
        await stack.call(CITIZEN, *TO_CONCERN, Wait(16), HangUp())
        record = await stack.last_call(ready)
    assert phones.dialled == [RECEPTION, FIRST, SECOND]
    assert record.priority_outcome == "on_duty"
    rung = [ring.when.timestamp() for ring in phones.rings]
    assert 4 <= rung[1] - rung[0] <= 7  # the first one has its time, while its voicemail is asked for a key
    assert rung[2] - rung[1] < 1.5


async def test_while_a_guide_talks_the_search_goes_on_and_takes_the_citizen_over(stack: Stack, guide: Phone, ready: float) -> None:
    async with on_call(stack) as phones:
        call = asyncio.create_task(stack.call(CITIZEN, *TO_CONCERN, WaitForBye()))
        await guide.rang(timeout=60)
        await stack.talking()
        assert guide.rings[0].name == "PRIO Oro"
        phones.numbers[HEAD] = ACCEPTS
        talk = await phones.rang(HEAD, times=2, timeout=60)
        await until(lambda: _ended(guide), 20, "the guide's release")
        await talk.hang_up()
        assert (await call).ended_by == "them"
        record = await stack.last_call(ready)
    assert (record.outcome, record.answered_by, record.priority_outcome) == ("answered", "1001", "on_duty")


async def test_while_a_guide_is_rung_in_vain_the_search_takes_the_citizen_out_of_the_queue(
    stack: Stack, silent_guide: Phone, ready: float
) -> None:
    async with on_call(stack) as phones:
        call = asyncio.create_task(stack.call(CITIZEN, *TO_CONCERN, WaitForBye()))
        await silent_guide.rang(timeout=60)
        phones.numbers[HEAD] = ACCEPTS
        talk = await phones.rang(HEAD, times=2, timeout=60)
        await until(lambda: _taken_over(stack), 20, "the search's talk")
        await talk.hang_up()
        assert (await call).ended_by == "them"
        record = await stack.last_call(ready)
    assert (record.outcome, record.priority_outcome) == ("answered", "on_duty")


async def test_a_guide_is_the_second_best(stack: Stack, guide: Phone, ready: float) -> None:
    async with on_call(stack):
        call = asyncio.create_task(stack.call(CITIZEN, *TO_CONCERN, Wait(48), HangUp()))
        await guide.rang(timeout=60)
        await call
        record = await stack.last_call(ready)
    assert (record.outcome, record.answered_by, record.priority_outcome) == ("answered", "1001", "guide")
    assert stack.metric('ivr_priority_calls_total{municipality="lekeberg",line="ifo",outcome="guide"}') >= 1


async def test_only_when_nobody_is_reached_a_callback_may_be_ordered(stack: Stack, ready: float) -> None:
    """IFO's phones refuse, no guide is on duty: 9, the number is asked for since none is kept, and the promise is IFO's."""
    async with on_call(stack, **dict.fromkeys(NUMBERS, Refuses(486))):
        keys = (Wait(9), Press("9"), Wait(2), Press(f"{CITIZEN}#"), Wait(2.5), Press("1"), WaitForBye())
        await stack.call(CITIZEN, *TO_CONCERN, *keys)
        record = await stack.last_call(ready)
    assert (record.outcome, record.priority_outcome, record.number) == ("callback", "nobody", "")
    stored = await stack.run(".venv/bin/ivr", "callbacks", "list", "--json", "--duty", "ifo")
    assert record.callback_id in stored
    assert '"source": "chain_failed"' in stored


async def test_out_of_its_hours_the_number_out_of_hours_is_called_at_once(stack: Stack, ready: float) -> None:
    async with on_call(stack, out_of_hours=Answers(talk=3)) as phones:
        await stack.call(CITIZEN, Wait(1), Press("2"), WaitForBye(), dials=CLOSED)
        record = await stack.last_call(ready, municipality="closedville")
    assert phones.dialled == [OUT_OF_HOURS]
    assert (record.outcome, record.priority_outcome) == ("answered", "on_duty")


async def test_without_the_controller_the_chain_is_the_same(stack: Stack, ready: float) -> None:
    async with killed(stack), on_call(stack, reception=Refuses(486), first=ACCEPTS) as phones:
        await stack.call(CITIZEN, Wait(9), Press("2"), Wait(8), HangUp())
        assert phones.dialled == [RECEPTION, FIRST]
    record = await stack.last_call(ready)
    assert (record.outcome, record.priority_outcome, record.fallback, record.source) == ("answered", "on_duty", True, "logs")


async def test_when_two_accept_at_the_same_moment_one_gets_the_citizen_and_the_other_hears_so(stack: Stack, ready: float) -> None:
    """The second one rings from the fifth second on; both press when they have been asked."""
    at_once = Answers(presses="1", presses_after=7.5)
    async with on_call(stack, reception=at_once, first=Answers(presses="1", presses_after=2.2)) as phones:
        call = asyncio.create_task(stack.call(CITIZEN, Wait(14), HangUp(), dials=CONCERN_LINE))
        await hears(stack, "oncall-taken")
        await until(lambda: _released(phones, 1), 10, "the release of who was too late")
        assert not call.done()
        await call
        await until(lambda: _released(phones, 2), 10, "the end of the talk")
        record = await stack.last_call(ready)
    assert record.priority_outcome == "on_duty"
    assert phones.dialled == [RECEPTION, FIRST]


async def test_who_is_being_asked_is_told_when_the_citizen_has_hung_up(stack: Stack, ready: float) -> None:
    async with on_call(stack, reception=Answers(presses="1", presses_after=4.0)) as phones:
        await stack.call(CITIZEN, Wait(3), HangUp(), dials=CONCERN_LINE)
        await until(lambda: _released(phones, 1), 15, "the release of who was asked")
        record = await stack.last_call(ready)
    assert (record.outcome, record.priority_outcome) == ("abandoned_short", "hung_up")
    assert phones.dialled == [RECEPTION]


async def test_three_rounds_in_vain_end_with_the_number_out_of_hours_and_then_112(stack: Stack, ready: float) -> None:
    """Each round is told as an alarm at once, and the call counts once."""
    unanswered = 'ivr_priority_unanswered_total{municipality="lekeberg",line="ifo"}'
    before = stack.metric(unanswered)
    async with on_call(stack, **dict.fromkeys(NUMBERS, Refuses(486))) as phones:
        call = asyncio.create_task(stack.call(CITIZEN, WaitForBye(), dials=CONCERN_LINE))
        await phones.rang(HEAD)
        await until(lambda: _counted(stack, unanswered, before + 1), 15, "the alarm")
        assert not call.done()
        await hears(stack, "concern-call-112", within=60)
        assert (await call).ended_by == "them"
        record = await stack.last_call(ready)
    assert phones.dialled == [RECEPTION, FIRST, SECOND, HEAD] * 3 + [OUT_OF_HOURS]
    assert (record.outcome, record.priority_outcome) == ("abandoned", "nobody")
    assert stack.metric(unanswered) == before + 1
    alarms = [json.loads(line.split(" | ", 1)[-1]) for line in _logged(stack, "priority.nobody", ready)]
    assert [(one["line"], one["round"], one["level"]) for one in alarms] == [("ifo", 1, "error"), ("ifo", 2, "error"), ("ifo", 3, "error")]


async def test_who_is_transferred_there_meets_the_same_chain_and_is_unknown_from_then_on(stack: Stack, ready: float) -> None:
    async with stack.softphone("1001") as guide, on_call(stack, reception=Refuses(486), first=ACCEPTS) as phones:
        call = asyncio.create_task(stack.call(CITIZEN, Wait(1.5), Press("1"), Wait(16), HangUp()))
        assert await (await in_talk(stack, guide)).transfer("2900") < 300
        await phones.rang(FIRST)
        await call
        record = await stack.last_call(ready)
    assert phones.dialled == [RECEPTION, FIRST]
    assert (record.outcome, record.answered_by, record.topic, record.number) == ("answered", "1001", "concern", "")
    assert (record.priority_line, record.priority_outcome) == ("ifo", "on_duty")


async def _released(phones: FarEnd, many: int) -> bool:
    return sum(phones.leg(number).ended.is_set() for number in phones.dialled) == many


async def _counted(stack: Stack, series: str, value: float) -> bool:
    return stack.metric(series) == value


def _logged(stack: Stack, event: str, since: float) -> list[str]:
    logged = stack.compose("logs", "--no-color", "--since", str(int(since)), "controller").splitlines()
    return [line for line in logged if f'"event": "{event}"' in line]


async def _taken_over(stack: Stack) -> bool:
    return "!lekeberg-search!found!" in stack.asterisk("core show channels concise")


async def _ended(phone: Phone) -> bool:
    return any(one.start.startswith("BYE") and not one.sent for one in phone.messages)


async def test_the_line_of_its_own_asks_nothing_and_keeps_no_number(stack: Stack, ready: float) -> None:
    """Searched for where a number can come to rest: Redis with its append-only file, all logs, the figures, the API, the phones' SIP."""
    async with on_call(stack, reception=Refuses(486), first=Rings()) as phones, stack.phone("1001") as guide:
        await stack.call(ANONYMOUS, Wait(3), HangUp(), dials=CONCERN_LINE)
        gave_up = await stack.last_call(ready)
        answering = asyncio.create_task(stack.call(ANONYMOUS, WaitForBye(), dials=CONCERN_LINE))
        await guide.rang(timeout=60)
        phones.numbers[HEAD] = ACCEPTS
        talk = await phones.rang(HEAD, times=2, timeout=60)
        await until(lambda: _ended(guide), 20, "the guide's release")
        await talk.hang_up()
        await answering
        record = await stack.last_call(ready)
        heard = "".join(one.text for one in guide.messages)
    assert (gave_up.outcome, gave_up.priority_outcome) == ("abandoned_short", "hung_up")
    assert (record.line, record.outcome, record.priority_outcome) == ("concern", "answered", "on_duty")
    assert ANONYMOUS.lstrip("0") not in heard
    assert "PRIO Oro" in heard
    for place, text in (await stack.everything_kept()).items():
        assert ANONYMOUS.lstrip("0") not in text, place
