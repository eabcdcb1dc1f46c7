"""Orders of callbacks for tests: a municipality whose people have mail, and requests made by the program's own rules."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path

from callbacks.model import Message, Request
from callbacks.orders import new_request
from callbacks.store import Act, CallbackStore
from routing.file import load
from routing.hours import ZONE
from routing.municipality import Municipality

BUILDING, SOCIAL = "2100", "2200"
"""The functions of building permits and of social services."""


def lekeberg() -> Municipality:
    """The real file, with addresses: of two functions, and of two managers."""
    file = load(Path("municipalities/lekeberg.toml"))
    emails = {"building_permits": "bygglov@example.com", "social_services": "ifo@example.com"}
    managers = {"building": "byggchef@example.com", "social": "socialchef@example.com"}
    functions = {name: one.model_copy(update={"email": emails[name]}) for name, one in file.functions.items()}
    administrations = {name: one.model_copy(update={"manager_email": managers.get(name)}) for name, one in file.administrations.items()}
    return file.model_copy(update={"functions": functions, "administrations": administrations})


def local(text: str) -> datetime:
    """A moment, as the clocks in Sweden show it."""
    return datetime.fromisoformat(text).replace(tzinfo=ZONE).astimezone(UTC)


def request(at: str, *, owner: str = "", topic: str = "", number: str = "+46701740605", wanted: str = "") -> Request:
    """What somebody asks for at that local time: of a guide, or of whoever has the extension `owner`."""
    return new_request(
        lekeberg(), number=number, topic=topic or ("building" if owner == BUILDING else "care"), source="queue_key", now=local(at),
        owner=owner, message=Message(name="Någon", matter="Storgatan 1", text="Ring mig"), wanted=local(wanted) if wanted else None,
    )  # fmt: skip


async def ordered(store: CallbackStore, at: str, *, owner: str = "", topic: str = "", number: str = "+46701740605") -> Request:
    """The same, promised."""
    asked = request(at, owner=owner, topic=topic, number=number)
    return (await store.register(asked, Act(asked.created_at, operation=uuid.uuid4().hex), lekeberg().callbacks)).standing


async def acts(store: CallbackStore, of: Request) -> list[str]:
    """What has happened to a request, in words."""
    return [entry.act for entry in await store.history(of.municipality, of.id)]


async def until(holds: Callable[[], Awaitable[bool]], seconds: float = 20) -> None:
    """Wait until something holds, no longer than so many seconds."""
    async with asyncio.timeout(seconds):
        while True:
            if await holds():
                return
            await asyncio.sleep(0.02)


class Clock:
    """A clock that stands until it is set."""

    def __init__(self, at: str) -> None:
        self.at = local(at)

    def __call__(self) -> datetime:
        return self.at

    def set(self, at: str) -> None:
        """Let it be that local time."""
        self.at = local(at)
