"""The loops as the running controller wires them, by its settings: over a real store, a real mail server and a real receiver."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator

import httpx
import pytest
from fastapi import FastAPI
from redis.asyncio import Redis

from callbacks import keys
from callbacks.links_api import router
from callbacks.notices.memory import Memory
from callbacks.store import CallbackStore
from ivr.promises import Promises
from ivr.settings import Settings
from tests.mail_server import mail_server
from tests.orders import BUILDING, Clock, acts, lekeberg, ordered, until
from tests.security.client import SECRET
from tests.store.test_webhook import Receiver, receiving


@pytest.fixture
def clock() -> Iterator[Clock]:
    """A Tuesday, when a handler's request of Monday is overdue."""
    yield Clock("2026-11-24 10:00")


async def test_a_late_request_is_followed_up_told_by_mail_and_webhook_and_answered_by_a_link(
    redis: Redis, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with mail_server() as box, receiving(Receiver()) as receiver:
        for name, value in {
            "AMI_SECRET": SECRET, "REDIS_PASSWORD": SECRET, "PHONE_SEED": SECRET, "WEB_ADDRESS": "http://kontaktcenter/",
            "MAIL__HOST": "127.0.0.1", "MAIL__PORT": str(box.port), "MAIL__TLS": "none", "MAIL__FROM": "kontaktcenter@example.com",
            "WEBHOOK__URL": f"http://127.0.0.1:{receiver.port}/", "WEBHOOK__SECRET": SECRET,
        }.items():  # fmt: skip
            monkeypatch.setenv(f"KC_{name}", value)
        store = CallbackStore(redis)
        await Memory(redis).tell("lekeberg", "0")
        asked = await ordered(store, "2026-11-23 09:00", owner=BUILDING)
        promises = Promises(Settings(_env_file=None), redis, store, {"lekeberg": lekeberg()}, clock, lambda: True)
        running = asyncio.create_task(promises.run())

        async def all_told() -> bool:
            return bool(box.taken and len(receiver.taken) == 3 and (await store.figures("lekeberg", [], clock())).retention)

        await until(all_told)
        running.cancel()
        (letter,) = box.to("bygglov@example.com")
        body = letter.get_body(("plain",))
        assert body is not None
        assert (await acts(store, asked))[:3] == ["registered", "reminded", "lapsed"]
        app = FastAPI()
        app.include_router(router(promises.answers))
        found = re.search(r"Klart: (\S+)", body.get_content())
        assert found is not None
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app)) as web:
            assert (await web.post(found[1])).status_code == 200
        assert (await acts(store, asked))[3:] == ["taken", "closed"]


async def test_from_the_start_on_the_schedule_is_checked_against_the_records(redis: Redis, clock: Clock) -> None:
    settings = Settings(_env_file=None, ami_secret=SECRET, redis_password=SECRET, phone_seed=SECRET)
    store = CallbackStore(redis)
    asked = await ordered(store, "2026-11-24 09:00")
    await redis.zrem(keys.due("lekeberg", "pool"), asked.id)
    running = asyncio.create_task(Promises(settings, redis, store, {"lekeberg": lekeberg()}, clock, lambda: True).run())

    async def mended() -> bool:
        return await store.listed("lekeberg", ["pool"]) == [asked]

    await until(mended)
    running.cancel()
    assert (await store.figures("lekeberg", [], clock())).totals["reconcile_repairs|callback_index"] == 1


async def test_without_settings_no_mail_is_sent_and_nobody_is_told(redis: Redis, clock: Clock) -> None:
    settings = Settings(_env_file=None, ami_secret=SECRET, redis_password=SECRET, phone_seed=SECRET)
    store = CallbackStore(redis)
    asked = await ordered(store, "2026-11-23 09:00", owner=BUILDING)
    running = asyncio.create_task(Promises(settings, redis, store, {"lekeberg": lekeberg()}, clock, lambda: True).run())

    async def lapsed() -> bool:
        return (await acts(store, asked))[-1] == "lapsed"

    await until(lapsed)
    running.cancel()
    assert await redis.keys("*digest*") == await redis.keys("*webhook*") == []
