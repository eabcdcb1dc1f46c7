"""The words of the manager adapter: who logs in where, its limits, and what can go wrong. Nothing here does anything."""

import ssl
from dataclasses import dataclass, field

from ivr.ami_wire import Event


class AmiLost(ConnectionError):
    """The connection is gone; whether a written action was carried out is unknown."""


class AmiRefused(PermissionError):
    """Asterisk refused the login."""


class ActionFailed(RuntimeError):
    """Asterisk answered an action with an error; `response` holds the answer's headers."""

    def __init__(self, name: str, response: Event) -> None:
        super().__init__(f"{name}: {response.get('message', 'no reason given')}")
        self.response = response.headers


class TooLate(TimeoutError):
    """The moment for an action had passed before it was written; nothing was written."""


@dataclass(frozen=True)
class Credentials:
    """Where Asterisk listens and who logs in."""

    host: str
    port: int
    user: str
    secret: str = field(repr=False)
    tls: ssl.SSLContext | None = None


@dataclass(frozen=True)
class Limits:
    """Times in seconds. `capacity` is how many events may wait for the reader of `Ami.events`."""

    capacity: int = 20_000  # about 20 s of 50 calls/s with every event class read
    connect: float = 5.0
    ping_after: float = 5.0
    dead_after: float = 15.0
    tick: float = 0.25
    freeze_after: float = 2.0  # a longer gap in the event loop makes every decision in it stale
