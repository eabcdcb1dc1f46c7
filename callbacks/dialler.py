"""Placeholder of the dialler, to be replaced whole: it rings nobody, and says so."""

from __future__ import annotations

from callbacks.model import Request
from callbacks.service import PhonesAway
from callbacks.store import Act, Answer
from routing.municipality import Municipality


class Dialler:
    """`callbacks.service.Phones` without phones."""

    async def call(self, municipality: Municipality, request: Request, extension: str, act: Act) -> Answer:
        """Raises PhonesAway."""
        raise PhonesAway("no phone can be rung yet")

    async def withdraw(self, request: Request) -> None:
        """Raises PhonesAway."""
        raise PhonesAway("no phone can be rung yet")
