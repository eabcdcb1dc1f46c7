"""The guard before every route: who asks, and whether the table lets them. It decides nothing about single records."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated, Literal

from fastapi import Depends, FastAPI, Request
from fastapi.routing import APIRoute, iter_route_contexts

from access.model import Duty, Holder
from access.refusal import Refused
from access.routes import PUBLIC, ROUTES, verify

Find = Callable[[str], Awaitable[Holder | None]]
Refusal = Literal["no_token", "unknown_token", "role"]


class Guard:
    """A dependency of the whole application. `refused` is told the reason of each refusal, for the figures."""

    def __init__(self, find: Find, refused: Callable[[Refusal], None]) -> None:
        self._find = find
        self._refused = refused

    async def __call__(self, request: Request) -> None:
        """Let the request pass, with its holder in `request.state`, or raise 401 or 403."""
        roles = ROUTES[request.method, request.scope["route"].path]
        if roles == PUBLIC:
            return
        holder = await self._holder(request)
        if not roles & holder.roles:
            self._refused("role")
            raise Refused(403, "role", f"This needs one of the roles {', '.join(sorted(roles))}. Ask the system manager for it.")
        request.state.holder = holder

    async def _holder(self, request: Request) -> Holder:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise self._stranger("no_token", "Send a token: Authorization: Bearer TOKEN. `ivr token --role ROLE` makes one.")
        if (holder := await self._find(token)) is None:
            raise self._stranger("unknown_token", "This token is not known or has expired. `ivr token --role ROLE` makes a new one.")
        return holder

    def _stranger(self, reason: Refusal, sentence: str) -> Refused:
        self._refused(reason)
        return Refused(401, reason, sentence)


def _holder_of(request: Request) -> Holder:
    holder: Holder = request.state.holder
    return holder


Current = Annotated[Holder, Depends(_holder_of)]
"""The holder behind a guarded request, as a parameter of a route."""


def needs(duty: Duty) -> Callable[[Holder], None]:
    """A dependency of routes that show or change what is protected: beside a role, their holder must have the duty."""

    def check(holder: Current) -> None:
        if duty not in holder.duties:
            raise Refused(403, "duty", f"This is for those with the duty {duty.value.upper()} only. Ask the system manager for it.")

    return check


def check_routes(app: FastAPI) -> None:
    """Refuse to serve an application whose routes differ from the table. Raises access.routes.RouteMismatch."""
    declared = list(iter_route_contexts(app.routes))
    if strangers := [one for one in declared if not isinstance(one.original_route, APIRoute)]:
        raise TypeError(f"these routes pass the guard by: {strangers}")
    verify((method, one.path or "") for one in declared for method in one.methods or ())
