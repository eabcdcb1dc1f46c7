"""The composition root: one running controller with its connections, sessions, books and figures.

Imported by the command line and the web application; it wires and holds no rule.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
import time
import uuid
from functools import partial

import structlog
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from access.audit import Audit
from access.refusal import Refused
from access.tokens import Tokens
from callbacks.called_in import close_kept
from callbacks.dialler import Dialler, Surroundings
from callbacks.service import Callbacks
from callbacks.store import Act, CallbackStore
from callbacks.stream import Streams
from ivr.activation import Activation
from ivr.ami import ActionFailed, Ami, AmiLost, Credentials, sessions
from ivr.books import Books
from ivr.callback_legs import CallbackLegs
from ivr.callers import Callers
from ivr.closure import Closures
from ivr.compatibility import check_connected
from ivr.controller import Listener, Session
from ivr.conversation import Desk, now
from ivr.crisis import Crisis
from ivr.dialling import Dialling
from ivr.entry import Entry
from ivr.exchange import Exchange
from ivr.owed import owed
from ivr.presence import Presence
from ivr.promises import Promises
from ivr.ringing_back import RingingBack
from ivr.rota import Rota
from ivr.settings import Settings
from ivr.switch_memory import Copy
from ivr.unanswered import Unanswered
from ivr.waiting import WaitingRoom
from metrics.engine import Engine
from metrics.story import CallRecord
from routing.municipality import Municipality

log = structlog.get_logger()

STORE_SECONDS = 1.0
"""A caller waits for the store no longer than this: then the truth is that nothing could be stored."""
WAITING_SECONDS = 10.0
"""Who waits for changes asks anew each second: a store that says nothing for so long is away."""


class Service:
    """One controller. `run` ends only by cancellation, a wrong AMI secret, or an Asterisk that it is not made for."""

    def __init__(self, settings: Settings, redis: Redis, waiting: Redis) -> None:
        """`redis` answers soon or fails, `waiting` lets a read wait."""
        self.settings = settings
        self.activation = Activation(settings, now, self.acting, self._take)
        self.municipalities = self.activation.served
        self.redis = redis
        self.engine = Engine()
        cel = settings.asterisk_logs / "cel-custom" / "Master.csv"
        installation = next(iter(self.municipalities))
        self.callers = Callers(lambda: self.session.stories.values() if self.session else (), self._close_kept)
        self.books = Books(self.redis, installation, cel, self.engine.storing, self._remembers_guide, self.callers)
        self.store = CallbackStore(self.redis)
        self.promises = Promises(settings, self.redis, self.store, self.municipalities, now, self._acts)
        self.tokens = Tokens(self.redis)
        self.memory = Copy(self.municipalities, "closure", "crisis", "dialling")
        self.dialling = Dialling(self.memory)
        self.closures = Closures(self.memory, self.municipalities, now, lambda: self.session.room if self.session else WaitingRoom())
        self.audit = Audit(self.redis)
        self.streams = Streams(CallbackStore(waiting), now)
        self.crisis = Crisis(self.memory, self.municipalities, now, settings.rendered / "crisis")
        self.presence = Presence(self.municipalities, acts=self._acts)
        self.exchange = Exchange(self.acting)
        self.rota = Rota(self.activation, now)
        alarm = Unanswered(self.municipalities, self.engine.priority_unanswered.labels, acts=self._acts)
        self.dialler = self._dialler()
        self.callbacks = Callbacks(self.store, self.dialler, self.municipalities, now, self.closures.until)
        queue_log = settings.asterisk_logs / "queue_log"
        ringing_back = RingingBack(self.dialler, self.redis, queue_log, installation, self._acts)
        self.listeners: list[Listener] = [self.presence, self.closures, self.activation, alarm, ringing_back]
        self.desks = {slug: self._desk(municipality) for slug, municipality in self.municipalities.items()}
        self.session: Session | None = None
        self._ami: Ami | None = None
        self.owner = f"{socket.gethostname()}-{uuid.uuid4().hex[:8]}"

    async def run(self) -> None:
        """Render, connect, serve, and begin anew after each loss. Raises AmiRefused or WrongAsterisk in a group."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self.activation.run())
            tasks.create_task(self.books.run())
            tasks.create_task(self.promises.run())
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
        self.session = Session(ami, self.desks, self.books, self.owner, self._count, self.listeners)
        try:
            await check_connected(ami)
            await self.memory.read(ami)
            self._ami = ami
            await self.session.run()
        except* (AmiLost, ActionFailed, TimeoutError) as lost:
            log.warning("asterisk.lost", reason=str(lost.exceptions[0]))
        finally:
            self.session = self._ami = None
            self.engine.ami_connected.set(0)
            await ami.close()

    def _acts(self) -> bool:
        return self.session is not None and self.session.acting

    def acting(self) -> Ami:
        """The way to Asterisk, for what has to be done there now. Raises Refused while this controller cannot act."""
        if self._ami is None:
            raise Refused(503, "asterisk_away", "Asterisk is not connected; nothing was changed. Try again when /readyz says it is.")
        if not (self.session and self.session.acting):
            raise Refused(503, "standing_by", "Another controller acts for this Asterisk; nothing was changed. Ask that one.")
        return self._ami

    def _take(self, municipality: Municipality) -> None:
        """From now on; a conversation that has begun keeps the one it began with."""
        self.presence.serve(municipality)
        self.desks[municipality.slug] = self._desk(municipality)

    def _count(self, event: str) -> None:
        self.engine.ami_events.labels(event).inc()

    def _desk(self, municipality: Municipality) -> Desk:
        return Desk(
            municipality=municipality,
            store=self.store,
            now=now,
            ahead_of=lambda place: self.session.room.ahead_of(place) if self.session else 0,
            on_duty=self.presence.staffs[municipality.slug].on_duty,
            times_told=lambda uniqueid: self.session.room.times_told(uniqueid) if self.session else 0,
            chose=self._chose,
            storing=self.engine.storing,
            answered_last=partial(self._answered_last, municipality.slug),
            is_free=self.presence.staffs[municipality.slug].is_free,
            closed_until=lambda: self.closures.until(municipality.slug),
            owed=partial(owed, self.store, municipality.slug),
            crisis=lambda: self.crisis.prompt(municipality.slug),
        )

    def _dialler(self) -> Dialler:
        legs = CallbackLegs(self.acting, self.municipalities.__getitem__, self.settings.carrier.form, time.monotonic)
        around = Surroundings(
            municipalities=self.municipalities,
            now=now,
            clock=time.monotonic,
            on_duty=lambda slug, queue: self.presence.staffs[slug].on_duty(queue),
            in_calls=self.callers.in_calls,
            closed_until=self.closures.until,
            is_held=self.dialling.is_held,
        )
        return Dialler(self.store, legs, around)

    async def _close_kept(self, record: CallRecord, number: str) -> None:
        reached = [one.to for one in record.transfers if one.outcome == "answered"]
        act = Act(now(), why="rang and was answered")
        await close_kept(self.store, self.dialler, record.municipality, number, record.call_id, reached, act)

    def number_of(self, call_id: str) -> str:
        """The number of a live call as Asterisk gave it; "" when it was withheld, is anonymous, or the call is not known."""
        story = self.session.stories.get(call_id) if self.session else None
        return story.number if story else ""

    def _remembers_guide(self, record: CallRecord) -> bool:
        municipality = self.municipalities.get(record.municipality)
        return municipality is not None and municipality.remembers_guide(record.topic)

    async def _answered_last(self, municipality: str, number: str) -> str:
        try:
            with self.engine.storing("previous_guide"):
                return await self.books.ledger.previous_guide(municipality, number)
        except (RedisError, OSError) as error:
            log.warning("previous_guide.unknown", error=str(error))
            return ""

    def _chose(self, entry: Entry, choice: str) -> None:
        if self.session and (story := self.session.stories.get(entry.call_id)):
            story.choices.append(choice)


def connect_store(settings: Settings, *, waiting: bool = False) -> Redis:
    """A client of the installation's Redis that answers soon or fails: it never tries twice behind a caller's back.

    One that is `waiting` lets a read wait for what is to come.
    """
    return Redis(
        host=settings.host,
        port=settings.redis_port,
        password=settings.redis_password,
        socket_timeout=WAITING_SECONDS if waiting else STORE_SECONDS,
        socket_connect_timeout=STORE_SECONDS,
        retry=Retry(NoBackoff(), 0),
        decode_responses=True,
    )
