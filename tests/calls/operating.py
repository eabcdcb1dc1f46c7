"""What those who run the service ask of it while it runs: its API as somebody with a role, and what a caller hears at this moment."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import subprocess
import urllib.error
import urllib.request
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from access.model import Holder, Role
from access.tokens import Tokens
from tests.calls.stack import Stack, until


async def ask(stack: Stack, method: str, path: str, body: object = None, role: Role = Role.SYSTEM_MANAGER) -> tuple[int, Any]:
    """One request; status and JSON. Bytes are sent as they are, anything else as JSON."""
    moment = datetime.now(UTC)
    async with stack.redis() as redis:
        holder = Holder(name="a test", roles=frozenset({role}), expires_at=moment + timedelta(minutes=1))
        token = await Tokens(redis).issue(holder, moment)
    data = body if isinstance(body, bytes) else None if body is None else json.dumps(body).encode()
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "audio/wav" if isinstance(body, bytes) else "application/json"}
    request = urllib.request.Request(stack.url(path), method=method, data=data, headers=headers)

    def answered() -> tuple[int, Any]:
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            return error.code, json.load(error)

    return await asyncio.to_thread(answered)


async def hears(stack: Stack, prompt: str, within: float = 15) -> None:
    """Wait until this prompt is played to a caller: Asterisk then has its sound file open. Needs root, as SIPp does."""

    async def played() -> bool:
        return any(Path(name).stem == prompt for name in open_files(stack))

    await until(played, within, f"a caller who hears {prompt}")


async def waiting(stack: Stack, many: int, within: float = 15) -> None:
    """Wait until so many callers wait for the guides; who talks does not count."""

    async def so_many() -> bool:
        return stack.by_label("ivr_queue_calls_waiting", "queue", "lekeberg").get("guides") == many

    await until(so_many, within, f"{many} waiting callers")


def open_files(stack: Stack) -> list[str]:
    """What Asterisk has open at this moment, seen from outside its container."""
    listed = subprocess.run(["docker", "top", stack.container("asterisk"), "-o", "pid,args"], capture_output=True, text=True, check=True)
    (process,) = re.findall(r"^(\d+)\s+asterisk -f ", listed.stdout, re.MULTILINE)
    names = []
    for file in Path(f"/proc/{process}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):  # closed since
            names.append(os.readlink(file))
    return names
