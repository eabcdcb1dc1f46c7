"""Tokens for the API: opaque, stored as a digest only, so that nobody who reads the store can use one."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime

from redis.asyncio import Redis

from access import keys
from access.model import Holder


class Tokens:
    """The tokens of one installation. Methods raise redis.RedisError or OSError while the store is away."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    async def issue(self, holder: Holder, now: datetime) -> str:
        """A new token for the holder, valid until `holder.expires_at`; it is shown this once. Raises ValueError for one that is over."""
        seconds = int((holder.expires_at - now).total_seconds())
        if seconds <= 0:
            raise ValueError("the token would have expired already")
        token = secrets.token_urlsafe(32)
        await self._redis.set(keys.token(_digest(token)), holder.model_dump_json(), ex=seconds)
        return token

    async def find(self, token: str) -> Holder | None:
        """Who holds this token; None for one that is unknown or over."""
        raw = await self._redis.get(keys.token(_digest(token)))
        return Holder.model_validate_json(raw) if raw else None


def _digest(token: str) -> str:
    # 256 random bits need no slow hash: nobody can guess them
    return hashlib.sha256(token.encode()).hexdigest()
