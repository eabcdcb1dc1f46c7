"""What stories about ringing back share: an order put straight into the store, the phones, and where a request stands."""

from __future__ import annotations

import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

from callbacks.model import Entry, Request
from callbacks.orders import new_request
from callbacks.store import Act, CallbackStore
from routing.file import load
from routing.municipality import Municipality
from simulation import Answers, Rings, Softphone
from tests.calls.stack import Stack, until

M = "lekeberg"
ACCEPTS = Answers(0.5, presses="1", presses_after=4.5)
"""A guide who hears what it is about, and presses 1."""
REFUSES = Answers(0.5, presses="2", presses_after=4.5)
NO_KEY = Answers(0.5)


def municipality(stack: Stack, slug: str = M) -> Municipality:
    """The file that the stack serves."""
    return load(stack.folder / "municipalities" / f"{slug}.toml")


async def order(stack: Stack, number: str, topic: str = "care", owner: str = "", place: float = 0.0, slug: str = M) -> Request:
    """A promise to a citizen (E.164), as an order by phone stores it."""
    now = datetime.now(UTC)
    made = datetime.fromtimestamp(place, UTC) if place else now
    served = municipality(stack, slug)
    request = new_request(served, number=number, topic=topic, source="queue_key", now=now, place=made, owner=owner)
    async with stack.redis() as redis:
        return (await CallbackStore(redis).register(request, Act(now), served.callbacks)).standing


async def reaches(stack: Stack, request: Request, *states: str, within: float = 45) -> Request:
    """Wait until a request stands there."""
    async with stack.redis() as redis:
        store = CallbackStore(redis)

        async def there() -> Request | None:
            found = await store.find(request.municipality, request.id)
            return found if found and found.state in states else None

        return await until(there, within, f"{states} of {request.id}")


async def history(stack: Stack, request: Request) -> list[Entry]:
    """What has happened to it."""
    async with stack.redis() as redis:
        return await CallbackStore(redis).history(request.municipality, request.id)


def acts(entries: list[Entry]) -> list[str]:
    """The acts of a history, in order."""
    return [entry.act for entry in entries]


def results(entries: list[Entry]) -> list[str]:
    """How each attempt ended."""
    return [str((entry.model_extra or {}).get("result", "")) for entry in entries if entry.act == "settled"]


async def closed(stack: Stack, request: Request, outcome: str = "solved") -> Request:
    """The guide states the outcome."""
    now = datetime.now(UTC)
    async with stack.redis() as redis:
        answer = await CallbackStore(redis).close(request.municipality, request.id, outcome, Act(now, by="1001"))  # type: ignore[arg-type]
    return answer.standing


async def cancel_all(stack: Stack) -> None:
    """No story leaves a promise to the next one, nor a number that the guard keeps back."""
    async with stack.redis() as redis:
        await redis.delete(*[key async for key in redis.scan_iter("*callbacks:dials*")] or ["-"])
        store = CallbackStore(redis)
        for slug in ("lekeberg", "closedville", "orebro"):
            served = municipality(stack, slug)
            for request in await store.listed(slug, [f"queue/{queue}" for queue in served.queues], 1000):
                await store.close(slug, request.id, "cancelled", Act(datetime.now(UTC), why="the story is over"))


@asynccontextmanager
async def dialling(stack: Stack) -> AsyncIterator[None]:
    """The program dials, for the length of a story."""
    await cancel_all(stack)
    stack.dials_callbacks(held=False)
    try:
        yield
    finally:
        stack.dials_callbacks(held=True)
        await cancel_all(stack)


@asynccontextmanager
async def guide(stack: Stack, behaviour: Answers | Rings = ACCEPTS, extension: str = "1001") -> AsyncIterator[Softphone]:
    """A guide's phone."""
    async with stack.softphone(extension, behaviour=behaviour) as phone:
        yield phone


def logged(stack: Stack, request: Request) -> list[str]:
    """The words about a request in Asterisk's queue log."""
    said = subprocess.run(
        ["docker", "exec", stack.container("asterisk"), "grep", request.id, "/var/log/asterisk/queue_log"], capture_output=True, text=True
    )
    return [line.split("|")[4] for line in said.stdout.splitlines()]


def act(stack: Stack, request: Request, verb: str, extension: str, role: str = "handler") -> tuple[int, Any]:
    """What somebody with this extension does with a request, over the API."""
    token = stack.token("--role", role, "--extension", f"{request.municipality}-{extension}", "--name", extension)
    return stack.api("POST", f"/api/callbacks/{request.id}/{verb}?municipality={request.municipality}", token)


async def until_waiting(stack: Stack, callers: int) -> None:
    """Wait until so many citizens wait on the line."""

    async def there() -> bool:
        return stack.by_label("ivr_queue_calls_waiting", "queue", M).get("guides") == callers

    await until(there, 20, f"{callers} waiting callers")
