"""The live stream over a real connection: who hears what, from where, and how it ends."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

import callbacks.stream
from access.model import Duty, Holder, Role
from callbacks.rights import persons
from callbacks.store import Act
from simulation import until
from tests.security.client import Client
from tests.security.served import served
from tests.security.test_callback_rights import HOLDERS, ordered, token

STREAM = ("GET", "/api/callbacks/stream")
DEADLINE = 15


@pytest.fixture
async def address(client: Client) -> AsyncIterator[str]:
    async with served(client) as (where, _):
        yield where


@asynccontextmanager
async def heard(address: str, bearer: str, after: str = "") -> AsyncIterator[AsyncIterator[str]]:
    """The lines of a stream, once it has begun."""
    headers = {"Authorization": f"Bearer {bearer}"} | ({"Last-Event-ID": after} if after else {})
    async with (
        asyncio.timeout(DEADLINE),
        httpx.AsyncClient(base_url=address, timeout=DEADLINE) as http,
        http.stream(*STREAM, headers=headers) as answer,
    ):
        assert (answer.status_code, answer.headers["content-type"]) == (200, "text/event-stream; charset=utf-8")
        yield answer.aiter_lines()


async def event(lines: AsyncIterator[str]) -> dict[str, Any]:
    """The next change, with its position."""
    told: dict[str, Any] = {}
    async for line in lines:
        name, _, value = line.partition(": ")
        if name == "data":
            told = json.loads(value)
        elif name == "id" and told:
            return told | {"position": value}
    raise EOFError("the stream has ended")


async def test_a_change_is_told_as_it_comes_and_without_a_number(client: Client, address: str) -> None:
    guide = await token(client, "a guide")
    async with heard(address, guide) as lines:
        one = await ordered(client, "the guides'")
        registered = await event(lines)
        await client.ask(("POST", f"/api/callbacks/{one.id}/take"), token=guide)
        taken = await event(lines)
    assert (registered["id"], registered["act"], registered["lists"]) == (one.id, "registered", ["queue/guides", "pool"])
    assert (taken["act"], taken["state"], taken["by"]) == ("taken", "taken", "1001")
    assert "1740605" not in json.dumps([registered, taken])


async def test_who_comes_back_goes_on_behind_what_was_heard(client: Client, address: str) -> None:
    guide = await token(client, "a guide")
    async with heard(address, guide) as lines:
        await ordered(client, "the guides'")
        first = await event(lines)
    missed = await ordered(client, "the guides'", "+46701740606")
    async with heard(address, guide, after=first["position"]) as lines:
        assert (await event(lines))["id"] == missed.id


@pytest.mark.parametrize(("who", "hears"), [
    ("a guide", ["the guides'"]), ("the handler", ["the handler's", "the function's"]), ("a stand-in of the function", ["the function's"]),
    ("another handler with the duty", ["a protected one"]), ("who leads", ["the guides'", "the handler's", "the function's"]),
])  # fmt: skip
async def test_each_hears_of_what_he_may_see(client: Client, address: str, who: str, hears: list[str]) -> None:
    async with heard(address, await token(client, who)) as lines:
        made = {which: (await ordered(client, which, f"+467017406{number:02}")).id for number, which in enumerate(
            ("the guides'", "the handler's", "the function's", "a protected one"), 10)}  # fmt: skip
        told = [(await event(lines))["id"] for _ in hears]
        assert told == [made[which] for which in hears]


async def test_a_guide_hears_that_a_request_has_left_the_pool(client: Client, address: str) -> None:
    one = await ordered(client, "the guides'")
    async with heard(address, await token(client, "a guide")) as lines:
        await client.ask(("POST", f"/api/callbacks/{one.id}/hand-over"), token=await token(client, "who leads"), json={"to": "2001"})
        assert (await event(lines))["act"] == "handed_over"
        await client.ask(("POST", f"/api/callbacks/{one.id}/take"), token=await token(client, "the handler"))
        waits = await ordered(client, "the guides'", "+46701740606")
        assert (await event(lines))["id"] == waits.id  # what happens in the handler's list is not the guides'


async def test_who_only_listens_hears_that_the_stream_lives(client: Client, address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(callbacks.stream, "HEARTBEAT_SECONDS", 0.1)
    async with heard(address, await token(client, "a guide")) as lines:
        assert await anext(lines) == ": still here"


async def test_at_the_stop_every_stream_ends_in_order(client: Client) -> None:
    async with served(client) as (address, server), heard(address, await token(client, "a guide")) as lines:
        server.should_exit = True
        with pytest.raises(EOFError):
            await event(lines)


async def test_a_place_is_free_again_when_its_listener_has_gone(client: Client, address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(callbacks.stream, "MOST", 1)
    guide = await token(client, "a guide")
    async with heard(address, guide):
        full = await client.ask(STREAM, token=guide)
        assert (full.status_code, full.json()["error"]) == (503, "too_many_streams")
    await until(lambda: not client.service.streams.listening, DEADLINE, "the place is free")
    async with heard(address, guide):
        pass


async def test_a_stream_ends_with_its_token(client: Client) -> None:
    served = client.service.municipalities
    holder = Holder(name="somebody", roles=frozenset({Role.TEAM_LEADER}), expires_at=datetime.now(UTC) + timedelta(seconds=0.5))
    (person,) = persons(holder, served, served.values())
    async with asyncio.timeout(DEADLINE), client.service.streams.seat(person, "") as place:
        assert [one async for one in client.service.streams.events(place)] == []


async def test_without_the_store_a_stream_ends_and_a_new_one_is_refused(client: Client, address: str) -> None:
    guide = await token(client, "a guide")
    async with heard(address, guide) as lines:
        await client.service.redis.shutdown(nosave=True)
        with pytest.raises(EOFError):
            await event(lines)
    assert (await client.ask(STREAM, token=guide)).json()["error"] == "store_away"


@pytest.mark.parametrize(("headers", "who", "error"), [
    ({"Last-Event-ID": "from the beginning"}, "a guide", "invalid"), ({}, "a guide without a phone", "municipality_needed"),
])  # fmt: skip
async def test_a_stream_that_cannot_be_is_refused(client: Client, headers: dict[str, str], who: str, error: str) -> None:
    assert (await client.ask(STREAM, token=await token(client, who), headers=headers)).json()["error"] == error


async def test_a_change_of_what_is_protected_is_told_to_nobody_without_the_duty(client: Client, address: str) -> None:
    assert Duty.IFO not in HOLDERS["who leads"].get("duties", ())
    async with heard(address, await client.token(*Role, extension="1001")) as lines:
        shielded = await ordered(client, "a protected one")
        await client.service.store.close("lekeberg", shielded.id, "cancelled", Act(shielded.created_at))
        seen = await ordered(client, "the guides'", "+46701740606")
        assert (await event(lines))["id"] == seen.id
