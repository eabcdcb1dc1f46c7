"""The working day in small: a dozen callbacks, three guides, a few live callers; all accounted for, and served in one order.

The long form is `make proof NAME=day`.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from dialplan.render import phone_password
from proof.day import account, judged, live_places
from proof.day.plan import KINDS, draw
from proof.day.town import Scene, Town
from tests.calls.callbacks import M, dialling, municipality
from tests.calls.stack import LEKEBERG, PORTS, Stack

GUIDES = "1001", "1002", "1003"
NUMBERS = tuple(f"+467017406{last}" for last in range(30, 42))
DAY = draw(172, orders=12, before=8, callers=4, ring_in=1, seconds=15.0, numbers=NUMBERS)
WITHIN = 180.0


@pytest.fixture(autouse=True)
async def _dials(stack: Stack, ready: float) -> AsyncIterator[None]:
    async with dialling(stack):
        yield


@pytest.mark.timeout(240)
async def test_a_dozen_callbacks_between_live_callers_are_all_accounted_for_and_served_in_one_order(stack: Stack, ready: float) -> None:
    """Who is to be tried again stands in the list with the reason: the real times between two attempts are not waited for."""
    passwords = {f"{M}-{guide}": phone_password(stack.settings.phone_seed, f"{M}-{guide}") for guide in GUIDES}
    before = account.counters(stack.metrics(), M)
    async with stack.redis() as redis:
        scene = Scene(("127.0.0.1", stack.sip), PORTS["KC_TRUNK_OUT_PORT"], passwords, redis, municipality(stack), LEKEBERG)
        town = Town(scene, DAY)
        seen = await town.play(lambda: asyncio.sleep(0), 0.0, WITHIN)
        live = await live_places(redis, ready, len(DAY.callers) + 1)
    found = judged(town.ordered, seen, stack.file("/var/log/asterisk/queue_log"), live, before, stack.metrics())
    assert found["callbacks"] == sum(found["closed"].values()) + sum(found["open"].values()) == len(DAY.orders)
    assert found["order"]["served"]["live"] == len(live) == len(DAY.callers) + 1
    assert {*DAY.ways.values()} == {*KINDS}
