"""Tokens carry roles and duties, end by themselves, and are not to be read from the store."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from redis.asyncio import Redis

from access.model import Duty, Holder, Role
from access.tokens import Tokens

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
HOLDER = Holder(name="api", roles=frozenset({Role.GUIDE}), duties=frozenset({Duty.IFO}), expires_at=NOW + timedelta(days=1))


async def test_a_token_finds_its_holder_and_another_finds_nobody(redis: Redis) -> None:
    tokens = Tokens(redis)
    token = await tokens.issue(HOLDER, NOW)
    assert await tokens.find(token) == HOLDER
    assert await tokens.find(token[:-1]) is None


async def test_the_store_holds_no_token_and_lets_it_go_in_time(redis: Redis) -> None:
    token = await Tokens(redis).issue(HOLDER, NOW)
    (key,) = await redis.keys("*")
    assert token not in str(key)
    assert token not in str(await redis.get(key))
    assert 0 < await redis.ttl(key) <= 24 * 3600


async def test_a_token_that_would_be_over_already_is_refused(redis: Redis) -> None:
    with pytest.raises(ValueError, match="expired"):
        await Tokens(redis).issue(HOLDER, HOLDER.expires_at)
