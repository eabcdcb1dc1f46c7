"""The transfers' demonstration in small: a dozen calls, every way of a handler and of a citizen, several at once, and nobody is lost.

The long form is `make proof NAME=transfers`.
"""

from __future__ import annotations

from dialplan.render import phone_password
from proof.transfers import judged
from proof.transfers.calls import Phone, Scene, Town
from proof.transfers.cases import every_kind
from tests.calls.handlers import MOBILE, OFFICE
from tests.calls.stack import LEKEBERG, PORTS, Stack

SLUG = "lekeberg"
PHONES = Phone("2001", OFFICE, True), Phone("2002", MOBILE, False), Phone("2021", "+46701740683", True)
GUIDES = "1001", "1002", "1003", "1004"


async def test_nobody_is_lost_whatever_handlers_and_citizens_do(stack: Stack, ready: float) -> None:
    passwords = {f"{SLUG}-{guide}": phone_password(stack.settings.phone_seed, f"{SLUG}-{guide}") for guide in GUIDES}
    scene = Scene(("127.0.0.1", stack.sip), PORTS["KC_TRUNK_OUT_PORT"], LEKEBERG, "0", passwords, PHONES)
    async with Town(scene) as town:
        calls = await town.carry_out(every_kind(), at_once=4)
    async with stack.redis() as redis:
        came = await judged(redis, SLUG, calls)
    for (outcome, row), call in zip(came, calls, strict=True):
        match call.case.handler, call.case.citizen:
            case _, "hangs_up":
                expected = "hung_up"
            case "answers", _:
                expected = "answered"
            case _, "presses_9":
                expected = "callback"
            case _:
                expected = "guide"
        assert outcome == expected, f"{call.case}: {row}"
    assert town.returned == sum(outcome == "guide" for outcome, _ in came)
    transfers = [one.outcome for _, row in came if row for one in row.transfers]
    assert {"answered", "no_answer", "busy", "voicemail_suspected", "diverted_back", "hung_up"} == set(transfers)
