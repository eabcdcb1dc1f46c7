"""What has to hold while this program is down, and after Asterisk's own restart: short values in Asterisk's own database.

The dialplan reads and writes them as `DB(kc-MUNICIPALITY/NAME)`. It must hold no caller's number.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable

from ivr.ami import Ami

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
            while True:
                if await recall(ami, municipality, name) == value:
                    return
                await asyncio.sleep(LOOK_SECONDS)
    except TimeoutError as error:
        raise NotRemembered(f"Asterisk did not keep {name} = {value}. Try again; nothing was changed.") from error


async def recall(ami: Ami, municipality: str, name: str) -> str:
    """The value, "" when there is none. Raises what `Ami.action` raises.

    It is asked for only where it exists: `DBGet` fails without one, and an action that fails is counted as such.
    """
    family = f"kc-{municipality}"
    if (await ami.action("Getvar", Variable=f"DB_EXISTS({family}/{name})")).get("value") != "1":
        return ""
    found = await ami.list_action("DBGet", Family=family, Key=name)
    return found[0].get("val")


class Copy:
    """What stands there of each municipality, read anew all the time: the dialplan and the console write there, too."""

    def __init__(self, municipalities: Iterable[str], *names: str) -> None:
        self._keys = tuple((municipality, name) for municipality in municipalities for name in names)
        self._values: dict[tuple[str, str], str] = {}

    def get(self, municipality: str, name: str) -> str:
        """The value when it was read last, "" when there was none."""
        return self._values.get((municipality, name), "")

    async def read(self, ami: Ami) -> None:
        """Read all values anew. Raises what `Ami.action` raises."""
        for municipality, name in self._keys:
            self._values[municipality, name] = await recall(ami, municipality, name)
