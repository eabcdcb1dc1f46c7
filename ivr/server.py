"""The web server, which ends the live streams before it waits for what is under way: they would never end by themselves."""

from __future__ import annotations

import socket
from collections.abc import Callable

import uvicorn


class Server(uvicorn.Server):
    """Uvicorn's, told what to do first when it has to stop."""

    def __init__(self, config: uvicorn.Config, before_shutdown: Callable[[], None]) -> None:
        super().__init__(config)
        self._before_shutdown = before_shutdown

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop accepting, and wait until all is answered."""
        self._before_shutdown()
        await super().shutdown(sockets)
