"""What we owe a caller already: said to him while he waits, and shown to who answers. Pure but for asking the store."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import structlog

from callbacks.model import Request
from callbacks.store import CallbackStore, StoreAway
from ivr.callers import e164
from routing.hours import ZONE
from routing.municipality import Municipality

log = structlog.get_logger()


async def owed(store: CallbackStore, municipality: str, number: str) -> Sequence[Request]:
    """The open requests of a caller's number, the earliest due first; none while the store is away."""
    if not (written := e164(number)):
        return ()
    try:
        return await store.of_number(municipality, written)
    except StoreAway as error:
        log.warning("callbacks.owed_unknown", error=str(error))
        return ()


def shown(municipality: Municipality, requests: Sequence[Request]) -> str:
    """What stands on the phone of who answers somebody whom we looked for: about what, and when last; "" for nothing.

    What is protected is never shown there: the phone may be anybody's.
    """
    looked = [(one.tried_at, one) for one in requests if one.tried_at and not one.protected and one.topic in municipality.topics]
    if not looked:
        return ""
    at, last = max(looked, key=lambda one: one[0])
    return f"SÖKT {municipality.topics[last.topic].label} {at.astimezone(ZONE):%H.%M}"


def on_its_way(requests: Sequence[Request], topic: str, now: datetime) -> Request | None:
    """The promise that a caller about a topic is told of while he waits: the next one that is about it, or about nothing protected.

    One that is late is not told of: he hears his place, and the guide sees that we have looked for him.
    """
    return next((one for one in requests if one.due > now and (one.topic == topic or not one.protected)), None)
