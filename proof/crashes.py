"""Every cell of the table of crashes: the controller, Redis and Asterisk, each killed at each point of an attempt to ring a citizen back.

The cells are the stories of `tests/calls/test_callback_crashes.py`, all of them, one after the other on the tests' own stack.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

STORIES = "tests/calls/test_callback_crashes.py"


async def run(say: Callable[[str], None]) -> list[dict[str, Any]]:
    """What was seen of each cell. Raises AssertionError when one of them did not hold."""
    with tempfile.TemporaryDirectory() as folder:
        rows = Path(folder) / "rows"
        rows.touch()
        say(f"playing every cell of {STORIES}; about a quarter of an hour")
        here = {"KC_EVERY_CRASH": str(rows), "KC_TEST_IMAGES": "kontaktcenter-proof"}  # the images that `make proof` has built
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", STORIES, env=os.environ | here
        )
        assert await process.wait() == 0, "a cell did not hold: pytest says which above"
        return [json.loads(line) for line in rows.read_text(encoding="utf-8").splitlines()]


def table(rows: list[dict[str, Any]]) -> str:
    """A line a cell."""
    head = "| killed | in the midst of | the citizen's phone rang | the guide's | attempts ended as | the request |"
    lines = (
        f"| {row['victim']} | {row['point']} | {row['citizen_rang']} × | {row['guide_rang']} × "
        f"| {', '.join(one or 'withdrawn' for one in row['attempts']) or 'not settled'} | {row['state']} |"
        for row in rows
    )
    return "\n".join([head, "| --- " * 6 + "|", *lines])
