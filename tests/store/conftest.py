"""The stores: one server of each kind for a run, emptied between tests, and the fake beside them. A kind that is missing fails."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from typing import cast, get_args

import pytest
from redis.asyncio import Redis

from callbacks.store import CallbackStore
from tests.redis_server import Kind, RedisServer
from tests.store.memory_store import MemoryStore

Servers = Callable[[Kind], RedisServer]
KINDS: tuple[Kind, ...] = get_args(Kind)


@pytest.fixture(scope="session")
def servers() -> Iterator[Servers]:
    """The server of a kind, started when it is first asked for."""
    running: dict[Kind, RedisServer] = {}

    def server(kind: Kind) -> RedisServer:
        if kind not in running:
            running[kind] = RedisServer(kind)
        elif not running[kind].runs:  # a test has shut it down
            running[kind].start()
        return running[kind]

    yield server
    for one in running.values():
        one.remove()


async def _emptied(server: RedisServer) -> AsyncIterator[Redis]:
    client = server.client()
    await client.flushall()
    yield client
    await client.aclose()


@pytest.fixture
async def redis(servers: Servers) -> AsyncIterator[Redis]:
    """A server that keeps its word."""
    async for client in _emptied(servers("redis7")):
        yield client


@pytest.fixture(params=KINDS)
async def each_redis(request: pytest.FixtureRequest, servers: Servers) -> AsyncIterator[Redis]:
    """One of each kind that is served."""
    async for client in _emptied(servers(cast(Kind, request.param))):
        yield client


@pytest.fixture(params=("fake", *KINDS))
async def store(request: pytest.FixtureRequest, servers: Servers) -> AsyncIterator[CallbackStore]:
    """The fake, and the real store on each kind of server."""
    if request.param == "fake":
        yield MemoryStore()
        return
    async for client in _emptied(servers(cast(Kind, request.param))):
        yield CallbackStore(client)
