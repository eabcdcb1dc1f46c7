"""The stack under test: the product's own containers, with a project name and ports of their own: beside a running stack."""

from __future__ import annotations

import asyncio
import json
import os
import re
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

from redis.asyncio import Redis

from dialplan.render import phone_password
from ivr.settings import Settings
from metrics.ledger import Ledger
from metrics.story import CallRecord
from simulation import Behaviour, CallResult, Citizen, FarEnd, Phone, Softphone, Step
from tests.workers import WORKER, WORKERS

T = TypeVar("T")
ROOT = Path(__file__).parents[2]
PROJECT = f"kontaktcenter-test-{WORKER}"
RTP_PORTS = 10000 // WORKERS
PORTS = {"KC_SIP_PORT": 7060 + WORKER, "KC_AMI_PORT": 7160 + WORKER, "KC_REDIS_PORT": 7260 + WORKER, "KC_WEB_PORT": 7360 + WORKER,
         "KC_PROMETHEUS_PORT": 7460 + WORKER, "KC_TRUNK_OUT_PORT": 6070 + WORKER,
         "KC_RTP_START": 20000 + WORKER * RTP_PORTS, "KC_RTP_END": 19999 + (WORKER + 1) * RTP_PORTS}  # fmt: skip
SECOND_WEB_PORT = 7560 + WORKER

CITIZEN = "0701740605"
LEKEBERG, CLOSED, LUNCH = "058548700", "0701740606", "0701740607"
"""The numbers of the three municipalities of a stack: one never closes, one never opens, one always has its lunch break."""
DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
OPENING_HOURS = {
    "lekeberg": ["00:00-23:59"],
    "closedville": ["00:00-00:01"],
    "lunchville": ["00:00-00:01", "23:58-23:59"],
}
QUIET_DAY = DAYS[(datetime.now().weekday() + 3) % 7]
"""The only day with phone hours of the handler who has some of his own: never today, whenever the tests run."""
QUICK = {"limit_seconds": 26, "offer_after_seconds": 12, "announce_every_seconds": 10}


def municipality_file(real: str, slug: str, number: str) -> str:
    """The real file, with hours that a test at any time of day can rely on, and a queue whose times are short."""
    weekly = ", ".join(f"{day} = {json.dumps(OPENING_HOURS[slug])}" for day in DAYS)
    head, rest = real.split("[hours]", 1)
    text = f"{head}[hours]\nholidays = []\nweekly = {{ {weekly} }}\n\n{rest[rest.index('[menu]') :]}"
    text = text.replace('slug = "lekeberg"', f'slug = "{slug}"').replace("+4658548700", f"+46{number[1:]}")
    text = re.sub(r"^phone_hours = .*$", f'phone_hours = {{ {QUIET_DAY} = ["09:00-11:00"] }}', text, flags=re.MULTILINE)
    for name, seconds in QUICK.items():
        text = re.sub(rf"^{name} = .*$", f"{name} = {seconds}", text, flags=re.MULTILINE)
    return text


class Stack:
    """The running containers."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.sip = PORTS["KC_SIP_PORT"]
        municipalities = folder / "municipalities"
        municipalities.mkdir()
        real = (ROOT / "municipalities" / "lekeberg.toml").read_text(encoding="utf-8")
        for slug, number in zip(OPENING_HOURS, (LEKEBERG, CLOSED, LUNCH), strict=True):
            (municipalities / f"{slug}.toml").write_text(municipality_file(real, slug, number), encoding="utf-8")
        ports = {name: str(port) for name, port in PORTS.items()}
        files = "docker-compose.yml:tests/calls/compose.yml"
        served = {
            "COMPOSE_PROJECT_NAME": PROJECT,
            "COMPOSE_FILE": files,
            "KC_TEST_MUNICIPALITIES": str(municipalities),
            "KC_MUNICIPALITIES": ",".join(OPENING_HOURS),
        }
        self._environment = os.environ | ports | served
        self._idle_ports = self.rtp_ports()
        self.settings = Settings(_env_file=ROOT / "secrets.env")

    def compose(self, *arguments: str) -> str:
        """Run one Compose command; its output. Raises with Compose's own words."""
        command = ["docker", "compose", *arguments]
        done = subprocess.run(command, cwd=ROOT, env=self._environment, capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(f"{' '.join(command)}\n{done.stdout}{done.stderr}")
        return done.stdout

    async def run(self, *command: str) -> str:
        """Run a command of the project against this stack; what it printed."""
        pipe, environment = asyncio.subprocess.PIPE, self._environment | {"KC_MUNICIPALITY_FOLDER": str(self.folder / "municipalities")}
        process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, env=environment, stdout=pipe, stderr=asyncio.subprocess.STDOUT)
        printed, _ = await process.communicate()
        return printed.decode()

    def kill(self, service: str) -> None:
        """Kill a service's own container; `compose kill` would take those that `run` started, too."""
        subprocess.run(["docker", "kill", self.container(service)], capture_output=True, check=True)

    @staticmethod
    def container(service: str) -> str:
        """The name of a service's own container."""
        return f"{PROJECT}-{service}-1"

    def asterisk(self, command: str) -> str:
        """One command on Asterisk's console."""
        return self.compose("exec", "-T", "asterisk", "asterisk", "-rx", command)

    def file(self, path: str) -> str:
        """A file in Asterisk's container."""
        return self.compose("exec", "-T", "asterisk", "cat", path)

    def phone(self, extension: str, answers_after: float | None = 1.0, status: int | None = None, talk: float | None = None) -> Phone:
        """A guide's phone, registered while it is used."""
        account = f"lekeberg-{extension}"
        password = phone_password(self.settings.phone_seed, account)
        return Phone(account, password, answers_after, talk, status, registrar=("127.0.0.1", self.sip))

    def outside(self, answers_after: float | None = 0.5) -> Phone:
        """Whoever the trunk out leads to: it answers every number."""
        return Phone("outside", answers_after=answers_after, port=PORTS["KC_TRUNK_OUT_PORT"])

    def far_end(self, numbers: Mapping[str, Behaviour] | None = None, otherwise: Behaviour | None = None) -> FarEnd:
        """The trunk's far end, where each number behaves in its own way."""
        return FarEnd(("127.0.0.1", self.sip), PORTS["KC_TRUNK_OUT_PORT"], numbers, otherwise)

    def softphone(self, extension: str, answers_after: float | None = 0.3) -> Softphone:
        """A guide's phone that can dial and transfer, registered while it is used."""
        account = f"lekeberg-{extension}"
        password = phone_password(self.settings.phone_seed, account)
        return Softphone(account, password, ("127.0.0.1", self.sip), answers_after=answers_after)

    async def call(self, number: str, *steps: Step, dials: str = LEKEBERG) -> CallResult:
        """A citizen rings, does the steps, and the call ends; an empty number is withheld."""
        return await Citizen(number or "anonymous", dials, steps, hidden=not number).call(("127.0.0.1", self.sip))

    def redis(self) -> Redis:
        """A client of the stack's own Redis."""
        return Redis(port=PORTS["KC_REDIS_PORT"], password=self.settings.redis_password, decode_responses=True)

    def is_calm(self) -> bool:
        """No call, no conversation, nobody waiting, and no port of a call's sound is open that was not before the first call."""
        figures = self.metrics()
        idle = "ivr_calls_live 0.0" in figures and not self.by_label("ivr_queue_calls_waiting", "queue", "lekeberg")["guides"]
        return idle and "0 active channels" in self.asterisk("core show channels count") and self.rtp_ports() <= self._idle_ports

    def rtp_ports(self) -> set[int]:
        """The ports of this stack's RTP range that are open."""
        ports = range(PORTS["KC_RTP_START"], PORTS["KC_RTP_END"] + 1)
        rows = Path("/proc/net/udp").read_text(encoding="ascii").splitlines()[1:]
        return {port for row in rows if (port := int(row.split()[1].rpartition(":")[2], 16)) in ports}

    def ready(self) -> bool:
        """Whether the controller acts, may promise, and is in no conversation."""
        said = _json(self.url("/readyz"))
        return said.get("acting") is True and said.get("store") is True and said.get("conversations") == 0

    def url(self, path: str) -> str:
        """An address of the web application."""
        return f"http://127.0.0.1:{PORTS['KC_WEB_PORT']}{path}"

    def metrics(self) -> str:
        """One scrape."""
        with urllib.request.urlopen(self.url("/metrics"), timeout=5) as answer:
            return str(answer.read().decode())

    def by_label(self, name: str, label: str, municipality: str) -> dict[str, float]:
        """A municipality's series of one name, summed by one label."""
        sums: dict[str, float] = {}
        for line in self.metrics().splitlines():
            if (
                line.startswith(f"{name}{{")
                and f'municipality="{municipality}"' in line
                and (found := re.search(rf'{label}="(\w+)"', line))
            ):
                sums[found[1]] = sums.get(found[1], 0.0) + float(line.rpartition(" ")[2])
        return sums

    def metric(self, series: str) -> float:
        """The value of one series, its labels in any order."""
        name, _, labels = series.removesuffix("}").partition("{")
        wanted = set(filter(None, labels.split(",")))
        for line in self.metrics().splitlines():
            found = re.fullmatch(rf"{name}(?:{{(.*)}})? (\S+)", line)
            if found and set(filter(None, (found[1] or "").split(","))) == wanted:
                return float(found[2])
        raise LookupError(series)

    @contextmanager
    def second_controller(self) -> Iterator[Callable[[], dict[str, object]]]:
        """Another controller beside the first, on a web port of its own; gives a way to ask for its readiness."""
        port, name = SECOND_WEB_PORT, f"{PROJECT}-second"
        self.compose("run", "-d", "--rm", "--name", name, "-e", f"KC_WEB_PORT={port}", "controller")
        try:
            yield lambda: _json(f"http://127.0.0.1:{port}/readyz")
        finally:
            subprocess.run(["docker", "rm", "-f", name], capture_output=True, check=False)

    async def in_context(self, name: str, within: float = 15) -> None:
        """Wait until a caller is in this part of the dialplan (ask, queue)."""

        async def there() -> bool:
            return f"!lekeberg-{name}!" in self.asterisk("core show channels concise")

        await until(there, within, f"a caller in {name}")

    async def talking(self, within: float = 30) -> None:
        """Wait until two people are connected."""

        async def connected() -> bool:
            return self.asterisk("bridge show all").count("simple_bridge") == 1 or "native_rtp" in self.asterisk("bridge show all")

        await until(connected, within, "a talk")

    async def last_call(self, after: float, within: float = 20, number: str = "", municipality: str = "lekeberg") -> CallRecord:
        """The ledger's latest row that started after this epoch second (and from this number)."""
        async with self.redis() as redis:
            ledger = Ledger(redis)

            async def found() -> CallRecord | None:
                rows = [row for row in await ledger.latest(municipality, 20) if row.started >= after and row.number.endswith(number)]
                return rows[0] if rows else None

            return await until(found, within, "the call in the ledger")


def query(expression: str) -> list[dict[str, Any]]:
    """What the stack's own Prometheus answers to an instant query."""
    address = f"http://127.0.0.1:{PORTS['KC_PROMETHEUS_PORT']}/api/v1/query?query={urllib.parse.quote(expression)}"
    with urllib.request.urlopen(address, timeout=5) as answer:
        return list(json.load(answer)["data"]["result"])


def _json(url: str) -> dict[str, object]:
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:
            return dict(json.load(answer))
    except urllib.error.HTTPError as error:
        return dict(json.load(error))
    except OSError:
        return {}


async def until(found: Callable[[], Awaitable[T | None]], within: float, what: str) -> T:
    """Ask until there is an answer; AssertionError names what did not come."""
    deadline = time.monotonic() + within
    while time.monotonic() < deadline:
        if answer := await found():
            return answer
        await asyncio.sleep(0.1)
    raise AssertionError(f"{what} did not come within {within} s")
