"""The connection to Asterisk as the API uses it: only while this controller acts, and with one answer for everything that can be away."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from access.refusal import Refused
from ivr.ami import Ami, AmiLost, TooLate
from ivr.switch_memory import NotRemembered


class Exchange:
    """`acting` gives the connection, or raises Refused while this controller does not act."""

    def __init__(self, acting: Callable[[], Ami]) -> None:
        self._acting = acting

    @asynccontextmanager
    async def connected(self) -> AsyncIterator[Ami]:
        """The connection. Raises Refused 503 when there is none, when another controller acts, or when it is lost meanwhile."""
        try:
            yield self._acting()
        except (AmiLost, TooLate, TimeoutError, NotRemembered) as error:
            raise Refused(503, "asterisk_away", "Asterisk does not answer. Look whether it was done before you try again.") from error
