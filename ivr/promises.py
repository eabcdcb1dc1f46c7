"""What keeps promises while nobody calls: the follow-up, the notices of it, the retention, the audit. It wires them and holds no rule."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime

from redis.asyncio import Redis

from callbacks.audit import IndexAudit
from callbacks.follow_up import FollowUp
from callbacks.links_api import Answers
from callbacks.notices import links
from callbacks.notices.letter import Letter
from callbacks.notices.mail import Mail, message, send
from callbacks.notices.memory import Memory
from callbacks.notices.service import Digests, Send, Web
from callbacks.notices.webhook import Webhook
from callbacks.retention import Retention
from callbacks.store import CallbackStore
from ivr.settings import Settings
from routing.municipality import Municipality


class Promises:
    """The loops of one controller, and the answers to the links that its mails carry."""

    def __init__(
        self,
        settings: Settings,
        redis: Redis,
        store: CallbackStore,
        municipalities: Mapping[str, Municipality],
        now: Callable[[], datetime],
        acts: Callable[[], bool],
    ) -> None:
        memory, key = Memory(redis), links.key(settings.phone_seed)
        self.answers = Answers(store, memory, municipalities, key, now)
        self._loops: list[FollowUp | Retention | IndexAudit | Digests | Webhook] = [
            FollowUp(store, municipalities, now, acts),
            Retention(store, municipalities, now, acts),
            IndexAudit(redis, municipalities, now, acts),
        ]
        if settings.mail.host:
            web = Web(settings.web_address, key)
            self._loops.append(Digests(store, memory, municipalities, sender(settings.mail), web, now, acts))
        if settings.webhook.url:
            self._loops.append(Webhook(settings.webhook, store, memory, municipalities, now, acts))

    async def run(self) -> None:
        """Work until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            for loop in self._loops:
                tasks.create_task(loop.run())


def sender(mail: Mail) -> Send:
    """The way of a letter to the mail server of the settings."""

    async def give(letter: Letter, to: str, moment: datetime) -> None:
        await send(mail, message(letter, mail.sender or "", to, moment))

    return give
