"""Outside the opening hours a citizen hears why, may report a concern or order a callback, and the call ends as `closed`."""

from __future__ import annotations

from callbacks.store import CallbackStore
from simulation import HangUp, Press, Wait, WaitForBye
from tests.calls.stack import CLOSED, LUNCH, Stack
from tests.calls.test_without_controller import killed


async def test_a_caller_who_says_nothing_hears_it_twice_and_the_call_ends(stack: Stack, ready: float) -> None:
    assert (await stack.call("0701740640", WaitForBye(), dials=CLOSED)).ended_by == "them"
    row = await stack.last_call(ready, municipality="closedville")
    assert (row.outcome, row.queue, row.choices) == ("closed", "none", ("timeout", "timeout"))


async def test_9_orders_a_callback_whose_place_is_the_opening(stack: Stack, ready: float) -> None:
    steps = (Wait(1.0), Press("9"), Wait(1.5), Press("1"), WaitForBye())
    assert (await stack.call("0701740641", *steps, dials=LUNCH)).ended_by == "them"
    row = await stack.last_call(ready, municipality="closedville")
    assert (row.outcome, row.choices) == ("callback", ("callback",))
    async with stack.redis() as redis:
        (stored,) = await CallbackStore(redis).listed("closedville", ("queue/guides",))
    assert (stored.id, stored.source, stored.number) == (row.callback_id, "closed", "+46701740641")
    assert stored.place == stored.not_before > stored.created_at


async def test_2_reaches_the_out_of_hours_line_with_our_main_number_shown(stack: Stack, ready: float) -> None:
    async with stack.outside() as out_of_hours:
        steps = (Wait(8.0), Press("2"), Wait(14.0), HangUp())  # while the next opening is said: a key works at any moment
        assert (await stack.call("0701740642", *steps, dials=CLOSED)).ended_by == "us"
        (ring,) = out_of_hours.rings
    assert ring.number == f"+46{CLOSED[1:]}"
    row = await stack.last_call(ready, municipality="closedville")
    assert (row.outcome, row.topic) == ("answered", "concern")


async def test_without_the_controller_it_is_closed_too_and_2_still_reaches_the_line(stack: Stack, ready: float) -> None:
    async with killed(stack):
        async with stack.outside() as out_of_hours:
            steps = (Wait(9.0), Press("2"), Wait(14.0), HangUp())  # at worst 6 s of silence before the first word
            assert (await stack.call("0701740643", *steps, dials=CLOSED)).ended_by == "us"
            assert len(out_of_hours.rings) == 1
        assert (await stack.call("0701740644", WaitForBye(), dials=LUNCH)).ended_by == "them"
    row = await stack.last_call(ready, within=40, municipality="closedville", line="main")
    assert (row.outcome, row.topic, row.fallback, row.source) == ("answered", "concern", True, "logs")
    assert (await stack.last_call(ready, within=40, municipality="closedville", line="lunch")).outcome == "closed"


async def test_6_reaches_the_property_on_call_line(stack: Stack, ready: float) -> None:
    async with stack.outside() as on_call:
        steps = (Wait(1.0), Press("6"), Wait(9.0), HangUp())
        assert (await stack.call("0701740645", *steps, dials=CLOSED)).ended_by == "us"
        assert len(on_call.rings) == 1
    row = await stack.last_call(ready, municipality="closedville")
    assert (row.outcome, row.topic, row.choices) == ("answered", "fault_report", ("fault_report",))
