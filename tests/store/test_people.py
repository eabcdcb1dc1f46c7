"""People take requests, ring, hand over, put back and close; a second one is told who was quicker. What is closed stays closed."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from callbacks.model import Request
from callbacks.store import Act, Answer, Attempt, CallbackStore
from routing.callback_rules import CallbackRules
from tests.store.promises import (
    LISTS,
    NOT_REACHED,
    NOW,
    RULES,
    TALKED,
    act,
    again,
    at,
    claim,
    dialled,
    given_to,
    order,
    promise,
    taken,
    talking,
)  # fmt: skip

MINE = Attempt("mine", held_by="1001")


async def test_who_takes_a_request_has_it_for_a_while(store: CallbackStore) -> None:
    one = await taken(store)
    assert (one.state, one.held_by, one.token, one.lease_until) == ("taken", "1001", 1, at(60))
    assert (await claim(store)).word == "none"
    assert (await store.leases_over("lekeberg", at(59)), await store.leases_over("lekeberg", at(60))) == ([], [one])


async def test_of_two_who_take_it_one_is_told_who_has_it(store: CallbackStore) -> None:
    one = (await order(store, promise())).standing
    both = await asyncio.gather(*(store.take("lekeberg", one.id, who, act(by=who), at(60)) for who in ("1001", "1002")))
    lost = next(answer for answer in both if answer.word == "taken_by")
    assert sorted(answer.word for answer in both) == ["ok", "taken_by"]
    assert lost.standing.held_by == next(answer for answer in both if answer.word == "ok").standing.held_by


async def test_of_the_program_and_a_person_who_take_it_in_the_same_moment_one_has_it(store: CallbackStore) -> None:
    one = (await order(store, promise())).standing
    claimed, took = await asyncio.gather(claim(store), store.take("lekeberg", one.id, "1001", act(by="1001"), at(60)))
    assert (claimed.word, took.word) in (("claimed", "illegal"), ("none", "ok"))


async def test_what_is_to_be_rung_later_stays_in_the_list(store: CallbackStore) -> None:
    one = await dialled(store)
    later = (await store.settle(one, one.attempt, act(), "no_answer", again(60))).standing
    assert await store.listed("lekeberg", ("pool",)) == [later]
    postponed = later.model_copy(update={"not_before": at(500), "due": at(560)})
    postponed = (await store.put_back(postponed, act(), "postponed")).standing
    assert await store.listed("lekeberg", ("pool",)) == [postponed]


async def test_who_has_it_may_take_it_anew_and_hand_it_over(store: CallbackStore) -> None:
    one = await taken(store)
    assert (await store.take("lekeberg", one.id, "1001", act(1, "1001"), at(90))).standing.token == 2
    assert (await store.take("lekeberg", one.id, "1002", act(2, "1003"), at(90), from_="1003")).word == "taken_by"
    handed = (await store.take("lekeberg", one.id, "1002", act(2, "1001"), at(90), from_="1001")).standing
    assert (handed.held_by, handed.token) == ("1002", 3)
    assert (await store.take("lekeberg", one.id, "1003", act(3, "lead"), at(90), from_="*")).standing.held_by == "1003"
    acts = [entry.act for entry in await store.history("lekeberg", one.id)]
    assert acts == ["registered", "taken", "taken", "handed_over", "handed_over"]


async def test_who_has_it_rings_and_nobody_else(store: CallbackStore) -> None:
    one = await taken(store)
    other = await store.call("lekeberg", one.id, Attempt("theirs", held_by="1002"), act(by="1002"), RULES)
    assert (other.word, other.standing.held_by) == ("taken_by", "1001")
    mine = await store.call("lekeberg", one.id, MINE, act(by="1001"), RULES)
    assert (mine.word, mine.standing.state, mine.standing.attempt, mine.standing.token) == ("claimed", "dialling", "mine", 2)
    assert (await store.call("lekeberg", one.id, MINE, act(by="1001"), RULES)).word == "illegal"


async def test_only_what_is_taken_is_rung_by_a_person(store: CallbackStore) -> None:
    one = (await order(store, promise())).standing
    assert (await store.call("lekeberg", one.id, MINE, act(), RULES)).word == "illegal"


@pytest.mark.parametrize(("rules", "word"), [
    (CallbackRules(dials_per_number_a_day=1), "number_a_day"), (CallbackRules(dials_an_hour=1), "an_hour"), (RULES, "live"),
])  # fmt: skip
async def test_the_guard_stands_before_a_persons_call_too(store: CallbackStore, rules: CallbackRules, word: str) -> None:
    first = await dialled(store)
    if word != "live":
        await store.settle(first, first.attempt, act(), "no_answer", again(30))
    one = await taken(store, request=promise(topic="streets"))
    answer = await store.call("lekeberg", one.id, MINE, act(), rules)
    assert (answer.word, answer.standing.state) == (word, "taken")


async def test_what_is_put_back_can_be_claimed(store: CallbackStore) -> None:
    one = await taken(store)
    back = (await store.put_back(one, act(1, "1001"), "released", "1001")).standing
    assert (back.state, back.held_by, back.lease_until, back.token) == ("waiting", "", None, 2)
    assert (await claim(store, 1)).standing.id == one.id


async def test_what_is_postponed_waits_for_its_time(store: CallbackStore) -> None:
    one = (await taken(store)).model_copy(update={"not_before": at(30), "due": at(90), "place": at(30)})
    assert (await store.put_back(one, act(1), "postponed")).standing.due == at(90)
    assert [(await claim(store, minutes)).word for minutes in (29, 30)] == ["none", "claimed"]


async def test_what_is_given_to_a_handler_changes_the_lists(store: CallbackStore) -> None:
    one = (await order(store, promise())).standing
    given = (await store.put_back(given_to(one, "1201"), act(), "given")).standing
    assert await store.listed("lekeberg", ("pool",)) == []
    assert await store.listed("lekeberg", ("owner/1201",)) == await store.listed("lekeberg", ("queue/guides",)) == [given]
    assert (await claim(store)).word == "none"


async def test_only_its_holder_or_whoever_leads_puts_it_back(store: CallbackStore) -> None:
    one = await taken(store)
    answer = await store.put_back(one, act(1, "1002"), "released", "1002")
    assert (answer.word, answer.standing.held_by) == ("taken_by", "1001")
    assert (await store.put_back(one, act(1, "lead"), "released")).word == "ok"


async def test_what_was_taken_anew_is_not_put_back_by_who_has_not_seen_it(store: CallbackStore) -> None:
    """A reaper that is late does not take it from who works on it."""
    let_lie = await taken(store)
    await store.take("lekeberg", let_lie.id, "1001", act(61, "1001"), at(120))
    answer = await store.put_back(let_lie, act(61), "lapsed")
    assert (answer.word, answer.standing.state, answer.standing.held_by) == ("fenced", "taken", "1001")


async def test_an_attempt_is_not_put_back(store: CallbackStore) -> None:
    assert (await store.put_back(await dialled(store), act(), "released")).word == "illegal"


async def test_only_its_holder_closes_what_is_taken(store: CallbackStore) -> None:
    one = await taken(store)
    assert (await store.close("lekeberg", one.id, "solved", act(by="1002"), "1002")).word == "taken_by"
    closed = (await store.close("lekeberg", one.id, "solved", act(by="1001", why="explained"), "1001")).standing
    assert (closed.state, closed.outcome, closed.reason, closed.held_by, closed.lease_until) == ("closed", "solved", "explained", "", None)
    assert await store.listed("lekeberg", LISTS) == await store.of_number("lekeberg", one.number) == []
    assert await store.closed_before("lekeberg", at(0)) == [closed]


async def test_follow_ups_are_done_once_each(store: CallbackStore) -> None:
    one = (await order(store, promise().model_copy(update={"follow_up_at": at(30)}))).standing
    assert (await store.to_follow_up("lekeberg", at(29)), await store.to_follow_up("lekeberg", at(30))) == ([], [one])
    assert (await store.follow_up(one, act(30), "reminder", at(60))).standing.followed == 1
    assert (await store.follow_up(one, act(30), "reminder", at(60))).word == "done"
    assert await store.to_follow_up("lekeberg", at(59)) == []
    last = (await store.to_follow_up("lekeberg", at(60)))[0]
    assert (await store.follow_up(last, act(60), "overdue", None)).standing.follow_up_at is None
    assert await store.to_follow_up("lekeberg", at(999)) == []


@pytest.mark.parametrize(("protected", "shown", "word"), [(False, "pool", "claimed"), (True, "protected", "none")])
async def test_a_late_owners_request_is_dialled_from_the_guides_queue_and_a_protected_one_only_shown_to_the_duty(
    store: CallbackStore, protected: bool, shown: str, word: str
) -> None:
    one = (await order(store, promise(owner="1201", protected=protected))).standing
    assert (await claim(store)).word == "none"
    lapsed = one.model_copy(update={"lapsed": True, "place": NOW})
    late = (await store.follow_up(one, act(), "overdue", None, lapsed)).standing
    assert late.lapsed
    assert await store.listed("lekeberg", (shown,)) == await store.listed("lekeberg", ("owner/1201",)) == [late]
    assert (await claim(store)).word == word


async def test_a_follow_up_that_has_not_seen_the_new_owner_changes_nothing(store: CallbackStore) -> None:
    one = (await order(store, promise(owner="1201"))).standing
    given = (await store.put_back(given_to(one, "1202"), act(), "given")).standing
    answer = await store.follow_up(one, act(), "overdue", None, one.model_copy(update={"lapsed": True, "place": NOW}))
    assert (answer.word, answer.request) == ("fenced", given)


async def test_the_retention_takes_the_number_first_and_then_the_row(store: CallbackStore) -> None:
    one = await taken(store)
    assert (await store.erase(one, act(), whole=False)).word == "illegal"
    closed = (await store.close("lekeberg", one.id, "solved", act())).standing
    erased = (await store.erase(closed, act(1), whole=False)).standing
    assert (erased.number, erased.message.name, erased.outcome) == ("", "", "solved")
    assert (await store.erase(erased, act(2), whole=True)).word == "erased"
    assert await store.find("lekeberg", one.id) is None
    assert await store.history("lekeberg", one.id) == []
    assert await store.closed_before("lekeberg", at(9)) == []


async def test_an_erased_request_does_not_keep_its_number_from_being_dialled(store: CallbackStore) -> None:
    one = await talking(store)
    closed = (await store.close("lekeberg", one.id, "solved", act())).standing
    await store.erase(closed, act(1), whole=True)  # its attempt was never settled
    await order(store, promise())
    assert (await claim(store)).word == "claimed"


async def test_closed_ones_are_read_in_steps_the_oldest_first(store: CallbackStore) -> None:
    for number in range(4):
        one = (await order(store, promise(f"+4670174060{number}"))).standing
        await store.close("lekeberg", one.id, "solved", act(number))
    found = await store.closed_before("lekeberg", at(2), count=2, skip=1)
    assert [one.number[-1] for one in found] == ["1", "2"]


async def test_the_history_only_grows_and_holds_no_number(store: CallbackStore) -> None:
    one = await taken(store)
    before = await store.history("lekeberg", one.id)
    await store.close("lekeberg", one.id, "solved", act(1, "1001", "told"))
    after = await store.history("lekeberg", one.id)
    assert after[: len(before)] == before
    said = [(entry.act, entry.state, entry.by) for entry in after]
    assert said == [("registered", "waiting", ""), ("taken", "taken", "1001"), ("closed", "closed", "1001")]
    assert after[-1].model_extra == {"why": "told", "reason": "told", "outcome": "solved"}
    assert not [entry for entry in after if "70174" in entry.model_dump_json()]


async def test_what_a_person_has_let_lie_goes_back_as_it_stood(store: CallbackStore) -> None:
    one = await taken(store)
    assert (await store.expire(one, act(59.9))).word == "illegal"
    back = (await store.expire(one, act(60))).standing
    assert (back.state, back.held_by, back.lease_until, back.place, back.due) == ("waiting", "", None, one.place, one.due)
    assert (await store.history("lekeberg", one.id))[-1].act == "lease_expired"
    assert (await store.figures("lekeberg", ("guides",), at(60))).totals["callback_lease_expired|guides"] == 1
    assert (await store.expire(one, act(61))).word == "illegal"
    assert (await claim(store, 61)).standing.id == one.id


async def test_an_attempt_is_not_let_lie(store: CallbackStore) -> None:
    assert (await store.expire(await dialled(store), act(999))).word == "illegal"


async def test_what_goes_on_from_a_closed_one_is_stored_in_the_same_moment(store: CallbackStore) -> None:
    one = await taken(store)
    then = promise(not_before=at(10)).model_copy(update={"follows": one.id, "attempts": 1})
    answer = await store.close("lekeberg", one.id, "not_reached", act(1, "1001"), "1001", then)
    assert (answer.word, answer.standing.outcome, answer.standing.followed_by) == ("closed", "not_reached", then.id)
    assert await store.find("lekeberg", then.id) == then
    assert [(entry.act, entry.by) for entry in await store.history("lekeberg", then.id)] == [("registered", "1001")]
    assert (await store.figures("lekeberg", ("guides",), NOW)).totals["callbacks_requested|guides|queue_key"] == 2
    assert (await claim(store, 10)).standing.id == then.id


async def test_where_the_same_matter_stands_already_it_is_what_goes_on(store: CallbackStore) -> None:
    one = await talking(store)
    stands = (await order(store, promise())).standing
    answer = await store.close("lekeberg", one.id, "not_reached", act(1, "1001"), "1001", promise())
    assert answer.standing.followed_by == stands.id
    assert await store.of_number("lekeberg", one.number) == [stands]


async def test_what_is_not_closed_has_nothing_that_goes_on(store: CallbackStore) -> None:
    one = await taken(store)
    then = promise()
    assert (await store.close("lekeberg", one.id, "not_reached", act(1, "1002"), "1002", then)).word == "taken_by"
    assert await store.find("lekeberg", then.id) is None


async def test_who_rings_again_is_known_for_what_was_closed_lately_the_latest_first(store: CallbackStore) -> None:
    ids = []
    for minutes, topic in enumerate(("care", "streets", "education")):
        one = (await order(store, promise(topic=topic))).standing
        await store.close("lekeberg", one.id, "solved", act(minutes))
        ids.append(one.id)
    await order(store, promise())
    found = await store.closed_of_number("lekeberg", "+46701740605", at(1))
    assert [one.id for one in found] == [ids[2], ids[1]]
    await store.erase(found[0], act(3), whole=False)
    assert [one.id for one in await store.closed_of_number("lekeberg", "+46701740605", at(1))] == [ids[1]]


async def test_what_somebody_works_on_is_told_by_the_end_of_the_lease(store: CallbackStore) -> None:
    later = await taken(store)
    sooner = await dialled(store, promise("+46701740606"))
    await order(store, promise("+46701740607"))
    assert await store.worked_on("lekeberg") == [sooner, later]
    assert await store.worked_on("lekeberg", 1) == [sooner]


async def test_an_operation_is_known_with_the_request_as_it_is_now(store: CallbackStore) -> None:
    one, by = await taken(store), act(1, "1001")
    assert await store.answered("lekeberg", by.operation) is None
    await store.close("lekeberg", one.id, "solved", by)
    answer = await store.answered("lekeberg", by.operation)
    assert answer
    assert (answer.word, answer.standing.outcome) == ("closed", "solved")
    assert await store.answered("orebro", by.operation) is None


async def test_a_number_is_erased_once_and_the_last_round_is_remembered(store: CallbackStore) -> None:
    one = await taken(store)
    closed = (await store.close("lekeberg", one.id, "solved", act())).standing
    assert await store.closed_before("lekeberg", NOW, numbered=True) == [closed]
    assert [(await store.erase(closed, act(1), whole=False)).word for _ in range(2)] == ["erased", "done"]
    assert await store.closed_before("lekeberg", NOW, numbered=True) == []
    assert len(await store.closed_before("lekeberg", NOW)) == 1
    await store.erase(closed, act(2), whole=True)
    await store.retained("lekeberg", at(3))
    figures = await store.figures("lekeberg", ("guides",), at(3))
    assert figures.retention == at(3).timestamp()
    assert (figures.totals["retention_deleted|number"], figures.totals["retention_deleted|row"]) == (1, 1)


FINAL: dict[str, Callable[[CallbackStore, Request], Awaitable[Answer]]] = {
    "call": lambda store, one: store.call("lekeberg", one.id, MINE, act(), RULES),
    "advance": lambda store, one: store.advance(one, act(), "accepted"),
    "settle": lambda store, one: store.settle(one, one.attempt, act(), "no_answer", again(5)),
    "take": lambda store, one: store.take("lekeberg", one.id, "1001", act(), at(60), "*"),
    "put_back": lambda store, one: store.put_back(one, act(), "released"),
    "close": lambda store, one: store.close("lekeberg", one.id, "solved", act()),
    "expire": lambda store, one: store.expire(one, act(999)),
    "follow_up": lambda store, one: store.follow_up(one, act(), "reminder", None),
}


@pytest.mark.parametrize("verb", FINAL)
async def test_closed_is_final(store: CallbackStore, verb: str) -> None:
    one = await dialled(store)
    closed = (await store.settle(one, one.attempt, act(), "no_answer", NOT_REACHED)).standing
    answer = await FINAL[verb](store, closed)
    assert (answer.word, answer.request) == ("illegal", closed)
    assert (await claim(store, 999)).word == "none"


UNKNOWN_TO_ALL = FINAL | {"erase": lambda store, one: store.erase(one, act(), whole=True)}


@pytest.mark.parametrize("verb", UNKNOWN_TO_ALL)
async def test_what_was_never_registered_is_unknown(store: CallbackStore, verb: str) -> None:
    answer = await UNKNOWN_TO_ALL[verb](store, promise())
    assert (answer.word, answer.request) == ("unknown", None)


async def test_municipalities_do_not_see_each_others(store: CallbackStore) -> None:
    here, there = promise(), promise().model_copy(update={"municipality": "orebro"})
    assert [(await order(store, one)).word for one in (here, there)] == ["stored", "stored"]
    assert await store.listed("orebro", LISTS) == [there]
    assert await store.of_number("lekeberg", here.number) == [here]


async def test_a_talk_closed_by_its_guide_has_that_outcome(store: CallbackStore) -> None:
    one = await talking(store)
    assert (await store.close("lekeberg", one.id, "new_matter", act(by="1002"), "1002")).word == "taken_by"
    assert (await store.close("lekeberg", one.id, "new_matter", act(by="1001"), "1001")).word == "closed"
    assert (await store.settle(one, one.attempt, act(), "answered", TALKED)).standing.outcome == "new_matter"


SEEN: dict[str, Callable[[CallbackStore, Request, Act], Awaitable[Answer]]] = {
    "call": lambda store, one, by: store.call("lekeberg", one.id, MINE, by, RULES),
    "take": lambda store, one, by: store.take("lekeberg", one.id, "1001", by, at(90)),
    "put_back": lambda store, one, by: store.put_back(one, by, "released", "1001"),
    "expire": lambda store, one, by: store.expire(one, by),
    "close": lambda store, one, by: store.close("lekeberg", one.id, "solved", by, "1001"),
    "follow_up": lambda store, one, by: store.follow_up(one, by, "reminder", None),
}


@pytest.mark.parametrize("verb", SEEN)
async def test_an_act_on_an_older_stand_of_a_request_is_fenced_off(store: CallbackStore, verb: str) -> None:
    one = await taken(store)
    old = replace(act(60, "1001"), token=one.token - 1)
    answer = await SEEN[verb](store, one, old)
    assert (answer.word, answer.request) == ("fenced", one)
    assert (await store.figures("lekeberg", ("guides",), NOW)).totals["callback_fenced_writes"] == 1
    assert (await SEEN[verb](store, one, replace(old, token=one.token))).word in ("ok", "closed", "claimed")
