"""A scripted manager interface on a real socket: it greets, judges the login, and answers as a test tells it to."""

import asyncio
import ssl
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Self

from ivr.ami import Credentials

Reply = Callable[[dict[str, str]], bytes]
DEADLINE = 5.0


class Peer:
    """`received` holds every byte written to it, `actions` what they say, `replies` what to answer by action name."""

    def __init__(self, secret: str = "right", tls: ssl.SSLContext | None = None) -> None:
        self.secret, self._tls = secret, tls
        self.greeting = b"Asterisk Call Manager/11.0.0\r\n"
        self.received = b""
        self.actions: list[dict[str, str]] = []
        self.replies: dict[str, Reply] = {}
        self.logins = 0
        self.gone = asyncio.Event()
        self._changed = asyncio.Condition()
        self._writer: asyncio.StreamWriter | None = None

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=self._tls)
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._server.close()
        if self._writer is not None:
            self._writer.transport.abort()
            async with asyncio.timeout(DEADLINE):
                await self.gone.wait()

    def credentials(self, secret: str = "right", tls: ssl.SSLContext | None = None) -> Credentials:
        return Credentials("127.0.0.1", self._server.sockets[0].getsockname()[1], "ctl", secret, tls)

    def names(self) -> list[str]:
        return [action["action"] for action in self.actions]

    async def send(self, data: bytes) -> None:
        assert self._writer is not None
        self._writer.write(data)
        await self._writer.drain()

    def reset(self) -> None:
        assert self._writer is not None
        self._writer.transport.abort()

    async def until(self, condition: Callable[["Peer"], bool]) -> None:
        """Wait until what arrived fulfils the condition."""
        async with asyncio.timeout(DEADLINE), self._changed:
            await self._changed.wait_for(lambda: condition(self))

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writer, rest = writer, b""
        self.gone.clear()
        writer.write(self.greeting)
        with suppress(ConnectionError):
            while data := await reader.read(65536):
                self.received += data
                *whole, rest = (rest + data).split(b"\r\n\r\n")
                for packet in whole:
                    await self._answer(packet)
        writer.close()
        with suppress(ConnectionError, OSError):
            await writer.wait_closed()
        if self._writer is writer:
            self.gone.set()

    async def _answer(self, packet: bytes) -> None:
        lines = (line.partition(": ") for line in packet.decode().split("\r\n"))
        action = {key.lower(): value for key, _, value in lines}
        self.actions.append(action)
        default = self._login if action["action"] == "Login" else success
        await self.send(self.replies.get(action["action"], default)(action))
        async with self._changed:
            self._changed.notify_all()

    def _login(self, action: dict[str, str]) -> bytes:
        if action.get("secret") != self.secret:
            return reply(action, "Error", "Message: Authentication failed")
        self.logins += 1
        return success(action)


def reply(action: dict[str, str], kind: str, *lines: str) -> bytes:
    return "\r\n".join([f"Response: {kind}", f"ActionID: {action['actionid']}", *lines, "", ""]).encode()


def success(action: dict[str, str]) -> bytes:
    return reply(action, "Success") if "actionid" in action else b""


def silence(action: dict[str, str]) -> bytes:
    return b""
