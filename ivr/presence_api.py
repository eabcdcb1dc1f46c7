"""The guides over HTTP: who is here, and log-in, pause and wrap-up. A guide acts for oneself, a team leader for all."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from fastapi import APIRouter, Body, Query
from pydantic import BaseModel, ConfigDict, Field

from access.guard import Current
from access.model import Holder, Role
from access.refusal import Refused
from ivr.presence import Presence
from routing.duty import Duty, OwnReason, State
from routing.file import chosen
from routing.municipality import Municipality
from routing.people import Seat

Served = Annotated[str | None, Query(description="A served municipality; may be left out where one is served.", examples=["lekeberg"])]


class GuideRow(BaseModel):
    """One guide now. `since` is when the pause began, in epoch seconds; `missed` counts calls in a row."""

    municipality: str
    extension: str
    name: str
    seat: Seat
    queues: tuple[str, ...]
    state: State
    reason: str
    since: float | None
    missed: int


class Why(BaseModel):
    """A pause."""

    model_config = ConfigDict(extra="forbid")
    reason: OwnReason


class Length(BaseModel):
    """A wrap-up."""

    model_config = ConfigDict(extra="forbid")
    seconds: int = Field(ge=1, le=3600)


def router(presence: Presence, municipalities: Mapping[str, Municipality]) -> APIRouter:
    """The routes under /api/guides. They raise access.refusal.Refused and routing.file.NotServed."""
    api = APIRouter(prefix="/api/guides", tags=["guides"])

    def row(slug: str, duty: Duty) -> GuideRow:
        guide, pause = duty.guide, duty.pause
        return GuideRow(
            municipality=slug, extension=guide.extension, name=guide.name, seat=guide.seat, queues=guide.queues,
            state=duty.state, reason=duty.reason, since=pause.since if pause else None, missed=duty.missed,
        )  # fmt: skip

    def whose(extension: str, municipality: str | None, holder: Holder) -> str:
        """The slug of the one municipality that is meant, if the holder may act for its guide."""
        found = [one.slug for one in chosen(municipalities, municipality) if extension in presence.staffs[one.slug].duties]
        if not found:
            raise Refused(404, "unknown_guide", f"No guide has the extension {extension}. GET /api/guides lists them.")
        if len(found) > 1:
            raise Refused(409, "municipality_needed", f"{extension} is a guide of {', '.join(found)}. Say which: ?municipality=…")
        if Role.TEAM_LEADER not in holder.roles and not is_self(holder, found[0], extension):
            raise Refused(403, "not_yours", "A guide acts for oneself only. Ask a team leader, or for a token with your extension.")
        return found[0]

    def is_self(holder: Holder, slug: str, extension: str) -> bool:
        """The extension alone says who somebody is only where one municipality has it; else the account does (lekeberg-1001)."""
        having = sum(extension in staff.duties for staff in presence.staffs.values())
        return holder.extension == f"{slug}-{extension}" or (having == 1 and holder.extension == extension)

    def now(slug: str, extension: str) -> GuideRow:
        return row(slug, presence.staffs[slug].duties[extension])

    @api.get("", summary="The guides and what they do now")
    async def listed(municipality: Served = None) -> list[GuideRow]:
        presence.check()
        asked = chosen(municipalities, municipality)
        return [row(one.slug, duty) for one in asked for duty in presence.staffs[one.slug].duties.values()]

    @api.post("/{extension}/login", summary="Log in to all of the guide's queues")
    async def login(extension: str, holder: Current, municipality: Served = None) -> GuideRow:
        slug = whose(extension, municipality, holder)
        await presence.log_in(slug, extension)
        return now(slug, extension)

    @api.post("/{extension}/logout", summary="Log out of all queues")
    async def logout(extension: str, holder: Current, municipality: Served = None) -> GuideRow:
        slug = whose(extension, municipality, holder)
        await presence.log_out(slug, extension)
        return now(slug, extension)

    @api.post("/{extension}/pause", summary="Pause, with a reason")
    async def pause(extension: str, holder: Current, why: Annotated[Why, Body()], municipality: Served = None) -> GuideRow:
        slug = whose(extension, municipality, holder)
        await presence.pause(slug, extension, why.reason)
        return now(slug, extension)

    @api.post("/{extension}/ready", summary="End a pause or a wrap-up")
    async def ready(extension: str, holder: Current, municipality: Served = None) -> GuideRow:
        slug = whose(extension, municipality, holder)
        await presence.ready(slug, extension)
        return now(slug, extension)

    @api.post("/{extension}/wrap-up", summary="Wrap-up for so many seconds from now")
    async def wrap_up(extension: str, holder: Current, length: Annotated[Length, Body()], municipality: Served = None) -> GuideRow:
        slug = whose(extension, municipality, holder)
        await presence.wrap_up(slug, extension, length.seconds)
        return now(slug, extension)

    return api
