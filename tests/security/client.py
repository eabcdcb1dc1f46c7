"""Asks the application as somebody."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import httpx
from fastapi import FastAPI

from access.model import Duty, Holder, Role
from access.routes import Route
from ivr.service import Service

SECRET = "x" * 20


class Client:
    """The application, asked within this program."""

    def __init__(self, service: Service, app: FastAPI) -> None:
        self.service = service
        self.app = app
        self._http = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://kontaktcenter")

    async def token(self, *roles: Role, duties: tuple[Duty, ...] = (), extension: str = "") -> str:
        """A token of somebody who holds all this."""
        now = datetime.now(UTC)
        until = now + timedelta(hours=1)
        held = Holder(name="somebody", roles=frozenset(roles), duties=frozenset(duties), expires_at=until, extension=extension)
        return await self.service.tokens.issue(held, now)

    async def ask(
        self,
        route: Route,
        *roles: Role,
        duties: tuple[Duty, ...] = (),
        extension: str = "",
        token: str = "",
        json: object = None,
        headers: Mapping[str, str] = {},
        **params: str,
    ) -> httpx.Response:
        """One request with a token, or as a holder of these roles and duties."""
        if roles:
            token = await self.token(*roles, duties=duties, extension=extension)
        authorized = {"Authorization": f"Bearer {token}"} if token else {}
        return await self._http.request(*route, headers={**headers, **authorized}, params=params, json=json)
