"""Random acts on the fake and a real store side by side, with crashes between them: the same words, and nothing lost.

An act's answer may be lost, so that it is sent again; the process that acts is replaced; the server reads its file anew, or is killed.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from callbacks.audit import audit
from callbacks.model import Request, State
from callbacks.policy import Next, Settled
from callbacks.store import Act, Answer, Attempt, CallbackStore
from routing.callback_rules import CallbackRules
from tests.redis_server import Kind, RedisServer
from tests.store.memory_store import MemoryStore
from tests.store.promises import NOT_REACHED, TALKED, UNKNOWN, again, at, promise

DAY = 24 * 60
RULES = CallbackRules(dials_per_number_a_day=4, dials_an_hour=6)
NUMBERS = st.sampled_from([f"+4670174060{n}" for n in range(5, 9)])
TOPICS = st.sampled_from(["care", "streets", "care", "streets", "social"])
QUEUE_NAMES = ("guides", "specialists")
QUEUES = st.sampled_from(["guides", "guides", "specialists"])
OWNERS = st.sampled_from(["", "", "", "1201"])
PICKS = st.integers(0, 10_000)
PEOPLE = st.sampled_from(["1001", "1002"])
LISTS = ("queue/guides", "queue/specialists", "pool", "protected", "owner/1201")
CRASHES = st.sampled_from(["process"] * 5 + ["file"] * 4 + ["server"])
Verb = Callable[[CallbackStore, Act], Awaitable[Answer]]


def is_some(*states: State) -> Callable[[Stores], bool]:
    """Whether there is a request in one of these states."""
    return lambda self: any(one.state in states for one in self.known.values())


class Stores(RuleBasedStateMachine):
    """Acts on both stores."""

    kind: Kind = "redis7"

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.server = RedisServer(self.kind)
        self.fake, self.minutes = MemoryStore(), 0
        self.known: dict[str, Request] = {}
        self.seen: list[Request] = []
        self.ids = (f"{n:032x}" for n in itertools.count())
        self.connect()

    def connect(self) -> None:
        self.client = self.server.client()
        self.real = CallbackStore(self.client)

    def run(self, asked: Awaitable[Any]) -> Any:
        async def answer() -> Any:
            return await asked

        return self.runner.run(answer())

    def do(self, verb: Verb, is_lost: bool, by: str = "") -> Answer:
        """The act on both. A lost answer comes again, from another process, and is the same."""
        act = Act(at(self.minutes), by, next(self.ids))
        expected: Answer = self.run(verb(self.fake, act))
        answer: Answer = self.run(verb(self.real, act))
        assert answer == expected
        if is_lost and answer.word not in ("none", "an_hour", "fenced"):
            self.crash("process")
            assert self.run(verb(self.real, act)) == answer
        if answer.request:
            self.seen.append(answer.request)
        return answer

    def one(self, pick: int, *states: State) -> Request:
        """A request that is in one of these states; now and then any other, as it is or as it once was, by who is late."""
        fitting = [one for one in self.known.values() if one.state in states]
        among = fitting if fitting and pick % 4 else self.seen
        return among[pick // 4 % len(among)]

    @rule(number=NUMBERS, topic=TOPICS, queue=QUEUES, owner=OWNERS, wait=st.sampled_from([0, 0, 0, 30]), lost=st.booleans())
    def register(self, number: str, topic: str, queue: str, owner: str, wait: int, lost: bool) -> None:
        now = at(self.minutes)
        request = promise(
            number, topic, queue=queue, owner=owner, protected=topic == "social", not_before=now + timedelta(minutes=wait), place=now,
            due=now + timedelta(minutes=90), created=now,
        ).model_copy(update={"id": next(self.ids), "follow_up_at": now + timedelta(minutes=60)})  # fmt: skip
        answer = self.do(lambda store, act: store.register(request, act, RULES), lost)
        self.known[answer.standing.id] = answer.standing

    @precondition(is_some("waiting"))
    @rule(queue=QUEUES, busy=st.one_of(st.none(), st.none(), NUMBERS), lost=st.booleans())
    def claim(self, queue: str, busy: str | None, lost: bool) -> None:
        attempt = self.attempt("", [busy] if busy else [])
        self.do(lambda store, act: store.claim("lekeberg", queue, attempt, act, RULES), lost)

    @precondition(is_some("taken"))
    @rule(pick=PICKS, by=PEOPLE, lost=st.booleans())
    def call(self, pick: int, by: str, lost: bool) -> None:
        request = self.one(pick, "taken")
        attempt = self.attempt(by, [])
        self.do(lambda store, act: store.call("lekeberg", request.id, attempt, act, RULES), lost, by)

    def attempt(self, by: str, busy: list[str]) -> Attempt:
        today = self.minutes // DAY * DAY
        return Attempt(next(self.ids), by, busy, at(today + DAY), at(today), at(self.minutes + 1))

    @precondition(is_some("dialling", "talking"))
    @rule(pick=PICKS, stage=st.sampled_from(["guide_up", "accepted", "citizen_up", ""]), by=PEOPLE, lost=st.booleans())
    def advance(self, pick: int, stage: Any, by: str, lost: bool) -> None:
        request = self.one(pick, "dialling", "talking")
        self.do(lambda store, act: store.advance(request, act, stage, by if stage == "accepted" else ""), lost)

    @precondition(is_some("dialling", "talking"))
    @rule(pick=PICKS, end=st.sampled_from(["no_answer", "busy", "answered", "unknown", "withdrawn", "last"]), lost=st.booleans())
    def settle(self, pick: int, end: Any, lost: bool) -> None:
        request = self.one(pick, "dialling", "talking")
        result: Settled = "no_answer" if end == "last" else end
        ends: dict[str, Next] = {
            "answered": TALKED, "unknown": UNKNOWN, "last": NOT_REACHED, "withdrawn": again(self.minutes, counts=False),
            "busy": Next("waiting", "busy", at(self.minutes + 5), at(self.minutes + 5), busy=True),
        }  # fmt: skip
        after = ends.get(end, again(self.minutes + 10))
        self.do(lambda store, act: store.settle(request, request.attempt, act, result, after), lost)

    @precondition(is_some("waiting", "taken"))
    @rule(pick=PICKS, by=PEOPLE, from_=st.sampled_from(["", "*", "1001"]), lost=st.booleans())
    def take(self, pick: int, by: str, from_: str, lost: bool) -> None:
        request = self.one(pick, "waiting", "taken")
        self.do(lambda store, act: store.take("lekeberg", request.id, by, act, at(self.minutes + 60), from_), lost, by)

    @precondition(is_some("taken", "unknown", "waiting"))
    @rule(pick=PICKS, owner=OWNERS, by=PEOPLE, wait=st.sampled_from([0, 30]), lost=st.booleans())
    def put_back(self, pick: int, owner: str, by: str, wait: int, lost: bool) -> None:
        request = self.one(pick, "taken", "unknown", "waiting")
        after = request.model_copy(update={"owner": owner, "not_before": at(self.minutes + wait), "lapsed": False})
        self.do(lambda store, act: store.put_back(after, act, "postponed", by), lost, by)

    @precondition(is_some("waiting", "taken", "dialling", "talking", "talked", "unknown"))
    @rule(pick=PICKS, outcome=st.sampled_from(["solved", "cancelled", "called_in"]), by=PEOPLE, lost=st.booleans())
    def close(self, pick: int, outcome: Any, by: str, lost: bool) -> None:
        request = self.one(pick, "waiting", "taken", "dialling", "talking", "talked", "unknown")
        self.do(lambda store, act: store.close("lekeberg", request.id, outcome, act, by), lost, by)

    @precondition(is_some("waiting", "taken"))
    @rule(pick=PICKS, lapses=st.booleans(), lost=st.booleans())
    def follow_up(self, pick: int, lapses: bool, lost: bool) -> None:
        request = self.one(pick, "waiting", "taken")
        lapsed = request.model_copy(update={"lapsed": True, "place": at(self.minutes)}) if lapses and request.owner else None
        then = at(self.minutes + 60)
        self.do(lambda store, act: store.follow_up(request, act, "overdue", then, lapsed), lost)

    @precondition(is_some("closed"))
    @rule(pick=PICKS, whole=st.booleans(), lost=st.booleans())
    def erase(self, pick: int, whole: bool, lost: bool) -> None:
        request = self.one(pick, "closed")
        if self.do(lambda store, act: store.erase(request, act, whole=whole), lost).word == "erased" and whole:
            del self.known[request.id]

    @rule(minutes=st.sampled_from([1, 5, 20, 70, DAY]))
    def time_goes_on(self, minutes: int) -> None:
        self.minutes += minutes

    @rule(how=CRASHES)
    def crash(self, how: str) -> None:
        if how == "file":
            self.run(self.client.execute_command("DEBUG", "LOADAOF"))  # type: ignore[no-untyped-call]
            return
        with suppress(ConnectionError):
            self.run(self.client.aclose())
        if how == "server":
            self.server.kill()
            self.server.start()
        self.connect()

    @invariant()
    def nothing_is_lost(self) -> None:
        """Each request is open in all of its lists, or closed with an outcome for good; its token only grows; the fake knows no better."""
        found, expected = self.run(self.look(self.real)), self.run(self.look(self.fake))
        assert found == expected
        *lists, closed, _ = found
        by_id = {one.id: one for listed in (*lists, closed) for one in listed}
        for name, listed in zip(LISTS, lists, strict=True):
            assert {one.id for one in listed} == {one.id for one in by_id.values() if one.state != "closed" and name in one.lists}
        assert set(by_id) == set(self.known)
        for before in self.known.values():
            one = by_id[before.id]
            assert one.token >= before.token
            assert (one.state == "closed") == bool(one.outcome)
            if before.state == "closed":
                assert (one.state, one.outcome, one.closed_at) == ("closed", before.outcome, before.closed_at)
        self.known = by_id

    async def look(self, store: CallbackStore) -> list[Any]:
        now = at(self.minutes)
        open_ = [store.listed("lekeberg", [name], 1000) for name in LISTS]
        rest = (store.leases_over("lekeberg", now), store.to_follow_up("lekeberg", now), store.figures("lekeberg", QUEUE_NAMES, now))
        return [*await asyncio.gather(*open_), await store.closed_before("lekeberg", now, 1000), await asyncio.gather(*rest)]

    @invariant()
    def one_attempt_at_a_number_is_live_at_most(self) -> None:
        real, fake = ({one.id: one for one in self.run(store.under_way("lekeberg"))} for store in (self.real, self.fake))
        assert real == fake
        dialled = [one for one in self.known.values() if one.state in ("dialling", "talking")]
        assert len({one.number for one in dialled}) == len(dialled)
        assert {one.id for one in dialled} <= set(real)

    def teardown(self) -> None:
        try:
            for id_ in self.known:
                entries, expected = (self.run(store.history("lekeberg", id_)) for store in (self.real, self.fake))
                assert entries == expected
            assert self.run(audit(self.client, "lekeberg", at(self.minutes))) == 0
        finally:
            with suppress(ConnectionError):
                self.run(self.client.aclose())
            self.server.remove()
            self.runner.close()


@pytest.mark.parametrize(("kind", "examples"), [("redis7", 30), ("valkey", 20), ("redis8", 8)])
def test_whatever_happens_nothing_is_lost_and_nobody_is_dialled_twice(kind: Kind, examples: int) -> None:
    machine = type("Machine", (Stores,), {"kind": kind})
    times = settings.default.max_examples // 100 if settings.default else 1
    plan = settings(
        max_examples=examples * times,
        stateful_step_count=60,
        suppress_health_check=list(HealthCheck),
        phases=(Phase.reuse, Phase.generate),  # to make a failure shorter takes minutes: sixty acts are read sooner
    )
    run_state_machine_as_test(machine, settings=plan)
