"""A citizen who waits orders a callback: stored first, confirmed aloud after, and listed."""

from __future__ import annotations

import json

from callbacks.model import Request
from callbacks.store import CallbackStore
from simulation import HangUp, Phone, Press, Wait, WaitForBye
from tests.calls.stack import Stack

INTO_QUEUE = (Wait(1.0), Press("1"), Wait(3.0))
ORDER = (*INTO_QUEUE, Press("9"), Wait(1.5))
"""As far as the question which number we shall ring."""


async def requests(stack: Stack, number: str) -> list[Request]:
    async with stack.redis() as redis:
        return [one for one in await CallbackStore(redis).listed("lekeberg", ("queue/guides",), 1000) if one.number == number]


async def test_key_9_and_1_store_the_number_that_rings_and_list_it_masked(stack: Stack, ready: float, silent_guide: Phone) -> None:
    assert (await stack.call("0701740611", *ORDER, Press("1"), WaitForBye())).answered
    row = await stack.last_call(ready)
    (stored,) = await requests(stack, "+46701740611")
    assert (row.outcome, row.callback_id) == ("callback", stored.id)
    assert stored.place and (stored.topic, stored.source) == ("care", "queue_key")
    assert stored.place.timestamp() == float(int(row.started))
    listed = json.loads(stack.compose("exec", "-T", "controller", "ivr", "callbacks", "list", "--json"))
    assert stored.id in [one["id"] for one in listed]
    assert "+46701740611" not in json.dumps(listed)


async def test_another_number_is_keyed_read_back_and_stored(stack: Stack, ready: float, silent_guide: Phone) -> None:
    keyed = (Press("2"), Wait(1.5), Press("0701740614#"), Wait(4.0), Press("1"))
    assert (await stack.call("0701740615", *ORDER, *keyed, WaitForBye())).answered
    assert await requests(stack, "+46701740614")
    assert not await requests(stack, "+46701740615")


async def test_a_withheld_number_is_asked_for_and_read_back(stack: Stack, ready: float, silent_guide: Phone) -> None:
    keyed = (Press("0701740612#"), Wait(4.0), Press("1"))
    assert (await stack.call("", *ORDER, *keyed, WaitForBye())).answered
    row = await stack.last_call(ready)
    assert (row.outcome, row.number) == ("callback", "")
    assert await requests(stack, "+46701740612")


async def test_a_premium_number_is_refused_three_times_and_the_place_is_kept(stack: Stack, ready: float, silent_guide: Phone) -> None:
    premium = (Press("0900123456#"), Wait(2.0))
    assert (await stack.call("", *ORDER, *premium, *premium, *premium, Wait(2.0), HangUp())).answered
    row = await stack.last_call(ready)
    assert (row.outcome, row.queue, row.exits[0]) == ("abandoned", "guides", ("guides", "key"))
    assert not await requests(stack, "+46900123456")


async def test_the_offer_is_spoken_to_who_waits_and_9_in_the_midst_of_it_orders(stack: Stack, ready: float, busy_guide: Phone) -> None:
    """The offer comes after 12 s in this file."""
    assert (await stack.call("0701740631", Wait(1.0), Press("3"), Wait(14.5), Press("9"), Wait(1.5), Press("1"), WaitForBye())).answered
    assert (await stack.last_call(ready)).exits == (("guides", "announcement"),)
    (stored,) = await requests(stack, "+46701740631")
    assert stored.source == "queue_key"


async def test_nobody_answers_within_the_limit_and_9_at_the_offer_orders(stack: Stack, ready: float, busy_guide: Phone) -> None:
    """The limit is 26 s in this file; the first offer, at 12 s, is let pass."""
    assert (await stack.call("0701740616", Wait(1.0), Press("3"), Wait(30.0), Press("9"), Wait(1.5), Press("1"), WaitForBye())).answered
    row = await stack.last_call(ready)
    assert (row.outcome, row.exits) == ("callback", (("guides", "announcement"), ("guides", "limit")))
    (stored,) = await requests(stack, "+46701740616")
    assert stored.source == "queue_limit"


async def test_a_second_order_about_the_same_matter_is_merged_and_the_caller_keeps_waiting(
    stack: Stack, ready: float, silent_guide: Phone
) -> None:
    assert (await stack.call("0701740617", *ORDER, Press("1"), WaitForBye())).answered
    first = await stack.last_call(ready)
    assert (await stack.call("0701740617", *ORDER, Press("1"), Wait(13.0), HangUp())).answered
    second = await stack.last_call(first.started + 1)
    assert (second.outcome, second.callback_id) == ("callback", first.callback_id)
    assert len(await requests(stack, "+46701740617")) == 1


async def test_key_1_three_times_means_choice_1_and_orders_no_callback(stack: Stack, ready: float, guide: Phone) -> None:
    assert (await stack.call("0701740613", Wait(1.0), Press("111"), Wait(5.0), HangUp())).answered
    assert (await stack.last_call(ready)).outcome == "answered"
    assert not await requests(stack, "+46701740613")


async def test_a_9_in_the_first_moment_of_the_queue_orders_nothing(stack: Stack, ready: float, silent_guide: Phone) -> None:
    assert (await stack.call("0701740618", Wait(1.0), Press("19"), Wait(12.0), HangUp())).answered
    row = await stack.last_call(ready)
    assert (row.outcome, row.exits) == ("abandoned", ())


async def test_hanging_up_in_the_offer_is_an_abandoned_call(stack: Stack, ready: float, silent_guide: Phone) -> None:
    assert (await stack.call("0701740619", *ORDER, Wait(6.0), HangUp())).answered
    row = await stack.last_call(ready)
    assert (row.outcome, row.exits) == ("abandoned", (("guides", "key"),))
    assert not await requests(stack, "+46701740619")


async def test_without_a_durable_store_no_callback_is_promised_and_the_call_goes_on(
    stack: Stack, ready: float, silent_guide: Phone
) -> None:
    stack.compose("pause", "redis")
    try:
        assert not stack.ready()
        assert (await stack.call("0701740620", *ORDER, Press("1"), Wait(8.0), HangUp())).ended_by == "us"
    finally:
        stack.compose("unpause", "redis")
    row = await stack.last_call(ready, within=40)
    assert (row.outcome, row.queue, row.number) == ("abandoned", "guides", "0701740620")
    assert not await requests(stack, "+46701740620")
