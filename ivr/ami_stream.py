"""A TCP or TLS stream that one thread reads while another writes, and that a third may end at any time.

The socket never blocks and has one lock, because an SSL object may not be read and written at the same moment.
It must not know what the bytes mean.
"""

import select
import socket
import ssl
import threading
import time
from collections.abc import Iterator

WRITE_GRACE = 0.5  # seconds; the kernel takes an action at once unless Asterisk has not read for a long time
READ_SIZE = 65536
GREETING_LIMIT = 1024  # bytes
_AGAIN = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)


class Stream:
    """One connection; it is opened once, ended once, and closed by its reader."""

    def __init__(self, tls: ssl.SSLContext | None) -> None:
        self._tls = tls
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._socket: socket.socket | None = None

    @property
    def is_ended(self) -> bool:
        return self._ended.is_set()

    def open(self, host: str, port: int, timeout: float) -> tuple[str, bytes]:
        """Connect and return the first line and what came behind it; blocks at most `timeout` seconds a step."""
        plain = socket.create_connection((host, port), timeout)
        try:
            plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            opened = self._tls.wrap_socket(plain, server_hostname=host) if self._tls else plain
        except BaseException:
            plain.close()
            raise
        self._socket = opened
        try:
            greeting, rest = _first_line(opened, time.monotonic() + timeout)
            opened.setblocking(False)
        except BaseException:
            self.close()
            raise
        return greeting.decode("utf-8", "replace"), rest

    def write(self, data: bytes) -> None:
        """Hand all of it to the kernel, or raise OSError; then the connection is of no more use."""
        rest, give_up = memoryview(data), time.monotonic() + WRITE_GRACE
        while rest:
            opened = self._open_socket()
            try:
                with self._lock:
                    rest = rest[opened.send(rest) :]
            except _AGAIN:
                left = give_up - time.monotonic()
                if left <= 0 or not _poll(opened, select.POLLOUT, left):
                    raise ConnectionError("Asterisk does not read") from None

    def read(self) -> Iterator[bytes]:
        """Wait for bytes, then give everything that is there; ConnectionError at the end."""
        opened = self._open_socket()
        _poll(opened, select.POLLIN, None)
        while True:
            self._open_socket()
            try:
                with self._lock:
                    data = opened.recv(READ_SIZE)
            except _AGAIN:
                return
            if not data:
                raise ConnectionError("Asterisk closed the connection")
            yield data

    def end(self) -> None:
        """Let reader and writers find the end at once; nothing more is written. From any thread."""
        self._ended.set()
        try:
            if self._socket is not None:
                # The plain socket's own: TLS's forgets its keys here, and a farewell could block.
                socket.socket.shutdown(self._socket, socket.SHUT_RDWR)
        except OSError:
            pass  # it is gone already

    def close(self) -> None:
        """Give the socket back; only where nobody reads any more."""
        self._ended.set()
        with self._lock:
            if self._socket is not None:
                self._socket.close()

    def _open_socket(self) -> socket.socket:
        if self._socket is None or self._ended.is_set():
            raise ConnectionError("the connection is closed")
        return self._socket


def _poll(opened: socket.socket, what: int, seconds: float | None) -> bool:
    poll = select.poll()
    try:
        poll.register(opened, what)
    except ValueError:
        raise ConnectionError("the connection is closed") from None
    return bool(poll.poll(None if seconds is None else seconds * 1000))


def _first_line(opened: socket.socket, until: float) -> tuple[bytes, bytes]:
    received = b""
    while b"\r\n" not in received:
        piece = opened.recv(READ_SIZE)
        received += piece
        if not piece or len(received) > GREETING_LIMIT or time.monotonic() > until:
            raise ConnectionError("no manager greeting")
    line, rest = received.split(b"\r\n", 1)
    return line, rest
