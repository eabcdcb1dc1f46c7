"""What has to hold while this program is down, and after Asterisk's own restart: short values in Asterisk's own database.

The dialplan reads and writes them as `DB(kc-MUNICIPALITY/NAME)`. It must hold no caller's number.
"""

from __future__ import annotations

import asyncio
import re

from ivr.ami import ActionFailed, Ami

WRITTEN_SECONDS = 3.0
LOOK_SECONDS = 0.05
NAME, VALUE = re.compile(r"[a-z0-9-]+"), re.compile(r"[a-zA-Z0-9:-]*")
"""What the dialplan lets through; it drops everything else."""


class NotRemembered(RuntimeError):
    """Asterisk did not take the value in time."""


async def remember(ami: Ami, municipality: str, name: str, value: str) -> None:
    """Write a value, and wait until it stands there; "" forgets it.

    Raises NotRemembered, ValueError for what the dialplan would not let through, and what `Ami.action` raises.
    """
    if not NAME.fullmatch(name) or not VALUE.fullmatch(value):
        raise ValueError(f"{name!r} = {value!r} cannot be kept: letters, digits, colons and hyphens only")
    context = f"{municipality}-memory"
    await ami.action(
        "Originate",
        Channel=f"Local/write@{context}",
        Context=context,
        Exten="write",
        Priority="1",
        Async="true",
        variables={"__KC_NAME": name, "__KC_VALUE": value},
    )
    try:
        async with asyncio.timeout(WRITTEN_SECONDS):
            while await recall(ami, municipality, name) != value:  # noqa: ASYNC110 - Asterisk tells nobody of a write
                await asyncio.sleep(LOOK_SECONDS)
    except TimeoutError as error:
        raise NotRemembered(f"Asterisk did not keep {name} = {value}. Try again; nothing was changed.") from error


async def recall(ami: Ami, municipality: str, name: str) -> str:
    """The value, "" when there is none. Raises what `Ami.action` raises, but for ActionFailed."""
    try:
        found = await ami.list_action("DBGet", Family=f"kc-{municipality}", Key=name)
    except ActionFailed:  # so it answers when there is none
        return ""
    return found[0].get("val")
