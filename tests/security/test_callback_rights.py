"""Each act on each kind of request by each kind of holder; and who sees a number."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from access.model import Duty, Role
from callbacks.model import Request
from callbacks.orders import new_request
from callbacks.store import Act
from routing.file import load
from routing.hours import next_opening
from tests.security.client import Client
from tests.store.test_callback_people import Exchange

LEKEBERG = load(Path("municipalities/lekeberg.toml"))
IFO = (Duty.IFO,)
HOLDERS: dict[str, dict[str, Any]] = {
    "a guide": {"roles": [Role.GUIDE], "extension": "1001"},
    "a guide with the duty": {"roles": [Role.GUIDE], "extension": "1001", "duties": IFO},
    "a guide without a phone": {"roles": [Role.GUIDE]},
    "a guide of elsewhere": {"roles": [Role.GUIDE], "extension": "orebro-1001"},
    "the handler": {"roles": [Role.HANDLER], "extension": "2001"},
    "a stand-in of the function": {"roles": [Role.HANDLER], "extension": "lekeberg-2011"},
    "another handler": {"roles": [Role.HANDLER], "extension": "2021"},
    "another handler with the duty": {"roles": [Role.HANDLER], "extension": "2021", "duties": IFO},
    "who leads": {"roles": [Role.TEAM_LEADER]},
    "who leads with the duty": {"roles": [Role.TEAM_LEADER], "extension": "1003", "duties": IFO},
}
REQUESTS = {
    "the guides'": {"topic": "care"},
    "the handler's": {"topic": "building", "owner": "2001"},
    "the function's": {"topic": "building", "owner": "2100"},
    "a protected one": {"topic": "social"},
}
SEEN = {
    "the guides'": {"a guide", "a guide with the duty", "who leads", "who leads with the duty"},
    "the handler's": {"the handler", "who leads", "who leads with the duty"},
    "the function's": {"the handler", "a stand-in of the function", "who leads", "who leads with the duty"},
    "a protected one": {"a guide with the duty", "another handler with the duty", "who leads with the duty"},
}
WANTED = next_opening(LEKEBERG.hours, datetime.now(UTC) + timedelta(days=1)).isoformat()
ACTS: dict[str, tuple[object, int, str]] = {
    "take": (None, 200, "taken"),
    "call": (None, 200, "dialling"),
    "release": (None, 409, "illegal"),
    "postpone": ({"wanted": WANTED}, 200, "waiting"),
    "merge": ({"other": "0" * 32}, 404, "unknown_request"),
    "cancel": (None, 200, "closed"),
    "outcome": ({"outcome": "wrong_number"}, 200, "closed"),
    "told": (None, 409, "not_lapsed"),
    "hand-over": ({"to": "2200"}, 200, "waiting"),
    "retry": (None, 409, "illegal"),
}
"""What each act needs, and what becomes of a request that waits: its state, or the error."""
NEEDS_A_PHONE = ("take", "call")


async def ordered(client: Client, which: str, number: str = "+46701740605") -> Request:
    request = new_request(LEKEBERG, number=number, source="guide", now=datetime.now(UTC), **REQUESTS[which])  # type: ignore[arg-type]
    return (await client.service.store.register(request, Act(request.created_at), LEKEBERG.callbacks)).standing


@pytest.fixture
def phones(client: Client) -> Exchange:
    client.service.callbacks.phones = exchange = Exchange(client.service.store)
    return exchange


async def token(client: Client, who: str) -> str:
    held = HOLDERS[who]
    return await client.token(*held["roles"], duties=held.get("duties", ()), extension=held.get("extension", ""))


@pytest.mark.parametrize("which", REQUESTS)
@pytest.mark.parametrize("who", HOLDERS)
async def test_each_act_is_for_those_who_may_see_the_request(client: Client, phones: Exchange, who: str, which: str) -> None:
    asking, sees = await token(client, who), who in SEEN[which]
    has_phone = bool(HOLDERS[who].get("extension"))
    for number, (act, (body, status, becomes)) in enumerate(ACTS.items()):
        request = await ordered(client, which, f"+467017406{number:02}")
        answer = await client.ask(("POST", f"/api/callbacks/{request.id}/{act}"), token=asking, json=body)
        if not sees:
            assert (answer.status_code, answer.json()["error"]) == (404, "unknown_request")
            assert await client.service.store.find("lekeberg", request.id) == request
        elif act in NEEDS_A_PHONE and not has_phone:
            assert (answer.status_code, answer.json()["error"]) == (403, "no_extension")
        else:
            said = answer.json()
            assert (answer.status_code, said.get("state") or said["error"]) == (status, becomes), act
        assert request.number[3:] not in answer.text


@pytest.mark.parametrize("which", REQUESTS)
@pytest.mark.parametrize("who", HOLDERS)
async def test_each_list_shows_what_its_reader_may_see_and_no_number(client: Client, who: str, which: str) -> None:
    request, asking, sees = await ordered(client, which), await token(client, who), who in SEEN[which]
    listed = await client.ask(("GET", "/api/callbacks"), token=asking)
    assert [one["id"] for one in listed.json()] == ([request.id] if sees else [])
    assert "1740605" not in listed.text
    one = await client.ask(("GET", f"/api/callbacks/{request.id}"), token=asking)
    assert one.status_code == (200 if sees else 404)


async def test_a_number_is_shown_to_who_has_it_and_to_its_handler_and_that_stands_in_the_audit_trail(client: Client) -> None:
    pool, handlers = await ordered(client, "the guides'"), await ordered(client, "the handler's", "+46701740606")
    guide, leader, handler = [await token(client, who) for who in ("a guide", "who leads", "the handler")]

    async def number(request: Request, asking: str) -> tuple[str, bool]:
        page = (await client.ask(("GET", f"/api/callbacks/{request.id}"), token=asking)).json()
        return page["number"], page["number_shown"]

    assert await number(pool, guide) == ("+4670 ••• 05", False)
    assert await number(handlers, leader) == ("+4670 ••• 06", False)
    assert (await client.ask(("GET", "/api/audit"), Role.AUDITOR)).json() == []
    await client.ask(("POST", f"/api/callbacks/{pool.id}/take"), token=guide)
    assert await number(pool, guide) == ("+46701740605", True)
    assert await number(pool, leader) == ("+4670 ••• 05", False)
    assert await number(handlers, handler) == ("+46701740606", True)
    trail = await client.ask(("GET", "/api/audit"), Role.AUDITOR)
    shown = [(one["what"], one["extension"], one["record"]) for one in trail.json()]
    assert shown == [("number_shown", "2001", handlers.id), ("number_shown", "1001", pool.id)]
    assert "174060" not in trail.text


async def test_without_the_duty_also_who_has_it_sees_nothing_of_what_is_protected(client: Client) -> None:
    request, take = await ordered(client, "a protected one"), await token(client, "another handler with the duty")
    await client.ask(("POST", f"/api/callbacks/{request.id}/take"), token=take)
    lost = await token(client, "another handler")
    assert (await client.ask(("GET", f"/api/callbacks/{request.id}"), token=lost)).status_code == 404
    assert (await client.ask(("GET", "/api/callbacks"), token=lost, mine="true")).json() == []


async def test_a_page_tells_the_history_without_a_number(client: Client) -> None:
    request, guide = await ordered(client, "the guides'"), await token(client, "a guide")
    await client.ask(("POST", f"/api/callbacks/{request.id}/outcome"), token=guide, json={"outcome": "not_reached", "again": True})
    page = (await client.ask(("GET", f"/api/callbacks/{request.id}"), token=guide)).json()
    told = [(one["act"], one["by"], one.get("outcome")) for one in page["history"]]
    assert told == [("registered", "", None), ("closed", "1001", "not_reached")]
    successor = (await client.ask(("GET", f"/api/callbacks/{page['followed_by']}"), token=guide)).json()
    assert (successor["follows"], successor["state"]) == (request.id, "waiting")


async def test_what_a_guide_enters_for_those_with_the_duty_she_does_not_see_again(client: Client) -> None:
    guide, new = await token(client, "a guide"), {"number": "0701740605", "topic": "social", "message": {"text": "Gäller barnen"}}
    answers = [await client.ask(("POST", "/api/callbacks"), token=guide, json=new) for _ in range(2)]
    for answer in answers:  # nor whether somebody has asked for the same before
        assert (answer.status_code, answer.json()["request"], answer.json()["merged"]) == (200, None, False)
    listed = await client.ask(("GET", "/api/callbacks"), token=await token(client, "another handler with the duty"))
    assert [(one["owner"], one["message"]["text"]) for one in listed.json()] == [("2200", "")]


async def test_a_handler_enters_nothing(client: Client) -> None:
    new = {"number": "0701740605", "topic": "care"}
    answer = await client.ask(("POST", "/api/callbacks"), token=await token(client, "the handler"), json=new)
    assert (answer.status_code, answer.json()["error"]) == (403, "role")
