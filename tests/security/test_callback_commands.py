"""`ivr callbacks`, against a running application."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from redis.asyncio import Redis
from typer.testing import CliRunner

import ivr.remote
from callbacks import policy
from callbacks.store import Act
from ivr.ami import Event
from ivr.ami_wire import parse
from ivr.cli import app
from ivr.remote import ControllerRefused
from ivr.settings import Settings
from routing.hours import ZONE, next_opening
from tests.redis_server import waiting
from tests.security.client import SECRET, Client
from tests.security.served import served
from tests.security.test_callback_rights import LEKEBERG, ordered
from tests.store.test_callback_people import Exchange

Command = Callable[..., Awaitable[str]]


@pytest.fixture
async def ivr_callbacks(client: Client, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Command]:
    """The command; what it says. Raises what it raises."""

    def connect(settings: Settings) -> Redis:  # the test's own has no password
        return waiting(client.service.redis)

    async def command(*words: str) -> str:
        result = await asyncio.to_thread(CliRunner().invoke, app, ["callbacks", *words])
        if result.exception:
            raise result.exception
        return result.output

    async with served(client) as (address, _):
        monkeypatch.setattr(ivr.remote, "connect_store", connect)
        monkeypatch.setenv("KC_WEB_PORT", address.rpartition(":")[2])
        for name in ("AMI_SECRET", "REDIS_PASSWORD", "PHONE_SEED"):
            monkeypatch.setenv(f"KC_{name}", SECRET)
        yield command


class Database:
    """Asterisk, as far as it remembers."""

    def __init__(self) -> None:
        self.values: dict[str, str] = {}

    async def action(self, name: str, *, variables: Mapping[str, str] = {}, **said: str) -> dict[str, str]:
        if name == "Originate":
            self.values[variables["__KC_NAME"]] = variables["__KC_VALUE"]
            return {}
        asked = said["Variable"].partition("/")[2].removesuffix(")")
        return {"value": "1" if self.values.get(asked) else "0"}

    async def list_action(self, name: str, **said: str) -> list[Event]:
        return [parse(f"Event: DBGetResponse\r\nVal: {self.values[said['Key']]}".encode())]


async def listed(command: Command, *words: str) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = json.loads(await command("list", "--json", *words))
    return rows


async def test_a_request_is_entered_taken_postponed_and_closed(client: Client, ivr_callbacks: Command) -> None:
    assert await ivr_callbacks("list") == "Nobody waits for a call.\n"
    said = await ivr_callbacks("add", "070-174 06 05", "streets", "--matter", "Storgatan 1", "--as", "1001")
    one = said.partition(" ")[0]
    assert said.startswith(f"{one} is stored: due ")
    assert "stood already" in await ivr_callbacks("add", "0701740605", "streets")
    assert (await ivr_callbacks("take", one, "--as", "1001")).rstrip().endswith("+4670 ••• 05  taken, Vägledare 1 (1001)")
    assert [row["id"] for row in await listed(ivr_callbacks, "--mine", "--as", "1001")] == [one]
    wanted = next_opening(LEKEBERG.hours, datetime.now(UTC) + timedelta(days=1)).astimezone(ZONE)
    await ivr_callbacks("postpone", one, f"{wanted:%Y-%m-%d %H:%M}")
    assert datetime.fromisoformat(str((await listed(ivr_callbacks, "--pool"))[0]["wanted"])) == wanted.replace(second=0, microsecond=0)
    assert "closed, not_reached" in await ivr_callbacks("outcome", one, "not_reached", "--again")
    (successor,) = await listed(ivr_callbacks)
    await ivr_callbacks("hand-over", str(successor["id"]), "2100")
    assert [row["owner"] for row in await listed(ivr_callbacks, "--owner", "2100")] == ["2100"]
    await ivr_callbacks("cancel", str(successor["id"]))
    assert await listed(ivr_callbacks) == []


async def test_what_others_have_is_released_and_what_nobody_knows_is_retried(client: Client, ivr_callbacks: Command) -> None:
    client.service.callbacks.phones = Exchange(client.service.store)
    one, act = await ordered(client, "the guides'"), Act(datetime.now(UTC))
    await ivr_callbacks("take", one.id, "--as", "1001")
    assert "waiting" in await ivr_callbacks("release", one.id)
    await ivr_callbacks("take", one.id, "--as", "1001")
    taken = await client.service.store.find("lekeberg", one.id)
    assert taken
    dialled = (await client.service.callbacks.phones.call(LEKEBERG, taken, "1001", act)).standing
    lost = policy.after(dialled, "unknown", LEKEBERG.callbacks, LEKEBERG.hours, act.now)
    await client.service.store.settle(dialled, dialled.attempt, act, "unknown", lost)
    assert "waiting" in await ivr_callbacks("retry", one.id)
    told = await ivr_callbacks("show", one.id)
    acts = [line.split()[2] for line in told.splitlines()[1:]]
    assert acts == ["registered", "taken", "released", "taken", "dialling", "settled", "retried"]
    assert "1740605" not in told


async def test_what_is_protected_is_shown_with_the_duty_and_a_number_to_who_has_it(client: Client, ivr_callbacks: Command) -> None:
    one = await ordered(client, "a protected one")
    assert await listed(ivr_callbacks) == []
    assert [row["id"] for row in await listed(ivr_callbacks, "--duty", "ifo")] == [one.id]
    await ivr_callbacks("take", one.id, "--as", "2021", "--duty", "ifo")
    assert json.loads(await ivr_callbacks("show", one.id, "--as", "2021", "--duty", "ifo", "--json"))["number"] == "+46701740605"


async def test_the_dialling_is_held_and_resumed(client: Client, ivr_callbacks: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client.service, "_ami", Database())
    monkeypatch.setattr(client.service, "session", SimpleNamespace(acting=True))
    for command, told, held in (("hold", "held", True), ("resume", "dialled", False)):
        assert (await ivr_callbacks(command, "--municipality", "lekeberg")).endswith(f"lekeberg: callbacks are {told}.\n")
        assert client.service.dialling.is_held("lekeberg") is held


async def test_without_asterisk_the_dialling_cannot_be_held(ivr_callbacks: Command) -> None:
    with pytest.raises(ControllerRefused, match="Asterisk is not connected"):
        await ivr_callbacks("hold")


async def test_a_refusal_is_told_in_its_own_words(ivr_callbacks: Command) -> None:
    with pytest.raises(ControllerRefused, match="Numbers that cost extra are never rung"):
        await ivr_callbacks("add", "0900123456", "care")
    with pytest.raises(ControllerRefused, match="No request with this id"):
        await ivr_callbacks("cancel", "0" * 32)
