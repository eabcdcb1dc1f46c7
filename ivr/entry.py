"""One open question of the dialplan: the caller stands in `AGI(agi:async)` and one coroutine talks with him.

Every action carries the entry's deadline (the last renewal that Asterisk acknowledged plus 4 s), checked right before it is written:
a controller that thaws must not pull a talking citizen out of a conversation.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from urllib.parse import unquote

from callbacks.model import Request
from ivr.ami import Ami, Event
from routing.dialogue import Ask

ASK_SECONDS = 6
"""The absolute timeout that the dialplan sets and each renewal sets anew."""
ACT_SECONDS = 4.0
RENEW_SECONDS = 1.5


class EntryGone(ConnectionAbortedError):
    """The channel has left this entry: hung up, redirected, or timed out into the fallback."""


@dataclass(frozen=True)
class CallState:
    """What the channel carries: `KC`, one versioned, compact variable. `place` is the epoch second of the original call's start."""

    municipality: str
    line: str
    topic: str
    place: int
    returns: int

    @classmethod
    def parse(cls, text: str) -> CallState:
        """Read `1/municipality/line/topic/place/returns`. Raises ValueError for another version or shape."""
        version, municipality, line, topic, place, returns = text.split("/")
        if version != "1":
            raise ValueError(f"KC version {version} is not known to this controller")
        return cls(municipality, line, topic, int(place), int(returns))

    def __str__(self) -> str:
        return f"1/{self.municipality}/{self.line}/{self.topic}/{self.place}/{self.returns}"

    def about(self, topic: str) -> CallState:
        """The same call with its matter stated."""
        return replace(self, topic=topic)


class Entry:
    """The start of one AsyncAGI entry and the way to act on it."""

    def __init__(self, ami: Ami, start: Event) -> None:
        environment = dict(line.split(": ", 1) for line in unquote(start.get("env")).splitlines() if ": " in line)
        self._ami = ami
        self.channel = start.get("channel")
        self.uniqueid = start.get("uniqueid")
        self.call_id = start.get("linkedid")
        self.number = environment.get("agi_arg_4", "")
        self.entry = environment["agi_arg_1"]
        self.reason = environment["agi_arg_2"]
        self.state = CallState.parse(environment["agi_arg_3"])
        self.sound: Callable[[str], str] = "kc/{}".format  # the file of a prompt, as the caller's municipality speaks
        self.target, _, away = environment.get("agi_arg_5", "").partition("/")
        """The handler's or function's extension that the call was for."""
        self.away_until = int(away or 0)
        """Epoch second until which that one is away; in the past, or 0, for not."""
        self._deadline = time.monotonic() + ACT_SECONDS
        self._commands = 0
        self.previous: asyncio.Task[str] | None = None
        """Finds the guide who answered this caller last."""
        self.owed: asyncio.Task[Sequence[Request]] | None = None
        """Finds what we owe this caller."""
        self.has_left = False  # sent into a step: nothing more may be done to the channel from here
        self._result: asyncio.Future[str] | None = None

    @property
    def command_id(self) -> str:
        """The id of the command that is under way: unique over entries, so that a late answer meets nobody."""
        return f"{self.uniqueid}/{self.entry}/{self._commands}"

    async def renew(self) -> None:
        """Keep the dialplan waiting; ends when the caller is sent into a step, by cancellation, or with the connection.

        A renewal behind the step's Redirect would set the timeout on a caller who waits or talks, and cut him off.
        """
        while True:
            await asyncio.sleep(RENEW_SECONDS)
            if self.has_left:
                return
            asked = time.monotonic()
            await self._ami.action("AbsoluteTimeout", until=self._deadline, Channel=self.uniqueid, Timeout=str(ASK_SECONDS))
            self._deadline = asked + ACT_SECONDS

    @property
    def place(self) -> int:
        """The caller's place in the order: the epoch second of the original call's start, the head for a report of concern."""
        return 0 if self.state.topic == "concern" else self.state.place

    async def read(self, ask: Ask) -> str:
        """Play prompts without a gap and collect keys; "" for silence. Raises EntryGone when the caller has left the entry."""
        if len(ask.prompts) == 1 and ask.max_digits == 1:
            return await self._one_key(ask.prompts[0], ask.timeout)
        return await self._keys(ask)

    async def _one_key(self, prompt: str, timeout: float) -> str:
        """`GET DATA` gives the key with its result, one round trip sooner; a lone # is an empty result that is no timeout."""
        result = await self._execute(f"GET DATA {self.sound(prompt)} {timeout * 1000:.0f} 1")
        if not (found := re.match(r"200 result=([0-9*]?)( \(timeout\))?\s*$", result)):
            raise EntryGone(result)
        return found[1] or ("" if found[2] else "#")

    async def _keys(self, ask: Ask) -> str:
        """`Read` takes a list of files, so a spoken number needs no file of its own. `e`: a lone # is given back as a key."""
        result = await self._execute(f"EXEC Read KC_KEY,{self.files(ask.prompts)},{ask.max_digits},e,1,{ask.timeout:g}")
        if not result.startswith("200 result=0"):
            raise EntryGone(result)
        answer = await self._ami.action("Getvar", until=self._deadline, Channel=self.uniqueid, Variable="KC_KEY")
        return str(answer.get("value", ""))

    def files(self, prompts: Iterable[str]) -> str:
        """Prompt ids as `Playback` and `Read` want them."""
        return "&".join(map(self.sound, prompts))

    async def _execute(self, command: str) -> str:
        self._commands += 1
        self._result = asyncio.get_running_loop().create_future()
        await self._ami.action("AGI", until=self._deadline, Channel=self.uniqueid, Command=command, CommandID=self.command_id)
        return (await self._result).strip()

    def executed(self, event: Event) -> None:
        """Give an AsyncAGIExec event to the command it answers."""
        if event.get("commandid") == self.command_id and self._result and not self._result.done():
            self._result.set_result(unquote(event.get("result")))

    async def queue(self, topic: str, first: str = "", shown: str = "") -> None:
        """Send the channel into the queue of a topic: one write, since the citizen hears silence until it is carried out.

        With a guide's extension as `first` that phone alone is rung before; `shown` stands on the phones instead of topic and number.
        """
        labels = {"KC_SHOWN": shown} if shown else {}
        if first:
            await self._redirect("previous", topic, KC_PREVIOUS=first, **labels)
        else:
            await self._redirect("queue", topic, **labels)

    async def step(self, exten: str, **variables: str) -> None:
        """Write the decision into the channel and send it into a step of the dialplan, in one write."""
        await self._redirect("step", exten, **variables)

    async def _redirect(self, context: str, exten: str, **variables: str) -> None:
        actions = [("Setvar", {"Channel": self.uniqueid, "Variable": name, "Value": value}) for name, value in variables.items()]
        there = {"Context": f"{self.state.municipality}-{context}", "Exten": exten, "Priority": "1"}
        self.has_left = True
        await self._ami.batch([*actions, ("Redirect", {"Channel": self.uniqueid, **there})], until=self._deadline)
