"""Which citizens are in a call with us now, or were a moment ago and what that call has kept is not written down yet."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Iterable

import structlog

from callbacks.dialler import TelephoneAway
from callbacks.store import StoreAway
from metrics.story import CallRecord, Story
from routing.numbers import dialable

log = structlog.get_logger()


def e164(number: str) -> str:
    """A caller's number as it is stored; "" for one that cannot be rung."""
    written = dialable(number, frozenset()) if number else ""
    return written if isinstance(written, str) else ""


class Callers:
    """Numbers (E.164) that must not be dialled now, and what their calls have kept."""

    def __init__(self, stories: Callable[[], Iterable[Story]], close: Callable[[CallRecord, str], Awaitable[None]]) -> None:
        """`close` closes what an answered call from a number has kept; it raises StoreAway and TelephoneAway."""
        self._stories, self._close = stories, close
        self._just_ended: Counter[str] = Counter()

    def in_calls(self) -> frozenset[str]:
        """The numbers of all callers."""
        return frozenset({e164(story.number) for story in self._stories()} | {*+self._just_ended}) - {""}

    def ended(self, record: CallRecord) -> None:
        """A call has ended: its number stays busy until `entered` is through."""
        self._just_ended[e164(record.number)] += 1

    async def entered(self, record: CallRecord) -> None:
        """Close what an answered call has kept. While the store or Asterisk is away the citizen is rung all the same: the lesser evil."""
        number = e164(record.number)
        try:
            if record.outcome == "answered" and number:
                await self._close(record, number)
        except (StoreAway, TelephoneAway) as error:
            log.warning("callback.not_closed", call_id=record.call_id, error=str(error))
        finally:
            self._just_ended[number] -= 1
