"""Random acts on the fake and a real store side by side, with crashes between them: the same words, and nothing lost.

An act's answer may be lost, so that it is sent again; the process that acts is replaced; the server reads its file anew, or is killed.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import timedelta
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test

from callbacks.audit import audit
from callbacks.model import STAGES, Outcome, Request, State
from callbacks.policy import Next, Settled
from callbacks.store import Act, Answer, Attempt, CallbackStore
from routing.callback_rules import CallbackRules
from tests.redis_server import Kind, RedisServer
from tests.store.memory_store import MemoryStore
from tests.store.promises import NOT_REACHED, TALKED, UNKNOWN, again, at, promise

DAY = 24 * 60
RULES = CallbackRules(dials_per_number_a_day=4, dials_an_hour=6)
NUMBERS = [f"+4670174060{n}" for n in range(5, 9)]
TOPICS = ["care", "streets", "care", "streets", "social"]
QUEUES = ("guides", "specialists")
OWNERS = ["", "", "", "1201"]
PEOPLE = ["1001", "1002"]
LISTS = ("queue/guides", "queue/specialists", "pool", "protected", "owner/1201")
OPEN: tuple[State, ...] = ("waiting", "taken", "dialling", "talking", "talked", "unknown")
ACTS = 60
"""In a step of Hypothesis."""
Verb = Callable[[CallbackStore, Act], Awaitable[Answer]]


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

    def do(self, verb: Verb, by: str = "", of: Request | None = None) -> Answer:
        """The act on both, now and then only if the request is still as it was seen. A lost answer comes again, from another process."""
        token = of.token if of and self.chance.random() < 0.3 else None
        act = Act(at(self.minutes), by, next(self.ids), token=token)
        expected: Answer = self.run(verb(self.fake, act))
        answer: Answer = self.run(verb(self.real, act))
        assert answer == expected
        if answer.word not in ("none", "an_hour", "fenced") and self.chance.random() < 0.3:
            self.crash("process")
            assert self.run(verb(self.real, act)) == answer
        if answer.request:
            self.seen.append(answer.request)
        return answer

    def one(self, *states: State) -> Request:
        """A request that is in one of these states; now and then any other, as it is or as it once was, by who is late."""
        fitting = [one for one in self.known.values() if one.state in states]
        return self.chance.choice(fitting if fitting and self.chance.random() < 0.8 else self.seen)

    @rule(seed=st.integers(0, 2**32 - 1))
    def some_acts(self, seed: int) -> None:
        """A handful of acts; Hypothesis alone would spend its steps on choosing."""
        self.chance = Random(seed)
        acts = (
            self.claim, self.advance, self.settle, self.call, self.take, self.put_back, self.expire, self.close, self.follow_up, self.erase,
        )  # fmt: skip
        for n in range(ACTS):
            if not self.seen or self.chance.random() < 0.2:
                self.register()
            else:
                self.chance.choice((*acts, self.claim, self.advance, self.settle))()
            self.minutes += self.chance.choice([0, 0, 1, 5, 20])
            if n % 5 == 0:
                self.nothing_is_lost()
                self.one_attempt_at_a_number_is_live_at_most()

    def register(self) -> None:
        request = self.new()
        answer = self.do(lambda store, act: store.register(request, act, RULES))
        self.known[answer.standing.id] = answer.standing

    def new(self) -> Request:
        now, topic = at(self.minutes), self.chance.choice(TOPICS)
        return promise(
            self.chance.choice(NUMBERS), topic, queue=self.chance.choice(QUEUES), owner=self.chance.choice(OWNERS), place=now, created=now,
            protected=topic == "social", not_before=at(self.minutes + self.chance.choice([0, 0, 30])), due=at(self.minutes + 90),
        ).model_copy(update={"id": next(self.ids), "follow_up_at": now + timedelta(minutes=60)})  # fmt: skip

    def claim(self) -> None:
        queue, attempt = self.chance.choice(QUEUES), self.attempt("", self.chance.sample(NUMBERS, self.chance.choice([0, 0, 1])))
        self.do(lambda store, act: store.claim("lekeberg", queue, attempt, act, RULES))

    def call(self) -> None:
        request = self.one("taken")
        attempt = self.attempt(self.chance.choice([request.held_by, *PEOPLE]), [])
        self.do(lambda store, act: store.call("lekeberg", request.id, attempt, act, RULES), attempt.held_by, request)

    def attempt(self, by: str, busy: list[str]) -> Attempt:
        today = self.minutes // DAY * DAY
        return Attempt(next(self.ids), by, busy, at(today + DAY), at(today), at(self.minutes + 1))

    def advance(self) -> None:
        request, stage = self.one("dialling", "talking"), self.chance.choice(STAGES)
        by = self.chance.choice(PEOPLE) if stage == "accepted" else ""
        self.do(lambda store, act: store.advance(request, act, stage, by))

    def settle(self) -> None:
        request, now = self.one("dialling", "talking"), self.minutes
        ends: list[tuple[Settled, Next]] = [
            ("answered", TALKED), ("unknown", UNKNOWN), ("no_answer", NOT_REACHED), ("no_answer", again(now + 10)),
            ("withdrawn", again(now, counts=False)), ("busy", Next("waiting", "busy", at(now + 5), at(now + 5), busy=True)),
        ]  # fmt: skip
        result, after = self.chance.choice(ends)
        self.do(lambda store, act: store.settle(request, request.attempt, act, result, after))

    def take(self) -> None:
        request, by, from_ = self.one("waiting", "taken"), self.chance.choice(PEOPLE), self.chance.choice(["", "*", *PEOPLE])
        self.do(lambda store, act: store.take("lekeberg", request.id, by, act, at(self.minutes + 60), from_), by, request)

    def put_back(self) -> None:
        request, by = self.one("taken", "unknown", "waiting"), self.chance.choice(PEOPLE)
        wait, owner = self.chance.choice([0, 30]), self.chance.choice(OWNERS)
        after = request.model_copy(update={"owner": owner, "not_before": at(self.minutes + wait), "lapsed": False})
        self.do(lambda store, act: store.put_back(after, act, "postponed", by), by, request)

    def expire(self) -> None:
        request = self.one("taken")
        self.do(lambda store, act: store.expire(request, act), of=request)

    def close(self) -> None:
        outcomes: list[Outcome] = ["solved", "cancelled", "called_in"]
        request, outcome, by = self.one(*OPEN), self.chance.choice(outcomes), self.chance.choice(PEOPLE)
        then = self.new() if self.chance.random() < 0.3 else None
        answer = self.do(lambda store, act: store.close("lekeberg", request.id, outcome, act, by, then), by, request)
        if then and answer.request and answer.request.followed_by == then.id:
            self.known[then.id] = then

    def follow_up(self) -> None:
        request = self.one("waiting", "taken")
        lapses, then = request.owner and self.chance.random() < 0.5, at(self.minutes + 60)
        lapsed = request.model_copy(update={"lapsed": True, "place": at(self.minutes)}) if lapses else None
        self.do(lambda store, act: store.follow_up(request, act, "overdue", then, lapsed))

    def erase(self) -> None:
        request, whole = self.one("closed"), self.chance.random() < 0.5
        if self.do(lambda store, act: store.erase(request, act, whole=whole)).word == "erased" and whole:
            del self.known[request.id]

    @rule(minutes=st.sampled_from([70, DAY]))
    def time_goes_on(self, minutes: int) -> None:
        self.minutes += minutes

    @rule(how=st.sampled_from(["file", "file", "server"]))
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
        rest = (
            *(store.closed_of_number("lekeberg", number, now - timedelta(hours=2)) for number in NUMBERS),
            store.closed_before("lekeberg", now, 1000, numbered=True), store.worked_on("lekeberg"),
            store.leases_over("lekeberg", now), store.to_follow_up("lekeberg", now), store.figures("lekeberg", QUEUES, now),
        )  # fmt: skip
        return [*await asyncio.gather(*open_), await store.closed_before("lekeberg", now, 1000), await asyncio.gather(*rest)]

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


@pytest.mark.parametrize(("kind", "examples"), [("redis7", 16), ("valkey", 8), ("redis8", 8)])
def test_whatever_happens_nothing_is_lost_and_nobody_is_dialled_twice(kind: Kind, examples: int) -> None:
    machine = type("Machine", (Stores,), {"kind": kind})
    times = settings.default.max_examples // 100 if settings.default else 1
    plan = settings(
        max_examples=examples * times,
        stateful_step_count=10,
        suppress_health_check=list(HealthCheck),
        phases=(Phase.reuse, Phase.generate),  # to make a failure shorter takes minutes: a hundred acts are read sooner
    )
    run_state_machine_as_test(machine, settings=plan)
