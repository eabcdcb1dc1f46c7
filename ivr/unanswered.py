"""The alarm of a priority line: a call that neither its own people nor a guide have taken is told at once, while it still goes on."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import structlog
from prometheus_client import Counter

from ivr.ami import Ami, Event
from routing.municipality import Municipality

log = structlog.get_logger()


class Unanswered:
    """Follows the facts. Each round in vain is an error in the log, and each call counts once."""

    def __init__(
        self, municipalities: Mapping[str, Municipality], counter: Callable[[str, str], Counter], acts: Callable[[], bool]
    ) -> None:
        """`counter` gives the counter of a municipality's line; `acts` says whether this controller is the one that acts."""
        self._counter, self._acts = counter, acts
        self._calls: set[str] = set()
        for slug, municipality in municipalities.items():
            for line in municipality.priority_lines:
                counter(slug, line)

    async def begin(self, ami: Ami) -> None:
        """Nothing to learn: what was not seen is told by the outcome of the call."""

    def take(self, event: Event) -> None:
        """One event, in order."""
        if event.name == "UserEvent" and event.get("userevent") == "KC":
            match event.get("fact"):
                case "nobody" if self._acts():
                    self._tell(event)
                case "ended":
                    self._calls.discard(event.get("linkedid"))

    def _tell(self, event: Event) -> None:
        slug, call_id = event.get("municipality"), event.get("linkedid")
        line, _, round_ = event.get("detail").partition("/")
        log.error("priority.nobody", municipality=slug, line=line, round=int(round_), call_id=call_id)
        if call_id not in self._calls:
            self._calls.add(call_id)
            self._counter(slug, line).inc()
