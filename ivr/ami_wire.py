"""The manager interface's bytes: packets out of a stream, headers out of a packet, and what may not be written.

Pure functions and one small buffer. It must not open sockets, know threads or judge what an event means.
"""

from collections.abc import Mapping
from dataclasses import dataclass

Headers = dict[str, str | list[str]]

LINE_LIMIT = 1000  # bytes; Asterisk refuses the whole action when one line exceeds about 1 kB
PACKET_LIMIT = 1 << 20  # bytes without a packet's end: this is no manager interface
_FORBIDDEN = ("\r", "\n", "\0")


@dataclass(frozen=True, slots=True)
class Event:
    """One packet from Asterisk. Keys of `headers` are lower case; a header that repeats is a list. A reply has no name."""

    name: str
    headers: Headers

    def get(self, key: str, default: str = "") -> str:
        """The header's value; the first one where it repeats."""
        value = self.headers.get(key, default)
        return value if isinstance(value, str) else value[0]

    def all(self, key: str) -> tuple[str, ...]:
        """Every value of a header, in order."""
        value = self.headers.get(key, [])
        return (value,) if isinstance(value, str) else tuple(value)


class Packets:
    """Cuts a stream into packets, whatever pieces it arrives in."""

    def __init__(self, rest: bytes = b"") -> None:
        self._rest = rest

    def feed(self, data: bytes) -> list[bytes]:
        """The packets that are complete now, without the stray blank lines some builds of Asterisk put between them."""
        *whole, self._rest = (self._rest + data).split(b"\r\n\r\n")
        if len(self._rest) > PACKET_LIMIT:
            raise ConnectionError("a packet without an end")
        return [packet for packet in (piece.lstrip(b"\r\n") for piece in whole) if packet]


def is_unwanted(packet: bytes, wanted: frozenset[bytes]) -> bool:
    """Whether this is an event nobody asked for: the way past the parser. What carries an ActionID is always parsed."""
    return packet.startswith(b"Event: ") and packet[7:].partition(b"\r\n")[0] not in wanted and b"\r\nActionID: " not in packet


def parse(packet: bytes) -> Event:
    """Headers of one packet; lines without a colon are dropped.

    Only the first line says whether it is a reply or an event: a UserEvent may carry any header further down.
    """
    headers: Headers = {}
    # str.splitlines would also cut at U+2028, VT and NEL, which a caller's name may hold.
    lines = packet.decode("utf-8", "replace").split("\r\n")
    for line in lines:
        key, colon, value = line.partition(":")
        if not colon:
            continue
        key = key.lower()
        if value[:1] == " ":
            value = value[1:]
        known = headers.get(key)
        if known is None:
            headers[key] = value
        elif isinstance(known, list):
            known.append(value)
        else:
            headers[key] = [known, value]
    kind, _, name = lines[0].partition(":")
    return Event(name.strip() if kind.lower() == "event" else "", headers)


def check(name: str, headers: Mapping[str, str], variables: Mapping[str, str]) -> None:
    """Raise ValueError for what would end a line early or overrun it. The text never shows a value: it may be a secret."""
    for key, value in (("Action", name), *headers.items()):
        _check_line(key, value)
        if key.lower() == "actionid":
            raise ValueError("the ActionID is the adapter's own")
    for key, value in variables.items():
        _check_line(f"Variable {key}", f"{key}={value}")
        # Asterisk splits a Variable header at commas and takes quotes and backslashes away: a value could set others.
        if not key or "=" in key or any(character in key + value for character in ',"\\'):
            raise ValueError(f"the variable {key!r} would not arrive as it is written")


def _check_line(key: str, value: str) -> None:
    if not key or ":" in key or any(character in text for text in (key, value) for character in _FORBIDDEN):
        raise ValueError(f"a character that a manager header may not hold: {key!r}")
    if len(f"{key}: {value}".encode()) > LINE_LIMIT:
        raise ValueError(f"a manager line of more than {LINE_LIMIT} bytes: {key!r}")
