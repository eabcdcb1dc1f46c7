"""Transfers and absences by the API, on real calls: nothing is half done, and each refusal says its word."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from access.model import Holder, Role
from access.tokens import Tokens
from simulation import Answers, HangUp, Refuses, Rings, Wait, until
from tests.calls.handlers import OFFICE, calls, in_talk
from tests.calls.stack import Stack

Ask = Callable[..., Awaitable[httpx.Response]]


@pytest.fixture
def ask(stack: Stack) -> Ask:
    """Asks the running stack's API as the guide of an extension."""

    async def asked(method: str, path: str, extension: str = "1001", **body: object) -> httpx.Response:
        now = datetime.now(UTC)
        holder = Holder(name="guide", roles=frozenset({Role.GUIDE}), extension=extension, expires_at=now + timedelta(minutes=5))
        async with stack.redis() as redis, httpx.AsyncClient() as client:
            headers = {"Authorization": f"Bearer {await Tokens(redis).issue(holder, now)}"}
            return await client.request(method, stack.url(path), headers=headers, json=body or None)

    return asked


def live_call(stack: Stack) -> str:
    """The id of the one call that goes on: that of its first channel."""
    (row,) = [line for line in stack.asterisk("core show channels concise").splitlines() if line.startswith("PJSIP/trunk-")]
    return row.split("!")[-1]


async def test_the_own_talk_is_transferred_blind_and_nothing_else(stack: Stack, ready: float, ask: Ask) -> None:
    async with stack.softphone("1001") as phone, stack.far_end({OFFICE: Answers()}) as far:
        call = calls(stack, "0701740660", Wait(14.0), HangUp())
        await in_talk(stack, phone)
        path = f"/api/calls/{live_call(stack)}/transfer"
        refused = [
            await ask("POST", path, "1002", to="2001"),
            await ask("POST", path, to="7777"),
            await ask("POST", "/api/calls/1.1/transfer", to="2001"),
        ]
        assert [(one.status_code, one.json()["error"]) for one in refused] == [
            (403, "not_your_call"), (404, "unknown_extension"), (409, "call_ended"),
        ]  # fmt: skip
        assert far.dialled == []
        assert (await ask("POST", path, to="2001")).status_code == 200
        await far.rang(OFFICE)
        assert (await ask("POST", path, to="2001")).json()["error"] == "not_talking"
        await call
    assert [one.outcome for one in (await stack.last_call(ready)).transfers] == ["answered"]


async def test_an_attended_transfer_whose_guide_hangs_up_while_it_rings_gives_the_caller_back(stack: Stack, ready: float, ask: Ask) -> None:
    async with stack.softphone("1001") as phone, stack.far_end({OFFICE: Rings()}) as far:
        call = calls(stack, "0701740661", Wait(40.0), HangUp())
        leg = await in_talk(stack, phone)
        assert (await ask("POST", f"/api/calls/{live_call(stack)}/transfer", to="2001", kind="attended")).status_code == 200
        await far.rang(OFFICE)
        await leg.hang_up()
        await phone.talk(2, timeout=45)
        await call
    assert phone.rings[1].name == "ÅTER bygglov 1 ej svar"
    row = await stack.last_call(ready)
    assert ([one.outcome for one in row.transfers], [one.outcome for one in row.returns]) == (["no_answer"], ["answered"])


async def test_an_attended_transfer_to_a_busy_handler_leaves_the_guide_with_the_caller(stack: Stack, ready: float, ask: Ask) -> None:
    async with stack.softphone("1001") as phone, stack.far_end({OFFICE: Refuses()}) as far:
        call = calls(stack, "0701740662", Wait(14.0), HangUp())
        await in_talk(stack, phone)
        assert (await ask("POST", f"/api/calls/{live_call(stack)}/transfer", to="2001", kind="attended")).status_code == 200
        await far.rang(OFFICE)
        await stack.talking()
        await call
        assert len(phone.rings) == 1
    row = await stack.last_call(ready)
    assert ([one.outcome for one in row.transfers], row.returns) == (["busy"], ())


async def test_away_is_set_listed_held_over_a_restart_of_asterisk_and_taken_away(stack: Stack, ready: float, ask: Ask) -> None:
    until_then = (datetime.now(UTC) + timedelta(hours=1)).replace(microsecond=0)
    path = "/api/handlers/2021/away?municipality=lekeberg"
    assert (await ask("PUT", path, until=until_then.isoformat())).json()["takes_calls"] is False
    assert (await ask("PUT", path, until="2020-01-01T00:00:00Z")).json()["error"] == "not_future"
    stack.compose("restart", "asterisk")
    await until(stack.ready, 40, "Asterisk is back")
    rows = {row["extension"]: row for row in (await ask("GET", "/api/handlers?municipality=lekeberg")).json()}
    assert datetime.fromisoformat(rows["2021"]["away_until"]) == until_then
    assert (rows["2001"]["takes_calls"], rows["2011"]["takes_calls"], rows["2100"]["stand_ins"]) == (True, False, ["2011"])
    assert (await ask("DELETE", path)).json()["takes_calls"] is True
    assert (await ask("DELETE", "/api/handlers/7777/away")).json()["error"] == "unknown_extension"
