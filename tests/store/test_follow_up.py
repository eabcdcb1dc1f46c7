"""The follow-up on a real store: each is done once, whoever looks and whatever stops in between; nothing ends by it."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from redis.asyncio import Redis

from callbacks import keys
from callbacks.follow_up import FollowUp
from callbacks.store import Act, CallbackStore
from tests.orders import BUILDING, SOCIAL, Clock, acts, lekeberg, local, ordered

MUNICIPALITIES = {"lekeberg": lekeberg()}


def following(store: CallbackStore, clock: Clock) -> FollowUp:
    return FollowUp(store, MUNICIPALITIES, clock, lambda: True)


async def test_each_follow_up_is_done_at_its_moment_and_not_before(redis: Redis) -> None:
    store, clock = CallbackStore(redis), Clock("2026-11-24 08:00")
    asked = await ordered(store, "2026-11-24 08:00")
    look = following(store, clock)
    for at, told in (
        ("11-24 11:29", []), ("11-24 11:30", ["reminded"]), ("11-24 12:00", ["reminded", "overdue"]),
        ("11-26 16:29", ["reminded", "overdue"]), ("11-26 16:30", ["reminded", "overdue", "limit_passed"]),
        ("12-24 12:00", ["reminded", "overdue", "limit_passed"]),
    ):  # fmt: skip
        clock.set(f"2026-{at}")
        await look.go()
        assert await acts(store, asked) == ["registered", *told], at
    assert (await store.find("lekeberg", asked.id)).state == "waiting"  # type: ignore[union-attr]


async def test_what_was_missed_over_easter_is_made_up_for_at_once_in_order(redis: Redis) -> None:
    store, clock = CallbackStore(redis), Clock("2026-04-09 08:00")
    asked = await ordered(store, "2026-04-02 11:00", owner=BUILDING)
    await following(store, clock).go()
    assert await acts(store, asked) == ["registered", "reminded", "lapsed", "limit_passed"]


async def test_two_controllers_do_it_once(redis: Redis) -> None:
    store, clock = CallbackStore(redis), Clock("2026-11-24 12:00")
    asked = [await ordered(store, "2026-11-24 08:00", number=f"+467017406{n}") for n in range(10, 30)]
    await asyncio.gather(*(following(CallbackStore(redis), clock).go() for _ in range(4)))
    for one in asked:
        assert await acts(store, one) == ["registered", "reminded", "overdue"]


async def test_what_somebody_has_done_between_two_reads_is_not_gone_on_from(redis: Redis) -> None:
    store, clock = CallbackStore(redis), Clock("2026-11-24 11:30")
    asked = await ordered(store, "2026-11-24 08:00")
    await following(store, clock).go()
    await redis.zadd(keys.follow_up("lekeberg"), {asked.id: 0})  # as it was read before
    await following(store, clock).go()
    assert await acts(store, asked) == ["registered", "reminded"]


async def test_a_late_owners_request_stands_in_the_guides_pool_too_by_its_order(redis: Redis) -> None:
    store, clock = CallbackStore(redis), Clock("2026-11-25 08:00")
    asked = await ordered(store, "2026-11-24 08:00", owner=BUILDING)
    assert await store.listed("lekeberg", ["pool"]) == []
    await following(store, clock).go()
    (found,) = await store.listed("lekeberg", ["pool"])
    assert (found.id, found.lapsed, found.place) == (asked.id, True, asked.created_at)
    assert await store.listed("lekeberg", [f"owner/{BUILDING}"]) == [found]


async def test_a_late_protected_request_stands_before_those_with_the_duty_and_not_in_the_pool(redis: Redis) -> None:
    store, clock = CallbackStore(redis), Clock("2026-11-25 08:00")
    await ordered(store, "2026-11-24 08:00", topic="social")
    await following(store, clock).go()
    (found,) = await store.listed("lekeberg", ["protected"])
    assert (found.lapsed, found.owner) == (True, SOCIAL)
    assert await store.listed("lekeberg", ["pool"]) == []


async def test_what_a_person_has_taken_and_let_lie_goes_back_and_is_counted(redis: Redis) -> None:
    store, clock = CallbackStore(redis), Clock("2026-11-24 09:00")
    asked = await ordered(store, "2026-11-24 08:00")
    taken = Act(local("2026-11-24 08:30"), by="1001")
    await store.take("lekeberg", asked.id, "1001", taken, local("2026-11-24 09:30"))
    await following(store, clock).go()
    assert (await store.find("lekeberg", asked.id)).held_by == "1001"  # type: ignore[union-attr]
    clock.set("2026-11-24 09:30")
    await asyncio.gather(*(following(CallbackStore(redis), clock).go() for _ in range(3)))
    found = await store.find("lekeberg", asked.id)
    assert found is not None
    assert (found.state, found.held_by, found.lease_until, found.due) == ("waiting", "", None, asked.due)
    assert await acts(store, asked) == ["registered", "taken", "lease_expired"]
    assert (await store.figures("lekeberg", ["guides"], clock())).totals["callback_lease_expired|guides"] == 1


async def test_a_lease_that_was_renewed_meanwhile_is_not_ended(redis: Redis) -> None:
    store = CallbackStore(redis)
    asked = await ordered(store, "2026-11-24 08:00")
    now = local("2026-11-24 09:00")
    await store.take("lekeberg", asked.id, "1001", Act(now, by="1001"), now)
    (seen,) = await store.leases_over("lekeberg", now)
    await store.take("lekeberg", asked.id, "1001", Act(now, by="1001"), now + timedelta(hours=1))
    assert (await store.expire(seen, Act(now))).word == "illegal"


async def test_an_order_that_has_to_be_kept_sooner_is_followed_up_sooner(redis: Redis) -> None:
    store, clock = CallbackStore(redis), Clock("2026-11-24 11:30")
    asked = await ordered(store, "2026-11-24 10:00")  # due 15:00
    await ordered(store, "2026-11-24 08:00")  # the same matter, due 12:00
    await following(store, clock).go()
    assert (await acts(store, asked))[-1] == "reminded"


async def test_more_than_a_page_is_followed_up_in_one_look(redis: Redis) -> None:
    store, clock = CallbackStore(redis), Clock("2026-11-27 08:00")
    for n in range(120):
        await ordered(store, "2026-11-24 08:00", number=f"+4670174{n:04}")
    await following(store, clock).go()
    assert await store.to_follow_up("lekeberg", clock()) == []


async def test_a_controller_that_stands_by_does_nothing(redis: Redis) -> None:
    store = CallbackStore(redis)
    asked = await ordered(store, "2026-11-24 08:00")
    looks = asyncio.Event()

    def acting() -> bool:
        looks.set()
        return False

    running = asyncio.create_task(FollowUp(store, MUNICIPALITIES, Clock("2026-11-24 12:00"), acting).run())
    async with asyncio.timeout(5):
        await looks.wait()
    running.cancel()
    assert await acts(store, asked) == ["registered"]
