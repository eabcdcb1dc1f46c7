"""The audit trail: who did what with which record, when. It holds no number and no citizen's name."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict
from redis.asyncio import Redis

from access import keys
from access.model import Holder

What = Literal["number_shown"]
KEPT = 1_000_000
"""About so many entries stay; at a hundred a day these are decades."""


class Audited(BaseModel):
    """One entry of the trail."""

    model_config = ConfigDict(frozen=True, json_schema_extra={"examples": [{
        "at": "2026-11-25T09:12:00Z", "who": "vägledare", "extension": "1001", "what": "number_shown",
        "record": "5f0c3f6e7b6a4d0c9a1e2b3c4d5e6f70",
    }]})  # fmt: skip

    at: AwareDatetime
    who: str
    extension: str
    what: What
    record: str


class Audit:
    """The trail of one installation. Methods raise redis.RedisError or OSError while the store is away."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    async def write(self, holder: Holder, what: What, record: str, now: datetime) -> None:
        """Add an entry."""
        entry = Audited(at=now, who=holder.name, extension=holder.extension, what=what, record=record)
        await self._redis.xadd(keys.audit(), {"entry": entry.model_dump_json()}, maxlen=KEPT, approximate=True)

    async def latest(self, count: int) -> list[Audited]:
        """The latest entries, the newest first."""
        rows: list[tuple[str, dict[str, str]]] = await self._redis.xrevrange(keys.audit(), count=count)  # type: ignore[assignment]  # strings
        return [Audited.model_validate_json(said["entry"]) for _, said in rows]
