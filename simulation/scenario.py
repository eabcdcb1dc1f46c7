"""Builds SIPp scenarios (XML text and the recordings they play) from steps.

Pure: it starts no process, opens no port and touches no file.
Keys are recordings of our own. SIPp's play_dtmf starts every press at the same RTP timestamp, and a receiver may take
an event that is not newer than the last one for a repetition: the second press of a call could be lost.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

SDP = """v=0
o=- 1 1 IN IP[local_ip_type] [local_ip]
s=-
c=IN IP[media_ip_type] [media_ip]
t=0 0
m=audio [media_port] RTP/AVP 8 96
a=rtpmap:8 PCMA/8000
a=rtpmap:96 telephone-event/8000
a=fmtp:96 0-15
a=sendrecv
"""
# With UPDATE allowed, a connected-line change comes as UPDATE, which SIPp's -aa answers, and not as a new INVITE.
ALLOW = "Allow: INVITE, ACK, CANCEL, BYE, OPTIONS, INFO, UPDATE, NOTIFY"
# SIPp cannot match "any refusal", so the codes that a SIP server gives are listed; each leads to the ACK.
REFUSALS = (
    300, 301, 302, 305, 400, 401, 402, 403, 404, 405, 406, 407, 408, 410, 413, 415, 416, 420, 421, 423, 433, 480, 481,
    482, 483, 484, 485, 486, 487, 488, 491, 493, 500, 501, 502, 503, 504, 505, 513, 580, 600, 603, 604, 606, 607, 608,
)  # fmt: skip
REASONS = {
    180: "Ringing",
    200: "OK",
    404: "Not Found",
    480: "Temporarily Unavailable",
    486: "Busy Here",
    487: "Request Terminated",
    503: "Service Unavailable",
    603: "Decline",
}
KEYS = "0123456789*#"  # the place of a key is its RFC 4733 event
TONE_MS, GAP_MS, PACKET_MS = 160, 140, 20
LEAD_MS = 200  # silence before the keys: a receiver that checks the source has then heard enough to trust it
AUDIO_TYPE, EVENT_TYPE, SAMPLES_PER_MS = 8, 96, 8
BYE_CSEQ = 9999  # above whatever a call has sent before
SILENCE = b"\xd5" * (PACKET_MS * SAMPLES_PER_MS)  # A-law


@dataclass(frozen=True)
class Wait:
    """Say nothing for so many seconds; the call ends cleanly if the other side hangs up meanwhile."""

    seconds: float


@dataclass(frozen=True)
class Press:
    """Press keys one after the other, by RFC 4733 or by SIP INFO."""

    keys: str
    by: Literal["rtp", "info"] = "rtp"

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[0-9*#]+", self.keys):
            raise ValueError(f"not keys of a telephone: {self.keys!r}")


@dataclass(frozen=True)
class HangUp:
    """End the call; the last step."""


@dataclass(frozen=True)
class WaitForBye:
    """Stay until the other side ends the call; the last step."""


Step = Wait | Press | HangUp | WaitForBye


@dataclass(frozen=True)
class _Packet:
    """One RTP packet of a recording."""

    at_ms: int
    kind: int
    marker: bool
    clock_ms: int
    body: bytes


def _press(keys: str, clock_ms: int) -> list[_Packet]:
    """Silence, then each key as one event that has its own timestamp and says its end three times."""
    packets = [_Packet(at, AUDIO_TYPE, at == 0, clock_ms + at, SILENCE) for at in range(0, LEAD_MS, PACKET_MS)]
    for place, key in enumerate(keys):
        begins = LEAD_MS + place * (TONE_MS + GAP_MS)
        for lasted in range(PACKET_MS, TONE_MS + 1, PACKET_MS):
            ends = lasted == TONE_MS
            body = struct.pack("!BBH", KEYS.index(key), 0x8A if ends else 0x0A, lasted * SAMPLES_PER_MS)
            first, times = lasted == PACKET_MS, 3 if ends else 1
            packets += [_Packet(begins + lasted + again, EVENT_TYPE, first, clock_ms + begins, body) for again in range(times)]
    return packets


def press_ms(keys: str) -> int:
    """How long a press takes."""
    return LEAD_MS + len(keys) * (TONE_MS + GAP_MS)


def _rtp(packet: _Packet, kind: int, sequence: int) -> bytes:
    clock = packet.clock_ms * SAMPLES_PER_MS
    head = struct.pack("!BBHII", 0x80, kind | (0x80 if packet.marker else 0), sequence & 0xFFFF, clock, 0x4B4F4E54)
    return head + packet.body


def stream(keys: str, event_type: int, clock_ms: int = 1000) -> list[tuple[float, bytes]]:
    """Keys as RTP packets, each with the second from the start at which it is sent; `event_type` is what the receiver calls events."""
    packets = _press(keys, clock_ms)
    kinds = {EVENT_TYPE: event_type}
    return [(one.at_ms / 1000, _rtp(one, kinds.get(one.kind, one.kind), clock_ms + place)) for place, one in enumerate(packets)]


def _pcap(packets: Sequence[_Packet], sequence: int) -> bytes:
    """The packets as a capture of Ethernet frames; SIPp puts in the real addresses, ports and checksums."""
    capture = [struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1)]
    for place, packet in enumerate(packets):
        rtp = _rtp(packet, packet.kind, sequence + place)
        udp = struct.pack("!HHHH", 30000, 30000, 8 + len(rtp), 0)
        local = bytes((127, 0, 0, 1))
        ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 28 + len(rtp), 0, 0, 64, 17, 0, local, local)
        frame = bytes(12) + b"\x08\x00" + ip + udp + rtp
        seconds, rest = divmod(packet.at_ms, 1000)
        capture += [struct.pack("<IIII", seconds, rest * 1000, len(frame), len(frame)), frame]
    return b"".join(capture)


def recordings(steps: Sequence[Step]) -> dict[str, bytes]:
    """The file that each Press plays, by name; sequence and timestamps go on from one press to the next."""
    files: dict[str, bytes] = {}
    clock_ms, sequence = 1000, 1
    for place, step in enumerate(steps):
        if isinstance(step, Press) and step.by == "rtp":
            packets = _press(step.keys, clock_ms)
            files[f"press{place}.pcap"] = _pcap(packets, sequence)
            clock_ms, sequence = clock_ms + press_ms(step.keys), sequence + len(packets)
        elif isinstance(step, Wait):
            clock_ms += int(step.seconds * 1000)
    return files


def _scenario(name: str, parts: Sequence[str]) -> str:
    body = "\n".join(parts)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<scenario name="{name}">\n{body}\n</scenario>\n'


def _send(lines: Sequence[str], *, sdp: bool = False, signal: str = "", retrans: bool = False, then: str = "") -> str:
    """A message, with a session description or one key's signal as its body."""
    body = SDP if sdp else f"Signal={signal}\nDuration={TONE_MS}\n" if signal else ""
    kind = [f"Content-Type: application/{'sdp' if sdp else 'dtmf-relay'}"] if body else []
    head = "\n".join([*lines, *kind, "Content-Length: [len]"])
    attributes = (' retrans="500"' if retrans else "") + (f' next="{then}"' if then else "")
    return f"<send{attributes}><![CDATA[\n{head}\n\n{body}]]></send>"


def _reply(
    status: int,
    *,
    tag: bool = False,
    sdp: bool = False,
    cseq: str = "[last_CSeq:]",
    retrans: bool = False,
    then: str = "",
) -> str:
    """An answer to the last request; a final answer to INVITE is repeated (`retrans`) until the ACK."""
    lines = [
        f"SIP/2.0 {status} {REASONS.get(status, 'Refused')}",
        "[last_Via:]",
        "[last_From:]",
        "[last_To:]" + (";tag=[pid]p[call_number]" if tag else ""),
        "[last_Call-ID:]",
        cseq,
        "Contact: <sip:[local_ip]:[local_port]>",
        ALLOW,
    ]
    return _send(lines, sdp=sdp, retrans=retrans, then=then)


def _pause(milliseconds: int, label: str) -> list[str]:
    """A wait that a BYE ends. SIPp's own <pause> would take that BYE for an error."""
    wait = f'<recv request="BYE" timeout="{max(1, milliseconds)}" ontimeout="{label}" next="theirs"/>'
    return [wait, f'<label id="{label}"/>']


def citizen_scenario(number: str, steps: Sequence[Step], *, hidden: bool = False, gives_up_after: float | None = None) -> str:
    """A caller who does the steps once answered, or cancels after `gives_up_after` seconds of ringing."""
    _check(steps)
    shown = f'"Citizen" <sip:{number}@[local_ip]:[local_port]>'
    caller = '"Anonymous" <sip:anonymous@anonymous.invalid>' if hidden else shown
    uri, first_branch = "sip:[service]@[remote_ip]:[remote_port]", "z9hG4bK-[pid]-[call_number]-invite"

    def request(method: str, cseq: int, *, branch: str = "[branch]", tag: str = "[peer_tag_param]") -> list[str]:
        lines = [
            f"{method} {uri} SIP/2.0",
            f"Via: SIP/2.0/[transport] [local_ip]:[local_port];branch={branch}",
            f"From: {caller};tag=[pid]c[call_number]",
            f"To: <{uri}>{tag}",
            "Call-ID: [call_id]",
            f"CSeq: {cseq} {method}",
            "Contact: <sip:citizen@[local_ip]:[local_port]>",
            "Max-Forwards: 70",
            ALLOW,
        ]
        return [*lines, "Privacy: id"] if hidden else lines

    patience = "" if gives_up_after is None else f' timeout="{max(1, int(gives_up_after * 1000))}" ontimeout="cancel"'
    parts = [_send(request("INVITE", 1, branch=first_branch, tag=""), sdp=True, retrans=True)]
    # SIPp only looks at the timeout of the message it stands at, which is the first of these.
    parts += [f'<recv response="{code}" optional="true"{patience}/>' for code in (100, 180, 181, 182, 183)]
    parts += [f'<recv response="{code}" optional="true" next="refused"{patience}/>' for code in REFUSALS]
    parts += [f'<recv response="200"{patience}/>', _send(request("ACK", 1))]
    for place, step in enumerate(steps):
        match step:
            case Wait(seconds):
                parts += _pause(int(seconds * 1000), f"step{place}")
            case Press(keys, "info"):
                for cseq, key in enumerate(keys, 100 * (place + 1)):
                    parts += [_send(request("INFO", cseq), signal=key, retrans=True), '<recv response="200"/>']
                    parts += _pause(GAP_MS, f"info{cseq}")
            case Press(keys):
                parts.append(f'<nop><action><exec play_pcap_audio="press{place}.pcap"/></action></nop>')
                parts += _pause(press_ms(keys) + PACKET_MS, f"step{place}")
            case HangUp():
                parts += [_send(request("BYE", BYE_CSEQ), retrans=True), '<recv response="200" next="end"/>']
            case WaitForBye():
                parts.append('<recv request="BYE" next="theirs"/>')
    parts += ['<label id="theirs"/>', _reply(200, then="end")]
    if gives_up_after is not None:
        parts += ['<label id="cancel"/>', _send(request("CANCEL", 1, branch=first_branch, tag=""), retrans=True)]
        parts += ['<recv response="200"/>', '<recv response="487"/>']
    # An ACK to a refusal belongs to the INVITE's transaction and carries its branch.
    parts += ['<label id="refused"/>', _send(request("ACK", 1, branch=first_branch)), '<label id="end"/>', "<nop/>"]
    return _scenario("citizen", parts)


def _check(steps: Sequence[Step]) -> None:
    if not steps or not isinstance(steps[-1], HangUp | WaitForBye):
        raise ValueError("the last step must be HangUp or WaitForBye")
    if any(isinstance(step, HangUp | WaitForBye) for step in steps[:-1]):
        raise ValueError("HangUp and WaitForBye can only be the last step")


def phone_scenario(answers_after: float | None, talk: float | None, status: int | None) -> str:
    """A phone for many calls: refuses with `status`, or rings and (unless None) answers; hangs up after `talk`."""
    if status is not None:
        refusal = _reply(status, tag=True, retrans=True)
        return _scenario("phone", ['<recv request="INVITE"/>', refusal, '<recv request="ACK"/>'])
    hangs_up = answers_after is not None and talk is not None
    parts = [_invited(captures=hangs_up), _reply(180, tag=True)]
    cancelled = [
        _reply(200, tag=True),
        _reply(487, tag=True, cseq="CSeq: [last_cseq_number] INVITE", retrans=True),
        '<recv request="ACK"/>',
    ]
    if answers_after is None:
        return _scenario("phone", [*parts, '<recv request="CANCEL"/>', *cancelled])
    delay = max(1, int(answers_after * 1000))
    parts += [f'<recv request="CANCEL" timeout="{delay}" ontimeout="answer" next="cancelled"/>', '<label id="answer"/>']
    # A CANCEL that crosses our answer is too late: it gets its 200 and the call goes on until its BYE.
    parts += [_reply(200, tag=True, sdp=True, retrans=True), '<label id="acked"/>']
    parts += ['<recv request="CANCEL" optional="true" next="late"/>', '<recv request="ACK"/>']
    if talk is None:
        parts.append('<recv request="BYE"/>')
    else:
        parts += [*_pause(int(talk * 1000), "talked"), _bye_of_phone()]
        parts += ['<recv response="200" next="end"/>', '<label id="theirs"/>']
    parts += [_reply(200, then="end"), '<label id="late"/>', _reply(200, then="acked")]
    parts += ['<label id="cancelled"/>', *cancelled, '<label id="end"/>', "<nop/>"]
    return _scenario("phone", parts)


def _invited(*, captures: bool) -> str:
    """Wait for an INVITE. SIPp refuses a scenario that captures what it does not use."""
    if not captures:
        return '<recv request="INVITE"/>'
    wanted = (("From:", ".*", "caller"), ("To:", "&lt;[^&gt;]*&gt;", "own"), ("Contact:", "sip:[^&gt;]*", "target"))
    ereg = '<ereg regexp="{1}" search_in="hdr" header="{0}" assign_to="{2}"/>'
    return f'<recv request="INVITE"><action>{"".join(ereg.format(*item) for item in wanted)}</action></recv>'


def _bye_of_phone() -> str:
    """The called side's BYE: From and To change places."""
    lines = [
        "BYE [$target] SIP/2.0",
        "Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]",
        "From: [$own];tag=[pid]p[call_number]",
        "To: [$caller]",
        "Call-ID: [call_id]",
        "CSeq: 100 BYE",
        "Max-Forwards: 70",
    ]
    return _send(lines, retrans=True)


def register_scenario(extension: str, username: str, password: str, contact: str, expires: int) -> str:
    """REGISTER with digest authentication; `expires` 0 takes the contact away."""

    def register(cseq: int, *extra: str) -> str:
        lines = [
            "REGISTER sip:[remote_ip]:[remote_port] SIP/2.0",
            "Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]",
            f"From: <sip:{extension}@[remote_ip]>;tag=[pid]r[call_number]",
            f"To: <sip:{extension}@[remote_ip]>",
            "Call-ID: [call_id]",
            f"CSeq: {cseq} REGISTER",
            f"Contact: <{contact}>",
            f"Expires: {expires}",
            "Max-Forwards: 70",
            *extra,
        ]
        return _send(lines, retrans=True)

    trying = '<recv response="100" optional="true"/>'
    challenge = [register(1), trying, '<recv response="401" auth="true"/>']
    digest = f"[authentication username={username} password={password}]"
    return _scenario("register", [*challenge, register(2, digest), trying, '<recv response="200"/>'])
