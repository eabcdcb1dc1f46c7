"""Whether the program dials callbacks by itself, or has been held by whoever leads: in a crisis, or when the dial guard has tripped.

Asterisk's own database holds it, so that it outlives restarts; what is here is a copy, read anew with the others. Promises are taken all
the same, people may ring back by themselves, and what is late is told.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated

import structlog
from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict

from access.guard import Current
from access.refusal import Refused
from ivr.ami import Ami
from ivr.closure import only
from ivr.switch_memory import Copy, NotRemembered, remember
from routing.file import chosen
from routing.municipality import Municipality

log = structlog.get_logger()

NAME, HELD = "dialling", "held"


class Dialling:
    """The municipalities whose callbacks are held."""

    def __init__(self, memory: Copy) -> None:
        self._memory = memory

    def is_held(self, municipality: str) -> bool:
        """Whether nobody is dialled by the program."""
        return self._memory.get(municipality, NAME) == HELD

    async def hold(self, ami: Ami, municipality: str, *, held: bool) -> None:
        """Hold from now on, or go on. Raises Refused when Asterisk does not keep it."""
        try:
            await remember(ami, municipality, NAME, HELD if held else "")
        except NotRemembered as error:
            raise Refused(503, "not_kept", str(error)) from error
        await self._memory.read(ami)


Asked = Annotated[str | None, Query(description="A served municipality.", examples=["lekeberg"])]


class DiallingRow(BaseModel):
    """Whether the program dials callbacks by itself."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"municipality": "lekeberg", "held": False}]})

    municipality: str
    held: bool


def router(dialling: Dialling, municipalities: Mapping[str, Municipality], acting: Callable[[], Ami]) -> APIRouter:
    """The routes of /api/dialling. `acting` gives the way to Asterisk, or raises Refused."""
    api = APIRouter(prefix="/api/dialling", tags=["callbacks"])

    @api.get("", summary="Whether callbacks are dialled, or held")
    async def standing(municipality: Asked = None) -> list[DiallingRow]:
        return [DiallingRow(municipality=one.slug, held=dialling.is_held(one.slug)) for one in chosen(municipalities, municipality)]

    async def hold(holder: Current, municipality: str | None, *, held: bool) -> DiallingRow:
        slug = only(municipalities, municipality)
        await dialling.hold(acting(), slug, held=held)
        log.warning("callbacks.held" if held else "callbacks.resumed", municipality=slug, by=holder.name)
        return DiallingRow(municipality=slug, held=held)

    @api.put("/hold", summary="Dial no callbacks from now on; promises are taken all the same")
    async def put(holder: Current, municipality: Asked = None) -> DiallingRow:
        return await hold(holder, municipality, held=True)

    @api.delete("/hold", summary="Dial callbacks again")
    async def delete(holder: Current, municipality: Asked = None) -> DiallingRow:
        return await hold(holder, municipality, held=False)

    return api
