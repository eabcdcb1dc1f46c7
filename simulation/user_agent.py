"""A SIP user agent whose calls a test steers while they go on, over UDP on 127.0.0.1: what SIPp's fixed scenarios cannot do.

It answers, refuses, dials, transfers (REFER, with Replaces) and presses keys. It sends no sound but the keys.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import re
import secrets
import socket
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from urllib.parse import quote

from simulation.scenario import ALLOW, REASONS, stream
from simulation.sipp import HOST, Address, Message, SippError

Headers = Sequence[tuple[str, str]]
RESPONSE_SECONDS = 40.0
"""Longer than anybody rings here."""
EVENT_TYPE = 101
ALLOWED = ("Allow", ALLOW.removeprefix("Allow: "))


class Leg:
    """One call of a user agent, whoever began it."""

    def __init__(self, agent: UserAgent, invite: Message, *, incoming: bool) -> None:
        self.agent, self.invite, self.incoming = agent, invite, incoming
        self.call_id = invite.header("Call-ID")
        self.tag = secrets.token_hex(6)
        own, peer = ("To", "From") if incoming else ("From", "To")
        self.own, self.peer = invite.header(own), invite.header(peer)
        self.target = _uri(invite.header("Contact")) if incoming else invite.start.split()[1]
        self.status = 0
        self.answered, self.ended = asyncio.Event(), asyncio.Event()
        self.answered_at: datetime | None = None
        self.ended_at: datetime | None = None
        self.referred, self.refer_status = asyncio.Event(), 0
        self._cseq = 100
        self.sound = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.sound.bind((HOST, 0))
        self._keys_from = 1000
        self._remote = invite.text if incoming else ""

    @property
    def dialled(self) -> str:
        """The number or extension that was dialled."""
        return self.invite.start.split()[1].removeprefix("sip:").partition("@")[0]

    def session(self) -> str:
        """Our session description."""
        found = re.search(r"a=rtpmap:(\d+) telephone-event/8000", self._remote)
        events = found[1] if found else EVENT_TYPE
        port = self.sound.getsockname()[1]
        lines = (
            "v=0", f"o=- 1 1 IN IP4 {HOST}", "s=-", f"c=IN IP4 {HOST}", "t=0 0", f"m=audio {port} RTP/AVP 8 {events}",
            "a=rtpmap:8 PCMA/8000", f"a=rtpmap:{events} telephone-event/8000", f"a=fmtp:{events} 0-15", "a=sendrecv",
        )  # fmt: skip
        return "".join(f"{line}\r\n" for line in lines)

    def ring(self) -> None:
        """Say that the phone rings."""
        self._reply(180)

    def answer(self) -> None:
        """Take an incoming call."""
        self._reply(200, self.session())
        self.answered_at = datetime.now(UTC)
        self.answered.set()

    def refuse(self, status: int) -> None:
        """Turn an incoming call down."""
        self._reply(status)
        self.over()

    def over(self) -> None:
        """The call has ended, whoever ended it."""
        self.ended_at = self.ended_at or datetime.now(UTC)
        self.ended.set()

    def _reply(self, status: int, body: str = "") -> None:
        self.status = status
        self.agent.reply(self.invite, status, self.tag, body)

    async def press(self, keys: str) -> None:
        """Press keys one after the other (RFC 4733)."""
        port = re.search(r"m=audio (\d+)", self._remote)
        events = re.search(r"a=rtpmap:(\d+) telephone-event/8000", self._remote)
        if not port or not events:
            raise SippError("nothing says where keys are heard")
        begun = asyncio.get_running_loop().time()
        for at, packet in stream(keys, int(events[1]), self._keys_from):
            await asyncio.sleep(max(0.0, begun + at - asyncio.get_running_loop().time()))  # the keys' own length
            self.sound.sendto(packet, (HOST, int(port[1])))
        self._keys_from += 10000

    async def pause(self, seconds: float) -> None:
        """Say nothing for so long, or until the call ends."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.ended.wait(), seconds)

    async def transfer(self, extension: str, replaces: Leg | None = None) -> int:
        """Refer the other side to an extension, or into another call of ours, and hang up once that is under way.

        Returns what became of it: 180 or more while it rings or is answered, 300 or more when this call goes on instead.
        """
        to = f"sip:{extension}@{HOST}:{self.agent.peer[1]}"
        if replaces:
            remote = re.search(r"tag=([^;>]+)", replaces.peer)
            there = f"{replaces.call_id};to-tag={remote[1] if remote else ''};from-tag={replaces.tag}"
            to += f"?Replaces={quote(there, safe='')}"
        refused = (await self.request("REFER", (("Refer-To", f"<{to}>"), ("Referred-By", f"<sip:{self.agent.user}@{HOST}>")))).status
        if refused >= 300:
            return refused
        async with asyncio.timeout(RESPONSE_SECONDS):
            await self.referred.wait()
        if self.refer_status < 300:
            await self.hang_up()
        return self.refer_status

    async def hang_up(self) -> None:
        """End the call, or give it up while it rings."""
        if self.ended.is_set():
            return
        if self.answered.is_set():
            await self.request("BYE")
        elif self.incoming:
            self.refuse(480)
        else:
            self.agent.cancel(self)
        self.over()

    async def request(self, method: str, headers: Headers = ()) -> Message:
        """A request within the call, and its final answer."""
        self._cseq += 1
        return await self.agent.request(method, self.target, self._dialog(self._cseq, method), headers)

    def _dialog(self, cseq: int, method: str) -> Headers:
        own = self.own if "tag=" in self.own else f"{self.own};tag={self.tag}"
        return (("From", own), ("To", self.peer), ("Call-ID", self.call_id), ("CSeq", f"{cseq} {method}"))

    def heard(self, answer: Message) -> None:
        """A response to our INVITE."""
        self.status = answer.status
        if "tag=" in answer.header("To"):
            self.peer = answer.header("To")
        if answer.status >= 200:
            dialog = self._dialog(int(answer.header("CSeq").split()[0]), "ACK")
            if answer.status < 300:
                self.target, self._remote = _uri(answer.header("Contact")), answer.text
                self.agent.send(f"ACK {self.target} SIP/2.0", dialog)
                self.answered.set()
            else:
                self.agent.acknowledge(answer, self.target, dialog)
                self.over()

    def notified(self, message: Message) -> None:
        """What the exchange tells of a transfer that we asked for."""
        if (found := re.search(r"^SIP/2.0 (\d+)", message.text.partition("\r\n\r\n")[2])) and int(found[1]) >= 180:
            self.refer_status = int(found[1])
            self.referred.set()

    def close(self) -> None:
        """Give the sound's port back."""
        self.sound.close()


class UserAgent(asyncio.DatagramProtocol):
    """One SIP phone. `on_call` is run for each call that reaches it, and has to answer or refuse it."""

    def __init__(self, user: str, password: str = "", *, peer: Address, port: int = 0, on_call: Callable[[Leg], Awaitable[None]]) -> None:
        self.user, self._password, self.peer, self.port = user, password, peer, port
        self._on_call = on_call
        self.legs: dict[str, Leg] = {}
        self._answers: dict[tuple[str, str], asyncio.Future[Message]] = {}
        self._sent: dict[str, str] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._transport: asyncio.DatagramTransport

    async def start(self) -> None:
        """Listen; register when there is a password."""
        loop = asyncio.get_running_loop()
        self._transport, _ = await loop.create_datagram_endpoint(lambda: self, local_addr=(HOST, self.port))
        self.port = self._transport.get_extra_info("sockname")[1]
        if self._password:
            await self._register(3600)

    async def stop(self) -> None:
        """End every call, and take the registration away."""
        for task in self._tasks:
            task.cancel()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(3):
                for leg in self.legs.values():
                    await leg.hang_up()
                if self._password:
                    await self._register(0)
        for leg in self.legs.values():
            leg.close()
        self._transport.close()
        await asyncio.sleep(0)  # asyncio closes the socket a turn later; then the port is free

    async def dial(self, number: str, *, shown: str = "", headers: Headers = ()) -> Leg:
        """Ring a number; returns at once. The leg says when it is answered or has ended."""
        to, shown = f"sip:{number}@{HOST}:{self.peer[1]}", shown or self.user
        lines = (
            ("From", f"<sip:{shown}@{HOST}>;tag={secrets.token_hex(6)}"), ("To", f"<{to}>"), ("Call-ID", secrets.token_hex(12)),
            ("CSeq", "1 INVITE"), ("Contact", f"<sip:{self.user}@{HOST}:{self.port}>"),
        )  # fmt: skip
        leg = Leg(self, Message(datetime.now(UTC), True, _text(f"INVITE {to} SIP/2.0", lines)), incoming=False)
        found = re.search(r"tag=(\w+)", leg.own)
        leg.tag = found[1] if found else ""
        self.legs[leg.call_id] = leg
        self._begin(self._invite(leg, to, lines, headers))
        return leg

    async def _invite(self, leg: Leg, to: str, dialog: Headers, headers: Headers) -> None:
        await self.request("INVITE", to, dialog, headers, leg.session())

    async def request(self, method: str, uri: str, dialog: Headers, headers: Headers = (), body: str = "") -> Message:
        """Send a request, with digest authentication when it is asked for; the final answer."""
        answer = await self._ask(method, uri, dialog, headers, body)
        if answer.status == 401 and self._password:
            count = int(answer.header("CSeq").split()[0]) + 1
            again = [(name, f"{count} {method}" if name == "CSeq" else value) for name, value in dialog]
            answer = await self._ask(method, uri, again, (*headers, ("Authorization", self._digest(answer, method, uri))), body)
        return answer

    async def _ask(self, method: str, uri: str, dialog: Headers, headers: Headers, body: str) -> Message:
        known = dict(dialog)
        future = asyncio.get_running_loop().create_future()
        self._answers[known["Call-ID"], known["CSeq"]] = future
        self.send(f"{method} {uri} SIP/2.0", [*dialog, *headers], body)
        return await asyncio.wait_for(future, RESPONSE_SECONDS)

    def _digest(self, challenge: Message, method: str, uri: str) -> str:
        asked = dict(re.findall(r'(\w+)="([^"]*)"', challenge.header("WWW-Authenticate")))
        first = _md5(f"{self.user}:{asked['realm']}:{self._password}")
        response = _md5(f"{first}:{asked['nonce']}:00000001:k:auth:{_md5(f'{method}:{uri}')}")
        words = {"username": self.user, "realm": asked["realm"], "nonce": asked["nonce"], "uri": uri, "response": response, "cnonce": "k"}
        words |= {"opaque": asked["opaque"]} if "opaque" in asked else {}
        quoted = ", ".join(f'{name}="{value}"' for name, value in words.items())
        return f"Digest {quoted}, algorithm=MD5, qop=auth, nc=00000001"

    async def _register(self, seconds: int) -> None:
        who = f"<sip:{self.user}@{HOST}>"
        dialog = (("From", f"{who};tag={secrets.token_hex(6)}"), ("To", who), ("Call-ID", secrets.token_hex(12)), ("CSeq", "1 REGISTER"))
        headers = (("Contact", f"<sip:{self.user}@{HOST}:{self.port}>"), ("Expires", str(seconds)))
        answer = await self.request("REGISTER", f"sip:{HOST}:{self.peer[1]}", dialog, headers)
        if answer.status != 200:
            raise SippError(f"{self.user} was not registered: {answer.start}")

    def cancel(self, leg: Leg) -> None:
        """Give up a call of ours that still rings."""
        branch = self._sent[leg.call_id]
        cseq = re.search(r"^CSeq: (\d+)", branch, re.MULTILINE)
        via = re.search(r"^Via: (.*?)\r$", branch, re.MULTILINE)
        lines = [("From", leg.own), ("To", f"<{leg.target}>"), ("Call-ID", leg.call_id), ("CSeq", f"{cseq[1] if cseq else 1} CANCEL")]
        self._write(_text(f"CANCEL {leg.target} SIP/2.0", [("Via", via[1] if via else ""), *lines]))

    def acknowledge(self, refusal: Message, target: str, dialog: Headers) -> None:
        """The ACK of a refusal belongs to the INVITE's transaction."""
        self._write(_text(f"ACK {target} SIP/2.0", [("Via", refusal.header("Via")), *dialog]))

    def send(self, start: str, headers: Headers, body: str = "") -> None:
        """A request of ours. An INVITE is kept: its CANCEL belongs to the same transaction."""
        names = {name for name, _ in headers}
        more = [("Via", f"SIP/2.0/UDP {HOST}:{self.port};branch=z9hG4bK{secrets.token_hex(8)}"), ("Max-Forwards", "70")]
        more += [] if "Contact" in names else [("Contact", f"<sip:{self.user}@{HOST}:{self.port}>")]
        text = _text(start, [more[0], *headers, *more[1:], ALLOWED], body)
        if start.startswith("INVITE "):
            self._sent[dict(headers)["Call-ID"]] = text
        self._write(text)

    def reply(self, request: Message, status: int, tag: str, body: str = "") -> None:
        """An answer to a request of the other side."""
        to = request.header("To")
        lines = [("Via", request.header("Via")), ("From", request.header("From")), ("To", to if "tag=" in to else f"{to};tag={tag}")]
        lines += [("Call-ID", request.header("Call-ID")), ("CSeq", request.header("CSeq"))]
        lines += [("Contact", f"<sip:{self.user}@{HOST}:{self.port}>"), ALLOWED]
        self._write(_text(f"SIP/2.0 {status} {REASONS.get(status, 'Refused')}", lines, body))

    def _write(self, text: str) -> None:
        self._transport.sendto(text.encode(), self.peer)

    def datagram_received(self, data: bytes, address: Address) -> None:
        """One message from the exchange."""
        message = Message(datetime.now(UTC), False, data.decode("utf-8", "replace"))
        leg = self.legs.get(message.header("Call-ID"))
        if message.status:
            self._answer(message, leg)
        elif message.start.startswith("INVITE ") and leg is None:
            self._ring(message)
        elif leg is not None:
            self._within(message, leg)

    def _answer(self, message: Message, leg: Leg | None) -> None:
        future = self._answers.get((message.header("Call-ID"), message.header("CSeq")))
        if leg and message.header("CSeq").endswith(" INVITE"):
            if message.status == 401 and self._password and message.header("CSeq").startswith("1 "):
                dialog = (("From", leg.own), ("To", message.header("To")), ("Call-ID", leg.call_id), ("CSeq", "1 ACK"))
                self.acknowledge(message, leg.target, dialog)
            else:
                leg.heard(message)
        if message.status >= 200 and future and not future.done():
            future.set_result(message)

    def _ring(self, invite: Message) -> None:
        leg = self.legs[invite.header("Call-ID")] = Leg(self, invite, incoming=True)
        leg.ring()
        self._begin(self._on_call(leg))

    def _within(self, message: Message, leg: Leg) -> None:
        match message.start.split()[0]:
            case "INVITE" if "tag=" in message.header("To"):
                self.reply(message, 200, leg.tag, leg.session())
            case "CANCEL":
                self.reply(message, 200, leg.tag)
                if not leg.answered.is_set():
                    leg.refuse(487)
            case "BYE":
                self.reply(message, 200, leg.tag)
                leg.over()
            case "INVITE" | "ACK":
                pass  # a repetition of what is answered already
            case method:
                self.reply(message, 200, leg.tag)
                if method == "NOTIFY":
                    leg.notified(message)

    def _begin(self, work: Awaitable[None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def _uri(header: str) -> str:
    found = re.search(r"<([^>]+)>", header)
    return found[1] if found else header.partition(";")[0]


def _text(start: str, headers: Headers, body: str = "") -> str:
    kind = [("Content-Type", "application/sdp")] if body else []
    lines = [f"{name}: {value}" for name, value in (*headers, *kind, ("Content-Length", str(len(body.encode()))))]
    return "\r\n".join((start, *lines, "", body))
