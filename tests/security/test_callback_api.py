"""What the API says to what it cannot do, and to the same request twice."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from access.model import Role
from metrics.story import Story
from routing.hours import next_opening
from tests.security.client import Client

LISTED, ENTER = ("GET", "/api/callbacks"), ("POST", "/api/callbacks")
NEW = {"number": "070-174 06 05", "topic": "care"}


async def entered(client: Client, **new: object) -> dict[str, Any]:
    answer = await client.ask(ENTER, Role.GUIDE, extension="1001", json=NEW | new)
    assert answer.status_code == 200, answer.text
    request: dict[str, Any] = answer.json()["request"]
    return request


@pytest.mark.parametrize(("new", "status", "error"), [
    ({"number": "+47 22 12 34 56"}, 422, "not_dialable"),
    ({"number": "0900 123 456"}, 422, "not_dialable"),
    ({"number": "112"}, 422, "not_dialable"),
    ({"number": "0585-487 00"}, 422, "not_dialable"),
    ({"number": "nobody"}, 422, "not_dialable"),
    ({"number": ""}, 422, "invalid"),
    ({"number": "0" * 41}, 422, "invalid"),
    ({"topic": "nothing"}, 422, "unknown_topic"),
    ({"topic": "NO"}, 422, "invalid"),
    ({"owner": "1001"}, 422, "unknown_extension"),
    ({"owner": "x"}, 422, "invalid"),
    ({"wanted": "2020-01-07T10:00:00+01:00"}, 422, "not_wanted"),
    ({"wanted": "9999-12-31T23:59:59Z"}, 422, "not_wanted"),
    ({"wanted": "0001-01-01T00:00:00+14:00"}, 422, "not_wanted"),
    ({"wanted": "2026-11-25T10:00"}, 422, "invalid"),
    ({"message": {"text": "x" * 161}}, 422, "invalid"),
    ({"message": {"text": "two\nlines"}}, 422, "invalid"),
    ({"message": {"phone": "0701740605"}}, 422, "invalid"),
    ({"state": "closed"}, 422, "invalid"),
])  # fmt: skip
async def test_what_cannot_be_promised_is_refused_and_nothing_is_stored(
    client: Client, new: dict[str, object], status: int, error: str
) -> None:
    answer = await client.ask(ENTER, Role.GUIDE, extension="1001", json=NEW | new)
    assert (answer.status_code, answer.json()["error"]) == (status, error)
    assert (await client.ask(LISTED, Role.TEAM_LEADER)).json() == []


async def test_what_is_asked_twice_is_merged_and_named_so(client: Client) -> None:
    first = await entered(client)
    again = await client.ask(ENTER, Role.GUIDE, extension="1002", json=NEW)
    assert (again.json()["merged"], again.json()["request"]["id"], again.json()["due"]) == (True, first["id"], first["due"])


async def test_a_second_claim_is_answered_with_who_has_it(client: Client) -> None:
    take = ("POST", f"/api/callbacks/{(await entered(client))['id']}/take")
    first = await client.ask(take, Role.GUIDE, extension="1001")
    assert (first.json()["held_by"], first.json()["held_by_called"]) == ("1001", "Vägledare 1 (1001)")
    second = await client.ask(take, Role.GUIDE, extension="1002")
    assert (second.status_code, second.json()["error"]) == (409, "taken_by")
    assert "Vägledare 1 (1001)" in second.json()["detail"]


async def test_the_same_key_has_the_same_answer_and_no_second_effect(client: Client) -> None:
    guide, once = await client.token(Role.GUIDE, extension="1001"), {"Idempotency-Key": "once"}
    answers = [(await client.ask(ENTER, token=guide, json=NEW, headers=once)).json() for _ in range(2)]
    assert answers[0] == answers[1]
    one = answers[0]["request"]["id"]
    for act, body in (("take", None), ("postpone", {"wanted": wanted(client)}), ("cancel", None)):
        said = [(await client.ask(("POST", f"/api/callbacks/{one}/{act}"), token=guide, json=body, headers=once)).json() for _ in range(2)]
        assert said[0] == said[1]
    page = (await client.ask(("GET", f"/api/callbacks/{one}"), token=guide)).json()
    assert [entry["act"] for entry in page["history"]] == ["registered", "taken", "postponed", "closed"]


def wanted(client: Client) -> str:
    return next_opening(client.service.municipalities["lekeberg"].hours, datetime.now(UTC) + timedelta(days=1)).isoformat()


async def test_an_act_on_an_older_stand_is_fenced_off(client: Client) -> None:
    one = await entered(client)
    await client.ask(("POST", f"/api/callbacks/{one['id']}/take"), Role.GUIDE, extension="1001")
    cancel, colleague = ("POST", f"/api/callbacks/{one['id']}/cancel"), await client.token(Role.GUIDE, extension="1002")
    for seen, status, error in ((f'"{one["token"]}"', 412, "fenced"), ("*", 422, "invalid")):
        late = await client.ask(cancel, token=colleague, headers={"If-Match": seen})
        assert (late.status_code, late.json()["error"]) == (status, error)


async def test_without_asterisk_nobody_is_rung_and_the_answer_says_so(client: Client) -> None:
    one = await entered(client)
    answer = await client.ask(("POST", f"/api/callbacks/{one['id']}/call"), Role.GUIDE, extension="1001")
    assert (answer.status_code, answer.json()["error"]) == (503, "asterisk_away")


async def test_a_store_that_is_away_or_could_lose_a_promise_is_named_and_nothing_is_stored(client: Client) -> None:
    guide = await client.token(Role.GUIDE, Role.TEAM_LEADER, extension="1001")
    await client.service.redis.config_set("appendfsync", "everysec")
    answer = await client.ask(ENTER, token=guide, json=NEW)
    assert (answer.status_code, answer.json()["error"]) == (503, "store_away")
    await client.service.redis.config_set("appendfsync", "always")
    assert (await client.ask(LISTED, token=guide)).json() == []
    await client.service.redis.shutdown(nosave=True)
    for route, body in ((ENTER, NEW), (LISTED, None), (("POST", "/api/callbacks/x/take"), None)):
        answer = await client.ask(route, token=guide, json=body)
        assert (answer.status_code, answer.json()["error"]) == (503, "store_away")


async def test_a_full_store_takes_nothing_and_loses_nothing(client: Client) -> None:
    guide, one = await client.token(Role.GUIDE, extension="1001"), await entered(client)
    await client.service.redis.config_set("maxmemory", 1)
    answer = await client.ask(ENTER, token=guide, json=NEW | {"topic": "streets"})
    assert (answer.status_code, answer.json()["error"]) == (503, "store_away")
    await client.service.redis.config_set("maxmemory", 0)
    (standing,) = (await client.ask(LISTED, token=guide)).json()
    assert (standing["id"], standing["state"]) == (one["id"], "waiting")


async def test_who_answers_a_call_sees_who_has_looked_for_the_caller(client: Client) -> None:
    await entered(client, topic="building", owner="2001")
    client.service.session = SimpleNamespace(stories={"1.1": Story("1.1", 0.0, number="0701740605"), "1.2": Story("1.2", 0.0)})  # type: ignore[assignment]
    for call, sees in (("1.1", ["Bygglov 1 (2001)"]), ("1.2", []), ("9.9", [])):
        answer = await client.ask(("GET", f"/api/calls/{call}/callbacks"), Role.GUIDE, extension="1001")
        assert [one["owner_called"] for one in answer.json()] == sees
        assert "1740605" not in answer.text


async def test_what_the_framework_itself_refuses_has_a_stable_word_too(client: Client) -> None:
    for route, status, error in ((("GET", "/api/nothing"), 404, "unknown_route"), (("PATCH", "/api/callbacks"), 405, "wrong_method")):
        answer = await client.ask(route, Role.TEAM_LEADER)
        assert (answer.status_code, answer.json()["error"]) == (status, error)


async def test_every_body_and_answer_has_an_example(client: Client) -> None:
    described = (await client.ask(("GET", "/api/openapi.json"))).json()
    shapes = described["components"]["schemas"]
    for path, acts in described["paths"].items():
        for act in acts.values():
            answered = act["responses"]["200"]["content"].get("application/json", {}).get("schema")
            if "callbacks" not in act.get("tags", ()) or not answered:
                continue
            bodies = [one["schema"] for one in act.get("requestBody", {}).get("content", {}).values()]
            for shape in (answered.get("items", answered), *bodies):
                assert shapes[shape["$ref"].rpartition("/")[2]]["examples"], path
