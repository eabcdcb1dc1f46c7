"""The audit trail over HTTP."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from access.audit import Audit, Audited


def router(audit: Audit) -> APIRouter:
    """GET /api/audit. Raises redis.RedisError."""
    api = APIRouter(prefix="/api/audit", tags=["audit"])

    @api.get("", summary="Who did what with which record, the latest first; no number stands in it")
    async def latest(count: Annotated[int, Query(ge=1, le=10000)] = 100) -> list[Audited]:
        return await audit.latest(count)

    return api
