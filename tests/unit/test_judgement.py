"""A judgement is computed in a process of its own, and one that ends without a verdict changes nothing."""

from __future__ import annotations

import asyncio
import os
import resource
import signal
from datetime import UTC, datetime
from pathlib import Path

import pytest

from access.refusal import Refused
from ivr.activation import Activation, kept
from ivr.ami import Ami
from ivr.judgement import NotJudged, judge, judged
from ivr.settings import Settings
from routing.file import load
from routing.municipality import Municipality, Queue

FOLDER = Path("municipalities")
MOMENT = datetime(2026, 3, 2, tzinfo=UTC)
GOOD = load(FOLDER / "lekeberg.toml")


def to_nobody() -> Municipality:
    care = GOOD.topics["care"].model_copy(update={"queue": "empty"})
    return GOOD.model_copy(update={"topics": GOOD.topics | {"care": care}, "queues": GOOD.queues | {"empty": Queue()}})


def process() -> int | None:
    """The id of the process that judges, once it yields to all others; None while there is none."""
    found = Path(f"/proc/self/task/{os.getpid()}/children").read_text(encoding="ascii").split()
    return next((int(one) for one in found if os.getpriority(os.PRIO_PROCESS, int(one)) == 10), None)


async def its_process() -> int:
    async with asyncio.timeout(10):
        while True:
            if found := process():
                return found
            await asyncio.sleep(0.001)


async def test_what_is_found_is_what_the_judgement_says() -> None:
    assert await judged(GOOD, MOMENT, {}) == ()
    assert await judged(to_nobody(), MOMENT, {}) == judge(to_nobody(), MOMENT, {}) != ()


async def test_the_computing_is_done_elsewhere_and_yields_to_everything_else() -> None:
    before, elsewhere = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    verdict = asyncio.create_task(judged(GOOD, MOMENT, {}))
    await its_process()
    await verdict
    here = resource.getrusage(resource.RUSAGE_SELF).ru_utime - before.ru_utime
    assert here < (resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - elsewhere.ru_utime) / 4


async def test_a_killed_judgement_is_no_verdict() -> None:
    verdict = asyncio.create_task(judged(GOOD, MOMENT, {}))
    os.kill(await its_process(), signal.SIGKILL)
    with pytest.raises(NotJudged, match="was ended by SIGKILL"):
        await verdict


async def test_who_no_longer_waits_for_it_leaves_no_process_behind() -> None:
    verdict = asyncio.create_task(judged(GOOD, MOMENT, {}))
    await its_process()
    verdict.cancel()
    await asyncio.wait([verdict])
    assert process() is None


async def test_a_file_that_could_not_be_judged_is_not_activated(tmp_path: Path) -> None:
    secret = "x" * 20
    settings = Settings(
        _env_file=None, ami_secret=secret, redis_password=secret, phone_seed=secret, rendered=tmp_path, municipality_folder=FOLDER
    )
    taken: list[Municipality] = []
    activation = Activation(settings, lambda: MOMENT, lambda: Ami.__new__(Ami), taken.append)
    asked = asyncio.create_task(activation.activate("lekeberg", by="a test"))
    os.kill(await its_process(), signal.SIGKILL)
    with pytest.raises(Refused, match="could not be judged") as refused:
        await asked
    assert refused.value.error == "not_judged"
    assert taken == []
    assert not kept(settings, "lekeberg").exists()
    assert not activation.is_well
