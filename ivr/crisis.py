"""The crisis message: a few seconds in a guide's or the team leader's own words, before everything else that callers hear, until its end.

Asterisk's database holds `end:place:name`: `recorded` files are written by Asterisk (its own state volume, by phone code *90), `uploaded`
ones by us (the volume of the rendered versions): each side writes where only it may write, and Asterisk plays both. No file is ever
written over while it is in force.
"""

from __future__ import annotations

import asyncio
import io
import re
import wave
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Literal

import structlog
from fastapi import APIRouter, Query, Request
from pydantic import AwareDatetime, BaseModel

from access.guard import Current
from access.refusal import Refused
from ivr.ami import Ami
from ivr.closure import Asked, moment, only
from ivr.switch_memory import Copy, NotRemembered, remember
from routing.file import chosen
from routing.municipality import Municipality

log = structlog.get_logger()

NAME = "crisis"
RATE, WIDTH = 8000, 2
"""Hz and bytes a sample: what a telephone plays without converting."""
HEADER_BYTES = 4096
"""A wav file's own words beside the sound; more is no plain recording."""
LONGEST = timedelta(hours=72)
VALUE = re.compile(r"(\d+):(recorded|uploaded):([a-z0-9]+)")


Until = Annotated[
    AwareDatetime | None,
    Query(description="When it ends by itself; after the municipality's own hours when left out.", examples=["2026-11-26T15:00:00+01:00"]),
]


class Sound(BaseModel):
    """A message that is in force. `recorded` came by phone, `uploaded` by this API."""

    municipality: str
    until: AwareDatetime | None
    source: Literal["recorded", "uploaded"] | None = None


class Crisis:
    """The messages that are in force."""

    def __init__(self, memory: Copy, municipalities: Mapping[str, Municipality], now: Callable[[], datetime], folder: Path) -> None:
        self._memory, self._municipalities, self._now, self._folder = memory, municipalities, now, folder

    def _standing(self, slug: str) -> tuple[datetime, str, str] | None:
        match = VALUE.fullmatch(self._memory.get(slug, NAME))
        until = moment(match[1]) if match else None
        return (until, match[2], match[3]) if match and until and until > self._now() else None

    def prompt(self, slug: str) -> tuple[str, ...]:
        """The message as a prompt; nothing when none is in force."""
        standing = self._standing(slug)
        return (f"{standing[1]}/{slug}-{standing[2]}",) if standing else ()

    def sound(self, slug: str) -> Sound:
        """What is in force."""
        if not (standing := self._standing(slug)):
            return Sound(municipality=slug, until=None)
        return Sound(municipality=slug, until=standing[0], source="recorded" if standing[1] == "recorded" else "uploaded")

    async def put(self, ami: Ami, slug: str, body: bytes, until: datetime | None) -> None:
        """Put a recording in force. Raises Refused, and nothing is changed then."""
        rules, at = self._municipalities[slug].announcements, self._now()
        end = until or at + timedelta(hours=rules.ends_after_hours)
        if not timedelta(0) < end - at <= LONGEST:
            hours = int(LONGEST.total_seconds() / 3600)
            raise Refused(422, "crisis_until", f"The end does not lie ahead, or lies more than {hours} hours ahead. Choose an earlier one.")
        sound = checked(body, rules.longest_seconds)
        name = str(int(at.timestamp() * 1000))
        await asyncio.to_thread(self._write, slug, name, sound)
        await self._keep(ami, slug, f"{int(end.timestamp())}:uploaded:{name}")
        await asyncio.to_thread(self._tidy, slug, name)

    def _write(self, slug: str, name: str, sound: bytes) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        with wave.open(str(self._folder / f"{slug}-{name}.wav"), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(WIDTH)
            file.setframerate(RATE)
            file.writeframes(sound)

    def _tidy(self, slug: str, name: str) -> None:
        for old in self._folder.glob(f"{slug}-*.wav"):
            if old.stem != f"{slug}-{name}":
                old.unlink()

    async def end(self, ami: Ami, slug: str) -> None:
        """No message any more. Raises Refused when Asterisk does not forget."""
        await self._keep(ami, slug, "")

    async def _keep(self, ami: Ami, slug: str, value: str) -> None:
        try:
            await remember(ami, slug, NAME, value)
        except NotRemembered as error:
            raise Refused(503, "not_kept", str(error)) from error
        await self._memory.read(ami)


def checked(body: bytes, longest_seconds: int) -> bytes:
    """The samples of a wav file that a telephone can play. Raises Refused that names what is wrong: size, format or length."""
    if len(body) > longest_seconds * RATE * WIDTH + HEADER_BYTES:
        raise Refused(413, "crisis_size", f"The file is larger than {longest_seconds} seconds of 8 kHz, mono, 16 bit. Shorten it.")
    try:
        with wave.open(io.BytesIO(body)) as file:
            kind = (file.getnchannels(), file.getsampwidth(), file.getframerate(), file.getcomptype())
            frames = file.getnframes()
            sound: bytes = file.readframes(frames)
    except (wave.Error, EOFError) as error:
        raise Refused(
            415, "crisis_format", f"This is no wav file ({error or 'it ends too soon'}). Send one: 8 kHz, mono, 16 bit."
        ) from error
    if kind != (1, WIDTH, RATE, "NONE") or len(sound) != frames * WIDTH:
        found = f"{kind[2]} Hz, {kind[0]} channels, {kind[1] * 8} bit" + ("" if len(sound) == frames * WIDTH else ", cut off")
        raise Refused(
            415, "crisis_format", f"The file has {found}. Convert it to 8000 Hz, 1 channel, 16 bit (sox IN -r 8000 -c 1 -b 16 OUT)."
        )
    if not 0 < len(sound) <= longest_seconds * RATE * WIDTH:
        raise Refused(
            422, "crisis_length", f"The message lasts {frames / RATE:.1f} s: between 0 and {longest_seconds} s are allowed. Shorten it."
        )
    return sound


async def body_of(request: Request, most: int) -> bytes:
    """The body, read no further than it may be long."""
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > most:
            break
    return body


def router(crisis: Crisis, municipalities: Mapping[str, Municipality], acting: Callable[[], Ami]) -> APIRouter:
    """The routes of /api/crisis-message. `acting` gives the way to Asterisk, or raises Refused."""
    api = APIRouter(prefix="/api/crisis-message", tags=["crisis message"])

    @api.get("", summary="Crisis messages in force")
    async def standing(municipality: Asked = None) -> list[Sound]:
        return [crisis.sound(one.slug) for one in chosen(municipalities, municipality)]

    @api.put("", summary="Put a message before everything that callers hear: a wav file, 8 kHz, mono, 16 bit")
    async def put(request: Request, holder: Current, municipality: Asked = None, until: Until = None) -> Sound:
        slug = only(municipalities, municipality)
        most = municipalities[slug].announcements.longest_seconds * RATE * WIDTH + HEADER_BYTES
        body = await body_of(request, most)
        await crisis.put(acting(), slug, body, until)
        log.warning("crisis.message_put", municipality=slug, by=holder.name)
        return crisis.sound(slug)

    @api.delete("", summary="End the crisis message")
    async def end(holder: Current, municipality: Asked = None) -> Sound:
        slug = only(municipalities, municipality)
        await crisis.end(acting(), slug)
        log.warning("crisis.message_ended", municipality=slug, by=holder.name)
        return crisis.sound(slug)

    return api
