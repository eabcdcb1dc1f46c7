"""One open question of the dialplan: what may be written to the channel, and until when."""

from __future__ import annotations

import asyncio
from functools import partial
from pathlib import Path
from urllib.parse import quote

import pytest

from dialplan.prompts.catalogue import sound
from ivr.ami import Ami, Event
from ivr.ami_wire import parse
from ivr.entry import RENEW_SECONDS, Entry
from routing.dialogue import Ask
from routing.file import load
from tests.ami_peer import Peer

OREBRO = load(Path("municipalities/orebro.toml"))

ENVIRONMENT = quote("agi_arg_1: 1\nagi_arg_2: start\nagi_arg_3: 1/lekeberg/main//1795550000/0\nagi_arg_4: 0701740605\n")


def start() -> Event:
    text = f"Event: AsyncAGIStart\r\nChannel: PJSIP/trunk-1\r\nUniqueid: 1.1\r\nLinkedid: 1.1\r\nEnv: {ENVIRONMENT}"
    return parse(text.encode())


async def test_no_renewal_follows_the_redirect_into_a_step() -> None:
    """It would set an absolute timeout on a caller who waits or talks, and cut him off six seconds later."""
    async with Peer() as peer:
        ami = Ami(peer.credentials())
        await ami.connect()
        entry = Entry(ami, start())
        renewal = asyncio.create_task(entry.renew())
        await peer.until(lambda peer: "AbsoluteTimeout" in peer.names())
        await entry.queue("care")
        async with asyncio.timeout(RENEW_SECONDS + 2):
            await renewal
        await ami.close()
    assert peer.names()[-1] == "Redirect"
    assert (peer.actions[-1]["context"], peer.actions[-1]["exten"]) == ("lekeberg-queue", "care")


@pytest.mark.parametrize(("prompts", "played"), [
    (("menu",), "GET DATA kc/orebro/menu "),
    (("wrong-key", "menu"), "EXEC Read KC_KEY,kc/wrong-key&kc/orebro/menu,"),
])  # fmt: skip
async def test_a_question_is_asked_in_the_municipality_s_own_words(prompts: tuple[str, ...], played: str) -> None:
    async with Peer() as peer:
        ami = Ami(peer.credentials())
        await ami.connect()
        entry = Entry(ami, start())
        entry.sound = partial(sound, OREBRO)
        asking = asyncio.create_task(entry.read(Ask(prompts)))
        await peer.until(lambda peer: any(action.get("command", "").startswith(played) for action in peer.actions))
        asking.cancel()
        await ami.close()
