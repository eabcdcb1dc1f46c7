"""The application behind its own web server on a port, for what only a real connection shows."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import uvicorn

from ivr.server import Server
from simulation import until
from tests.redis_server import free_port
from tests.security.client import Client

START_SECONDS = 10


@asynccontextmanager
async def served(client: Client) -> AsyncIterator[tuple[str, Server]]:
    """Its address, and the server; it is stopped in order at the end."""
    port = free_port()
    config = uvicorn.Config(client.app, host="127.0.0.1", port=port, log_level="error", access_log=False)
    server = Server(config, before_shutdown=client.service.streams.end)
    serving = asyncio.create_task(server._serve())  # `serve` would take the signals of the test's own process
    try:
        await until(lambda: server.started, START_SECONDS, "the web server has started")
        yield f"http://127.0.0.1:{port}", server
    finally:
        server.should_exit = True
        await serving
