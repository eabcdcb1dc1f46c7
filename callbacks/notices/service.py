"""Send the digests: each once, to whom it concerns, at its time. What may not be known by mail is `letter`'s to leave out."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

import structlog

from callbacks.follow_up import late
from callbacks.model import Request
from callbacks.notices import digest
from callbacks.notices.digest import Item, Recipient, Slot
from callbacks.notices.letter import Letter, letter
from callbacks.notices.links import LIFE, Deed, Link, sign
from callbacks.notices.mail import AddressRefused, MailAway
from callbacks.notices.memory import Memory
from callbacks.rounds import rounds
from callbacks.store import CallbackStore
from routing.municipality import Municipality

log = structlog.get_logger()

LOOK_SECONDS = 20.0
LOOKED_AT = 1000
"""So many open requests, the earliest due first, are looked at for a recipient: what is late is among them."""

Send = Callable[[Letter, str, datetime], Awaitable[None]]
"""Give a letter to an address. Raises callbacks.notices.mail.MailAway or AddressRefused."""


@dataclass(frozen=True)
class Web:
    """Where people reach the answers to a letter, and the key that its links are signed with. Without an address there are no links."""

    address: str
    key: bytes

    def link(self, item: Item, deed: Deed, now: datetime) -> str:
        """The address by which the item's owner does this, "" without one."""
        if not (self.address and item.extension):
            return ""
        request, expires = item.request, int((now + LIFE).timestamp())
        return f"{self.address.rstrip('/')}/svar/{sign(Link(request.municipality, request.id, deed, item.extension, expires), self.key)}"


class Digests:
    """Looks several times a minute whose digest is to be sent.

    A digest is sent at least once: twice when the mail server took it and we were cut off before noting that. One that failed is tried
    again after `callbacks.notices.memory.AGAIN`, until we close for the day; one that has nothing to tell is not sent.
    """

    def __init__(
        self,
        store: CallbackStore,
        memory: Memory,
        municipalities: Mapping[str, Municipality],
        send: Send,
        web: Web,
        now: Callable[[], datetime],
        acts: Callable[[], bool],
    ) -> None:
        self._store = store
        self._memory = memory
        self._municipalities = municipalities
        self._send = send
        self._web = web
        self._now = now
        self._acts = acts

    async def run(self) -> None:
        """Work until cancelled."""
        await rounds("digests", LOOK_SECONDS, self._acts, self.go)

    async def go(self) -> None:
        """Every digest whose time it is. Raises StoreAway."""
        now = self._now()
        for municipality in list(self._municipalities.values()):
            if slot := digest.slot(municipality.hours, municipality.callbacks, now):
                for recipient in digest.recipients(municipality):
                    await self._tell(municipality, recipient, slot, now)

    async def _tell(self, municipality: Municipality, recipient: Recipient, slot: Slot, now: datetime) -> None:
        slug, address = municipality.slug, recipient.address
        if not await self._memory.begin_digest(slug, slot.at, address):
            return
        items = await self._items(municipality, recipient, slot, now)
        try:
            if items:
                said = letter(municipality, items, lambda item, deed: self._web.link(item, deed, now))
                await self._send(said, address, now)
        except (MailAway, AddressRefused) as error:
            log.warning("digest.not_sent", municipality=slug, extensions=recipient.extensions, error=str(error))
            return
        await self._memory.digest_sent(slug, slot.at, address)
        log.info("digest.done", municipality=slug, extensions=recipient.extensions, items=len(items))

    async def _items(self, municipality: Municipality, recipient: Recipient, slot: Slot, now: datetime) -> list[Item]:
        """What a recipient is told; who manages and owns a request is told of it as its owner."""
        theirs = await self._listed(municipality, [f"owner/{one}" for one in recipient.extensions])
        owned = [item for one in theirs if (item := digest.own(one, slot, now))]
        known = {item.request.id for item in owned}
        everything = [f"queue/{queue}" for queue in municipality.queues] if recipient.administrations else []
        overdue = late(municipality, await self._listed(municipality, everything), now)
        managed = [item for one in overdue if one.manager == recipient.address and (item := digest.managed(one))]
        return owned + [item for item in managed if item.request.id not in known]

    async def _listed(self, municipality: Municipality, lists: list[str]) -> list[Request]:
        return await self._store.listed(municipality.slug, lists, LOOKED_AT)
