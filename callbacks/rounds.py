"""The loop of everything that looks again and again what has to be done by now: only while this controller acts, and it never ends."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from callbacks.store import StoreAway

log = structlog.get_logger()


async def rounds(name: str, seconds: float, acts: Callable[[], bool], go: Callable[[], Awaitable[None]]) -> None:
    """Go until cancelled. A round that fails is logged under `name`; the next one takes up what it has left."""
    while True:
        if acts():
            try:
                await go()
            except StoreAway as error:
                log.warning(f"{name}.store_away", error=str(error))
            except Exception:
                log.exception(f"{name}.failed")
        await asyncio.sleep(seconds)
