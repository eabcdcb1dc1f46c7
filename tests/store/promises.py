"""What the tests of the store do with it: requests, acts and attempts, in as few words as the real ones have."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from callbacks.model import Request
from callbacks.policy import Next
from callbacks.store import Act, Answer, Attempt, CallbackStore
from routing.callback_rules import CallbackRules

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
RULES = CallbackRules()
LISTS = ("queue/guides", "owner/1201", "pool", "protected")


def at(minutes: float) -> datetime:
    """So many minutes into the test's day."""
    return NOW + timedelta(minutes=minutes)


def act(minutes: float = 0, by: str = "", why: str = "") -> Act:
    """An act with an operation of its own."""
    return Act(at(minutes), by, uuid.uuid4().hex, why)


def promise(
    number: str = "+46701740605", topic: str = "care", call_id: str = "", due: datetime = NOW, queue: str = "guides",
    place: datetime | None = NOW, not_before: datetime = NOW, owner: str = "", protected: bool = False, created: datetime = NOW,
) -> Request:  # fmt: skip
    """A request as an order makes it."""
    return Request(
        id=uuid.uuid4().hex, municipality="lekeberg", call_id=call_id or uuid.uuid4().hex, number=number, topic=topic, queue=queue,
        administration="social", source="queue_key", protected=protected, not_before=not_before, due=due, owner=owner,
        place=None if owner or protected else place, limit=created + timedelta(days=2), created_at=created,
    )  # fmt: skip


async def order(store: CallbackStore, request: Request, rules: CallbackRules = RULES) -> Answer:
    """Register it, as the call it was made in."""
    return await store.register(request, Act(request.created_at, operation=f"call-{request.call_id}"), rules)


async def claim(store: CallbackStore, minutes: float = 0, rules: CallbackRules = RULES, queue: str = "guides", busy: str = "") -> Answer:
    """A claim by the program; numbers that have had their share come back in a day, a number in a call in a minute."""
    attempt = Attempt(uuid.uuid4().hex, busy=[busy] if busy else [], midnight=at(-60), tomorrow=at(24 * 60), guard_until=at(minutes + 1))
    return await store.claim("lekeberg", queue, attempt, act(minutes), rules)


async def dialled(store: CallbackStore, request: Request | None = None) -> Request:
    """A request whose attempt is under way."""
    await order(store, request or promise())
    return (await claim(store)).standing


async def talking(store: CallbackStore) -> Request:
    """A request whose citizen has answered."""
    return (await store.advance(await dialled(store), act(), "citizen_up", "1001")).standing


async def taken(store: CallbackStore, by: str = "1001", request: Request | None = None) -> Request:
    """A request that a person works on."""
    stored = (await order(store, request or promise())).standing
    return (await store.take("lekeberg", stored.id, by, act(by=by), at(60))).standing


def again(minutes: float, counts: bool = True) -> Next:
    """Tried again, at the place of that moment."""
    return Next("waiting", "no_answer", at(minutes), at(minutes), counts=counts)


def withdrawn(request: Request) -> Next:
    """Back to where it stood."""
    return Next("waiting", "withdrawn", request.not_before, request.place)


TALKED = Next("talked", "talk ended", counts=True)
UNKNOWN = Next("unknown", "nobody knows", counts=True)
NOT_REACHED = Next("closed", "no_answer, attempt 4 of 4", outcome="not_reached", counts=True)


def given_to(request: Request, owner: str) -> Request:
    """The same request as somebody else's."""
    return request.model_copy(update={"owner": owner, "place": None})


def same_but(one: Act, minutes: float) -> Act:
    """The same operation, sent again later."""
    return replace(one, now=at(minutes))
