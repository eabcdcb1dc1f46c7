"""The ledger over HTTP: finished calls, newest first. Numbers are masked, protected matters are for those with the duty only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from fastapi import APIRouter, Query

from access.guard import Current
from metrics.ledger import Ledger
from metrics.story import CallRecord
from routing.file import chosen
from routing.municipality import Municipality
from routing.numbers import masked


def router(ledger: Ledger, municipalities: Mapping[str, Municipality]) -> APIRouter:
    """The routes under /api/calls. They raise redis.RedisError and routing.file.NotServed."""
    api = APIRouter(prefix="/api/calls", tags=["calls"])

    def is_protected(record: CallRecord) -> bool:
        topic = municipalities[record.municipality].topics.get(record.topic)
        return bool(topic and topic.protected)

    @api.get("", summary="Finished calls, the latest first")
    async def listed(
        holder: Current,
        municipality: Annotated[str | None, Query(description="A served municipality; all when left out.", examples=["lekeberg"])] = None,
        count: Annotated[int, Query(ge=1, le=1000, description="How many calls of a municipality to look at.")] = 100,
    ) -> list[CallRecord]:
        found = [record for one in chosen(municipalities, municipality) for record in await ledger.latest(one.slug, count)]
        shown = sorted((r for r in found if holder.may_see(protected=is_protected(r))), key=lambda r: -r.ended)
        return [record.model_copy(update={"number": masked(record.number)}) for record in shown]

    return api
