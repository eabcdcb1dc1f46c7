"""A promise is stored once, merged with its like, and kept within bounds for each number."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from callbacks.store import CallbackStore
from tests.store.promises import NOW, RULES, TALKED, act, at, order, promise, taken, talking

GUIDES = ("queue/guides",)


async def test_a_registered_request_is_listed_by_its_due_time(store: CallbackStore) -> None:
    later = await order(store, promise(due=at(120)))
    sooner = await order(store, promise("+46701740606", due=at(60), queue="specialists"))
    assert await store.listed("lekeberg", (*GUIDES, "queue/specialists")) == [sooner.request, later.request]
    assert await store.listed("lekeberg", GUIDES) == [later.request]
    assert await store.listed("lekeberg", (*GUIDES, "queue/specialists"), 1) == [sooner.request]
    assert sooner.word == "stored"


async def test_what_is_read_is_what_was_stored(store: CallbackStore) -> None:
    request = promise()
    await order(store, request)
    assert await store.find("lekeberg", request.id) == request
    assert await store.find("lekeberg", "another") is None
    assert await store.find("orebro", request.id) is None


async def test_the_same_call_registers_once(store: CallbackStore) -> None:
    first = await order(store, promise(call_id="1.1"))
    again = await order(store, promise("+46701740606", "education", call_id="1.1"))
    assert (again.word, again.request) == ("stored", first.request)  # the same answer
    assert len(await store.listed("lekeberg", GUIDES)) == 1


async def test_the_same_request_without_an_operation_is_one_too(store: CallbackStore) -> None:
    request = promise()
    for _ in range(2):
        assert (await store.register(request, act(), RULES)).word == "stored"
    await store.close("lekeberg", request.id, "cancelled", act())
    assert (await store.register(request, act(), RULES)).standing.state == "closed"


async def test_the_same_number_and_topic_is_one_promise_and_another_topic_a_second_one(store: CallbackStore) -> None:
    first = await order(store, promise())
    again = await order(store, promise())
    assert (again.word, again.standing.id) == ("merged", first.standing.id)
    other = await order(store, promise(topic="education"))
    assert (other.word, other.request == first.request) == ("stored", False)


async def test_a_handlers_matter_is_its_own(store: CallbackStore) -> None:
    assert [(await order(store, promise(owner=owner))).word for owner in ("", "1201", "1201")] == ["stored", "stored", "merged"]


async def test_merging_keeps_the_earliest_place_and_the_earliest_promise(store: CallbackStore) -> None:
    first = (await order(store, promise(place=at(10), due=at(60)))).standing
    earlier = (await order(store, promise(place=at(5), due=at(90)))).standing
    assert (earlier.place, earlier.due) == (at(5), at(60))
    later = (await order(store, promise(place=at(50), due=at(50)))).standing
    assert (later.id, later.place, later.due) == (first.id, at(5), at(50))
    assert [one.act for one in await store.history("lekeberg", first.id)] == ["registered", "asked_again", "asked_again"]


async def test_an_earlier_promise_is_followed_up_earlier_too(store: CallbackStore) -> None:
    first = (await order(store, promise(due=at(60)).model_copy(update={"follow_up_at": at(50)}))).standing
    reminded = (await store.follow_up(first, act(50), "reminder", at(60))).standing
    for due, follow_up_at, followed in ((90, at(60), 1), (40, at(30), 0)):
        one = (await order(store, promise(due=at(due)).model_copy(update={"follow_up_at": at(due - 10)}))).standing
        assert (one.id, one.follow_up_at, one.followed) == (reminded.id, follow_up_at, followed)


async def test_a_number_has_two_open_requests_at_most_and_is_told_of_its_latest(store: CallbackStore) -> None:
    await order(store, promise(topic="care"))
    latest = await order(store, promise(topic="streets", due=at(-5), created=at(1)))
    third = await order(store, promise(topic="education"))
    assert (third.word, third.standing.id) == ("enough", latest.standing.id)
    assert len(await store.of_number("lekeberg", "+46701740605")) == 2
    assert (await store.figures("lekeberg", ("guides",), NOW)).totals["callbacks_rejected|guides|open_per_number"] == 1


async def test_a_protected_request_is_not_told_of_by_another(store: CallbackStore) -> None:
    for topic in ("care", "social"):
        await order(store, promise(topic=topic, protected=topic == "social"))
    assert (await order(store, promise(topic="streets"))).word == "stored"
    third = await order(store, promise(topic="education"))
    assert (third.word, third.standing.protected) == ("enough", False)


async def test_what_a_person_has_taken_is_still_the_same_matter(store: CallbackStore) -> None:
    mine = await taken(store)
    merged = await order(store, promise())
    assert (merged.word, merged.standing.id, merged.standing.held_by) == ("merged", mine.id, "1001")


async def test_after_a_talk_the_same_matter_is_a_new_one(store: CallbackStore) -> None:
    request = await talking(store)
    assert (await order(store, promise())).word == "stored"
    await store.settle(request, request.attempt, act(1), "answered", TALKED)
    assert (await order(store, promise())).word == "merged"  # with the new one


async def test_when_one_of_two_with_the_same_matter_is_closed_the_other_one_stands(store: CallbackStore) -> None:
    first, other = await order(store, promise()), await order(store, promise(owner="1201"))
    given = other.standing.model_copy(update={"owner": "", "place": NOW})
    await store.put_back(given, act(), "given")
    await store.close("lekeberg", first.standing.id, "solved", act())
    assert (await order(store, promise())).standing.id == other.standing.id


async def test_the_figures_count_requests_once_and_tell_what_is_overdue(store: CallbackStore) -> None:
    for number, due in (("+46701740605", at(-1)), ("+46701740606", at(1))):
        await order(store, promise(number, due=due))
        await order(store, promise(number, due=due))
    figures = await store.figures("lekeberg", ("guides", "specialists"), NOW)
    assert figures.totals == {"callbacks_requested|guides|queue_key": 2}
    assert {place: count for place, count in figures.open.items() if count} == {("guides", "waiting"): 2}
    assert figures.overdue == {"guides": 1, "specialists": 0}
    assert figures.oldest_due == {"guides": at(-1).timestamp(), "specialists": 0}


@pytest.mark.parametrize("name", ["number", "topic", "queue", "owner"])
def test_a_name_with_the_bar_of_the_lists_is_refused(name: str) -> None:
    with pytest.raises(ValidationError):
        type(promise()).model_validate(promise().model_dump() | {name: "a|b"})
