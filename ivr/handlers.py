"""Handlers and functions over HTTP: phone hours, who is away until when, and setting that; never why."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import AwareDatetime, BaseModel, ConfigDict

from access.refusal import Refused
from ivr.ami import ActionFailed, Ami
from ivr.exchange import Exchange
from ivr.switch_memory import remember
from routing.file import chosen
from routing.municipality import Municipality
from routing.people import Function, Handler
from routing.phone_hours import back_at, takes_calls

Served = Annotated[str | None, Query(description="A served municipality; all when left out.", examples=["lekeberg"])]


class Absence(BaseModel):
    """Until when no calls are put through."""

    model_config = ConfigDict(extra="forbid")

    until: AwareDatetime


class HandlerRow(BaseModel):
    """A handler or a function as a list shows it; `back_at` is when calls are taken again, null while they are taken."""

    municipality: str
    extension: str
    name: str
    kind: Literal["handler", "function"]
    administration: str
    phone_hours: dict[str, list[str]] | None
    takes_calls: bool
    away_until: AwareDatetime | None
    back_at: AwareDatetime | None
    handlers: tuple[str, ...]
    stand_ins: tuple[str, ...]


def router(exchange: Exchange, municipalities: Mapping[str, Municipality], now: Callable[[], datetime]) -> APIRouter:
    """The routes under /api/handlers. They raise Refused and routing.file.NotServed."""
    api = APIRouter(prefix="/api/handlers", tags=["handlers"])

    @api.get("", summary="Handlers and functions: phone hours, absences, stand-ins")
    async def listed(municipality: Served = None) -> list[HandlerRow]:
        async with exchange.connected() as ami:
            return [row for one in chosen(municipalities, municipality) for row in rows(one, await absences(ami, one.slug), now())]

    @api.put("/{extension}/away", summary="Away until a time: calls are not put through before")
    async def away(extension: str, absence: Absence, municipality: Served = None) -> HandlerRow:
        if absence.until <= now():
            raise Refused(422, "not_future", "The time is over already. Name one that is to come, or take the absence away.")
        return await keep(extension, municipality, absence.until)

    @api.delete("/{extension}/away", summary="Back: calls are put through within the phone hours")
    async def back(extension: str, municipality: Served = None) -> HandlerRow:
        return await keep(extension, municipality, None)

    async def keep(extension: str, slug: str | None, until: datetime | None) -> HandlerRow:
        one = next((one for one in chosen(municipalities, slug) if extension in one.extensions()), None)
        if one is None:
            raise Refused(404, "unknown_extension", f"Nobody has the extension {extension}. GET /api/handlers lists them.")
        async with exchange.connected() as ami:
            await remember(ami, one.slug, f"away-{extension}", str(int(until.timestamp())) if until else "")
        return next(row for row in rows(one, {extension: until} if until else {}, now()) if row.extension == extension)

    return api


async def absences(ami: Ami, slug: str) -> dict[str, datetime]:
    """Who is away until when, also by codes of a phone, as Asterisk's own database has it. Raises what `Ami.action` raises."""
    try:
        kept = await ami.list_action("DBGetTree", Family=f"kc-{slug}")
    except ActionFailed:  # so it answers when there is nothing
        return {}
    found = {one.get("key").rpartition("/away-")[2]: one.get("val") for one in kept if "/away-" in one.get("key")}
    return {extension: datetime.fromtimestamp(int(value), UTC) for extension, value in found.items() if value.isdecimal()}


def rows(municipality: Municipality, away: Mapping[str, datetime], now: datetime) -> list[HandlerRow]:
    """All of one municipality, functions last."""
    everybody: list[Handler | Function] = [*municipality.handlers, *municipality.functions.values()]
    return [_row(municipality, one, away, now) for one in everybody]


def _row(municipality: Municipality, one: Handler | Function, away: Mapping[str, datetime], now: datetime) -> HandlerRow:
    until = away.get(one.extension)
    until = until if until and until > now else None
    free = until is None and takes_calls(municipality.hours, one.phone_hours, now)
    hours = one.phone_hours
    return HandlerRow(
        municipality=municipality.slug,
        extension=one.extension,
        name=one.name if isinstance(one, Handler) else one.title,
        kind="handler" if isinstance(one, Handler) else "function",
        administration=one.administration,
        phone_hours=None if hours is None else {day: [str(span) for span in spans] for day, spans in hours.items()},
        takes_calls=free,
        away_until=until,
        back_at=None if free else back_at(municipality.hours, one.phone_hours, until or now, now),
        handlers=() if isinstance(one, Handler) else one.handlers,
        stand_ins=() if isinstance(one, Handler) else one.stand_ins,
    )
