"""Schedule and records are checked against each other: what is right is left alone, what is wrong is mended and counted."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest
from redis.asyncio import Redis

from callbacks import keys
from callbacks.audit import EVERY, STEP, IndexAudit, audit
from callbacks.model import Request
from callbacks.store import CallbackStore
from tests.orders import lekeberg
from tests.store.promises import LISTS, NOW, act, at, claim, order, promise, taken, talking

HERE = "lekeberg"
Break = Callable[[Redis, Request], Awaitable[object]]


async def busy_day(store: CallbackStore) -> Request:
    """One request in each kind of place; gives the one that is to be dialled first."""
    await talking(store)
    await taken(store, request=promise("+46701740606"))
    await order(store, promise("+46701740607", not_before=at(30)))
    await order(store, promise("+46701740608", owner="1201").model_copy(update={"follow_up_at": at(60)}))
    await store.close("lekeberg", (await order(store, promise("+46701740609"))).standing.id, "cancelled", act())
    return (await order(store, promise("+46701740610", place=at(-9)))).standing


@pytest.mark.parametrize("minutes", [0, 45])
async def test_what_is_right_is_left_alone(each_redis: Redis, minutes: int) -> None:
    await busy_day(CallbackStore(each_redis))
    assert await audit(each_redis, "lekeberg", at(minutes)) == 0


BREAKS: dict[str, Break] = {
    "due": lambda redis, one: redis.zrem(keys.due(HERE, "pool"), one.id),
    "due at another time": lambda redis, one: redis.zadd(keys.due(HERE, "pool"), {one.id: 1}),
    "ready": lambda redis, one: redis.zrem(keys.ready(HERE, "guides"), one.id),
    "also held": lambda redis, one: redis.zadd(keys.held(HERE), {one.id: at(999).timestamp()}),
    "of number": lambda redis, one: redis.delete(keys.of_number(HERE, one.number)),
    "open": lambda redis, one: redis.zrem(keys.open_in(HERE, "guides", "waiting"), one.id),
    "open in another state": lambda redis, one: redis.zadd(keys.open_in(HERE, "guides", "talking"), {one.id: 1}),
    "a lease of nobody": lambda redis, one: redis.zadd(keys.leases(HERE), {one.id: 1}),
    "a follow-up of nothing": lambda redis, one: redis.zadd(keys.follow_up(HERE), {one.id: 1}),
    "closed though open": lambda redis, one: redis.zadd(keys.closed(HERE), {one.id: 1}),
    "a record that is gone": lambda redis, one: redis.zadd(keys.ready(HERE, "guides"), {"gone": 1}),
    "an attempt that is over": lambda redis, one: redis.hset(keys.live(HERE), one.number, one.id),
    "an attempt of a record that is gone": lambda redis, one: redis.hset(keys.live(HERE), "+46701740699", "gone"),
    "an attempt forgotten": lambda redis, one: redis.hdel(keys.live(HERE), "+46701740605"),
}  # fmt: skip


@pytest.mark.parametrize("name", BREAKS)
async def test_what_is_wrong_is_mended_and_counted(redis: Redis, name: str) -> None:
    store = CallbackStore(redis)
    one = await busy_day(store)
    before = await store.listed("lekeberg", LISTS), await store.under_way("lekeberg")
    await BREAKS[name](redis, one)
    assert await audit(redis, "lekeberg", NOW) >= 1
    assert await audit(redis, "lekeberg", NOW) == 0
    assert (await store.listed("lekeberg", LISTS), await store.under_way("lekeberg")) == before
    assert (await store.figures("lekeberg", ("guides",), NOW)).totals["reconcile_repairs|callback_index"] >= 1
    assert (await claim(store)).standing.id == one.id


async def test_a_lost_schedule_is_made_anew_from_the_records(redis: Redis) -> None:
    store = CallbackStore(redis)
    stored = [(await order(store, promise(f"+4670174{number:04}", due=at(number)))).standing for number in range(2 * STEP + 5)]
    for key in await redis.keys("*callbacks:*"):
        await redis.delete(key)
    await audit(redis, "lekeberg", NOW)
    assert await store.listed("lekeberg", LISTS, 1000) == stored
    assert await audit(redis, "lekeberg", NOW) == 0


async def test_it_goes_through_everything_every_ten_minutes(redis: Redis) -> None:
    one, moments = await busy_day(CallbackStore(redis)), [NOW, NOW + EVERY * 0.99, NOW + EVERY]
    rounds = IndexAudit(redis, {HERE: lekeberg()}, lambda: moments.pop(0), lambda: True)
    stands = []
    for _ in range(3):
        await redis.zrem(keys.due(HERE, "pool"), one.id)
        await rounds.go()
        stands.append(await redis.zscore(keys.due(HERE, "pool"), one.id) is not None)
    assert stands == [True, False, True]
