"""Guides log in and out and pause, by their phone and by the API; Asterisk keeps it over its own death and the controller's."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from simulation import HangUp, Press, Wait
from tests.calls.stack import Stack, until
from tests.calls.test_without_controller import killed


@pytest.fixture(autouse=True)
async def everybody_comes_back(stack: Stack, ready: float) -> AsyncIterator[None]:
    """Every story begins and ends with all guides logged in and ready."""
    stack.all_logged_in()
    yield
    stack.all_logged_in()


async def becomes(stack: Stack, extension: str, state: str, reason: str = "", within: float = 10) -> None:
    """Wait until the API tells this of a guide."""

    async def told() -> bool:
        row = stack.guides().get(extension, {})
        return (row.get("state"), row.get("reason")) == (state, reason)

    await until(told, within, f"{extension} {state} {reason}")


async def dial(stack: Stack, extension: str, code: str, keys: str = "") -> None:
    """A guide dials a code, presses keys when asked, and listens to the end."""
    async with stack.softphone(extension) as phone:
        leg = await phone.dial(code)
        await asyncio.wait_for(leg.answered.wait(), 5)
        if keys:
            await leg.press(keys)
        await asyncio.wait_for(leg.ended.wait(), 20)


def members(stack: Stack, queue: str = "guides") -> dict[str, bool]:
    """Asterisk's own list: extension to whether paused."""
    lines = stack.asterisk(f"queue show lekeberg-{queue}").splitlines()
    return {line.split()[0]: "paused" in line for line in lines if "PJSIP/" in line}


async def is_on_disk(stack: Stack, *words: str) -> None:
    """Wait until what Asterisk remembers of its members holds these words on disk: it writes within a second."""
    script = (
        "import sqlite3; base = sqlite3.connect('file:/var/lib/asterisk/astdb.sqlite3?mode=ro', uri=True);"
        "print(base.execute(\"select value from astdb where key = '/Queue/PersistentMembers/lekeberg-guides'\").fetchall())"
    )

    async def written() -> bool:
        kept = stack.compose("exec", "-T", "asterisk", "python3", "-c", script)
        return all(word in kept for word in words)

    await until(written, 10, f"{words} on disk")


async def test_the_codes_on_the_phone_log_out_and_in_pause_and_end_the_pause(stack: Stack) -> None:
    await dial(stack, "1002", "*12")
    await becomes(stack, "1002", "logged_out")
    assert "1002" not in members(stack)
    await dial(stack, "1002", "*11")
    assert members(stack)["1002"] is False
    for code, reason in (("*131", "visit"), ("*132", "mail"), ("*133", "break"), ("*134", "meeting")):
        await dial(stack, "1002", code)
        await becomes(stack, "1002", "paused", reason)
    await dial(stack, "1002", "*14")
    await becomes(stack, "1002", "unavailable")  # the phone is gone after its call
    assert members(stack)["1002"] is False


async def test_star_13_alone_asks_why(stack: Stack) -> None:
    await dial(stack, "1002", "*13", keys="3")
    await becomes(stack, "1002", "paused", "break")


async def test_a_code_counts_for_the_phone_that_dials_it_alone_and_leaves_the_fallback_queue(stack: Stack) -> None:
    await dial(stack, "1002", "*131")
    assert members(stack) == {"1001": False, "1002": True, "1003": False, "1004": False}
    assert members(stack, "fallback") == dict.fromkeys(("1001", "1002", "1003", "1004"), False)


async def test_the_codes_work_without_the_controller_and_it_knows_afterwards(stack: Stack) -> None:
    async with killed(stack):
        await dial(stack, "1002", "*12")
        await dial(stack, "1003", "*134")
        assert "1002" not in members(stack)
    await becomes(stack, "1002", "logged_out", within=20)
    await becomes(stack, "1003", "paused", "meeting")


async def test_the_api_says_no_to_what_does_not_fit_the_state(stack: Stack) -> None:
    assert stack.guide("1002", "login") == (409, "already_logged_in")
    assert stack.guide("1002", "ready") == (409, "not_paused")
    assert stack.guide("1002", "pause", reason="break")[1]["reason"] == "break"
    assert stack.guide("1002", "pause", reason="break") == (409, "already_paused")
    assert stack.guide("1002", "wrap-up", seconds=20) == (409, "already_paused")
    assert stack.guide("1002", "pause", reason="missed") == (422, "invalid")
    assert stack.guide("1002", "logout")[1]["state"] == "logged_out"
    assert stack.guide("1002", "logout") == (409, "not_logged_in")
    assert stack.guide("1002", "pause", reason="break") == (409, "not_logged_in")
    assert stack.guide("9999", "login") == (404, "unknown_guide")
    assert members(stack).keys() == {"1001", "1003", "1004"}


async def test_a_guide_acts_for_oneself_and_nobody_else(stack: Stack) -> None:
    token = stack.token("--role", "guide", "--extension", "lekeberg-1002")
    where = "?municipality=lekeberg"
    status, said = stack.api("POST", f"/api/guides/1002/pause{where}", token, {"reason": "mail"})
    assert (status, said["reason"]) == (200, "mail")
    assert stack.api("POST", f"/api/guides/1001/pause{where}", token, {"reason": "mail"})[0] == 403
    stranger = stack.token("--role", "guide", "--extension", "1002")  # three municipalities have a 1002
    assert stack.api("POST", f"/api/guides/1002/ready{where}", stranger)[0] == 403


async def test_log_in_and_pause_outlive_a_killed_asterisk_and_a_killed_controller(stack: Stack) -> None:
    stack.guide("1002", "logout")
    stack.guide("1003", "pause", reason="visit")
    await is_on_disk(stack, "visit")
    stack.kill("asterisk")
    assert stack.guide("1004", "logout") == (503, "asterisk_away")
    stack.compose("up", "-d", "--wait", "asterisk")
    async with killed(stack):
        pass
    await becomes(stack, "1003", "paused", "visit", within=20)
    assert members(stack) == {"1001": False, "1003": True, "1004": False}
    assert stack.guides()["1002"]["state"] == "logged_out"


async def test_who_is_logged_out_or_paused_is_not_rung(stack: Stack) -> None:
    stack.guide("1001", "pause", reason="break")
    stack.guide("1003", "logout")
    async with stack.phone("1001") as paused, stack.phone("1003") as out, stack.phone("1002") as here:
        assert (await stack.call("0701740641", Wait(1.0), Press("1"), Wait(4.0), HangUp())).answered
        assert (len(paused.rings), len(out.rings), len(here.rings)) == (0, 0, 1)
