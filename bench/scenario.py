"""SIPp scenarios of the load: a citizen who presses one key by SIP INFO, whose sending the trace tells exactly, and a row of registrations.

Pure: it starts no process and touches no file.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from simulation.scenario import ALLOW

PATIENCE_MS = 12_000
"""What does not come within this time does not come: the call has failed."""
LISTENS_MS = (900, 1100)
"""How long a citizen listens before the key: spread, so that presses do not fall into step with anything that polls."""
NUMBERS = tuple(f"{prefix}7017406{last:02}" for prefix in ("0", "+46", "0046") for last in range(10, 100))
"""Callers: the fictional numbers in three spellings, so that the same one rings again only after 270 calls."""

# Without telephone-event the trunk's `auto_info` takes keys by SIP INFO.
_SDP = """v=0
o=- 1 1 IN IP[local_ip_type] [local_ip]
s=-
c=IN IP[media_ip_type] [media_ip]
t=0 0
m=audio [media_port] RTP/AVP 8
a=rtpmap:8 PCMA/8000
"""


def citizen(key: str) -> str:
    """A citizen with a number from the file, who listens, presses the key and talks until the guide hangs up."""
    parts = [
        _send(_request("INVITE", 1, to_tag=False), "application/sdp", _SDP),
        *(f'<recv response="{code}" optional="true"/>' for code in (100, 180, 181, 182, 183)),
        f'<recv response="200" timeout="{PATIENCE_MS}"/>',
        _send(_request("ACK", 1), retransmitted=False),
        '<pause distribution="uniform" min="{}" max="{}"/>'.format(*LISTENS_MS),
        _send(_request("INFO", 2), "application/dtmf-relay", f"Signal={key}\nDuration=160\n"),
        f'<recv response="200" timeout="{PATIENCE_MS}"/>',
        f'<recv request="BYE" timeout="{PATIENCE_MS}"/>',
        _ok_to_bye(),
    ]
    return _scenario("citizen", parts)


def numbers_file() -> bytes:
    """The callers' numbers as SIPp reads them, one after the other."""
    return ("SEQUENTIAL\n" + "".join(f"{number};\n" for number in NUMBERS)).encode()


def registration(contact_port: int) -> str:
    """REGISTER for an account from the file, with a contact at the guides' one port."""

    def register(cseq: int, *extra: str) -> str:
        lines = [
            "REGISTER sip:[remote_ip]:[remote_port] SIP/2.0",
            "Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]",
            "From: <sip:[field0]@[remote_ip]>;tag=[pid]r[call_number]",
            "To: <sip:[field0]@[remote_ip]>",
            "Call-ID: [call_id]",
            f"CSeq: {cseq} REGISTER",
            f"Contact: <sip:[field0]@[local_ip]:{contact_port}>",
            "Expires: 3600",
            "Max-Forwards: 70",
            *extra,
        ]
        return _send(lines)

    trying = '<recv response="100" optional="true"/>'
    challenged = [register(1), trying, '<recv response="401" auth="true"/>']
    return _scenario("registration", [*challenged, register(2, "[field1]"), trying, '<recv response="200"/>'])


def accounts_file(passwords: Mapping[str, str]) -> bytes:
    """Accounts with what SIPp needs to answer the registrar's challenge."""
    rows = (f"{account};[authentication username={account} password={password}]\n" for account, password in passwords.items())
    return ("SEQUENTIAL\n" + "".join(rows)).encode()


def _request(method: str, cseq: int, *, to_tag: bool = True) -> list[str]:
    uri = "sip:[service]@[remote_ip]:[remote_port]"
    return [
        f"{method} {uri} SIP/2.0",
        "Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]",
        "From: <sip:[field0]@[local_ip]:[local_port]>;tag=[pid]c[call_number]",
        f"To: <{uri}>" + ("[peer_tag_param]" if to_tag else ""),
        "Call-ID: [call_id]",
        f"CSeq: {cseq} {method}",
        "Contact: <sip:citizen@[local_ip]:[local_port]>",
        "Max-Forwards: 70",
        ALLOW,
    ]


def _ok_to_bye() -> str:
    lines = ["SIP/2.0 200 OK", "[last_Via:]", "[last_From:]", "[last_To:]", "[last_Call-ID:]", "[last_CSeq:]"]
    return _send(lines, retransmitted=False)


def _send(lines: Iterable[str], kind: str = "", body: str = "", *, retransmitted: bool = True) -> str:
    head = [*lines, *([f"Content-Type: {kind}"] if kind else []), "Content-Length: [len]"]
    repeats = ' retrans="500"' if retransmitted else ""
    return f"<send{repeats}><![CDATA[\n" + "\n".join(head) + f"\n\n{body}\n]]></send>"


def _scenario(name: str, parts: Iterable[str]) -> str:
    body = "\n".join(parts)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<scenario name="{name}">\n{body}\n</scenario>\n'
