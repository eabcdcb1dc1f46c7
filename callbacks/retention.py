"""Erase what is kept no longer: first the number and the message of a closed request, later its row. Totals stay."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

import structlog

from callbacks.rounds import rounds
from callbacks.store import Act, CallbackStore
from routing.municipality import Municipality

log = structlog.get_logger()

LOOK_SECONDS = 60.0
EVERY = timedelta(days=1)


class Retention:
    """Goes through all municipalities once a day, and at once when it begins. Safe beside another controller and after a crash."""

    def __init__(
        self, store: CallbackStore, municipalities: Mapping[str, Municipality], now: Callable[[], datetime], acts: Callable[[], bool]
    ) -> None:
        self._store = store
        self._municipalities = municipalities
        self._now = now
        self._acts = acts
        self._next: datetime | None = None

    async def run(self) -> None:
        """Work until cancelled."""
        await rounds("retention", LOOK_SECONDS, self._acts, self.go)

    async def go(self) -> None:
        """All that is due, unless it was done within a day. Raises StoreAway, and is then tried again at the next look."""
        now = self._now()
        if self._next and now < self._next:
            return
        for municipality in list(self._municipalities.values()):
            await self._erase(municipality, now)
        self._next = now + EVERY

    async def _erase(self, municipality: Municipality, now: datetime) -> None:
        keeping = municipality.retention
        numbers = await self._erased(municipality.slug, now, timedelta(days=keeping.callback_number_days), whole=False)
        rows = await self._erased(municipality.slug, now, timedelta(days=keeping.callback_row_days), whole=True)
        if numbers or rows:
            await self._store.rewrite()
        await self._store.retained(municipality.slug, now)
        log.info("retention.done", municipality=municipality.slug, numbers=numbers, rows=rows)

    async def _erased(self, municipality: str, now: datetime, age: timedelta, *, whole: bool) -> int:
        erased = 0
        while found := await self._store.closed_before(municipality, now - age, numbered=not whole):
            words = [(await self._store.erase(one, Act(now), whole=whole)).word for one in found]
            if "erased" not in words:
                break
            erased += words.count("erased")
        return erased
