"""The library's client with its socket, reader and answers replaced; only this module and `ivr.ami` import `asterisk.ami`.

It turns bytes into events in a thread of its own and must never run the application's code there.
"""

import threading
import time
from collections.abc import Callable

import structlog
from asterisk.ami import AMIClient  # type: ignore[import-untyped]  # the library has no types
from asterisk.ami.action import Action  # type: ignore[import-untyped]  # the library has no types

from ivr.ami_stream import Stream
from ivr.ami_wire import Event, Packets, is_unwanted, parse
from ivr.ami_words import AmiLost, Credentials, Limits, TooLate

log = structlog.get_logger()


class Link(AMIClient):  # type: ignore[misc]  # the library has no types
    """The library's client with its socket, reader and answers replaced: as shipped, an idle connection, a raising
    callback or a blank line ends its reader silently, and a line break in a value is carried out as an action."""

    def __init__(
        self, credentials: Credentials, limits: Limits, wanted: frozenset[bytes] | None,
        deliver: Callable[[list[Event]], None], lost: Callable[[Exception], None],
    ) -> None:  # fmt: skip
        super().__init__(credentials.host, credentials.port, timeout=limits.connect)
        self.last_byte = time.monotonic()
        self._stream = Stream(credentials.tls)
        self._wanted, self._deliver, self._lost = wanted, deliver, lost
        self._write_lock = threading.Lock()

    def connect(self) -> None:
        """Connect and read the greeting; blocks, so it runs in a worker thread."""
        greeting, rest = self._stream.open(self._address, self._port, self._timeout)
        match = self.asterisk_start_regex.match(greeting)
        if not match or self._stream.is_ended:
            self._stream.close()
            raise AmiLost("not a manager interface" if not match else "given up while connecting")
        self._ami_version = match.group("version")
        self.last_byte = time.monotonic()
        self._thread = threading.Thread(target=self.listen, args=(rest,), name="ami-reader", daemon=True)
        self._thread.start()

    def send_action(self, action: Action, callback: None = None, until: float | None = None) -> None:
        self.send(action, until)

    def send(self, pack: object, until: float | None = None) -> None:
        """Write all of `pack` or fail; TooLate when `until` (time.monotonic) has passed. From any thread."""
        data = f"{pack}\r\n".encode()
        with self._write_lock:
            if until is not None and time.monotonic() >= until:
                raise TooLate("the moment for this action has passed")
            self._stream.write(data)

    def listen(self, rest: bytes = b"") -> None:
        """The reader thread: nothing but reading and parsing happens here."""
        packets, reason = Packets(), Exception()
        try:
            self._take(packets.feed(rest))
            while True:
                for data in self._stream.read():
                    self.last_byte = time.monotonic()
                    self._take(packets.feed(data))
        except Exception as error:
            reason = error
        self._stream.close()
        self._lost(reason)

    def _take(self, packets: list[bytes]) -> None:
        events = []
        for packet in packets:
            if self._wanted is not None and is_unwanted(packet, self._wanted):
                continue
            try:
                events.append(parse(packet))
            except Exception:  # one unreadable packet is no reason to lose the calls of all others
                log.exception("ami.unreadable_packet", bytes=len(packet))
        if events:
            self._deliver(events)

    def disconnect(self) -> None:
        """End the reader, which closes the socket; returns at once, from any thread."""
        self._stream.end()

    def join(self) -> None:
        if self._thread is not None:
            self._thread.join(self._timeout)
