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
from datetime import date, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

from redis.asyncio import Redis

from access.model import Role
from access.routes import ROUTES
from dialplan.render import phone_password
from ivr.settings import Settings
from metrics.ledger import Ledger
from metrics.story import CallRecord
from simulation import Answers, Behaviour, CallResult, Citizen, FarEnd, Phone, Refuses, Rings, Softphone, Step
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
CONCERN_LINE = "0701740692"
LEKEBERG, CLOSED = "058548700", "0701740606"
"""The numbers of the municipalities of a stack: one never closes, one never opens. Each that is served makes every start longer."""
DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
OPENING_HOURS = {"lekeberg": ["00:00-23:59"], "closedville": ["00:00-00:01"]}
SPECIALISTS = "0701740620"
"""The number of Örebro, which ships with groups of specialists; here it never closes, and callers about building matters go on to the
generalists after 6 s."""
LUNCH = "0701740607"
"""A line of the one that never opens: always at its lunch break."""
FAULTS, FAULTS_CLOSED, MENU_CLOSED = "0701740608", "0701740609", "0701740610"
"""Lines of the one that never closes: straight to the topic of fault reports, the same with hours that never come, a menu with such."""


def daily(*spans: str) -> str:
    """The same hours each day, as a table of the file."""
    return "{ weekly = { " + ", ".join(f"{day} = {json.dumps(spans)}" for day in DAYS) + " }, holidays = [] }"


NEVER = daily("00:00-00:01")
LINES = {
    "lekeberg": f"""
[lines.faults]
numbers = ["+46{FAULTS[1:]}"]
entry = "queue"
topic = "fault_report"
greeting = "greeting-fault-report"
[lines.faults_closed]
numbers = ["+46{FAULTS_CLOSED[1:]}"]
entry = "queue"
topic = "fault_report"
hours = {NEVER}
[lines.menu_closed]
numbers = ["+46{MENU_CLOSED[1:]}"]
hours = {NEVER}
""",
    "closedville": f"""
[lines.lunch]
numbers = ["+46{LUNCH[1:]}"]
hours = {daily("00:00-00:01", "23:58-23:59")}
""",
}
CONCERN_LINES = {"closedville": "701740693"}
STAFFING = "[staffing]\nreception_after_seconds = 5\nstand_in_after_seconds = 10\npause_after_missed = 2\ntransfer_ring_seconds = 8\n\n"
QUIET_DAY = DAYS[(datetime.now().weekday() + 3) % 7]
"""The only day with phone hours of the handler who has some of his own: never today, whenever the tests run."""
QUICK = {"limit_seconds": 26, "offer_after_seconds": 12, "announce_every_seconds": 10}


def with_hours(text: str, spans: list[str]) -> str:
    """A file with the same hours each day."""
    weekly = ", ".join(f"{day} = {json.dumps(spans)}" for day in DAYS)
    head, rest = text.split("[hours]", 1)
    some_day = date.today() + timedelta(days=30)  # closes once: waiting without an end would be refused at activation
    return f"{head}[hours]\nclosing_days = [{some_day}]\nholidays = []\nweekly = {{ {weekly} }}\n\n{rest[rest.index('[menu]') :]}"


def municipality_file(real: str, slug: str, number: str) -> str:
    """The real file, with hours that a test at any time of day can rely on, and a queue whose times are short."""
    text = with_hours(real, OPENING_HOURS[slug]).replace("[hours]", f"{LINES.get(slug, '')}\n[hours]", 1)
    text = text.replace('slug = "lekeberg"', f'slug = "{slug}"').replace("+4658548700", f"+46{number[1:]}")
    weekly = ", ".join(f"{day} = {json.dumps(OPENING_HOURS[slug])}" for day in DAYS)
    text = re.sub(r"weekly = \{ monday.*? \}(?= \})", f"weekly = {{ {weekly} }}", text)  # the priority line's, too
    all_day = f'days = {json.dumps(DAYS)}\nbegins = "00:00"\nends = "00:00"'
    text = re.sub(r"^days = .*\nbegins = .*\nends = .*$", all_day, text, flags=re.MULTILINE)
    text = text.replace("[priority_lines.ifo]", "[priority_lines.ifo]\nnext_after_seconds = 5")
    if slug != "lekeberg":
        text = text.replace(f"+46{CONCERN_LINE[1:]}", f"+46{CONCERN_LINES[slug]}")  # a number belongs to one municipality
    text = text.replace("[[guides]]", f"{STAFFING}[[guides]]", 1)
    text = re.sub(r"^phone_hours = .*$", f'phone_hours = {{ {QUIET_DAY} = ["09:00-11:00"] }}', text, flags=re.MULTILINE)
    for name, seconds in QUICK.items():
        text = re.sub(rf"^{name} = .*$", f"{name} = {seconds}", text, flags=re.MULTILINE)
    return text


def specialists_file(real: str) -> str:
    """Örebro's file, open at any time of day: specialists for building matters are not waited for long, those for care are asked first
    when they know the caller, a wrap-up is short, and who is to be rung back is rung before the guide."""
    text = re.sub(r"(\[queues.building\][^\[]*overflow_after_seconds = )\d+", r"\g<1>6", real)
    text = text.replace("[queues.care]", "[queues.care]\nprevious_guide_first = true")
    text = text.replace("[[guides]]", '[staffing]\nwrap_up_seconds = 3\n\n[callbacks]\nrung_first = "citizen"\n\n[[guides]]', 1)
    return with_hours(text, OPENING_HOURS["lekeberg"])


class Stack:
    """The running containers."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.sip = PORTS["KC_SIP_PORT"]
        municipalities = folder / "municipalities"
        municipalities.mkdir()
        real = (ROOT / "municipalities" / "lekeberg.toml").read_text(encoding="utf-8")
        for slug, number in zip(OPENING_HOURS, (LEKEBERG, CLOSED), strict=True):
            (municipalities / f"{slug}.toml").write_text(municipality_file(real, slug, number), encoding="utf-8")
        orebro = (ROOT / "municipalities" / "orebro.toml").read_text(encoding="utf-8")
        (municipalities / "orebro.toml").write_text(specialists_file(orebro), encoding="utf-8")
        ports = {name: str(port) for name, port in PORTS.items()}
        files = "docker-compose.yml:tests/calls/compose.yml"
        served = {
            "COMPOSE_PROJECT_NAME": PROJECT,
            "COMPOSE_FILE": files,
            "KC_TEST_MUNICIPALITIES": str(municipalities),
            "KC_MUNICIPALITIES": ",".join([*OPENING_HOURS, "orebro"]),
        }
        self._environment = os.environ | ports | served
        self._idle_ports = self.rtp_ports()
        self.settings = Settings(_env_file=ROOT / "secrets.env")

    def token(self, *arguments: str) -> str:
        """A new token for the API, with what `ivr token` is given."""
        return self.compose("exec", "-T", "controller", "ivr", "token", *arguments).strip()

    def api(self, method: str, path: str, token: str, body: object = None) -> tuple[int, Any]:
        """Ask the API; the status and what it says."""
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url(path), data=data, headers=headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            return error.code, json.load(error)

    def guide(self, extension: str, act: str, municipality: str = "lekeberg", **body: object) -> tuple[int, Any]:
        """A team leader acts for a guide; the status, and the guide or the word of the refusal."""
        path = f"/api/guides/{extension}/{act}?municipality={municipality}"
        status, said = self.api("POST", path, self._leader, body or None)
        return status, said if status == 200 else said["error"]

    def guides(self, municipality: str = "lekeberg") -> dict[str, Any]:
        """A municipality's guides by extension, as the API tells them."""
        status, rows = self.api("GET", f"/api/guides?municipality={municipality}", self._leader)
        return {row["extension"]: row for row in rows} if status == 200 else {}

    @cached_property
    def _leader(self) -> str:
        return self.token("--role", "team_leader")

    def all_logged_in(self) -> None:
        """Every guide is logged in and ready, as most stories take for granted."""
        for extension, row in self.guides().items():
            if row["state"] == "logged_out":
                self.guide(extension, "login")
            elif row["reason"]:
                self.guide(extension, "ready")

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

    async def start_controller(self, *, acts: bool = True) -> None:
        """Start the controller's own container, and wait until it acts, or is connected: sooner than the next health check sees it."""
        await asyncio.to_thread(subprocess.run, ["docker", "start", self.container("controller")], capture_output=True, check=True)

        async def connected() -> bool:
            return _json(self.url("/readyz")).get("acting" if acts else "asterisk") is True

        await until(connected, 60, "the controller")

    @staticmethod
    def container(service: str) -> str:
        """The name of a service's own container."""
        return f"{PROJECT}-{service}-1"

    def asterisk(self, command: str) -> str:
        """One command on Asterisk's console; past Compose, which takes a third of a second for each."""
        said = subprocess.run(["docker", "exec", self.container("asterisk"), "asterisk", "-rx", command], capture_output=True, text=True)
        return said.stdout

    def file(self, path: str) -> str:
        """A file in Asterisk's container."""
        return self.compose("exec", "-T", "asterisk", "cat", path)

    def phone(
        self, extension: str, answers_after: float | None = 1.0, status: int | None = None, talk: float | None = None,
        municipality: str = "lekeberg",
    ) -> Phone:  # fmt: skip
        """A guide's phone, registered while it is used."""
        account = f"{municipality}-{extension}"
        password = phone_password(self.settings.phone_seed, account)
        return Phone(account, password, answers_after, talk, status, registrar=("127.0.0.1", self.sip))

    def outside(self, answers_after: float | None = 0.5) -> Phone:
        """Whoever the trunk out leads to: it answers every number."""
        return Phone("outside", answers_after=answers_after, port=PORTS["KC_TRUNK_OUT_PORT"])

    def far_end(self, numbers: Mapping[str, Behaviour] | None = None, otherwise: Behaviour | None = None) -> FarEnd:
        """The trunk's far end, where each number behaves in its own way."""
        return FarEnd(("127.0.0.1", self.sip), PORTS["KC_TRUNK_OUT_PORT"], numbers, otherwise)

    def softphone(self, extension: str, answers_after: float | None = 0.3, behaviour: Answers | Rings | Refuses | None = None) -> Softphone:
        """A guide's phone that can dial, press and transfer, registered while it is used."""
        account = f"lekeberg-{extension}"
        password = phone_password(self.settings.phone_seed, account)
        how = behaviour or (Rings() if answers_after is None else Answers(answers_after))
        return Softphone(account, password, ("127.0.0.1", self.sip), behaviour=how)

    def dials_callbacks(self, *, held: bool) -> None:
        """Whether the program rings citizens back by itself; most stories would not expect a phone of theirs to ring."""
        for slug in (*OPENING_HOURS, "orebro"):
            self.asterisk(f"database put kc-{slug} dialling held" if held else f"database del kc-{slug} dialling")

    async def call(self, number: str, *steps: Step, dials: str = LEKEBERG) -> CallResult:
        """A citizen rings, does the steps, and the call ends; an empty number is withheld."""
        return await Citizen(number or "anonymous", dials, steps, hidden=not number).call(("127.0.0.1", self.sip))

    def redis(self) -> Redis:
        """A client of the stack's own Redis."""
        return Redis(port=PORTS["KC_REDIS_PORT"], password=self.settings.redis_password, decode_responses=True)

    def is_calm(self) -> bool:
        """No call, no conversation, nobody waiting, and no port of a call's sound is open that was not before the first call."""
        figures = self.metrics()
        idle = "ivr_calls_live 0.0" in figures and self.by_label("ivr_queue_calls_waiting", "queue", "lekeberg").get("guides") == 0
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

    async def everything_kept(self) -> dict[str, str]:
        """All that this stack has written down, by place: the store and its append-only file, logs, figures, the API's lists."""
        kept = {
            "/metrics": self.metrics(),
            "append-only file": self.compose("exec", "-T", "redis", "sh", "-c", "cat /data/appendonlydir/*.incr.aof"),
        }
        kept["Asterisk's logs"] = self.compose(
            "exec", "-T", "asterisk", "sh", "-c", "find /var/log/asterisk /var/spool/asterisk -type f | xargs cat"
        )
        kept["the containers' logs"] = self.compose("logs", "--no-color")
        async with self.redis() as redis:
            kept["store"] = "\n".join([f"{key} {await _value(redis, key)}" async for key in redis.scan_iter()])
        roles = [word for role in Role for word in ("--role", role.value)]
        token = (await self.run(str(ROOT / ".venv/bin/ivr"), "token", *roles, "--duty", "ifo")).split()[-1]
        lists = (path for method, path in ROUTES if method == "GET" and path.startswith("/api/") and "{" not in path)
        for path in (path for path in lists if not path.endswith("/stream")):  # a stream has no end, and tells what the lists tell
            kept[path] = await asyncio.to_thread(self._asked, path, token)
        return kept

    def _asked(self, path: str, token: str) -> str:
        asked = urllib.request.Request(self.url(path), headers={"Authorization": f"Bearer {token}"})
        with urllib.request.urlopen(asked, timeout=5) as answer:
            return str(answer.read().decode())

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

    async def last_call(
        self, after: float, within: float = 20, number: str = "", municipality: str = "lekeberg", line: str = ""
    ) -> CallRecord:
        """The ledger's latest row that started after this epoch second (and from this number, to this line)."""

        def is_it(row: CallRecord) -> bool:
            return row.started >= after and row.number.endswith(number) and line in ("", row.line)

        async with self.redis() as redis:
            ledger = Ledger(redis)

            async def found() -> CallRecord | None:
                return next(filter(is_it, await ledger.latest(municipality, 20)), None)

            return await until(found, within, "the call in the ledger")


async def _value(redis: Redis, key: str) -> object:
    match await redis.type(key):
        case "string":
            return await redis.get(key)
        case "hash":
            return await redis.hgetall(key)
        case "zset":
            return await redis.zrange(key, 0, -1)
        case "set":
            return await redis.smembers(key)
        case "list":
            return await redis.lrange(key, 0, -1)
        case other:
            return await redis.xrange(key) if other == "stream" else other


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
