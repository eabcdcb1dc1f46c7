"""An edited file is activated while calls go on: nobody is dropped, the next caller meets it, and a bad one changes nothing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from simulation import HangUp, Phone, Press, Wait
from tests.calls.operating import ask, waiting
from tests.calls.stack import Stack, until
from tests.calls.test_without_controller import killed

ACTIVATE = ("POST", "/api/municipalities/lekeberg/activate")
Activate = Callable[[Stack], Awaitable[None]]


@pytest.fixture
async def file(stack: Stack, ready: float) -> AsyncIterator[Path]:
    """The edited file; however the story ends, the one before is activated again."""
    path = stack.folder / "municipalities" / "lekeberg.toml"
    before = path.read_text(encoding="utf-8")
    yield path
    path.write_text(before, encoding="utf-8")
    assert (await ask(stack, *ACTIVATE))[0] == 200


def edit(file: Path, old: str, new: str) -> None:
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new), encoding="utf-8")


async def by_http(stack: Stack) -> None:
    status, answer = await ask(stack, *ACTIVATE)
    assert (status, answer["municipality"]) == (200, "lekeberg"), answer


async def by_signal(stack: Stack) -> None:
    wanted = (stack.folder / "municipalities" / "lekeberg.toml").read_text(encoding="utf-8")
    stack.compose("kill", "-s", "HUP", "controller")
    kept = "/var/lib/kontaktcenter/rendered/activated/lekeberg.toml"

    async def activated() -> bool:
        return stack.compose("exec", "-T", "controller", "cat", kept) == wanted

    await until(activated, 30, "the activation")


async def in_force(stack: Stack, is_well: bool) -> None:
    async def said() -> bool:
        return stack.metric("ivr_config_reload_success") == float(is_well)

    await until(said, 20, f"ivr_config_reload_success {float(is_well)}")


@pytest.mark.timeout(240)
@pytest.mark.parametrize("activate", [by_http, by_signal])
async def test_who_waits_and_who_talks_stays_and_the_next_caller_meets_the_new_file(
    stack: Stack, ready: float, guide: Phone, file: Path, activate: Activate
) -> None:
    talking = asyncio.create_task(stack.call("0701740657", Wait(1.0), Press("1"), Wait(28.0), HangUp()))
    await stack.talking()
    other = asyncio.create_task(stack.call("0701740658", Wait(1.0), Press("3"), Wait(42.0), HangUp()))
    await waiting(stack, 1)
    edit(file, 'label = "Omsorg"', 'label = "Vård"')
    await activate(stack)
    assert not talking.done()
    await waiting(stack, 1)
    assert (await talking).ended_by == "us"
    assert (await other).ended_by == "us"
    assert (await stack.last_call(ready, number="0701740657")).outcome == "answered"
    assert (await stack.last_call(ready, number="0701740658")).outcome == "answered"
    assert (await stack.call("0701740659", Wait(1.0), Press("1"), Wait(4.0), HangUp())).answered
    assert [ring.name for ring in guide.rings] == ["Omsorg 0701740657", "Skola 0701740658", "Vård 0701740659"]


async def test_who_waits_about_a_topic_that_is_no_more_stays_a_caller_of_the_guides(
    stack: Stack, ready: float, busy_guide: Phone, file: Path
) -> None:
    """At the limit of 26 s the caller is asked, and goes back into the queue."""
    call = asyncio.create_task(stack.call("0701740694", Wait(1.0), Press("3"), Wait(45.0), HangUp()))
    await waiting(stack, 1)
    edit(file, '\n3 = { topic = "education" }', "")
    edit(file, '\neducation = { title = "Skola', '\n# was { title = "Skola')
    await by_http(stack)
    assert (await call).ended_by == "us"
    row = await stack.last_call(ready)
    assert (row.outcome, row.topic) == ("abandoned", "guide")


async def test_a_bad_file_is_refused_with_every_problem_and_changes_nothing(stack: Stack, ready: float, guide: Phone, file: Path) -> None:
    edit(file, 'label = "Omsorg"', 'label = "Vård"')
    edit(file, "[queues.guides]", "[queues.gides]")
    status, refused = await ask(stack, *ACTIVATE)
    assert (status, refused["error"]) == (422, "municipality_refused")
    assert {"topics.care.queue", "queues.gides"} <= {one["key"] for one in refused["problems"]}
    assert all(one["file"].endswith("lekeberg.toml") and one["reason"] and one["remedy"] for one in refused["problems"])
    await in_force(stack, False)
    said = await stack.run(".venv/bin/ivr", "activate", "lekeberg")
    assert "topics.care.queue" in said
    assert "Nothing was changed" in said
    assert (await stack.call("0701740695", Wait(1.0), Press("1"), Wait(4.0), HangUp())).answered
    assert [ring.name for ring in guide.rings] == ["Omsorg 0701740695"]
    edit(file, "[queues.gides]", "[queues.guides]")
    assert "is served from its edited file" in await stack.run(".venv/bin/ivr", "activate", "lekeberg")
    await in_force(stack, True)


async def test_a_way_on_which_a_call_would_end_nowhere_is_refused_too(stack: Stack, ready: float, file: Path) -> None:
    edit(file, 'greeting = "greeting-fault-report"', 'greeting = "not-recorded"')
    status, refused = await ask(stack, *ACTIVATE)
    assert status == 422
    assert any("plays 'kc/not-recorded', which does not exist" in one["reason"] for one in refused["problems"])


async def test_a_restart_with_a_bad_file_serves_the_last_activated_one_and_says_so(
    stack: Stack, ready: float, guide: Phone, file: Path
) -> None:
    edit(file, 'label = "Omsorg"', 'label = "Vård"')
    await by_http(stack)
    edit(file, 'label = "Vård"', 'label = "Värre')
    async with killed(stack):
        pass
    await in_force(stack, False)
    assert (await stack.call("0701740696", Wait(1.0), Press("1"), Wait(4.0), HangUp())).answered
    assert [ring.name for ring in guide.rings] == ["Vård 0701740696"]
