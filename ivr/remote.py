"""What the command line asks of the running controller: through its API, with a token of its own that lives for a minute."""

from __future__ import annotations

import asyncio
import json
import urllib.error
import urllib.request
from collections.abc import Collection
from datetime import timedelta
from typing import Any

from access.model import Duty, Holder, Role
from access.tokens import Tokens
from ivr.conversation import now
from ivr.service import connect_store
from ivr.settings import Settings

TOKEN_SECONDS = 60
ANSWER_SECONDS = 60


class ControllerAway(ConnectionError):
    """No controller answers here; the message says what to do."""


class ControllerRefused(RuntimeError):
    """The controller said no; the message is its own sentence."""


def ask(
    settings: Settings,
    method: str,
    path: str,
    body: object = None,
    role: Role = Role.SYSTEM_MANAGER,
    duties: Collection[Duty] = (),
    extension: str = "",
) -> Any:
    """One request with a role and duties, in the name of who has the extension; its answer.

    Raises ControllerAway, ControllerRefused and redis.RedisError.
    """
    token = asyncio.run(_token(settings, role, frozenset(duties), extension))
    request = urllib.request.Request(
        f"http://127.0.0.1:{settings.web_port}{path}",
        method=method,
        data=None if body is None else json.dumps(body).encode(),
        headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
    )
    try:
        with urllib.request.urlopen(request, timeout=ANSWER_SECONDS) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as error:
        said = json.load(error)
        raise ControllerRefused("\n".join([said["detail"], *(" ".join(one.values()) for one in said.get("problems", []))])) from error
    except (urllib.error.URLError, TimeoutError) as error:
        raise ControllerAway(
            f"No controller answers on port {settings.web_port}: nothing was changed. Start it (docker compose up -d controller) and try "
            "again. Until then callers are taken by the dialplan alone; docs/operations.md says how to close there by hand."
        ) from error


async def _token(settings: Settings, role: Role, duties: frozenset[Duty], extension: str) -> str:
    moment = now()
    until = moment + timedelta(seconds=TOKEN_SECONDS)
    holder = Holder(name="command line", roles=frozenset({role}), duties=duties, expires_at=until, extension=extension)
    async with connect_store(settings) as redis:
        return await Tokens(redis).issue(holder, moment)
