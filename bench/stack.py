"""The bench's own stack of containers, beside a running one and the tests': project name, ports, twin dialplan, CPU time."""

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

from bench.municipality import QUEUE, SLUG, TWIN_NUMBER, accounts, municipality_file
from dialplan.render import phone_password
from ivr.settings import Settings
from simulation import until

ROOT = Path(__file__).parents[1]
PROJECT = "kontaktcenter-bench"
FILES = ("docker-compose.yml", "bench/compose.yml")
PORTS = {"KC_SIP_PORT": 9060, "KC_AMI_PORT": 26038, "KC_REDIS_PORT": 27379, "KC_WEB_PORT": 28500, "KC_PROMETHEUS_PORT": 29590,
         "KC_RTP_START": 33000, "KC_RTP_END": 42999, "KC_TRUNK_OUT_PORT": 6079}  # fmt: skip
"""Outside what the stack, the tests and SIPp use. Each call holds four ports of the RTP range."""
TWIN = ("Answer(,i)", "Read(KC_KEY,kc/menu,1,e,1,2)", f"Queue({QUEUE})")
"""The same menu in plain dialplan: the product's prompt, the way it reads a key, and its queue."""


def cpu_seconds(process: int) -> float:
    """CPU time that a process has used so far, its threads included."""
    fields = Path(f"/proc/{process}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")  # utime and stime, fields 14 and 15 of proc(5)


class BenchError(RuntimeError):
    """Something could not be measured; no figure comes of it."""


def only_run() -> int:
    """A lock on this folder, held until it is closed: two runs would take each other's containers away. Raises BenchError."""
    lock = os.open(Path(__file__).parent, os.O_RDONLY)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        raise BenchError("another run of the bench is under way") from None
    return lock


class Stack:
    """The running containers; as a context manager they are taken away with their volumes, whatever happens."""

    address = ("127.0.0.1", PORTS["KC_SIP_PORT"])

    def __init__(self, guides: int) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="bench-")
        os.chmod(self._folder.name, 0o755)  # the controller's user reads it
        self._write_municipality(guides)
        ports = {name: str(port) for name, port in PORTS.items()}
        self._environment = os.environ | ports | {"KC_BENCH_MUNICIPALITIES": self._folder.name, "KC_MUNICIPALITIES": SLUG}
        seed = Settings(_env_file=ROOT / "secrets.env").phone_seed
        self.passwords = {account: phone_password(seed, account) for account in accounts(guides)}

    def _write_municipality(self, guides: int) -> None:
        real = (ROOT / "municipalities" / "lekeberg.toml").read_text(encoding="utf-8")
        (Path(self._folder.name) / f"{SLUG}.toml").write_text(municipality_file(real, guides), encoding="utf-8")

    async def __aenter__(self) -> Self:
        self._lock = only_run()
        try:
            self._compose("down", "-v", "--remove-orphans")
            self._compose("up", "-d")
            await self.start_controller()
            self._log_in()
            self._add_twin()
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

    async def start_controller(self) -> None:
        """Let the product take calls, unless it does already."""
        self._docker("start", self._container("controller"))
        await until(self._is_acting, 60, "a controller that acts")

    def stop_controller(self) -> None:
        """Leave Asterisk alone: its manager interface then has no listener that it would have to tell."""
        self._docker("stop", "--time", "5", self._container("controller"))

    def asterisk(self, command: str) -> str:
        """One command on Asterisk's console."""
        return self._docker("exec", self._container("asterisk"), "asterisk", "-rx", command)

    async def calm(self) -> None:
        """Wait until Asterisk has no call any more."""
        await until(lambda: "0 active channels" in self.asterisk("core show channels count"), 30, "an Asterisk without channels")

    def process(self, service: str, command: str) -> int:
        """The host's id of the one process of a service that has this in its command line."""
        lines = self._docker("top", self._container(service), "-eo", "pid,args").splitlines()[1:]
        found = [int(line.split(None, 1)[0]) for line in lines if command in line]
        if len(found) != 1:
            raise BenchError(f"{len(found)} processes {command!r} in {service}")
        return found[0]

    def _is_acting(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{PORTS['KC_WEB_PORT']}/readyz", timeout=2) as answer:
                return bool(json.load(answer)["acting"])
        except (OSError, ValueError):
            return False  # it is not up yet

    def _log_in(self) -> None:
        """All guides, in one run of the console: members of the queue, as the code on their phone would make them."""
        adding = f"queue add member PJSIP/$1 to {QUEUE} penalty 0 as $2 state_interface PJSIP/$1"
        loop = f'while read -r account extension; do set -- "$account" "$extension"; asterisk -rx "{adding}" </dev/null; done'
        accounts = "".join(f"{account} {account.rpartition('-')[2]}\n" for account in self.passwords)
        command = ["docker", "exec", "-i", self._container("asterisk"), "sh", "-c", loop]
        done = subprocess.run(command, input=accounts, capture_output=True, text=True, check=False)
        if done.stdout.count("Added interface") != len(self.passwords):
            raise BenchError(f"not every guide could log in: {done.stdout[-300:]}{done.stderr}")

    def _add_twin(self) -> None:
        """Over Asterisk's console, so that the product's own files stay as they are; it lasts until the next reload."""
        for priority, application in enumerate(TWIN, start=1):
            said = self.asterisk(f"dialplan add extension {TWIN_NUMBER},{priority},{application} into trunk-in")
            if "added" not in said:
                raise BenchError(f"the twin's dialplan was not taken: {said.strip()}")

    def _container(self, service: str) -> str:
        return f"{PROJECT}-{service}-1"

    def _compose(self, *arguments: str) -> str:
        files = [part for file in FILES for part in ("-f", file)]
        return self._docker("compose", "-p", PROJECT, *files, *arguments)

    def _docker(self, *arguments: str) -> str:
        done = subprocess.run(["docker", *arguments], cwd=ROOT, env=self._environment, capture_output=True, text=True)
        if done.returncode:
            raise BenchError(f"docker {' '.join(arguments)}\n{done.stdout}{done.stderr}")
        return done.stdout
