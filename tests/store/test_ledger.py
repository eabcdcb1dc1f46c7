"""Who answered a number is known for a day, and only where that may be noted."""

from __future__ import annotations

import time

from redis.asyncio import Redis

from metrics.ledger import PREVIOUS_GUIDE_SECONDS, Ledger
from metrics.story import CallRecord

NUMBER = "0701740605"


def call(name: str, answered_by: str, number: str = NUMBER, ended_ago: float = 0.0) -> CallRecord:
    ended = time.time() - ended_ago
    return CallRecord(
        call_id=name, municipality="lekeberg", line="main", started=ended - 60, ended=ended, outcome="answered", number=number,
        answered_by=answered_by,
    )  # fmt: skip


async def test_the_guide_of_the_latest_call_is_known(redis: Redis) -> None:
    ledger = Ledger(redis)
    await ledger.settle(call("one", "1001", ended_ago=60), remembers_guide=True)
    await ledger.settle(call("two", "1002"), remembers_guide=True)
    await ledger.settle(call("late", "1003", ended_ago=3600), remembers_guide=True)
    assert await ledger.previous_guide("lekeberg", NUMBER) == "1002"
    assert await ledger.previous_guide("orebro", NUMBER) == ""


async def test_a_call_that_nobody_answered_changes_nothing(redis: Redis) -> None:
    ledger = Ledger(redis)
    await ledger.settle(call("one", "1001", ended_ago=60), remembers_guide=True)
    await ledger.settle(call("two", ""), remembers_guide=True)
    assert await ledger.previous_guide("lekeberg", NUMBER) == "1001"


async def test_after_a_day_nothing_is_left_of_it(redis: Redis) -> None:
    ledger = Ledger(redis)
    await ledger.settle(call("old", "1001", ended_ago=PREVIOUS_GUIDE_SECONDS + 1), remembers_guide=True)
    await ledger.settle(call("new", "1001", number="0701740606"), remembers_guide=True)
    (key,) = [key async for key in redis.scan_iter("*previous*")]
    assert key.endswith("0701740606")
    assert PREVIOUS_GUIDE_SECONDS - 60 < await redis.ttl(key) <= PREVIOUS_GUIDE_SECONDS


async def test_where_it_may_not_be_noted_and_without_a_number_nothing_is(redis: Redis) -> None:
    ledger = Ledger(redis)
    await ledger.settle(call("protected", "1001"))
    await ledger.settle(call("withheld", "1001", number=""), remembers_guide=True)
    assert [key async for key in redis.scan_iter("*previous*")] == []
