"""A stack of containers beside a running one and the tests': project name and ports of its own, taken away whatever happens.

Shared by the bench and the demonstrations; what is served there, and what is set up after the start, is theirs.
"""

from __future__ import annotations

import fcntl
import json
import os
import subprocess
import tempfile
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from ivr.settings import Settings
from simulation import until

ROOT = Path(__file__).parents[1]
FILES = ("docker-compose.yml", "bench/compose.yml")


class StackError(RuntimeError):
    """The containers did not do what was asked of them; no figure comes of it."""


def only_run(folder: Path) -> int:
    """A lock on a folder, held until it is closed: two runs would take each other's containers away. Raises StackError."""
    lock = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        raise StackError(f"another run of {folder.name} is under way") from None
    return lock


class Containers:
    """The running containers; as a context manager they are taken away with their volumes, whatever happens."""

    def __init__(self, folder: Path, project: str, ports: Mapping[str, int], files: Mapping[str, str]) -> None:
        """`folder` is locked for one run at a time; `files` are the municipalities' texts by slug."""
        self._locked, self._project, self.ports = folder, project, ports
        self._folder = tempfile.TemporaryDirectory(prefix=f"{project}-")
        os.chmod(self._folder.name, 0o755)  # the controller's user reads it
        for slug, text in files.items():
            (Path(self._folder.name) / f"{slug}.toml").write_text(text, encoding="utf-8")
        served = {"KC_BENCH_MUNICIPALITIES": self._folder.name, "KC_MUNICIPALITIES": ",".join(files)}
        self._environment = os.environ | {name: str(port) for name, port in ports.items()} | served
        self.settings = Settings(_env_file=ROOT / "secrets.env")
        self.address = ("127.0.0.1", ports["KC_SIP_PORT"])

    async def __aenter__(self) -> Self:
        self._lock = only_run(self._locked)
        try:
            self.compose("down", "-v", "--remove-orphans")
            self.compose("up", "-d")
            await self.start_controller()
            await self.set_up()
        except BaseException:
            self._remove()
            raise
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._remove()

    async def set_up(self) -> None:
        """What is done once the controller acts."""

    def _remove(self) -> None:
        self.compose("down", "-v", "--remove-orphans", "--timeout", "5")
        self._folder.cleanup()
        os.close(self._lock)

    async def start_controller(self) -> None:
        """Let the product take calls, unless it does already."""
        self.docker("start", self.container("controller"))
        await until(self._is_acting, 60, "a controller that acts")

    def stop_controller(self) -> None:
        """Leave Asterisk alone: its manager interface then has no listener that it would have to tell."""
        self.docker("stop", "--time", "5", self.container("controller"))

    def asterisk(self, command: str) -> str:
        """One command on Asterisk's console."""
        return self.docker("exec", self.container("asterisk"), "asterisk", "-rx", command)

    async def calm(self) -> None:
        """Wait until Asterisk has no call any more."""
        await until(lambda: "0 active channels" in self.asterisk("core show channels count"), 30, "an Asterisk without channels")

    def _is_acting(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.ports['KC_WEB_PORT']}/readyz", timeout=2) as answer:
                return bool(json.load(answer)["acting"])
        except (OSError, ValueError):
            return False  # it is not up yet

    def container(self, service: str) -> str:
        """The name of a service's container."""
        return f"{self._project}-{service}-1"

    def compose(self, *arguments: str) -> str:
        """One Compose command; its output. Raises StackError with Compose's own words."""
        files = [part for file in FILES for part in ("-f", file)]
        return self.docker("compose", "-p", self._project, *files, *arguments)

    def docker(self, *arguments: str) -> str:
        """One Docker command; its output. Raises StackError with Docker's own words."""
        done = subprocess.run(["docker", *arguments], cwd=ROOT, env=self._environment, capture_output=True, text=True)
        if done.returncode:
            raise StackError(f"docker {' '.join(arguments)}\n{done.stdout}{done.stderr}")
        return done.stdout
