"""What notices remember in Redis: which digest was sent, how far the webhook has told, which link was used. It decides nothing."""

from __future__ import annotations

from collections.abc import Awaitable
from datetime import datetime, timedelta
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import RedisError

from callbacks import keys
from callbacks.notices.links import LIFE
from callbacks.store import StoreAway

AGAIN = timedelta(minutes=15)
"""A digest that was begun and not sent is begun again after this: longer than any mail server lets us wait."""
SENT = timedelta(days=2)


class Memory:
    """The notices of all municipalities of one installation. Every method raises callbacks.store.StoreAway while Redis is away."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    async def begin_digest(self, municipality: str, slot: datetime, address: str) -> bool:
        """Whether this digest is to be sent, by whoever asks first; by somebody else only if it is not sent within `AGAIN`."""
        key = keys.digest(municipality, slot, address)
        return bool(await _asked(self._redis.set(key, "begun", nx=True, ex=AGAIN)))

    async def digest_sent(self, municipality: str, slot: datetime, address: str) -> None:
        """It is not sent again."""
        await _asked(self._redis.set(keys.digest(municipality, slot, address), "sent", ex=SENT))

    async def told(self, municipality: str) -> str | None:
        """The position of the last change that the webhook has taken; None before the first."""
        position = await _asked(self._redis.get(keys.webhook(municipality)))
        return str(position) if position else None

    async def tell(self, municipality: str, position: str) -> None:
        """The webhook has taken all up to this change."""
        await _asked(self._redis.set(keys.webhook(municipality), position))

    async def is_used(self, municipality: str, link: str) -> bool:
        """Whether a link has done its work."""
        return bool(await _asked(self._redis.exists(keys.link(municipality, link))))

    async def use(self, municipality: str, link: str) -> None:
        """A link has done its work; this is known for as long as it would be good."""
        await _asked(self._redis.set(keys.link(municipality, link), "", ex=LIFE))


async def _asked(asking: Awaitable[Any]) -> Any:
    try:
        return await asking
    except (RedisError, OSError) as error:
        raise StoreAway(str(error)) from error
