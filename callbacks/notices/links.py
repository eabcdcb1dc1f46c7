"""The links in a mail: who holds one may do one act on one request, once, without sign-in. Pure; nothing personal stands in them.

A link is `PAYLOAD.SIGNATURE`, both base64url: the fields of `Link` with bars between, and their HMAC-SHA256.
"""

from __future__ import annotations

import hashlib
import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import astuple, dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal, get_args

Deed = Literal["done", "not_reached", "take_over"]
DEEDS: tuple[Deed, ...] = get_args(Deed)
LIFE = timedelta(hours=72)
"""Over a weekend, and not for ever: a mailbox is no safe."""
LABEL = b"kontaktcenter links in mails, 1"


class Forged(ValueError):
    """Nobody here has signed this link."""


class Expired(ValueError):
    """The link was good once, and is too old."""


@dataclass(frozen=True)
class Link:
    """What its holder may do, as whom. `expires` is in epoch seconds."""

    municipality: str
    request_id: str
    deed: Deed
    extension: str
    expires: int

    @property
    def payload(self) -> bytes:
        """What is signed."""
        return "|".join(map(str, astuple(self))).encode()

    @property
    def digest(self) -> str:
        """Names the link and cannot be used as one."""
        return hashlib.sha256(self.payload).hexdigest()


def key(seed: str) -> bytes:
    """The key that links are signed with, out of a secret of the installation: it tells nothing of that secret."""
    return hmac.digest(seed.encode(), LABEL, hashlib.sha256)


def sign(link: Link, key: bytes) -> str:
    """The link as it stands in an address."""
    return f"{_text(link.payload)}.{_text(hmac.digest(key, link.payload, hashlib.sha256))}"


def read(token: str, key: bytes, now: datetime) -> Link:
    """The link of an address. Raises Forged or Expired."""
    try:
        payload, signature = (_bytes(part) for part in token.split("."))
    except ValueError as error:  # not two parts, or not base64
        raise Forged("the link is not whole") from error
    if not hmac.compare_digest(signature, hmac.digest(key, payload, hashlib.sha256)):
        raise Forged("the signature is not ours")
    municipality, request_id, deed, extension, expires = payload.decode().split("|")
    link = Link(municipality, request_id, next(one for one in DEEDS if one == deed), extension, int(expires))
    if now >= datetime.fromtimestamp(link.expires, UTC):
        raise Expired("the link is too old")
    return link


def _text(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def _bytes(text: str) -> bytes:
    return urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4))
