"""The one table of routes and who may use them. A route that is missing here is refused at start: nothing is open by accident."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from access.model import Role

Route = tuple[str, str]
"""Method and path, as the route is declared."""

PUBLIC: frozenset[Role] = frozenset()
"""No sign-in: shows neither a number nor a name. The links of a mail carry their own signature."""

ROUTES: Mapping[Route, frozenset[Role]] = {
    ("GET", "/healthz"): PUBLIC,
    ("GET", "/readyz"): PUBLIC,
    ("GET", "/metrics"): PUBLIC,
    ("GET", "/api/openapi.json"): PUBLIC,
    ("GET", "/svar/{token}"): PUBLIC,
    ("POST", "/svar/{token}"): PUBLIC,
    ("GET", "/api/audit"): frozenset({Role.AUDITOR}),
    ("GET", "/api/callbacks"): frozenset({Role.GUIDE, Role.HANDLER, Role.TEAM_LEADER}),
    ("POST", "/api/callbacks"): frozenset({Role.GUIDE, Role.TEAM_LEADER}),
    ("GET", "/api/callbacks/stream"): frozenset({Role.GUIDE, Role.HANDLER, Role.TEAM_LEADER}),
    ("GET", "/api/callbacks/{id}"): frozenset({Role.GUIDE, Role.HANDLER, Role.TEAM_LEADER}),
    ("POST", "/api/callbacks/{id}/take"): frozenset({Role.GUIDE, Role.HANDLER, Role.TEAM_LEADER}),
    ("POST", "/api/callbacks/{id}/call"): frozenset({Role.GUIDE, Role.HANDLER, Role.TEAM_LEADER}),
    ("POST", "/api/callbacks/{id}/release"): frozenset({Role.GUIDE, Role.HANDLER, Role.TEAM_LEADER}),
    ("POST", "/api/callbacks/{id}/postpone"): frozenset({Role.GUIDE, Role.HANDLER, Role.TEAM_LEADER}),
    ("POST", "/api/callbacks/{id}/merge"): frozenset({Role.GUIDE, Role.HANDLER, Role.TEAM_LEADER}),
    ("POST", "/api/callbacks/{id}/cancel"): frozenset({Role.GUIDE, Role.HANDLER, Role.TEAM_LEADER}),
    ("POST", "/api/callbacks/{id}/outcome"): frozenset({Role.GUIDE, Role.HANDLER, Role.TEAM_LEADER}),
    ("POST", "/api/callbacks/{id}/told"): frozenset({Role.GUIDE, Role.HANDLER, Role.TEAM_LEADER}),
    ("POST", "/api/callbacks/{id}/hand-over"): frozenset({Role.GUIDE, Role.HANDLER, Role.TEAM_LEADER}),
    ("POST", "/api/callbacks/{id}/retry"): frozenset({Role.GUIDE, Role.HANDLER, Role.TEAM_LEADER}),
    ("GET", "/api/calls"): frozenset({Role.TEAM_LEADER}),
    ("GET", "/api/calls/{call_id}/callbacks"): frozenset({Role.GUIDE, Role.TEAM_LEADER}),
    ("GET", "/api/closure"): frozenset({Role.TEAM_LEADER, Role.SYSTEM_MANAGER}),
    ("PUT", "/api/closure"): frozenset({Role.TEAM_LEADER, Role.SYSTEM_MANAGER}),
    ("DELETE", "/api/closure"): frozenset({Role.TEAM_LEADER, Role.SYSTEM_MANAGER}),
    ("GET", "/api/dialling"): frozenset({Role.GUIDE, Role.TEAM_LEADER, Role.SYSTEM_MANAGER}),
    ("PUT", "/api/dialling/hold"): frozenset({Role.TEAM_LEADER, Role.SYSTEM_MANAGER}),
    ("DELETE", "/api/dialling/hold"): frozenset({Role.TEAM_LEADER, Role.SYSTEM_MANAGER}),
    ("GET", "/api/crisis-message"): frozenset({Role.TEAM_LEADER, Role.SYSTEM_MANAGER}),
    ("PUT", "/api/crisis-message"): frozenset({Role.TEAM_LEADER, Role.SYSTEM_MANAGER}),
    ("DELETE", "/api/crisis-message"): frozenset({Role.TEAM_LEADER, Role.SYSTEM_MANAGER}),
    ("POST", "/api/municipalities/{slug}/activate"): frozenset({Role.SYSTEM_MANAGER}),
    ("GET", "/api/guides"): frozenset({Role.GUIDE, Role.TEAM_LEADER}),
    ("POST", "/api/guides/{extension}/login"): frozenset({Role.GUIDE, Role.TEAM_LEADER}),
    ("POST", "/api/guides/{extension}/logout"): frozenset({Role.GUIDE, Role.TEAM_LEADER}),
    ("POST", "/api/guides/{extension}/pause"): frozenset({Role.GUIDE, Role.TEAM_LEADER}),
    ("POST", "/api/guides/{extension}/ready"): frozenset({Role.GUIDE, Role.TEAM_LEADER}),
    ("POST", "/api/guides/{extension}/wrap-up"): frozenset({Role.GUIDE, Role.TEAM_LEADER}),
    ("GET", "/api/priority-lines"): frozenset({Role.GUIDE, Role.HANDLER, Role.TEAM_LEADER}),
    ("PUT", "/api/priority-lines/{line}/rota/{date}"): frozenset({Role.GUIDE, Role.HANDLER, Role.TEAM_LEADER}),
    ("DELETE", "/api/priority-lines/{line}/rota/{date}"): frozenset({Role.GUIDE, Role.HANDLER, Role.TEAM_LEADER}),
    ("POST", "/api/calls/{call_id}/transfer"): frozenset({Role.GUIDE, Role.TEAM_LEADER}),
    ("GET", "/api/handlers"): frozenset({Role.GUIDE, Role.HANDLER, Role.TEAM_LEADER}),
    ("PUT", "/api/handlers/{extension}/away"): frozenset({Role.GUIDE, Role.HANDLER, Role.TEAM_LEADER}),
    ("DELETE", "/api/handlers/{extension}/away"): frozenset({Role.GUIDE, Role.HANDLER, Role.TEAM_LEADER}),
    ("POST", "/api/routing/explain"): frozenset({Role.TEAM_LEADER, Role.SYSTEM_MANAGER}),
}


class RouteMismatch(LookupError):
    """The program and the table differ."""


def verify(declared: Iterable[Route]) -> None:
    """Compare the program's routes with the table. Raises RouteMismatch naming each that stands on one side only."""
    routes = set(declared)
    if differing := sorted(routes ^ ROUTES.keys()):
        named = ", ".join(f"{' '.join(one)} ({'not in the table' if one in routes else 'not served'})" for one in differing)
        raise RouteMismatch(f"access/routes.py and the program differ: {named}. Name the roles of each route there.")
