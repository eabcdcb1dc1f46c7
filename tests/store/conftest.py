"""A durable Redis for each test."""

from collections.abc import AsyncIterator

import pytest
from redis.asyncio import Redis

from tests.redis_server import redis_server


@pytest.fixture
async def redis() -> AsyncIterator[Redis]:
    """A server that keeps its word."""
    async with redis_server() as client:
        yield client
