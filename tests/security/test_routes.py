"""The table of roles and routes, every cell tried, on the real application and a real store."""

from __future__ import annotations

import pytest

from access.model import Duty, Role
from access.routes import PUBLIC, ROUTES, Route, RouteMismatch, verify
from callbacks.store import CallbackStore
from metrics.ledger import Ledger
from metrics.story import CallRecord
from tests.security.client import Client
from tests.store.promises import order, promise

NOT_WITHOUT = ("asterisk_away", "unknown_extension", "unknown_guide", "unknown_request", "invalid")
"""Why a permitted request may still fail: there is no Asterisk here, the address names nobody, and it has no body."""
GUARDED = [route for route, roles in ROUTES.items() if roles != PUBLIC]


@pytest.mark.parametrize("route", [route for route, roles in ROUTES.items() if roles == PUBLIC])
async def test_a_public_route_asks_for_nothing(client: Client, route: Route) -> None:
    status = (await client.ask(route)).status_code
    assert status == 404 if route[1].startswith("/svar/") else status in (200, 503)  # not ready without an Asterisk; a link of nobody's


@pytest.mark.parametrize("route", GUARDED)
@pytest.mark.parametrize("role", list(Role))
async def test_a_role_gets_what_the_table_says(client: Client, route: Route, role: Role) -> None:
    client.service.streams.end()  # a stream would be heard for ever
    answer = await client.ask(route, role, duties=tuple(Duty), extension="1001")
    if role not in ROUTES[route]:
        assert answer.status_code == 403
    else:
        assert answer.status_code not in (401, 403)
        assert answer.status_code == 200 or answer.json()["error"] in NOT_WITHOUT


@pytest.mark.parametrize("route", GUARDED)
async def test_a_stranger_gets_nothing_and_hears_what_to_do(client: Client, route: Route) -> None:
    for token in ("", "made-up"):
        answer = await client.ask(route, token=token)
        assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, "Bearer")
        assert answer.json()["error"] == ("unknown_token" if token else "no_token")
        assert "ivr token" in answer.json()["detail"]


async def test_roles_add_up(client: Client) -> None:
    assert (await client.ask(("GET", "/api/calls"), Role.GUIDE, Role.TEAM_LEADER)).status_code == 200


def test_a_route_that_is_not_in_the_table_is_refused_at_start() -> None:
    with pytest.raises(RouteMismatch, match=r"GET /api/secrets \(not in the table\)"):
        verify([*ROUTES, ("GET", "/api/secrets")])
    with pytest.raises(RouteMismatch, match=r"GET /api/calls \(not served\)"):
        verify([route for route in ROUTES if route != ("GET", "/api/calls")])


async def test_protected_requests_and_calls_are_shown_with_the_duty_only(client: Client) -> None:
    store, ledger = CallbackStore(client.service.redis), Ledger(client.service.redis)
    for topic, protected in (("care", False), ("social", True)):
        await order(store, promise(topic=topic).model_copy(update={"protected": protected}))
        await ledger.settle(CallRecord(
            call_id=topic, municipality="lekeberg", line="main", started=1.0, ended=2.0, outcome="answered", topic=topic, queue="guides",
            number="0701740605",
        ))  # fmt: skip
    for path in ("/api/callbacks", "/api/calls"):
        without = await client.ask(("GET", path), Role.TEAM_LEADER)
        with_duty = await client.ask(("GET", path), Role.TEAM_LEADER, duties=(Duty.IFO,))
        assert [one["topic"] for one in without.json()] == ["care"]
        assert sorted(one["topic"] for one in with_duty.json()) == ["care", "social"]
        assert "1740605" not in with_duty.text


async def test_what_is_not_served_is_named(client: Client) -> None:
    answer = await client.ask(("GET", "/api/callbacks"), Role.GUIDE, municipality="nowhere")
    assert (answer.status_code, answer.json()["detail"]) == (404, "No municipality 'nowhere' is served here. Served: lekeberg.")


async def test_without_the_store_the_api_says_so_and_the_figures_stay_absent(client: Client) -> None:
    await client.service.redis.shutdown(nosave=True)
    assert (await client.ask(("GET", "/api/calls"), token="any")).status_code == 503
    figures = (await client.ask(("GET", "/metrics"))).text
    assert "ivr_store_up 0.0" in figures
    assert "ivr_calls_finished_total{" not in figures
    assert "does not answer" in (await client.ask(("GET", "/readyz"))).json()["why"]


async def test_an_explanation_names_what_is_wrong_with_the_question(client: Client) -> None:
    route = ("POST", "/api/routing/explain")
    for question, where in (({"keys": ["A"]}, "keys"), ({"at": "2026-11-25T12:30"}, "at"), ({"number": "me"}, "number")):
        answer = await client.ask(route, Role.TEAM_LEADER, json=question)
        assert (answer.status_code, answer.json()["error"]) == (422, "invalid")
        assert answer.json()["detail"].startswith(f"body.{where}")
    assert (await client.ask(route, Role.TEAM_LEADER, json={"municipality": "nowhere"})).status_code == 404
    told = await client.ask(route, Role.TEAM_LEADER, json={"at": "2026-11-25T10:30:00+01:00", "keys": ["3"]})
    assert "Skola" in told.json()["ends"]


THE_LINES = ("GET", "/api/priority-lines")
SHIFT = "/api/priority-lines/{}/rota/{}"


@pytest.mark.parametrize("route", [THE_LINES, ("PUT", SHIFT.format("ifo", "2126-11-26")), ("DELETE", SHIFT.format("ifo", "2126-11-26"))])
async def test_who_is_on_duty_is_shown_and_changed_with_the_duty_only(client: Client, route: Route) -> None:
    answer = await client.ask(route, Role.TEAM_LEADER, Role.HANDLER, Role.GUIDE, json={"people": ["second"]})
    assert (answer.status_code, answer.json()["error"]) == (403, "duty")


async def test_the_rota_shows_whom_and_when_and_no_number(client: Client) -> None:
    answer = await client.ask(THE_LINES, Role.HANDLER, duties=(Duty.IFO,))
    (row,) = answer.json()
    assert (row["municipality"], row["line"], row["people"]) == ("lekeberg", "ifo", {"first": "Jour 1", "second": "Jour 2"})
    assert (row["overrides"], row["gaps"]) == ({}, [])
    assert 19 <= len(row["shifts"]) <= 21
    assert all(shift["people"] == ["first", "second"] for shift in row["shifts"])
    assert "174066" not in answer.text


@pytest.mark.parametrize(("method", "path", "people", "status", "error"), [
    ("PUT", SHIFT.format("nowhere", "2126-11-26"), ["second"], 404, "unknown_line"),
    ("DELETE", SHIFT.format("nowhere", "2126-11-26"), [], 404, "unknown_line"),
    ("PUT", SHIFT.format("ifo", "2126-11-26"), ["second", "third"], 422, "unknown_person"),
    ("PUT", SHIFT.format("ifo", "2026-01-07"), ["second"], 422, "past"),
    ("DELETE", SHIFT.format("ifo", "2026-01-07"), [], 422, "past"),
    ("PUT", SHIFT.format("ifo", "2126-11-23"), ["second"], 422, "no_shift"),
    ("PUT", SHIFT.format("ifo", "2126-11-26"), ["second"] * 8, 422, "invalid"),
    ("PUT", SHIFT.format("ifo", "2126-11-26"), ["second"], 503, "asterisk_away"),
])  # fmt: skip
async def test_a_change_that_cannot_be_is_refused_with_its_reason(
    client: Client, method: str, path: str, people: list[str], status: int, error: str
) -> None:
    answer = await client.ask((method, path), Role.GUIDE, duties=(Duty.IFO,), json={"people": people})
    assert (answer.status_code, answer.json()["error"]) == (status, error)
    assert not (client.service.settings.rendered / "activated" / "lekeberg.rota.json").exists()
