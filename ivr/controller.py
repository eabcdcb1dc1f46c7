"""The controller: takes Asterisk's events, answers its questions, tells the books. One session of it lasts as long as one connection.

What it knows of calls is a memory; Asterisk is the truth. It must not decide where a call goes (`routing` and `callbacks` do).
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Protocol

import structlog

from dialplan.prompts.catalogue import sound
from ivr.ami import ActionFailed, Ami, AmiLost, Event, TooLate
from ivr.books import Books
from ivr.conversation import Desk, converse
from ivr.entry import Entry, EntryGone
from ivr.heartbeat import beat, silence
from ivr.waiting import STAND_IN, WaitingRoom, keep_speaking
from metrics.consultation import Consultations
from metrics.story import Story
from routing.hours import ZONE
from routing.municipality import Queue

log = structlog.get_logger()

FAREWELL_SECONDS = 1.0


class Listener(Protocol):
    """Whoever follows Asterisk's events beside the calls themselves. `begin` comes with each connection, once this controller acts."""

    async def begin(self, ami: Ami) -> None:
        """Learn from Asterisk what was not seen, and make it what it has to be."""

    def take(self, event: Event) -> None:
        """One event, in order. It must return at once."""


class Session:
    """One connection to Asterisk, from login and adoption to its loss."""

    def __init__(
        self,
        ami: Ami,
        desks: Mapping[str, Desk],
        books: Books,
        owner: str,
        count: Callable[[str], None],
        listeners: Sequence[Listener] = (),
    ) -> None:
        self._ami = ami
        self._desks = desks
        self._books = books
        self._owner = owner
        self._count = count
        self._listeners = listeners
        self._tasks: asyncio.TaskGroup
        self.acting = False
        self.stories: dict[str, Story] = {}
        self._consultations = Consultations()
        self.room = WaitingRoom()
        self._entries: dict[str, tuple[Entry, asyncio.Task[None]]] = {}

    @property
    def conversations(self) -> int:
        """How many callers are being asked something now."""
        return len(self._entries)

    async def run(self) -> None:
        """Serve until the connection is lost (AmiLost in an ExceptionGroup) or this is cancelled (then callers are let go first)."""
        try:
            async with asyncio.TaskGroup() as self._tasks:
                await self._look_around()
                self._tasks.create_task(beat(self._ami, self._owner, self._take_role))
                async for event in self._ami.events():
                    self._count(event.name)
                    self._take(event)
                    for listener in self._listeners:
                        listener.take(event)
                raise AmiLost("the event stream ended")
        except asyncio.CancelledError:
            await self._farewell()
            raise

    async def _look_around(self) -> None:
        """Learn from Asterisk what we did not see: when it started, and who waits."""
        started = await self._ami.action("CoreStatus")
        local = f"{started['corestartupdate']} {started['corestartuptime']}"
        self._books.asterisk_started(datetime.fromisoformat(local).replace(tzinfo=ZONE).timestamp())
        for entry in await self._ami.list_action("QueueStatus"):
            if entry.name == "QueueEntry":
                self.room.found(entry, self._policy(entry.get("queue")))

    def _take_role(self, acting: bool) -> None:
        self.acting = acting
        log.info("controller.role", acting=acting, owner=self._owner)
        if acting:
            self._tasks.create_task(self._adopt())
            self._tasks.create_task(keep_speaking(self.room, self._ami))
            for listener in self._listeners:
                self._tasks.create_task(listener.begin(self._ami))

    async def _adopt(self) -> None:
        """Ask anew on behalf of every caller whose question nobody answers: into a fresh entry, never into one whose start was not seen."""
        for channel in await self._ami.list_action("CoreShowChannels"):
            # by its context alone: while a prompt plays the application is the prompt's
            if channel.get("context").endswith("-ask") and channel.get("uniqueid") not in self._entries:
                await self._ask_anew(channel.get("uniqueid"), channel.get("context"))

    async def _ask_anew(self, uniqueid: str, context: str) -> None:
        try:
            await self._ami.action("Redirect", Channel=uniqueid, Context=context, Exten="s", Priority="1")
            log.info("call.asked_anew", call_id=uniqueid)
        except ActionFailed:
            log.info("call.gone", call_id=uniqueid)  # in this very moment

    async def _farewell(self) -> None:
        """Stopping in order: the fallback takes over at once, not only after a timeout."""
        if not self.acting:
            return
        with contextlib.suppress(AmiLost, ActionFailed, TimeoutError):
            async with asyncio.timeout(FAREWELL_SECONDS):
                await silence(self._ami)
                for entry, _ in list(self._entries.values()):
                    await self._ask_anew(entry.uniqueid, f"{entry.state.municipality}-ask")

    def _take(self, event: Event) -> None:
        match event.name:
            case "AsyncAGIStart" if self.acting:
                self._answer(event)
            case "AsyncAGIExec":
                if known := self._entries.get(event.get("uniqueid")):
                    known[0].executed(event)
            case "AsyncAGIEnd":
                known = self._entries.pop(event.get("uniqueid"), None)
                if known and not known[0].has_left:  # the caller left by himself; else the conversation is about to end in order
                    known[1].cancel()
            case "UserEvent" if event.get("userevent") == "KC":
                self._tell(event)
            case "UserEvent" if event.get("word") == "QUEUED" and event.get("channel").startswith(STAND_IN):
                self.room.stands_in(event)
            case "BridgeEnter" if int(event.get("bridgenumchannels")) >= 2:
                if story := self.stories.get(event.get("linkedid")):
                    if story.rings:  # nobody took him out of a queue
                        self.room.leave(story.call_id)
                    story.tell("answered", "", _at(event))
            case "AttendedTransfer" if event.get("result") == "Success":
                parties = event.get("origtransfererlinkedid"), event.get("secondtransfererlinkedid")
                self._consultations.hand_over(parties, self.stories, _at(event))
            case "AgentCalled":
                self.room.rings(event.get("uniqueid"), +1)
            case "AgentRingNoAnswer":
                self.room.rings(event.get("uniqueid"), -1)
            case "AgentConnect":
                if story := self.stories.get(event.get("linkedid")):
                    story.answered_by = event.get("membername")
            case "QueueCallerLeave":
                self.room.leave(event.get("uniqueid"))

    def _answer(self, start: Event) -> None:
        try:
            entry = Entry(self._ami, start)
            desk = self._desks[entry.state.municipality]
            entry.sound = partial(sound, desk.municipality)
        except (KeyError, ValueError) as error:
            log.error("entry.refused", call_id=start.get("linkedid"), error=repr(error))
            return
        self._entries[entry.uniqueid] = entry, self._tasks.create_task(self._serve(entry, desk))

    async def _serve(self, entry: Entry, desk: Desk) -> None:
        """One conversation under its renewals. A conversation that fails leaves the caller to the dialplan's own timeout."""
        renewal = asyncio.create_task(entry.renew())
        try:
            await converse(entry, desk)
        except (EntryGone, TooLate, ActionFailed, AmiLost) as end:
            log.info("entry.left", call_id=entry.call_id, reason=repr(end))
        except Exception:
            log.exception("entry.failed", call_id=entry.call_id)
        finally:
            renewal.cancel()
            await asyncio.gather(renewal, return_exceptions=True)

    def _tell(self, event: Event) -> None:
        """One fact of the dialplan. A call whose beginning we did not see is left to Asterisk's log, but for its number."""
        fact, detail, call_id, at = event.get("fact"), event.get("detail"), event.get("linkedid"), _at(event)
        if fact == "entered":
            self.stories[call_id] = Story(call_id, at, number=event.get("number"))
        if fact == "queued":
            queue = f"{event.get('municipality')}-{detail.partition('/')[0]}"
            self.room.join(event, queue, int(event.get("place")), self._policy(queue))
        if fact == "ended":
            self.room.gone(event.get("uniqueid"))
        if story := self.stories.get(call_id):
            story.tell(fact, detail, at)
            if fact == "ended":
                del self.stories[call_id]
                if self.acting:
                    self._books.enter(story.record(at))
        elif fact == "ended":
            self._books.remember_number(call_id, event.get("number"))
        else:
            self._consultations.tell(call_id, fact, detail, at)

    def _policy(self, name: str) -> Queue | None:
        """The rules of a queue by Asterisk's name for it; the fallback's own queue has none."""
        municipality, _, queue = name.partition("-")
        desk = self._desks.get(municipality)
        return desk.municipality.queues.get(queue) if desk else None


def _at(event: Event) -> float:
    """When it happened, by Asterisk's clock (`timestampevents=yes`)."""
    return float(event.get("timestamp"))
