"""A claim takes the earliest place that may be dialled now; a guard stands before each citizen's phone."""

from __future__ import annotations

import asyncio

import pytest

from callbacks.store import CallbackStore
from routing.callback_rules import CallbackRules
from tests.store.promises import NOW, act, again, at, claim, dialled, order, promise, taken, withdrawn

OTHER = "+46701740606"


async def test_the_earliest_place_is_claimed_with_the_intent_stored(store: CallbackStore) -> None:
    await order(store, promise(place=at(-1)))
    first = (await order(store, promise(OTHER, place=at(-2)))).standing
    answer = await claim(store)
    assert (answer.word, answer.standing.id) == ("claimed", first.id)
    assert (answer.standing.state, answer.standing.token, answer.standing.lease_until) == ("dialling", 1, at(2))
    assert await store.under_way("lekeberg") == [answer.standing]


async def test_what_is_claimed_is_nobody_elses(store: CallbackStore) -> None:
    await order(store, promise())
    words = [one.word for one in await asyncio.gather(*(claim(store) for _ in range(5)))]
    assert sorted(words) == ["claimed", "none", "none", "none", "none"]


async def test_another_queue_an_owners_and_a_protected_one_are_not_claimed(store: CallbackStore) -> None:
    await order(store, promise(queue="specialists"))
    await order(store, promise(OTHER, owner="1201"))
    await order(store, promise("+46701740607", protected=True))
    await taken(store, request=promise("+46701740608"))
    assert (await claim(store)).word == "none"
    assert (await claim(store, queue="specialists")).word == "claimed"


async def test_a_request_is_held_until_it_may_be_dialled_and_then_stands_at_its_place(store: CallbackStore) -> None:
    held = (await order(store, promise(not_before=at(10), place=at(-5)))).standing
    await order(store, promise(OTHER, place=at(-1), not_before=at(10)))
    assert [(await claim(store, minutes)).word for minutes in (0, 9.99)] == ["none", "none"]
    assert (await claim(store, 10)).standing.id == held.id


async def test_the_order_of_places_holds_when_many_may_be_dialled_at_once(store: CallbackStore) -> None:
    """More than one script moves: at opening all of a night's requests may."""
    for number in range(450):
        request = promise(f"+4670174{number:04}", not_before=at(10), place=at(-number))
        await order(store, request.model_copy(update={"id": f"{number:032x}"}))  # the earliest places are moved last
    places = [(await claim(store, 10)).standing.place for _ in range(5)]
    assert places == [at(-number) for number in (449, 448, 447, 446, 445)]


async def test_a_place_that_was_lost_is_the_moment_from_which_it_may_be_dialled(store: CallbackStore) -> None:
    await order(store, promise(place=None))
    await order(store, promise(OTHER, place=None, not_before=at(5)))
    assert [(await claim(store, 5)).standing.number for _ in range(2)] == ["+46701740605", OTHER]


async def test_one_attempt_at_a_number_is_live_at_most(store: CallbackStore) -> None:
    first = await dialled(store)
    await order(store, promise(topic="streets"))
    assert (await claim(store)).word == "none"
    await store.settle(first, first.attempt, act(0.5), "no_answer", again(30))
    assert (await claim(store, 0.9)).word == "none"  # kept back for the guard's minute
    assert (await claim(store, 1)).standing.topic == "streets"


async def test_a_number_in_a_call_is_left_alone_and_the_next_one_is_dialled(store: CallbackStore) -> None:
    await order(store, promise(place=at(-5)))
    await order(store, promise(OTHER))
    assert (await claim(store, busy="+46701740605")).standing.number == OTHER
    assert (await claim(store, 1)).standing.place == at(-5)


async def test_who_is_kept_back_does_not_starve_those_behind(store: CallbackStore) -> None:
    """More of them than one script looks at."""
    rules = CallbackRules(open_per_number=10)
    for number in range(0, 60):
        await order(store, promise(f"+467017406{number // 10:02}", topic=f"t{number}", place=at(-100)), rules)
    await order(store, promise("+46701740699", place=NOW))
    claimed = [(await claim(store, rules=rules)).request for _ in range(8)]
    assert [one.number if one else None for one in claimed[-2:]] == ["+46701740699", None]


async def test_a_number_is_dialled_so_often_a_day(store: CallbackStore) -> None:
    await order(store, promise())
    rules = CallbackRules(dials_per_number_a_day=2)
    for minutes in (0, 10):
        one = (await claim(store, minutes, rules)).standing
        await store.settle(one, one.attempt, act(minutes), "no_answer", again(minutes + 10))
    assert [(await claim(store, minutes, rules)).word for minutes in (20, 60, 24 * 60 - 1)] == ["none"] * 3
    assert (await store.figures("lekeberg", ("guides",), NOW)).totals["dial_denied|number_a_day"] == 1


@pytest.mark.parametrize("result", ["withdrawn", "guide_missed"])
async def test_an_attempt_that_did_not_ring_the_citizen_is_given_back(store: CallbackStore, result: str) -> None:
    await order(store, promise())
    rules = CallbackRules(dials_per_number_a_day=1, dials_an_hour=1)
    one = (await claim(store, rules=rules)).standing
    await store.settle(one, one.attempt, act(), result, withdrawn(one))  # type: ignore[arg-type]  # one of `Settled`
    assert (await claim(store, rules=rules)).word == "claimed"


@pytest.mark.parametrize("result", ["busy", "congestion", "failed", "no_answer"])
async def test_an_attempt_that_may_have_rung_counts(store: CallbackStore, result: str) -> None:
    one = await dialled(store)
    after = again(1, counts=result == "no_answer")
    busy = after if result != "busy" else type(after)("waiting", "busy", at(1), at(1), busy=True)
    await store.settle(one, one.attempt, act(), result, busy)  # type: ignore[arg-type]
    assert (await claim(store, 2, CallbackRules(dials_per_number_a_day=1))).word == "none"


async def test_so_many_attempts_are_made_an_hour_in_all(store: CallbackStore) -> None:
    rules = CallbackRules(dials_an_hour=2)
    for number in range(3):
        await order(store, promise(f"+4670174060{number}"))
    assert [(await claim(store, minutes, rules)).word for minutes in (0, 1, 2, 59.9)] == ["claimed", "claimed", "an_hour", "an_hour"]
    assert (await claim(store, 60, rules)).word == "claimed"
