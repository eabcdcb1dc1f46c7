"""Runs SIPp, the real SIP end of a simulated caller or phone, and reads its message trace.

It sends to 127.0.0.1 only. SIPp plays recordings (the keys) through a raw socket, so it needs root or CAP_NET_RAW.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import re
import socket
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self

HOST = "127.0.0.1"
POLL_SECONDS = 0.05
Address = tuple[str, int]
SIGNALLING_PORTS = range(6100, 7000)
MEDIA_PORTS = range(30000, 32700)
_signalling = itertools.cycle(SIGNALLING_PORTS)
_media = itertools.cycle(MEDIA_PORTS[::4])


class SippError(RuntimeError):
    """SIPp itself failed, or the outside never gave the call an end; the message holds SIPp's own errors."""


@dataclass(frozen=True)
class Message:
    """One SIP message of a trace."""

    when: datetime
    sent: bool
    text: str

    @property
    def start(self) -> str:
        """The request or status line."""
        return self.text.split("\n", 1)[0].strip()

    @property
    def status(self) -> int:
        """The status code, 0 for a request."""
        return int(self.start.split()[1]) if self.start.startswith("SIP/2.0 ") else 0

    def header(self, name: str) -> str:
        """The first value of a header, "" without one."""
        found = re.search(rf"^{re.escape(name)}[ \t]*:[ \t]*(.*?)\s*$", self.text, re.MULTILINE | re.IGNORECASE)
        return found[1] if found else ""


_RECORD = re.compile(r"^-{20,} +(\d{4}-\d\d-\d\d)[T\t ](\d\d:\d\d:\d\d\.\d+)[^\n]*\n", re.MULTILINE)
_KIND = re.compile(r"\A\w+ message (sent|received)[^\n]*\n\s*(.+)\Z", re.DOTALL)


def read_trace(text: str) -> Iterator[Message]:
    """The messages of a SIPp message trace, which is in local time."""
    _, *parts = _RECORD.split(text)
    for day, clock, body in zip(parts[0::3], parts[1::3], parts[2::3], strict=True):
        if found := _KIND.match(body):
            yield Message(datetime.fromisoformat(f"{day}T{clock}").astimezone(UTC), found[1] == "sent", found[2])


def share_ports(part: int, parts: int) -> None:
    """Keep to one of `parts` equal parts of the ports from now on, so that several processes can simulate side by side."""
    global _signalling, _media
    _signalling, _media = (
        itertools.cycle(ports[len(ports) * part // parts : len(ports) * (part + 1) // parts])
        for ports in (SIGNALLING_PORTS, MEDIA_PORTS[::4])
    )


def _is_free(port: int) -> bool:
    for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
        with socket.socket(socket.AF_INET, kind) as probe:
            try:
                probe.bind((HOST, port))
            except OSError:
                return False
    return True


def _free(ports: Iterable[int], width: int = 1) -> int:
    """The next port of the counter with `width` free ports from it on."""
    for port in itertools.islice(ports, 1000):
        if all(_is_free(port + place) for place in range(width)):
            return port
    raise SippError("no free port")


def _is_bound(port: int) -> bool:
    """Whether somebody has the UDP port; asked without binding, which would take it from the SIPp that is starting."""
    return f":{port:04X} " in Path("/proc/net/udp").read_text(encoding="ascii")


def signalling_port() -> int:
    """A free port for SIP."""
    return _free(_signalling)


class Sipp:
    """One running SIPp. As an async context manager it never outlives its test."""

    def __init__(self, scenario: str, *arguments: str, timeout: float, port: int = 0, files: Mapping[str, bytes] | None = None) -> None:
        self.port = port or signalling_port()
        self._timeout, self._arguments = timeout, arguments
        self._files = {"scenario.xml": scenario.encode(), **(files or {})}
        self._temporary = tempfile.TemporaryDirectory(prefix="sip-")
        self.folder = Path(self._temporary.name)
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """Start SIPp."""
        for name, content in self._files.items():
            (self.folder / name).write_bytes(content)
        control, media = signalling_port(), _free(_media, width=4)
        quiet = asyncio.subprocess.DEVNULL
        # Without -timeout_error an open call keeps SIPp alive beyond its timeout.
        limits = ("-nostdin", "-timeout", f"{max(1, int(self._timeout))}s", "-timeout_error", "-aa")
        ports = ("-i", HOST, "-p", str(self.port), "-mi", HOST, "-mp", str(media), "-ci", HOST, "-cp", str(control))
        traces = ("-trace_msg", "-message_file", "messages.log", "-trace_err", "-error_file", "errors.log")
        command = ("sipp", "-sf", "scenario.xml", *ports, *limits, *traces, *self._arguments)
        with (self.folder / "output.log").open("wb") as output:
            self._process = await asyncio.create_subprocess_exec(*command, cwd=self.folder, stdin=quiet, stdout=output, stderr=output)

    async def listening(self, within: float = 5) -> None:
        """Wait until SIPp has its port."""
        await until(lambda: not self.running or _is_bound(self.port), within, "SIPp has its port")
        if not self.running:
            raise SippError(f"SIPp did not start: {self.errors()}")

    @property
    def running(self) -> bool:
        """Whether the process lives."""
        return self._process is not None and self._process.returncode is None

    async def ended(self) -> int:
        """SIPp's exit code: 0 when every call went through the scenario. Its own timeout bounds the wait."""
        if self._process is None:
            raise SippError("SIPp was not started")
        try:
            return await asyncio.wait_for(self._process.wait(), self._timeout + 10)
        except TimeoutError:
            raise SippError(f"SIPp outlived its timeout: {self.errors()}") from None

    async def stop(self) -> None:
        """End the process, whatever state it is in, and take its files away."""
        try:
            if self._process is not None and self._process.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    self._process.kill()
                await self._process.wait()
        finally:
            self._temporary.cleanup()

    async def __aenter__(self) -> Self:
        try:
            await self.start()
        except BaseException:
            await self.stop()
            raise
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        await self.stop()

    def text(self, name: str) -> str:
        """A file that SIPp writes, as far as it is written."""
        path = self.folder / name
        return path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""

    def messages(self) -> list[Message]:
        """What was sent and received so far."""
        return list(read_trace(self.text("messages.log")))

    def errors(self) -> str:
        """The end of what SIPp complained about."""
        return (self.text("errors.log") or self.text("output.log"))[-2000:]


async def until(condition: Callable[[], bool], within: float, what: str) -> None:
    """Look at what an outside process leaves behind until it is so. Raises TimeoutError with `what` at the deadline."""
    deadline = time.monotonic() + within
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"not within {within} s: {what}")
        await asyncio.sleep(POLL_SECONDS)  # the other side is a process that only writes a file: no event to wait for
