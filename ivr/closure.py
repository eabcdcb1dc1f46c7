"""Emergency closure: closed at once, by order, until a moment at which it ends by itself.

Asterisk's own database holds it, so that the dialplan obeys it without us and it outlives restarts; what is here is a copy.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Annotated

import structlog
from fastapi import APIRouter, Query
from pydantic import AwareDatetime, BaseModel, Field

from access.guard import Current
from access.refusal import Refused
from ivr.ami import Ami, Event
from ivr.switch_memory import Copy, NotRemembered, remember
from ivr.waiting import WaitingRoom
from routing.file import chosen
from routing.municipality import Municipality

log = structlog.get_logger()

NAME = "closure"
LONGEST = timedelta(days=7)
LOOK_SECONDS = 1.0


class Closures:
    """The closures that stand. It follows Asterisk's database, and takes those who wait out of the queues while one stands."""

    def __init__(
        self, memory: Copy, municipalities: Mapping[str, Municipality], now: Callable[[], datetime], waiting: Callable[[], WaitingRoom]
    ) -> None:
        self._memory = memory
        self._municipalities = municipalities
        self._now = now
        self._waiting = waiting

    def until(self, municipality: str) -> datetime | None:
        """The end of the closure that stands, None without one."""
        until = moment(self._memory.get(municipality, NAME))
        return until if until and until > self._now() else None

    async def order(self, ami: Ami, municipality: str, until: datetime) -> datetime:
        """Close from now on; returns the end, a whole second. Raises Refused for an end that is none, or when Asterisk does not keep it."""
        ahead = until - self._now()
        if not timedelta(0) < ahead <= LONGEST:
            sentence = f"{until.isoformat()} does not lie ahead, or lies more than {LONGEST.days} days ahead. Choose an earlier end."
            raise Refused(422, "closure_until", sentence)
        end = math.ceil(until.timestamp())
        await self._keep(ami, municipality, str(end))
        return datetime.fromtimestamp(end, UTC)

    async def end(self, ami: Ami, municipality: str) -> None:
        """The ordinary hours hold again. Raises Refused when Asterisk does not forget."""
        await self._keep(ami, municipality, "")

    async def _keep(self, ami: Ami, municipality: str, value: str) -> None:
        try:
            await remember(ami, municipality, NAME, value)
        except NotRemembered as error:
            raise Refused(503, "not_kept", str(error)) from error
        await self._memory.read(ami)

    async def begin(self, ami: Ami) -> None:
        """Follow until the connection is lost."""
        while True:
            await self._memory.read(ami)
            for municipality in self._municipalities:
                if self.until(municipality):
                    await self._waiting().close(ami, municipality)
            await asyncio.sleep(LOOK_SECONDS)

    def take(self, event: Event) -> None:
        """No event tells of it."""


def moment(epoch: str) -> datetime | None:
    """The epoch second that Asterisk holds; None when it holds none."""
    return datetime.fromtimestamp(int(epoch), UTC) if epoch.isdecimal() else None


Asked = Annotated[str | None, Query(description="A served municipality.", examples=["lekeberg"])]


class Order(BaseModel):
    """Close until then."""

    municipality: str | None = Field(None, description="A served municipality; may be left out when there is one.", examples=["lekeberg"])
    until: AwareDatetime = Field(description="When it ends by itself: ahead, and at most 7 days.", examples=["2026-11-26T15:00:00+01:00"])


class Closure(BaseModel):
    """Whether an emergency closure stands, and until when."""

    municipality: str
    until: AwareDatetime | None


def only(served: Mapping[str, Municipality], slug: str | None) -> str:
    """The municipality that is meant. Raises Refused when several could be, and routing.file.NotServed."""
    if slug is None and len(served) > 1:
        raise Refused(422, "which_municipality", f"Several are served: name one of {', '.join(served)}.")
    return chosen(served, slug)[0].slug


def router(closures: Closures, municipalities: Mapping[str, Municipality], acting: Callable[[], Ami]) -> APIRouter:
    """The routes of /api/closure. `acting` gives the way to Asterisk, or raises Refused."""
    api = APIRouter(prefix="/api/closure", tags=["closure"])

    @api.get("", summary="Emergency closures that stand")
    async def standing(municipality: Asked = None) -> list[Closure]:
        return [Closure(municipality=one.slug, until=closures.until(one.slug)) for one in chosen(municipalities, municipality)]

    @api.put("", summary="Close at once, until a moment at which it ends by itself")
    async def close(order: Order, holder: Current) -> Closure:
        slug = only(municipalities, order.municipality)
        until = await closures.order(acting(), slug, order.until)
        log.warning("closure.ordered", municipality=slug, until=until.isoformat(), by=holder.name)
        return Closure(municipality=slug, until=until)

    @api.delete("", summary="End an emergency closure")
    async def reopen(holder: Current, municipality: Asked = None) -> Closure:
        slug = only(municipalities, municipality)
        await closures.end(acting(), slug)
        log.warning("closure.ended", municipality=slug, by=holder.name)
        return Closure(municipality=slug, until=None)

    return api
