"""What was promised survives the server's end; a store that could lose a promise, or is away, full or slow, takes none."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
from redis.asyncio import Redis

from callbacks import keys
from callbacks.store import CallbackStore, NotDurable, StoreAway
from tests.redis_server import Kind, RedisServer, free_port, redis_server
from tests.store.conftest import KINDS
from tests.store.memory_store import MemoryStore
from tests.store.promises import LISTS, NOW, act, again, at, claim, dialled, order, promise, taken


async def test_a_promise_stands_in_the_append_only_file(each_redis: Redis) -> None:
    store = CallbackStore(each_redis)
    standing = await order(store, promise())
    await each_redis.execute_command("DEBUG", "LOADAOF")  # type: ignore[no-untyped-call]  # forgets what it has and reads the file again
    assert await store.listed("lekeberg", ("queue/guides",)) == [standing.request]


@pytest.mark.parametrize("kind", KINDS)
async def test_what_was_answered_survives_a_power_cut(kind: Kind) -> None:
    server = RedisServer(kind)
    try:
        async with connected(server) as client:
            store = CallbackStore(client)
            one, other = await dialled(store), await taken(store, request=promise("+46701740606"))
            server.kill()
            with pytest.raises(StoreAway):
                await store.find("lekeberg", one.id)
        server.start()
        async with connected(server) as client:
            store = CallbackStore(client)
            assert await store.under_way("lekeberg") == [one]
            assert await store.find("lekeberg", other.id) == other
            assert (await store.advance(one, act(), "accepted")).word == "ok"
    finally:
        server.remove()


@asynccontextmanager
async def connected(server: RedisServer) -> AsyncIterator[Redis]:
    client = server.client()
    yield client
    await client.aclose()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("settings", "reason"), [
    ({"appendonly": "no"}, "Redis has appendonly no, it must be yes"),
    ({"appendfsync": "everysec"}, "Redis has appendfsync everysec, it must be always"),
    ({"maxmemory_policy": "allkeys-lru"}, "Redis has maxmemory-policy allkeys-lru, it must be noeviction"),
])  # fmt: skip
async def test_a_store_that_could_lose_a_promise_takes_none(kind: Kind, settings: dict[str, str], reason: str) -> None:
    async with redis_server(kind, **settings) as redis:
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


async def test_a_full_store_takes_none_and_still_ends_what_is_under_way(each_redis: Redis) -> None:
    store = CallbackStore(each_redis)
    one = await dialled(store)
    await each_redis.config_set("maxmemory", "1")
    try:
        with pytest.raises(StoreAway, match="maxmemory"):
            await order(store, promise("+46701740606"))
        assert await store.of_number("lekeberg", "+46701740606") == []
        with pytest.raises(StoreAway, match="maxmemory"):
            await store.close("lekeberg", one.id, "cancelled", act())
        assert await store.find("lekeberg", one.id) == one  # all of it or nothing
        assert (await store.settle(one, one.attempt, act(), "no_answer", again(10))).standing.state == "waiting"
    finally:
        await each_redis.config_set("maxmemory", "0")
    assert (await order(store, promise("+46701740606"))).word == "stored"


async def test_a_store_that_only_reads_takes_none(each_redis: Redis) -> None:
    store = CallbackStore(each_redis)
    await each_redis.execute_command("REPLICAOF", "127.0.0.1", "1")  # type: ignore[no-untyped-call]
    try:
        with pytest.raises(StoreAway):
            await order(store, promise())
    finally:
        await each_redis.execute_command("REPLICAOF", "NO", "ONE")  # type: ignore[no-untyped-call]
    assert await store.listed("lekeberg", LISTS) == []


async def test_a_store_too_slow_to_answer_is_away() -> None:
    async with redis_server() as redis:
        store = CallbackStore(redis)
        await order(store, promise())
        await redis.execute_command("CLIENT", "PAUSE", "60000", "ALL")  # type: ignore[no-untyped-call]
        with pytest.raises(StoreAway):
            await store.take("lekeberg", "any", "1001", act(), at(60))


async def test_the_fake_fails_by_a_switch() -> None:
    store = MemoryStore()
    store.lossy = True
    assert not (await store.durable()).ok
    with pytest.raises(NotDurable):
        await order(store, promise())
    store.away = True
    with pytest.raises(StoreAway):
        await claim(store)
    with pytest.raises(StoreAway):
        await store.listed("lekeberg", LISTS)


async def test_the_stream_of_changes_tells_each_one_in_order_without_a_number(each_redis: Redis) -> None:
    store = CallbackStore(each_redis)
    before = await store.last_change("lekeberg")
    one = await taken(store)
    await store.close("lekeberg", one.id, "solved", act())
    told = [change async for change in store.changes("lekeberg", before, timedelta(milliseconds=1))]
    assert [(change.id, change.entry.act) for change in told] == [(one.id, what) for what in ("registered", "taken", "closed")]
    assert told[0].lists == ("queue/guides", "pool")
    assert [change.entry for change in told] == await store.history("lekeberg", one.id)
    assert [change async for change in store.changes("lekeberg", told[1].position, timedelta(milliseconds=1))] == told[2:]
    assert await store.last_change("lekeberg") == told[-1].position
    assert "70174" not in str(await each_redis.xrange(keys.changes("lekeberg")))


@pytest.mark.parametrize("kind", KINDS)
async def test_all_of_a_municipality_lies_in_one_slot_of_a_cluster(kind: Kind) -> None:
    async with redis_server(kind, cluster_enabled="yes", cluster_port=str(free_port())) as redis:
        await redis.execute_command("CLUSTER", "ADDSLOTSRANGE", "0", "16383")  # type: ignore[no-untyped-call]
        await _served(redis)
        store = CallbackStore(redis)
        one = await dialled(store)
        await store.close("lekeberg", one.id, "called_in", act())
        assert await store.under_way("lekeberg") == [await store.find("lekeberg", one.id)]
        assert (await store.figures("lekeberg", ("guides",), NOW)).open["guides", "dialling"] == 1
        slots = {await redis.execute_command("CLUSTER", "KEYSLOT", key) for key in await redis.keys("*")}  # type: ignore[no-untyped-call]
        assert len(slots) == 1


async def _served(redis: Redis) -> None:
    async with asyncio.timeout(10):
        while "cluster_state:ok" not in str(await redis.execute_command("CLUSTER", "INFO")):  # type: ignore[no-untyped-call]
            pass
