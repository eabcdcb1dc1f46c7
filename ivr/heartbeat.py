"""Say each second, in a global of Asterisk, that this controller lives, and decide which of several acts.

The dialplan asks only while this is fresh. It is told from the loop that does the work, not by a thread of its own.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from ivr.ami import Ami

HEARTBEAT = "KC_HEARTBEAT"
CLAIM = "KC_CLAIM"
BEAT_SECONDS = 1.0
STALE_SECONDS = 4
"""Below the dialplan's 5 s: a stand-by takes over before callers are sent to the fallback."""
SETTLE_SECONDS = 0.5
"""Between a claim and the look whether it still stands: of two that come at once the later one overwrites, the earlier one sees it."""


def parse(value: str) -> tuple[int, str]:
    """`epoch:id` as its parts; (0, "") before the first beat and after an orderly end."""
    epoch, _, owner = value.partition(":")
    return (int(epoch), owner) if epoch.isdigit() else (0, "")


async def beat(ami: Ami, owner: str, on_role: Callable[[bool], None]) -> None:
    """Run until the connection is lost. `on_role(True)` when this controller acts, `on_role(False)` when it stands by."""
    acting = False
    while True:
        epoch, holder = parse(await _get(ami, HEARTBEAT))
        is_free = holder == owner or time.time() - epoch >= STALE_SECONDS
        may_act = is_free and (acting or await _claim(ami, owner))
        if may_act:
            await ami.action("Setvar", Variable=HEARTBEAT, Value=f"{int(time.time())}:{owner}")
        if may_act != acting:
            acting = may_act
            on_role(acting)
        await asyncio.sleep(BEAT_SECONDS)


async def silence(ami: Ami) -> None:
    """An orderly end: the dialplan stops asking at once."""
    await ami.action("Setvar", Variable=HEARTBEAT, Value="0:")


async def _claim(ami: Ami, owner: str) -> bool:
    await ami.action("Setvar", Variable=CLAIM, Value=owner)
    await asyncio.sleep(SETTLE_SECONDS)
    if await _get(ami, CLAIM) != owner:
        return False
    epoch, holder = parse(await _get(ami, HEARTBEAT))
    return holder == owner or time.time() - epoch >= STALE_SECONDS


async def _get(ami: Ami, name: str) -> str:
    return str((await ami.action("Getvar", Variable=name)).get("value", ""))
