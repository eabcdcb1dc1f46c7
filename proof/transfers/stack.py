"""The demonstrations' own stack of containers, beside a running one, the tests' and the bench's: taken away with its volumes at the end."""

from __future__ import annotations

import fcntl
import json
import os
import subprocess
import tempfile
import urllib.request
from pathlib import Path
from types import TracebackType
from typing import Self

from redis.asyncio import Redis

from dialplan.render import phone_password
from ivr.settings import Settings
from simulation import until

ROOT = Path(__file__).parents[2]
PROJECT = "kontaktcenter-proof"
FILES = ("docker-compose.yml", "proof/transfers/compose.yml")
PORTS = {"KC_SIP_PORT": 9061, "KC_AMI_PORT": 26039, "KC_REDIS_PORT": 27380, "KC_WEB_PORT": 28501, "KC_PROMETHEUS_PORT": 29591,
         "KC_RTP_START": 43000, "KC_RTP_END": 47999, "KC_TRUNK_OUT_PORT": 6078}  # fmt: skip


class ProofError(RuntimeError):
    """Something could not be shown; no figure comes of it."""


class Stack:
    """The running containers, which serve one municipality of the demonstration's own (`text`, its file)."""

    def __init__(self, slug: str, text: str) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="proof-")
        os.chmod(self._folder.name, 0o755)  # the controller's user reads it
        (Path(self._folder.name) / f"{slug}.toml").write_text(text, encoding="utf-8")
        ports = {name: str(port) for name, port in PORTS.items()}
        self._environment = os.environ | ports | {"KC_PROOF_MUNICIPALITIES": self._folder.name, "KC_MUNICIPALITIES": slug}
        self._settings = Settings(_env_file=ROOT / "secrets.env")

    def password(self, account: str) -> str:
        """Of a guide's SIP account."""
        return phone_password(self._settings.phone_seed, account)

    def redis(self) -> Redis:
        """A client of the stack's own Redis."""
        return Redis(port=PORTS["KC_REDIS_PORT"], password=self._settings.redis_password, decode_responses=True)

    def asterisk(self, command: str) -> str:
        """One command on Asterisk's console."""
        return self._docker("exec", f"{PROJECT}-asterisk-1", "asterisk", "-rx", command)

    async def calm(self) -> None:
        """Wait until Asterisk has no call any more."""
        await until(lambda: "0 active channels" in self.asterisk("core show channels count"), 60, "an Asterisk without channels")

    async def __aenter__(self) -> Self:
        self._lock = os.open(Path(__file__).parent, os.O_RDONLY)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(self._lock)
            raise ProofError("another demonstration is under way") from None
        try:
            self._compose("down", "-v", "--remove-orphans")
            self._compose("up", "-d")
            await until(self._is_acting, 120, "a controller that acts")
        except BaseException:
            self._remove()
            raise
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._remove()

    def _remove(self) -> None:
        self._compose("down", "-v", "--remove-orphans", "--timeout", "5")
        self._folder.cleanup()
        os.close(self._lock)

    def _is_acting(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{PORTS['KC_WEB_PORT']}/readyz", timeout=2) as answer:
                said = json.load(answer)
        except (OSError, ValueError):
            return False  # it is not up yet
        return bool(said["acting"] and said["store"])

    def _compose(self, *arguments: str) -> str:
        files = [part for file in FILES for part in ("-f", file)]
        return self._docker("compose", "-p", PROJECT, *files, *arguments)

    def _docker(self, *arguments: str) -> str:
        done = subprocess.run(["docker", *arguments], cwd=ROOT, env=self._environment, capture_output=True, text=True)
        if done.returncode:
            raise ProofError(f"docker {' '.join(arguments)}\n{done.stdout}{done.stderr}")
        return done.stdout
