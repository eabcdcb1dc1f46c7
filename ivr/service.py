"""The composition root: one running controller with its connections, sessions, books and figures.

Imported by the command line and the web application; it wires and holds no rule.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
import time
import uuid
from collections.abc import Iterable, Mapping
from datetime import date, datetime

import structlog
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from access.tokens import Tokens
from callbacks.store import CallbackStore
from dialplan import render
from ivr.ami import ActionFailed, Ami, AmiLost, Credentials, sessions
from ivr.books import Books
from ivr.compatibility import check_connected
from ivr.controller import Listener, Session
from ivr.conversation import Desk, now
from ivr.entry import Entry
from ivr.exchange import Exchange
from ivr.proof import problems, prove_municipality
from ivr.settings import Settings
from metrics.engine import Engine
from routing.file import load_served
from routing.hours import ZONE
from routing.municipality import Municipality

log = structlog.get_logger()

RENDER_SECONDS = 3600.0
STORE_SECONDS = 1.0
"""A caller waits for the store no longer than this: then the truth is that nothing could be stored."""


class Service:
    """One controller. `run` ends only by cancellation, a wrong AMI secret, or an Asterisk that it is not made for."""

    def __init__(self, settings: Settings, redis: Redis) -> None:
        self.settings = settings
        self.municipalities = load_all(settings)
        self.redis = redis
        self.engine = Engine()
        cel = settings.asterisk_logs / "cel-custom" / "Master.csv"
        self.books = Books(self.redis, next(iter(self.municipalities)), cel, self.engine.storing)
        self.store = CallbackStore(self.redis)
        self.tokens = Tokens(self.redis)
        self.exchange = Exchange()
        self.listeners: list[Listener] = [self.exchange]
        self.wanted_version = ""
        self.session: Session | None = None
        self.owner = f"{socket.gethostname()}-{uuid.uuid4().hex[:8]}"

    async def run(self) -> None:
        """Render, connect, serve, and begin anew after each loss. Raises AmiRefused or WrongAsterisk in a group."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(asyncio.to_thread(warn_of_dead_ends, self.municipalities, now().astimezone(ZONE).date()))
            tasks.create_task(self._render_hourly())
            tasks.create_task(self.books.run())
            tasks.create_task(self._watch_lag())
            tasks.create_task(self._serve())

    async def _watch_lag(self) -> None:
        while True:
            began = time.monotonic()
            await asyncio.sleep(1.0)
            self.engine.event_loop_lag.set(time.monotonic() - began - 1.0)

    async def _serve(self) -> None:
        settings = self.settings
        tls = ssl.create_default_context(cafile=str(settings.ami_tls_ca)) if settings.ami_tls_ca else None
        port = settings.ami_tls_port if tls else settings.ami_port
        credentials = Credentials(settings.host, port, "kontaktcenter", settings.ami_secret, tls)
        async for ami in sessions(credentials, acted=self.engine.acted):
            await self._session(ami)
            self.engine.ami_reconnects.inc()

    async def _session(self, ami: Ami) -> None:
        self.engine.ami_connected.set(1)
        desks = {municipality.slug: self._desk(municipality) for municipality in self.municipalities.values()}
        self.session = Session(ami, desks, self.books, self.owner, self._count, self.listeners)
        try:
            await check_connected(ami)
            await self.session.run()
        except* (AmiLost, ActionFailed, TimeoutError) as lost:
            log.warning("asterisk.lost", reason=str(lost.exceptions[0]))
        finally:
            self.session = None
            self.engine.ami_connected.set(0)
            await ami.close()

    def _count(self, event: str) -> None:
        self.engine.ami_events.labels(event).inc()

    def _desk(self, municipality: Municipality) -> Desk:
        return Desk(
            municipality=municipality,
            store=self.store,
            now=now,
            ahead_of=lambda place: self.session.room.ahead_of(place) if self.session else 0,
            times_told=lambda uniqueid: self.session.room.times_told(uniqueid) if self.session else 0,
            chose=self._chose,
            storing=self.engine.storing,
        )

    def _chose(self, entry: Entry, choice: str) -> None:
        if self.session and (story := self.session.stories.get(entry.call_id)):
            story.choices.append(choice)

    async def _render_hourly(self) -> None:
        """Write what Asterisk loads: the same content is the same version, so only a new day changes anything."""
        while True:
            self.wanted_version = await asyncio.to_thread(write_rendered, self.settings, self.municipalities.values(), now())
            log.info("dialplan.wanted", version=self.wanted_version)
            await asyncio.sleep(RENDER_SECONDS)


def connect_store(settings: Settings) -> Redis:
    """A client of the installation's Redis that answers soon or fails: it never tries twice behind a caller's back."""
    return Redis(
        host=settings.host,
        port=settings.redis_port,
        password=settings.redis_password,
        socket_timeout=STORE_SECONDS,
        socket_connect_timeout=STORE_SECONDS,
        retry=Retry(NoBackoff(), 0),
        decode_responses=True,
    )


def load_all(settings: Settings) -> Mapping[str, Municipality]:
    """The served municipalities by slug. Raises routing.file.MunicipalityError."""
    return load_served(settings.municipality_folder / f"{slug.strip()}.toml" for slug in settings.municipalities.split(","))


def warn_of_dead_ends(municipalities: Mapping[str, Municipality], today: date) -> None:
    """Log each way on which a call would end nowhere. It refuses nothing, nor does a fault of its own."""
    for slug, municipality in municipalities.items():
        try:
            found = problems(slug, prove_municipality(municipality, today))
        except Exception:
            log.exception("municipality.not_proven", municipality=slug)
        else:
            for problem in found:
                log.warning("municipality.dead_end", municipality=slug, where=problem.key, reason=problem.reason, remedy=problem.remedy)


def write_rendered(settings: Settings, municipalities: Iterable[Municipality], moment: datetime) -> str:
    """Render a version for the day and ask for it; returns its name."""
    files = render.render(
        municipalities,
        ports=settings.ports,
        trunk=settings.carrier,
        phone_seed=settings.phone_seed,
        today=moment.astimezone(ZONE).date(),
        bind=settings.host,
        ami_certificate=settings.ami_tls_certificate,
    )
    return render.write_version(files, settings.rendered)
