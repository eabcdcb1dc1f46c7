"""Numbers and rows are erased in time, once, and nothing that is still open."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from pathlib import Path

from redis.asyncio import Redis

from callbacks.model import Message, Request
from callbacks.retention import Retention
from callbacks.store import Act, CallbackStore
from tests.orders import Clock, acts, lekeberg, ordered, until
from tests.redis_server import redis_server

MUNICIPALITIES = {"lekeberg": lekeberg()}
NUMBER = "+46701740605"


def sweeping(store: CallbackStore, clock: Clock) -> Retention:
    return Retention(store, MUNICIPALITIES, clock, lambda: True)


async def closed(store: CallbackStore, number: str = NUMBER) -> Request:
    asked = await ordered(store, "2026-11-02 08:00", number=number)
    return (await store.close("lekeberg", asked.id, "cancelled", Act(asked.created_at), "*")).standing


async def test_the_number_goes_after_a_fortnight_and_the_row_after_ninety_days(redis: Redis) -> None:
    store, clock = CallbackStore(redis), Clock("2026-11-02 08:00")
    done = await closed(store)
    for days, number, is_there in ((13.9, NUMBER, True), (14, "", True), (89.9, "", True), (90, "", False)):
        clock.at = done.created_at + timedelta(days=days)
        await sweeping(store, clock).go()
        found = await store.find("lekeberg", done.id)
        assert (found.number if found else "", found is not None) == (number, is_there), days
        assert found is None or (found.message == Message()) is not bool(number)
    assert await acts(store, done) == []
    assert await redis.keys("*callback:*") == []


async def test_an_erased_number_stands_nowhere_on_the_disk_either() -> None:
    async with redis_server(aof_use_rdb_preamble="no") as redis:  # so that a rewritten file is text, too
        store, clock = CallbackStore(redis), Clock("2026-11-02 08:00")
        done = await closed(store)
        folder = Path(str((await redis.config_get("dir"))["dir"]))
        assert NUMBER.encode() in written(folder)
        clock.at = done.created_at + timedelta(days=14)
        await sweeping(store, clock).go()

        async def is_gone() -> bool:  # the file is rewritten in the background
            return NUMBER.encode() not in written(folder)

        await until(is_gone)
        assert await acts(store, done) == ["registered", "closed", "erased"]
        assert done.id.encode() in written(folder)


def written(folder: Path) -> bytes:
    """Everything in the files of a store; one that is just being removed counts as gone."""
    found = b""
    for file in folder.rglob("*"):
        with suppress(FileNotFoundError, IsADirectoryError):
            found += file.read_bytes()
    return found


async def test_what_is_open_is_kept_however_old(redis: Redis) -> None:
    store, clock = CallbackStore(redis), Clock("2027-11-02 08:00")
    asked = await ordered(store, "2026-11-02 08:00")
    await sweeping(store, clock).go()
    found = await store.find("lekeberg", asked.id)
    assert found is not None
    assert found.number == NUMBER


async def test_what_is_erased_is_not_looked_at_again_and_counts_once(redis: Redis) -> None:
    store, clock = CallbackStore(redis), Clock("2026-11-20 08:00")
    for n in range(120):  # more than a page
        await closed(store, f"+4670174{n:04}")
    await sweeping(store, clock).go()
    await sweeping(store, clock).go()
    assert await store.closed_before("lekeberg", clock(), numbered=True) == []
    figures = await store.figures("lekeberg", ["guides"], clock())
    assert figures.totals["retention_deleted|number"] == 120
    assert figures.retention == clock().timestamp()
    clock.set("2027-03-01 08:00")
    await sweeping(store, clock).go()
    assert (await store.figures("lekeberg", ["guides"], clock())).totals["retention_deleted|row"] == 120


async def test_two_controllers_erase_a_number_once(redis: Redis) -> None:
    store, clock = CallbackStore(redis), Clock("2026-11-20 08:00")
    done = await closed(store)
    words = [(await store.erase(done, Act(clock()), whole=False)).word for _ in range(2)]
    assert words == ["erased", "done"]


async def test_it_goes_through_everything_once_a_day(redis: Redis) -> None:
    store, clock = CallbackStore(redis), Clock("2026-11-20 08:00")
    sweep = sweeping(store, clock)
    await sweep.go()
    clock.set("2026-11-21 07:59")
    await sweep.go()
    assert (await store.figures("lekeberg", [], clock())).retention == Clock("2026-11-20 08:00")().timestamp()
    clock.set("2026-11-21 08:00")
    await sweep.go()
    assert (await store.figures("lekeberg", [], clock())).retention == clock().timestamp()
