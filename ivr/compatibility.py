"""Which Asterisk this program is proven with: 22 LTS from 22.10.1 on (earlier ones have open holes and sort queues differently)."""

from __future__ import annotations

import re

from ivr.ami import Ami

OLDEST, NOT_ANY_MORE = (22, 10, 1), (23, 0, 0)


class WrongAsterisk(RuntimeError):
    """Another Asterisk than this program is made for."""


def check(version: str) -> None:
    """Compare Asterisk's own words (`22.10.1~dfsg…`) with what is proven. Raises WrongAsterisk."""
    found = re.match(r"(\d+)\.(\d+)\.(\d+)", version)
    if not found or not OLDEST <= tuple(map(int, found.groups())) < NOT_ANY_MORE:
        wanted = "from 22.10.1 on and before 23"
        raise WrongAsterisk(f"Asterisk is {version or 'of an unknown version'}, Kontaktcenter needs one {wanted}: install that one")


async def check_connected(ami: Ami) -> None:
    """Ask the Asterisk behind a connection for its version. Raises WrongAsterisk, and what `Ami.action` raises."""
    check(str((await ami.action("CoreSettings")).get("asteriskversion", "")))
