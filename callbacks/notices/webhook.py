"""Tell another system of each change, by HTTP: signed, in order, at least once. It never holds anything else up.

The stream keeps some ten thousand changes; a receiver that is away for longer misses the earliest of them.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
from collections.abc import Awaitable, Callable, Iterator, Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Annotated, Self

import httpx
import structlog
from pydantic import BaseModel, ConfigDict, StringConstraints, model_validator

from callbacks.model import Request, iso
from callbacks.notices.memory import Memory
from callbacks.rounds import rounds
from callbacks.store import CallbackStore, Change
from routing.municipality import Municipality

log = structlog.get_logger()

ANSWER_SECONDS = 10.0
LOOK_SECONDS = 0.5
AT_ONCE = timedelta(milliseconds=1)
"""How long a look waits for a change: not at all, since Redis takes 0 for ever."""
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 300.0
"""Seconds until a change is told again that was not taken; doubled each time."""


class Hook(BaseModel):
    """The other system, as the settings name it. Without an address nothing is told."""

    model_config = ConfigDict(frozen=True)

    url: Annotated[str, StringConstraints(pattern=r"^(https?://[^\s]+)?$")] = ""
    secret: str = ""

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.url and len(self.secret) < 16:
            raise ValueError("KC_WEBHOOK__URL is set: KC_WEBHOOK__SECRET needs 16 characters or more, to sign what is told")
        return self


def told(municipality: str, change: Change, request: Request | None) -> dict[str, str]:
    """What is told of a change: nothing about persons, and of what is protected only that it is so, and when.

    `request` is as it is now, None when its row was erased.
    """
    entry = change.entry
    said = {"municipality": municipality, "change": change.position, "id": change.id, "state": entry.state, "at": iso(entry.at)}
    if request:
        said |= {"due": iso(request.due), "not_before": iso(request.not_before)}
    if request is None or request.protected:
        return said
    extra = entry.model_extra or {}
    known = {"queue": request.queue, "topic": request.topic, "act": entry.act}
    return said | known | {name: str(extra[name]) for name in ("outcome", "result") if extra.get(name)}


def signature(secret: str, timestamp: int, body: bytes) -> str:
    """Hex HMAC-SHA256 over the timestamp, a full stop and the body: the receiver checks it, and that the timestamp is of now."""
    return hmac.new(secret.encode(), f"{timestamp}.".encode() + body, hashlib.sha256).hexdigest()


def pauses() -> Iterator[float]:
    """Seconds to wait, each time longer."""
    pause = FIRST_PAUSE
    while True:
        yield pause
        pause = min(2 * pause, LONGEST_PAUSE)


class Webhook:
    """Tells one system; each municipality's changes in their order, from where they were told last, also by another controller."""

    def __init__(
        self,
        hook: Hook,
        store: CallbackStore,
        memory: Memory,
        municipalities: Mapping[str, Municipality],
        now: Callable[[], datetime],
        acts: Callable[[], bool],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._hook = hook
        self._store = store
        self._memory = memory
        self._municipalities = municipalities
        self._now = now
        self._acts = acts
        self._sleep = sleep

    async def run(self) -> None:
        """Work until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            for slug in self._municipalities:
                tasks.create_task(rounds("webhook", LOOK_SECONDS, self._acts, partial(self.go, slug)))

    async def go(self, municipality: str) -> None:
        """Tell all that has changed since the last time; from now on when there was none. Raises StoreAway."""
        position = await self._memory.told(municipality)
        if position is None:
            position = await self._store.last_change(municipality)
            await self._memory.tell(municipality, position)
        async for change in self._store.changes(municipality, position, AT_ONCE):
            request = await self._store.find(municipality, change.id)
            if not await self._deliver(json.dumps(told(municipality, change, request)).encode()):
                return
            await self._memory.tell(municipality, change.position)

    async def _deliver(self, body: bytes) -> bool:
        """Post until it is taken; False once this controller does not act any more."""
        for pause in pauses():
            if not self._acts():
                return False
            if why := await self._refused(body):
                log.warning("webhook.not_taken", why=why, again_in_seconds=pause)
                await self._sleep(pause)
            else:
                return True
        raise AssertionError("there is always another pause")

    async def _refused(self, body: bytes) -> str:
        """Why a change was not taken, "" when it was."""
        timestamp = int(self._now().timestamp())
        headers = {
            "Content-Type": "application/json",
            "X-Kontaktcenter-Timestamp": str(timestamp),
            "X-Kontaktcenter-Signature": f"sha256={signature(self._hook.secret, timestamp, body)}",
        }
        try:
            async with httpx.AsyncClient(timeout=ANSWER_SECONDS) as client:
                answer = await client.post(self._hook.url, content=body, headers=headers)
        except httpx.HTTPError as error:
            return type(error).__name__
        return "" if answer.is_success else str(answer.status_code)
