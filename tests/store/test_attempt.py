"""An attempt goes forward, ends once, and only who knows its token may write."""

from __future__ import annotations

from callbacks.store import CallbackStore
from tests.store.promises import (
    NOT_REACHED,
    NOW,
    TALKED,
    UNKNOWN,
    act,
    again,
    at,
    claim,
    dialled,
    order,
    promise,
    talking,
    withdrawn,
)  # fmt: skip


async def test_an_attempt_goes_forward_and_its_lease_runs_anew(store: CallbackStore) -> None:
    request = await dialled(store)
    one = (await store.advance(request, act(1), "guide_up")).standing
    assert (one.stage, one.state, one.lease_until) == ("guide_up", "dialling", at(3))
    one = (await store.advance(one, act(2), "accepted", "1001")).standing
    assert (one.stage, one.held_by) == ("accepted", "1001")
    one = (await store.advance(one, act(3), "citizen_up")).standing
    assert (one.stage, one.state, one.lease_until) == ("citizen_up", "talking", at(5))


async def test_an_attempt_does_not_go_back_but_its_lease_does_run(store: CallbackStore) -> None:
    one = (await store.advance(await dialled(store), act(), "accepted")).standing
    one = (await store.advance(one, act(5), "guide_up")).standing
    assert (one.stage, one.lease_until) == ("accepted", at(7))
    assert [entry.act for entry in await store.history("lekeberg", one.id)] == ["registered", "dialling", "accepted"]
    assert await store.leases_over("lekeberg", at(6)) == []
    assert await store.leases_over("lekeberg", at(7)) == [one]


async def test_only_an_attempt_goes_forward(store: CallbackStore) -> None:
    stored = (await order(store, promise())).standing
    assert (await store.advance(stored, act(), "guide_up")).word == "illegal"


async def test_no_answer_is_tried_again_at_its_new_place(store: CallbackStore) -> None:
    one = await dialled(store)
    one = (await store.settle(one, one.attempt, act(1), "no_answer", again(11))).standing
    assert (one.state, one.not_before, one.place, one.attempts, one.last_result) == ("waiting", at(11), at(11), 1, "no_answer")
    assert (one.held_by, one.lease_until, one.stage, one.token) == ("", None, "", 1)
    assert await store.under_way("lekeberg") == []
    assert (await claim(store, 11)).standing.token == 2


async def test_only_an_attempt_in_which_the_citizens_phone_may_have_rung_is_one_when_he_was_looked_for(store: CallbackStore) -> None:
    one = await dialled(store)
    assert (await store.settle(one, one.attempt, act(1), "withdrawn", withdrawn(one))).standing.tried_at is None
    one = (await claim(store, 2)).standing
    assert (await store.settle(one, one.attempt, act(3), "congestion", again(9, counts=False))).standing.tried_at == at(3)


async def test_an_attempt_is_settled_once(store: CallbackStore) -> None:
    one = await dialled(store)
    assert (await store.settle(one, one.attempt, act(), "busy", again(5))).word == "settled"
    assert (await store.settle(one, one.attempt, act(), "no_answer", again(9))).word == "illegal"
    assert (await store.settle(one, "another", act(), "no_answer", again(9))).word == "illegal"
    assert (await store.figures("lekeberg", ("guides",), NOW)).totals["callback_attempts|guides|busy"] == 1


async def test_who_has_dialled_before_is_fenced_off_after_another_attempt(store: CallbackStore) -> None:
    old = await dialled(store)
    await store.settle(old, old.attempt, act(), "withdrawn", withdrawn(old))
    new = (await claim(store)).standing
    assert (await store.settle(old, old.attempt, act(), "no_answer", again(9))).word == "fenced"
    answer = await store.advance(old, act(), "accepted")
    assert (answer.word, answer.standing) == ("fenced", new)
    assert (await store.figures("lekeberg", ("guides",), NOW)).totals["callback_fenced_writes"] == 2


async def test_a_talk_that_ended_waits_for_its_outcome(store: CallbackStore) -> None:
    one = await talking(store)
    one = (await store.settle(one, one.attempt, act(5), "answered", TALKED)).standing
    assert (one.state, one.held_by, one.lease_until) == ("talked", "1001", None)
    assert (await claim(store, 60)).word == "none"
    assert (await store.close("lekeberg", one.id, "solved", act(6, "1001"))).standing.outcome == "solved"


async def test_what_nobody_knows_is_dialled_again_by_a_persons_choice_only(store: CallbackStore) -> None:
    one = await dialled(store)
    one = (await store.settle(one, one.attempt, act(), "unknown", UNKNOWN)).standing
    assert (one.state, (await claim(store, 60)).word) == ("unknown", "none")
    assert (await store.put_back(one, act(61, "1001"), "released")).word == "ok"
    assert (await claim(store, 61)).standing.id == one.id


async def test_the_last_attempt_closes_with_its_outcome_and_reason(store: CallbackStore) -> None:
    one = await dialled(store)
    one = (await store.settle(one, one.attempt, act(3), "no_answer", NOT_REACHED)).standing
    assert (one.state, one.outcome, one.reason, one.closed_at) == ("closed", "not_reached", "no_answer, attempt 4 of 4", at(3))
    totals = (await store.figures("lekeberg", ("guides",), NOW)).totals
    assert totals["callbacks_closed|guides|not_reached"] == 1
    assert totals["callback_age_at_close_seconds_bucket|guides|not_reached|300"] == 1
    assert totals["callback_age_at_close_seconds_sum|guides|not_reached"] == 180


async def test_closing_what_is_dialled_is_a_wish_that_the_end_of_the_attempt_grants(store: CallbackStore) -> None:
    one = await dialled(store)
    wished = await store.close("lekeberg", one.id, "called_in", act(why="rang in"))
    assert (wished.word, wished.standing.state) == ("wished", "dialling")
    ended = await store.settle(one, one.attempt, act(), "withdrawn", withdrawn(one))
    assert (ended.standing.state, ended.standing.outcome, ended.standing.reason) == ("closed", "called_in", "rang in")
    assert (await claim(store)).word == "none"


async def test_a_wish_does_not_outlive_the_talk_it_came_too_late_for(store: CallbackStore) -> None:
    one = await dialled(store)
    await store.close("lekeberg", one.id, "cancelled", act())
    await store.advance(one, act(), "citizen_up")
    assert (await store.settle(one, one.attempt, act(), "answered", TALKED)).standing.state == "talked"


async def test_a_phone_that_rings_can_not_be_closed(store: CallbackStore) -> None:
    one = await dialled(store)
    assert (await store.close("lekeberg", one.id, "solved", act())).word == "rings"
    await store.advance(one, act(), "accepted")
    assert (await store.close("lekeberg", one.id, "cancelled", act())).word == "rings"


async def test_closing_while_talking_frees_the_number_when_the_attempt_has_ended(store: CallbackStore) -> None:
    one = await talking(store)
    closed = (await store.close("lekeberg", one.id, "solved", act(1, "1001"), "1001")).standing
    assert await store.under_way("lekeberg") == [closed]
    await order(store, promise())
    assert (await claim(store, 1)).word == "none"  # he is in that talk
    assert (await store.settle(one, one.attempt, act(2), "answered", TALKED)).standing.outcome == "solved"
    assert await store.under_way("lekeberg") == []
    assert (await claim(store, 5)).word == "claimed"
