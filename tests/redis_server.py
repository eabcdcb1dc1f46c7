"""A real Redis of the test's own, on a port of its own, in a folder that is thrown away."""

from __future__ import annotations

import asyncio
import socket
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as NotYet

DURABLE = {"appendonly": "yes", "appendfsync": "always", "maxmemory-policy": "noeviction"}
START_SECONDS = 10


def free_port() -> int:
    """A port that nobody has."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@asynccontextmanager
async def redis_server(**settings: str) -> AsyncIterator[Redis]:
    """A running server with these settings (underscores for dashes) instead of the durable ones; gives a client of it."""
    wanted = DURABLE | {name.replace("_", "-"): value for name, value in settings.items()}
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="redis-") as folder:
        options = [part for name, value in wanted.items() for part in (f"--{name}", value)]
        command = [
            "redis-server",
            "--bind",
            "127.0.0.1",
            "--port",
            str(port),
            "--dir",
            folder,
            "--save",
            "",
            "--enable-debug-command",
            "yes",
            *options,
        ]
        process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.DEVNULL)
        client = Redis(port=port, decode_responses=True, socket_timeout=1, socket_connect_timeout=1, retry=Retry(NoBackoff(), 0))
        try:
            await _answers(client)
            yield client
        finally:
            await client.aclose()
            if process.returncode is None:
                process.kill()
            await process.wait()


def waiting(client: Redis) -> Redis:
    """Another client of the same server, which lets a read wait."""
    port = client.connection_pool.connection_kwargs["port"]
    return Redis(port=port, decode_responses=True, socket_timeout=10, retry=Retry(NoBackoff(), 0))


async def _answers(client: Redis) -> None:
    async with asyncio.timeout(START_SECONDS):
        while True:
            try:
                await client.ping()
                return
            except NotYet:
                await asyncio.sleep(0.02)
