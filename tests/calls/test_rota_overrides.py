"""IFO edits its own rota while the service runs: whom Asterisk rings follows at once, outlives a restart, and is never nobody."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import pytest

from routing.hours import ZONE
from simulation import HangUp, Refuses, Wait
from tests.calls.stack import CITIZEN, CONCERN_LINE, ROOT, Stack, until
from tests.calls.test_priority_line import ACCEPTS, RECEPTION, SECOND, on_call

IVR = str(ROOT / ".venv/bin/ivr")


@pytest.fixture
async def today(stack: Stack, ready: float) -> AsyncIterator[str]:
    """The date on which the shifts began that go on now; however the story ends, they are the file's again."""
    today = f"{datetime.now(ZONE):%Y-%m-%d}"
    yield today
    await stack.run(IVR, "rota", "clear", "ifo", today, "--municipality", "lekeberg")


async def rung(stack: Stack) -> list[str]:
    """Whom a report of concern rings, up to who takes it."""
    async with on_call(stack, reception=Refuses(486), first=ACCEPTS, second=ACCEPTS) as phones:
        await stack.call(CITIZEN, Wait(8), HangUp(), dials=CONCERN_LINE)
        return phones.dialled


async def test_an_exception_rings_others_at_once_also_after_a_restart_until_it_is_cleared(stack: Stack, ready: float, today: str) -> None:
    ifo = stack.token("--role", "handler", "--duty", "ifo", "--name", "somebody at IFO")
    path = f"/api/priority-lines/ifo/rota/{today}?municipality=lekeberg"
    status, row = stack.api("PUT", path, ifo, {"people": ["second"]})
    assert (status, row["on_duty"], row["overrides"]) == (200, ["second"], {today: ["second"]})
    assert [one["title"] for one in row["chain"]] == ["IFO mottagning", "Jour 2", "IFO-chef"]
    assert await rung(stack) == [RECEPTION, SECOND]
    stack.compose("restart", "controller")

    async def acting() -> bool:
        return stack.ready()

    await until(acting, 40, "a controller that acts")
    assert await rung(stack) == [RECEPTION, SECOND]
    log = stack.compose("logs", "--no-color", "controller")
    assert '"by": "somebody at IFO", "event": "rota.changed"' in log
    assert "174066" not in log
    assert stack.api("DELETE", path, ifo)[1]["on_duty"] == ["first", "second"]
    assert (await rung(stack))[1:] != [SECOND]


async def test_nobody_on_duty_right_now_is_refused_and_a_day_ahead_is_a_gap_that_is_shown_and_measured(stack: Stack, today: str) -> None:
    ifo = stack.token("--role", "guide", "--duty", "ifo")
    path = f"/api/priority-lines/ifo/rota/{today}?municipality=lekeberg"
    status, said = stack.api("PUT", path, ifo, {"people": []})
    assert (status, said["error"]) == (409, "nobody_on_duty")
    series = 'ivr_rota_gap_timestamp_seconds{municipality="lekeberg",line="ifo"}'
    assert stack.metric(series) == 0
    begins = (datetime.now(ZONE) + timedelta(days=3)).replace(hour=0, minute=0, second=0, microsecond=0)
    ahead = f"/api/priority-lines/ifo/rota/{begins:%Y-%m-%d}?municipality=lekeberg"
    assert stack.api("PUT", ahead, ifo, {"people": []})[0] == 200
    assert stack.metric(series) == begins.timestamp()
    assert f"NOBODY {begins:%a %Y-%m-%d} 00:00" in await stack.run(IVR, "rota", "show", "--municipality", "lekeberg")
    assert stack.api("DELETE", ahead, ifo)[0] == 200
    assert stack.metric(series) == 0


async def test_the_command_line_does_the_same(stack: Stack, today: str) -> None:
    there = ("--municipality", "lekeberg")
    assert f"ifo on {today}: second, first." in await stack.run(IVR, "rota", "set", "ifo", today, "second", "first", *there)
    shown = await stack.run(IVR, "rota", "show", *there)
    assert "now: IFO mottagning (+4670 ••• 60), Jour 2 (+4670 ••• 62), Jour 1" in shown
    assert "second, first (exception)" in shown
    assert f"ifo on {today}: the file's shifts hold." in await stack.run(IVR, "rota", "clear", "ifo", today, *there)
    assert "(exception)" not in await stack.run(IVR, "rota", "show", *there)
    assert "third" in await stack.run(IVR, "rota", "set", "ifo", today, "third", *there)
