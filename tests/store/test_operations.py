"""An operation whose answer was lost is sent again, also by another process: the same answer, and no second effect."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from callbacks.model import Request
from callbacks.store import Act, Answer, Attempt, CallbackStore
from tests.store.promises import LISTS, RULES, act, again, at, dialled, order, promise, same_but, taken

Verb = Callable[[CallbackStore, Request, Act], Awaitable[Answer]]
Prepare = Callable[[CallbackStore], Awaitable[Request]]


async def new(_: CallbackStore) -> Request:
    return promise()


async def stored(store: CallbackStore) -> Request:
    return (await order(store, promise())).standing


async def let_lie(store: CallbackStore) -> Request:
    one = await stored(store)
    return (await store.take("lekeberg", one.id, "1001", act(by="1001"), at(0.5))).standing


async def closed(store: CallbackStore) -> Request:
    return (await store.close("lekeberg", (await stored(store)).id, "solved", act())).standing


VERBS: dict[str, tuple[Prepare, Verb]] = {
    "register": (new, lambda store, one, by: store.register(one, by, RULES)),
    "merge": (stored, lambda store, one, by: store.register(promise(), by, RULES)),
    "claim": (stored, lambda store, one, by: store.claim("lekeberg", "guides", Attempt("first"), by, RULES)),
    "call": (taken, lambda store, one, by: store.call("lekeberg", one.id, Attempt("first", held_by="1001"), by, RULES)),
    "advance": (dialled, lambda store, one, by: store.advance(one, by, "accepted")),
    "renew": (dialled, lambda store, one, by: store.advance(one, by, "")),
    "settle": (dialled, lambda store, one, by: store.settle(one, one.attempt, by, "no_answer", again(10))),
    "take": (stored, lambda store, one, by: store.take("lekeberg", one.id, "1001", by, at(60))),
    "put_back": (taken, lambda store, one, by: store.put_back(one, by, "released")),
    "wish": (dialled, lambda store, one, by: store.close("lekeberg", one.id, "called_in", by)),
    "close": (taken, lambda store, one, by: store.close("lekeberg", one.id, "solved", by)),
    "close_and_go_on": (taken, lambda store, one, by: store.close("lekeberg", one.id, "not_reached", by, "*", promise())),
    "expire": (let_lie, lambda store, one, by: store.expire(one, by)),
    "follow_up": (stored, lambda store, one, by: store.follow_up(one, by, "reminder", at(60))),
    "erase": (closed, lambda store, one, by: store.erase(one, by, whole=False)),
    "erase_whole": (closed, lambda store, one, by: store.erase(one, by, whole=True)),
}


async def seen(store: CallbackStore, id_: str) -> object:
    figures = await store.figures("lekeberg", ("guides",), at(0))
    return await store.find("lekeberg", id_), await store.history("lekeberg", id_), await store.listed("lekeberg", LISTS), figures


@pytest.mark.parametrize("name", VERBS)
async def test_the_same_operation_again_has_no_second_effect(store: CallbackStore, name: str) -> None:
    prepare, verb = VERBS[name]
    one, by = await prepare(store), act(1, "1001")
    first = await verb(store, one, by)
    after = await seen(store, one.id)
    assert await verb(store, one, same_but(by, 5)) == first
    assert await seen(store, one.id) == after


@pytest.mark.parametrize("name", VERBS)
async def test_a_new_operation_is_another_act(store: CallbackStore, name: str) -> None:
    """So that the test above does not hold because the verb does nothing the second time anyway."""
    prepare, verb = VERBS[name]
    one = await prepare(store)
    first = await verb(store, one, act(1, "1001"))
    after = await seen(store, one.id)
    assert name == "register" or await verb(store, one, act(5, "1001")) != first or await seen(store, one.id) != after


async def test_a_claim_that_claimed_nothing_is_not_remembered(store: CallbackStore) -> None:
    by, attempt = act(), Attempt("first")
    assert (await store.claim("lekeberg", "guides", attempt, by, RULES)).word == "none"
    await stored(store)
    assert (await store.claim("lekeberg", "guides", attempt, by, RULES)).word == "claimed"


async def test_an_answer_that_was_lost_is_given_as_the_request_stands_now(store: CallbackStore) -> None:
    one, by = await stored(store), act()
    await store.take("lekeberg", one.id, "1001", by, at(60))
    await store.close("lekeberg", one.id, "solved", act())
    answer = await store.take("lekeberg", one.id, "1001", by, at(60))
    assert (answer.word, answer.standing.state) == ("ok", "closed")
