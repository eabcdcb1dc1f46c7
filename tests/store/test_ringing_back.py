"""The dialler's place in the controller: what was under way is looked after at each connection, and no word of the log is passed over."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

from redis.asyncio import Redis

from callbacks.dialler import Dialler
from callbacks.keys import trace_position
from callbacks.store import StoreAway
from callbacks.trace import Trace
from ivr.ami import Ami
from ivr.ringing_back import RingingBack
from tests.orders import until


@dataclass
class Notes:
    """A dialler that notes what it is told, and fails once if it is told so."""

    did: list[str] = field(default_factory=list)
    fails: bool = False

    async def look_after(self) -> None:
        self.did.append("look_after")

    async def sweep(self) -> None:
        self.did.append("sweep")

    async def take(self, trace: Trace) -> None:
        if self.fails:
            self.fails = False
            raise StoreAway("away")
        self.did.append(trace.word)


async def connected(dialler: Notes, redis: Redis, log: Path, told: list[str]) -> None:
    """One connection to Asterisk, which is lost when all this was done."""
    ringing_back = RingingBack(cast(Dialler, dialler), redis, log, "lekeberg", lambda: True)
    working = asyncio.create_task(ringing_back.begin(cast(Ami, None)))

    async def done() -> bool:
        position = str(await redis.get(trace_position("lekeberg")) or "")
        return set(told) <= set(dialler.did) and position.endswith(f":{size(log)}")

    await until(done)
    working.cancel()


def size(file: Path) -> int:
    return file.stat().st_size


def said(word: str) -> str:
    return f"1795550000|cb-1|lekeberg-callbacks|1001|{word}|request|\n"


async def test_each_connection_begins_with_what_was_under_way(redis: Redis, tmp_path: Path) -> None:
    log = tmp_path / "queue_log"
    log.write_text("")
    for _ in range(2):
        dialler = Notes()
        await connected(dialler, redis, log, ["look_after", "sweep"])
        assert dialler.did[0] == "look_after"


async def test_what_was_written_while_nobody_listened_is_read_once_and_tried_again_after_a_failure(redis: Redis, tmp_path: Path) -> None:
    log = tmp_path / "queue_log"
    log.write_text(said("KCQUEUED") + "1795550000|1.1|lekeberg-guides|NONE|ENTERQUEUE||070\n")
    first = Notes(fails=True)
    await connected(first, redis, log, ["queued"])
    with log.open("a") as file:
        file.write(said("KCGUIDEUP"))
    second = Notes()
    await connected(second, redis, log, ["guide_up"])
    assert (first.did.count("queued"), second.did.count("queued")) == (1, 0)
