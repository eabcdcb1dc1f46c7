"""A promise is stored once, merged with its like, and refused by a store that could lose it."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta

import pytest
from redis.asyncio import Redis

from callbacks.model import Request
from callbacks.store import Act, Answer, CallbackStore, NotDurable, StoreAway
from routing.callback_rules import CallbackRules
from tests.redis_server import redis_server

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)


def promise(number: str = "+46701740605", topic: str = "care", call_id: str = "", due: datetime = NOW, queue: str = "guides") -> Request:
    return Request(
        id=uuid.uuid4().hex, municipality="lekeberg", call_id=call_id or uuid.uuid4().hex, number=number, topic=topic, queue=queue,
        administration="social", source="queue_key", protected=False, not_before=NOW, place=NOW, due=due,
        limit=NOW + timedelta(days=2), created_at=NOW,
    )  # fmt: skip


async def order(store: CallbackStore, request: Request) -> Answer:
    return await store.register(request, Act(NOW, operation=f"call-{request.call_id}"), CallbackRules())


async def test_a_registered_request_is_listed_by_its_due_time(redis: Redis) -> None:
    store = CallbackStore(redis)
    later = await order(store, promise(due=NOW + timedelta(hours=2)))
    sooner = await order(store, promise("+46701740606", due=NOW + timedelta(hours=1), queue="specialists"))
    assert await store.listed("lekeberg", ("queue/guides", "queue/specialists")) == [sooner.request, later.request]
    assert await store.listed("lekeberg", ("queue/guides",)) == [later.request]
    assert sooner.word == "stored"


async def test_the_same_call_registers_once(redis: Redis) -> None:
    store = CallbackStore(redis)
    first = await order(store, promise(call_id="1.1"))
    again = await order(store, promise("+46701740606", "education", call_id="1.1"))
    assert (again.word, again.request) == ("stored", first.request)  # the same answer
    assert len(await store.listed("lekeberg", ("queue/guides",))) == 1


async def test_the_same_number_and_topic_is_one_promise_and_another_topic_a_second_one(redis: Redis) -> None:
    store = CallbackStore(redis)
    first = await order(store, promise())
    again = await order(store, promise())
    assert (again.word, again.standing.id) == ("merged", first.standing.id)
    assert (await order(store, promise(topic="education"))).request != first.request


async def test_the_figures_count_requests_once_and_tell_what_is_overdue(redis: Redis) -> None:
    store = CallbackStore(redis)
    for number, due in (("+46701740605", NOW - timedelta(minutes=1)), ("+46701740606", NOW + timedelta(minutes=1))):
        await order(store, promise(number, due=due))
        await order(store, promise(number, due=due))
    figures = await store.figures("lekeberg", ("guides",), NOW)
    assert figures.totals == {"callbacks_requested|guides|queue_key": 2}
    assert figures.open == {("guides", "waiting"): 2}
    assert figures.overdue == {"guides": 1}
    assert figures.oldest_due == {"guides": (NOW - timedelta(minutes=1)).timestamp()}


async def test_a_promise_stands_in_the_append_only_file(redis: Redis) -> None:
    store = CallbackStore(redis)
    standing = await order(store, promise())
    await redis.execute_command("DEBUG", "LOADAOF")  # type: ignore[no-untyped-call]  # forgets what it has and reads the file again
    assert await store.listed("lekeberg", ("queue/guides",)) == [standing.request]


@pytest.mark.parametrize(("settings", "reason"), [
    ({"appendonly": "no"}, "Redis has appendonly no, it must be yes"),
    ({"appendfsync": "everysec"}, "Redis has appendfsync everysec, it must be always"),
    ({"maxmemory_policy": "allkeys-lru"}, "Redis has maxmemory-policy allkeys-lru, it must be noeviction"),
])  # fmt: skip
async def test_a_store_that_could_lose_a_promise_takes_none(settings: dict[str, str], reason: str) -> None:
    async with redis_server(**settings) as redis:
        store = CallbackStore(redis)
        with pytest.raises(NotDurable, match=reason):
            await order(store, promise())
        assert await store.listed("lekeberg", ("queue/guides",)) == []


async def test_a_store_that_is_away_takes_none_and_says_so() -> None:
    async with redis_server() as redis:
        store = CallbackStore(redis)
        await redis.shutdown(nosave=True)
        assert "does not answer" in (await store.durable()).reason
        with pytest.raises(NotDurable):
            await order(store, promise())
        with pytest.raises(StoreAway):
            await store.listed("lekeberg", ("queue/guides",))
