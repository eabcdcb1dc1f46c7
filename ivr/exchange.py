"""The connection to Asterisk as the API uses it: only while this controller acts, and with one answer for everything that can be away."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from access.refusal import Refused
from ivr.ami import Ami, AmiLost, Event, TooLate
from ivr.switch_memory import NotRemembered


class Exchange:
    """A listener of the controller that keeps its connection."""

    def __init__(self) -> None:
        self._ami: Ami | None = None

    async def begin(self, ami: Ami) -> None:
        """This controller acts from now on."""
        self._ami = ami

    def take(self, event: Event) -> None:
        """Nothing of a call is remembered here: Asterisk is asked when somebody wants to know."""

    @asynccontextmanager
    async def connected(self) -> AsyncIterator[Ami]:
        """The connection. Raises Refused 503 when there is none, or when it is lost meanwhile."""
        if self._ami is None:
            raise Refused(503, "asterisk_away", "Asterisk is not connected. Try again soon.")
        try:
            yield self._ami
        except (AmiLost, TooLate, TimeoutError, NotRemembered) as error:
            raise Refused(503, "asterisk_away", "Asterisk does not answer. Look whether it was done before you try again.") from error
