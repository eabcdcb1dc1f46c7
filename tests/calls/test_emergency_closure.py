"""Closed at once while the service runs: who waits hears it, who talks goes on talking, and it holds without the controller, too."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from callbacks.store import CallbackStore
from routing.hours import ZONE
from simulation import Answers, HangUp, Phone, Press, Wait, WaitForBye
from tests.calls.operating import ask, hears, waiting
from tests.calls.stack import Stack, until
from tests.calls.test_without_controller import killed

LEKEBERG = {"municipality": "lekeberg"}


def ahead(seconds: float) -> str:
    return (datetime.now(UTC) + timedelta(seconds=seconds)).isoformat()


@pytest.fixture
async def open_again(stack: Stack, ready: float) -> AsyncIterator[None]:
    """However the story ends, no closure is left."""
    yield
    status, _ = await ask(stack, "DELETE", "/api/closure?municipality=lekeberg")
    assert status == 200


async def test_who_waits_hears_it_and_may_order_a_callback_and_who_talks_goes_on(
    stack: Stack, ready: float, guide: Phone, open_again: None
) -> None:
    talking = asyncio.create_task(stack.call("0701740645", Wait(1.0), Press("1"), Wait(20.0), HangUp()))
    await stack.talking()
    other = asyncio.create_task(stack.call("0701740646", Wait(1.0), Press("3"), Wait(9.0), Press("9"), Wait(1.5), Press("1"), WaitForBye()))
    await waiting(stack, 1)
    until_then = ahead(3600)
    status, closed = await ask(stack, "PUT", "/api/closure", LEKEBERG | {"until": until_then})
    assert status == 200
    await hears(stack, "emergency", within=4)
    assert (await other).ended_by == "them"
    assert (await talking).ended_by == "us"
    told = await stack.last_call(ready, number="0701740646")
    assert (told.outcome, told.queue, told.topic) == ("callback", "guides", "education")
    async with stack.redis() as redis:
        requests = await CallbackStore(redis).listed("lekeberg", ("queue/guides",), 1000)
    (stored,) = [one for one in requests if one.number == "+46701740646"]
    end = datetime.fromisoformat(closed["until"])
    assert stored.source == "closed"
    assert stored.not_before >= end
    assert stored.due >= end + timedelta(hours=4)
    answered = await stack.last_call(ready, number="0701740645")
    assert answered.outcome == "answered"
    assert answered.talk_seconds is not None
    assert answered.talk_seconds > 15


async def test_a_new_caller_hears_it_and_2_reaches_whoever_is_on_duty(stack: Stack, ready: float, open_again: None) -> None:
    await ask(stack, "PUT", "/api/closure", LEKEBERG | {"until": ahead(3600)})
    async with stack.far_end(otherwise=Answers(presses="1", presses_after=1.0)) as on_duty:
        call = asyncio.create_task(stack.call("0701740647", Wait(4.0), Press("2"), Wait(14.0), HangUp()))
        await hears(stack, "emergency")
        assert (await call).ended_by == "us"
        assert len(on_duty.rings) == 1
    assert (await stack.last_call(ready)).priority_outcome == "on_duty"


async def test_without_the_controller_the_dialplan_says_it(stack: Stack, ready: float, guide: Phone, open_again: None) -> None:
    await ask(stack, "PUT", "/api/closure", LEKEBERG | {"until": ahead(3600)})
    async with killed(stack):
        call = asyncio.create_task(stack.call("0701740648", WaitForBye()))
        await hears(stack, "emergency")
        assert (await call).ended_by == "them"
        assert guide.rings == []
    row = await stack.last_call(ready, within=40)
    assert (row.outcome, row.fallback) == ("closed", True)
    _, standing = await ask(stack, "GET", "/api/closure?municipality=lekeberg")
    assert standing[0]["until"] is not None  # the restarted controller has read it


async def test_it_ends_by_itself(stack: Stack, ready: float, guide: Phone, open_again: None) -> None:
    await ask(stack, "PUT", "/api/closure", LEKEBERG | {"until": ahead(5)})

    async def over() -> bool:
        return (await ask(stack, "GET", "/api/closure?municipality=lekeberg"))[1][0]["until"] is None

    await until(over, 10, "the end of the closure")
    assert (await stack.call("0701740649", Wait(1.0), Press("1"), Wait(4.0), HangUp())).answered
    assert (await stack.last_call(ready)).outcome == "answered"


async def test_the_command_line_closes_and_reopens_and_says_when_nobody_is_there(stack: Stack, ready: float, guide: Phone) -> None:
    soon = f"{datetime.now(ZONE) + timedelta(hours=1):%Y-%m-%d %H:%M}"
    said = await stack.run(".venv/bin/ivr", "close", "lekeberg", "--until", soon)
    assert said.startswith(f"lekeberg is closed until {soon}")
    assert stack.metric('ivr_queue_open{municipality="lekeberg",queue="guides"}') == 0.0
    assert "ordinary hours hold" in await stack.run(".venv/bin/ivr", "reopen", "lekeberg")
    assert stack.metric('ivr_queue_open{municipality="lekeberg",queue="guides"}') == 1.0
    assert "several are served" in (await stack.run(".venv/bin/ivr", "reopen")).lower()
    assert "more than 7 days ahead" in await stack.run(".venv/bin/ivr", "close", "lekeberg", "--until", "2099-01-01 12:00")
    assert (await stack.call("0701740650", Wait(1.0), Press("1"), Wait(4.0), HangUp())).answered
    assert (await stack.last_call(ready)).outcome == "answered"
    async with killed(stack):
        refused = await stack.run(".venv/bin/ivr", "close", "lekeberg", "--until", soon)
    assert "nothing was changed. Start it" in refused
    assert "Traceback" not in refused
