"""The webhook over a real store and a real HTTP server: each change in order, signed, until it is taken, and without anything personal."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import pytest
from pydantic import ValidationError
from redis.asyncio import Redis

from callbacks.notices.memory import Memory
from callbacks.notices.webhook import Hook, Webhook, pauses
from callbacks.store import Act, CallbackStore
from tests.orders import BUILDING, Clock, lekeberg, local, ordered

MUNICIPALITIES = {"lekeberg": lekeberg()}
SECRET = "a secret of the two systems"
CLOCK = Clock("2026-11-24 08:00")


@dataclass
class Receiver:
    """What the other system got; it answers with these statuses first, and 204 then."""

    port: int = 0
    says: list[int] = field(default_factory=list)
    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    taken: list[dict[str, Any]] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One request a connection."""
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:] if line)}
        body = await reader.readexactly(int(headers["content-length"]))
        self.got.append((headers, body))
        status = self.says.pop(0) if self.says else 204
        if status == 204:
            self.taken.append(json.loads(body))
        writer.write(f"HTTP/1.1 {status} X\r\nLocation: /elsewhere\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())
        await writer.drain()
        writer.close()


@asynccontextmanager
async def receiving(receiver: Receiver) -> AsyncIterator[Receiver]:
    server = await asyncio.start_server(receiver.serve, "127.0.0.1", receiver.port)
    receiver.port = server.sockets[0].getsockname()[1]
    try:
        yield receiver
    finally:
        server.close()


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    """The other system."""
    async with receiving(Receiver()) as receiver:
        yield receiver


class Pauses:
    """Lets no time pass, and remembers how long it should have been."""

    def __init__(self) -> None:
        self.slept: list[float] = []

    async def __call__(self, seconds: float) -> None:
        self.slept.append(seconds)


def webhook(redis: Redis, receiver: Receiver, sleep: Pauses | None = None) -> Webhook:
    hook = Hook(url=f"http://127.0.0.1:{receiver.port}/changes", secret=SECRET)
    return Webhook(hook, CallbackStore(redis), Memory(redis), MUNICIPALITIES, CLOCK, lambda: True, sleep or Pauses())


async def test_each_change_is_told_in_order_once_and_goes_on_after_a_restart(redis: Redis, receiver: Receiver) -> None:
    store = CallbackStore(redis)
    await ordered(store, "2026-11-24 07:00", number="+46701740606")
    await webhook(redis, receiver).go("lekeberg")
    assert receiver.taken == []  # what was before the webhook is not told
    first = await ordered(store, "2026-11-24 08:00")
    await webhook(redis, receiver).go("lekeberg")
    await store.close("lekeberg", first.id, "cancelled", Act(local("2026-11-24 08:01")))
    await webhook(redis, receiver).go("lekeberg")
    await webhook(redis, receiver).go("lekeberg")
    assert [(one["id"], one["act"], one["state"], one.get("outcome")) for one in receiver.taken] == [
        (first.id, "registered", "waiting", None), (first.id, "closed", "closed", "cancelled"),
    ]  # fmt: skip


async def test_what_is_told_is_about_nobody(redis: Redis, receiver: Receiver) -> None:
    store = CallbackStore(redis)
    await webhook(redis, receiver).go("lekeberg")
    asked = await ordered(store, "2026-11-24 08:00", owner=BUILDING)
    await store.take("lekeberg", asked.id, "1001", Act(local("2026-11-24 08:01"), by="1002", why="Någon ringde"), local("2026-11-24 12:00"))
    await webhook(redis, receiver).go("lekeberg")
    always = {
        "municipality": "lekeberg", "id": asked.id, "due": "2026-11-25T07:00:00+00:00", "not_before": "2026-11-24T07:00:00+00:00",
        "queue": "guides", "topic": "building",
    }  # fmt: skip
    positions = [one.pop("change") for one in receiver.taken]
    assert positions == sorted(set(positions))
    assert receiver.taken == [
        always | {"state": "waiting", "act": "registered", "at": "2026-11-24T07:00:00+00:00"},
        always | {"state": "taken", "act": "handed_over", "at": "2026-11-24T07:01:00+00:00"},
    ]


async def test_of_what_is_protected_only_state_and_times_are_told(redis: Redis, receiver: Receiver) -> None:
    store = CallbackStore(redis)
    await webhook(redis, receiver).go("lekeberg")
    await ordered(store, "2026-11-24 08:00", topic="social")
    await webhook(redis, receiver).go("lekeberg")
    (told,) = receiver.taken
    assert set(told) == {"municipality", "change", "id", "state", "at", "due", "not_before"}


async def test_the_receiver_can_check_who_has_told_it_and_when(redis: Redis, receiver: Receiver) -> None:
    await webhook(redis, receiver).go("lekeberg")
    await ordered(CallbackStore(redis), "2026-11-24 08:00")
    await webhook(redis, receiver).go("lekeberg")
    ((headers, body),) = receiver.got
    timestamp = headers["x-kontaktcenter-timestamp"]
    assert int(timestamp) == local("2026-11-24 08:00").timestamp()
    expected = hmac.new(SECRET.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()
    assert headers["x-kontaktcenter-signature"] == f"sha256={expected}"


async def test_a_change_that_is_not_taken_is_told_again_after_longer_and_longer_pauses(redis: Redis, receiver: Receiver) -> None:
    await webhook(redis, receiver).go("lekeberg")
    await ordered(CallbackStore(redis), "2026-11-24 08:00")
    await ordered(CallbackStore(redis), "2026-11-24 08:00", number="+46701740606")
    receiver.says, sleep = [500, 302, 404], Pauses()
    await webhook(redis, receiver, sleep).go("lekeberg")
    assert sleep.slept == [1.0, 2.0, 4.0]
    ids = [json.loads(body)["id"] for _, body in receiver.got]
    assert ids == [ids[0]] * 4 + [ids[4]]  # the second one waits for the first
    assert list(islice(pauses(), 11))[-3:] == [256.0, 300.0, 300.0]


async def test_a_receiver_that_is_away_gets_it_when_it_is_back(redis: Redis, receiver: Receiver) -> None:
    await webhook(redis, receiver).go("lekeberg")
    asked = await ordered(CallbackStore(redis), "2026-11-24 08:00")
    away = Receiver()
    async with receiving(away):
        pass  # now nobody listens on its port
    tried = asyncio.Event()

    class Notices(Pauses):
        async def __call__(self, seconds: float) -> None:
            tried.set()
            await asyncio.sleep(0.01)

    telling = asyncio.create_task(webhook(redis, away, Notices()).go("lekeberg"))
    async with asyncio.timeout(10):
        await tried.wait()
        async with receiving(away):
            await telling
    assert [one["id"] for one in away.taken] == [asked.id]


async def test_a_controller_that_does_not_act_any_more_leaves_the_rest_to_the_other(redis: Redis, receiver: Receiver) -> None:
    await webhook(redis, receiver).go("lekeberg")
    asked = await ordered(CallbackStore(redis), "2026-11-24 08:00")
    receiver.says, acting = [500], [True, False]
    hook = Hook(url=f"http://127.0.0.1:{receiver.port}/", secret=SECRET)
    await Webhook(hook, CallbackStore(redis), Memory(redis), MUNICIPALITIES, CLOCK, lambda: acting.pop(0), Pauses()).go("lekeberg")
    assert receiver.taken == []
    await webhook(redis, receiver).go("lekeberg")
    assert [one["id"] for one in receiver.taken] == [asked.id]


@pytest.mark.parametrize("wrong", [{"url": "https://example.com/"}, {"url": "https://example.com/", "secret": "short"}, {"url": "ftp://x"}])
def test_settings_that_cannot_work_are_refused_at_start(wrong: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        Hook.model_validate(wrong)
