"""The callback store in plain Python: the same verbs and words as the real one, without Redis. The same suite runs over both.

It loses nothing while it lives, and can be told to be away or not durable. It has no stream of changes.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from callbacks.model import STAGES, STATES, Entry, Message, Outcome, Request, Stage, State
from callbacks.policy import GUARD_SECONDS, Next, Settled
from callbacks.record import matter
from callbacks.store import (
    AGE_BUCKETS,
    LEASE_SECONDS,
    Act,
    Answer,
    Attempt,
    CallbackStore,
    Durability,
    Figures,
    NotDurable,
    StoreAway,
    Word,
)  # fmt: skip
from callbacks.transitions import RANG, is_legal
from routing.callback_rules import CallbackRules

AHEAD = ("waiting", "taken", "dialling")
LIVE = ("dialling", "talking")
FREE = {"held_by": "", "lease_until": None, "stage": ""}
PUT_BACK = (
    "not_before", "place", "due", "limit", "follow_up_at", "wanted", "owner", "administration", "message", "lapsed", "protected",
    "followed",
)  # fmt: skip
"""What a request that is put back takes over."""


@dataclass
class Row:
    """A request, and what the store knows of it beside."""

    request: Request
    settled: str = ""
    wish_reason: str = ""
    history: list[Entry] = field(default_factory=list)

    @property
    def is_under_way(self) -> bool:
        return self.request.attempt not in ("", self.settled)


@dataclass(frozen=True)
class Dial:
    """What the guard counts."""

    at: datetime
    number: str
    attempt: str


class MemoryStore(CallbackStore):
    """A fake with state. `away` and `lossy` make it fail as the real one does."""

    def __init__(self) -> None:
        self.away = self.lossy = False
        self._rows: dict[tuple[str, str], Row] = {}
        self._answers: dict[tuple[str, str], tuple[Word, str]] = {}
        self._live: dict[tuple[str, str], str] = {}
        self._dials: list[Dial] = []
        self._totals: defaultdict[str, float] = defaultdict(float)
        self._retained: dict[str, float] = {}

    async def durable(self) -> Durability:
        if self.away or self.lossy:
            return Durability(False, "Redis does not answer" if self.away else "Redis has appendonly no, it must be yes")
        return Durability(True)

    async def register(self, request: Request, act: Act, rules: CallbackRules) -> Answer:
        if self.lossy:
            raise NotDurable("Redis has appendonly no, it must be yes")
        return self._once(request.municipality, act, lambda: self._register(request, act, rules))

    async def claim(self, municipality: str, queue: str, attempt: Attempt, act: Act, rules: CallbackRules) -> Answer:
        return self._once(municipality, act, lambda: self._claim(municipality, queue, attempt, act, rules))

    async def call(self, municipality: str, request_id: str, attempt: Attempt, act: Act, rules: CallbackRules) -> Answer:
        def change(row: Row) -> Word:
            if row.request.state != "taken":
                return "illegal"
            if row.request.held_by != attempt.held_by:
                return "taken_by"
            if why := self._guarded(row.request, attempt, act, rules):
                self._denied(why)
                return why
            return self._dial(row, attempt, act)

        return self._on(municipality, request_id, act, change)

    async def advance(self, request: Request, act: Act, stage: Stage, held_by: str = "") -> Answer:
        def change(row: Row) -> Word:
            if row.request.state not in LIVE:
                return "illegal"
            has_come_further = STAGES.index(stage) > STAGES.index(row.request.stage)
            changed: dict[str, object] = {"lease_until": act.now + timedelta(seconds=LEASE_SECONDS)}
            changed |= {"held_by": held_by} if held_by else {}
            changed |= {"stage": stage} if has_come_further else {}
            if has_come_further and stage == "citizen_up":
                changed["state"] = "talking"
            if held_by or has_come_further:
                return self._write(row, act, stage or "renewed", "ok", **changed)
            row.request = row.request.model_copy(update=changed)
            return "ok"

        return self._on(request.municipality, request.id, act, change, token=request.token)

    async def settle(self, request: Request, attempt: str, act: Act, result: Settled, after: Next) -> Answer:
        return self._on(
            request.municipality, request.id, act, lambda row: self._settle(row, attempt, act, result, after), token=request.token
        )

    async def take(self, municipality: str, request_id: str, to: str, act: Act, until: datetime, from_: str = "") -> Answer:
        def change(row: Row) -> Word:
            one = row.request
            if not is_legal(one.state, "taken"):
                return "illegal"
            if one.held_by not in ("", to, from_) and from_ != "*":
                return "taken_by"
            what = "taken" if to == act.by else "handed_over"
            return self._write(row, act, what, "ok", state="taken", held_by=to, token=one.token + 1, lease_until=until)

        return self._on(municipality, request_id, act, change)

    async def put_back(self, after: Request, act: Act, what: str, from_: str = "*") -> Answer:
        def change(row: Row) -> Word:
            one = row.request
            if one.state not in ("waiting", "taken", "unknown"):
                return "illegal"
            if one.held_by not in ("", from_) and from_ != "*":
                return "taken_by"
            if one.token != after.token:
                return self._fenced()
            changed = {name: getattr(after, name) for name in PUT_BACK}
            return self._write(row, act, what, "ok", state="waiting", token=one.token + 1, **FREE, **changed)

        return self._on(after.municipality, after.id, act, change)

    async def expire(self, request: Request, act: Act) -> Answer:
        def change(row: Row) -> Word:
            one = row.request
            if one.state != "taken" or one.lease_until is None or one.lease_until > act.now:
                return "illegal"
            self._totals[f"callback_lease_expired|{one.queue}"] += 1
            return self._write(row, act, "lease_expired", "ok", state="waiting", **FREE)

        return self._on(request.municipality, request.id, act, change)

    async def close(
        self, municipality: str, request_id: str, outcome: Outcome, act: Act, from_: str = "*", successor: Request | None = None
    ) -> Answer:
        def change(row: Row) -> Word:
            one = row.request
            if not is_legal(one.state, "closed"):
                return "illegal"
            if one.held_by not in ("", from_) and from_ != "*":
                return "taken_by"
            if one.state == "dialling":
                return self._wish(row, act, outcome)
            self._close(row, act, "closed", outcome, act.why, {"outcome": outcome, "reason": act.why})
            if successor:
                row.request = row.request.model_copy(update={"followed_by": self._goes_on(successor, act)})
            return "closed"

        return self._on(municipality, request_id, act, change)

    async def follow_up(self, request: Request, act: Act, what: str, then: datetime | None, lapsed: Request | None = None) -> Answer:
        def change(row: Row) -> Word:
            if row.request.state == "closed":
                return "illegal"
            if row.request.followed != request.followed:
                return "done"
            if row.request.token != request.token:
                return self._fenced()
            changed = {"lapsed": True, "place": lapsed.place} if lapsed else {}
            return self._write(row, act, what, "ok", followed=request.followed + 1, follow_up_at=then, **changed)

        return self._on(request.municipality, request.id, act, change)

    async def erase(self, request: Request, act: Act, *, whole: bool) -> Answer:
        def change(row: Row) -> Word:
            if row.request.state != "closed":
                return "illegal"
            if not row.request.number and not whole:
                return "done"
            self._totals[f"retention_deleted|{'row' if whole else 'number'}"] += 1
            self._hang_up(row)
            if whole:
                del self._rows[request.municipality, request.id]
                return "erased"
            return self._write(row, act, "erased", "erased", number="", message=Message())

        return self._on(request.municipality, request.id, act, change)

    async def find(self, municipality: str, request_id: str) -> Request | None:
        self._must_answer()
        row = self._rows.get((municipality, request_id))
        return row.request if row else None

    async def history(self, municipality: str, request_id: str) -> list[Entry]:
        self._must_answer()
        row = self._rows.get((municipality, request_id))
        return list(row.history) if row else []

    async def listed(self, municipality: str, lists: Iterable[str], count: int = 100) -> list[Request]:
        names = set(lists)
        return self._sorted(municipality, lambda one: one.due if names.intersection(one.lists) and one.state != "closed" else None)[:count]

    async def of_number(self, municipality: str, number: str) -> list[Request]:
        return self._sorted(municipality, lambda one: one.due if one.number == number and one.state != "closed" else None)

    async def closed_of_number(self, municipality: str, number: str, since: datetime) -> list[Request]:
        closed = self._sorted(municipality, lambda one: one.closed_at if one.number == number else None)
        return [one for one in reversed(closed) if one.closed_at and one.closed_at >= since]

    async def answered(self, municipality: str, operation: str) -> Answer | None:
        self._must_answer()
        known = self._answers.get((municipality, operation))
        return Answer(known[0], await self.find(municipality, known[1])) if known else None

    async def worked_on(self, municipality: str, count: int = 1000) -> list[Request]:
        return self._sorted(municipality, lambda one: one.lease_until)[:count]

    async def under_way(self, municipality: str) -> list[Request]:
        self._must_answer()
        return [self._rows[municipality, id_].request for (where, _), id_ in self._live.items() if where == municipality]

    async def leases_over(self, municipality: str, now: datetime, count: int = 100) -> list[Request]:
        return self._by(municipality, "lease_until", now)[:count]

    async def to_follow_up(self, municipality: str, now: datetime, count: int = 100) -> list[Request]:
        return self._by(municipality, "follow_up_at", now)[:count]

    async def closed_before(
        self, municipality: str, moment: datetime, count: int = 100, skip: int = 0, *, numbered: bool = False
    ) -> list[Request]:
        closed = [one for one in self._by(municipality, "closed_at", moment) if one.number or not numbered]
        return closed[skip : skip + count]

    async def retained(self, municipality: str, now: datetime) -> None:
        self._must_answer()
        self._retained[municipality] = now.timestamp()

    async def rewrite(self) -> None:
        self._must_answer()

    async def figures(self, municipality: str, queues: Iterable[str], now: datetime) -> Figures:
        by_queue = {queue: await self.listed(municipality, [f"queue/{queue}"], len(self._rows) + 1) for queue in queues}
        states: list[State] = [state for state in STATES if state != "closed"]
        return Figures(
            totals=dict(self._totals),
            open={(queue, state): sum(one.state == state for one in all_) for queue, all_ in by_queue.items() for state in states},
            overdue={queue: sum(one.due < now for one in all_) for queue, all_ in by_queue.items()},
            oldest_due={queue: all_[0].due.timestamp() if all_ else 0.0 for queue, all_ in by_queue.items()},
            retention=self._retained.get(municipality, 0.0),
        )

    def _must_answer(self) -> None:
        if self.away:
            raise StoreAway("Redis does not answer")

    def _once(self, municipality: str, act: Act, change: Callable[[], tuple[Word, str]]) -> Answer:
        """The answer of a verb; the same operation gives its first word again."""
        self._must_answer()
        operation = (municipality, act.operation)
        word, id_ = self._answers.get(operation) or change()
        if act.operation and id_ and word not in ("unknown", "fenced"):
            self._answers[operation] = (word, id_)
        row = self._rows.get((municipality, id_))
        return Answer(word, row.request if row else None)

    def _on(self, municipality: str, id_: str, act: Act, change: Callable[[Row], Word], token: int | None = None) -> Answer:
        def changed() -> tuple[Word, str]:
            row = self._rows.get((municipality, id_))
            if row is None:
                return "unknown", id_
            seen = act.token if token is None else token
            return self._fenced() if seen not in (None, row.request.token) else change(row), id_

        return self._once(municipality, act, changed)

    def _fenced(self) -> Word:
        self._totals["callback_fenced_writes"] += 1
        return "fenced"

    def _write(self, row: Row, act: Act, what: str, word: Word, **changed: object) -> Word:
        row.request = row.request.model_copy(update=changed)
        why = {"why": act.why} if act.why else {}
        row.history.append(Entry(at=act.now, act=what, state=row.request.state, by=act.by, **why))
        return word

    def _noted(self, row: Row, **said: str) -> None:
        row.history[-1] = Entry.model_validate(row.history[-1].model_dump() | said)

    def _close(self, row: Row, act: Act, word: Literal["closed", "settled"], to: str, reason: str, said: Mapping[str, str]) -> Word:
        one = row.request
        closed: dict[str, object] = {"state": "closed", "outcome": to, "reason": reason, "closed_at": act.now}
        self._write(row, act, word, word, **closed | {"held_by": "", "lease_until": None, "follow_up_at": None, "wish": ""})
        self._noted(row, **said)
        age, labels = (act.now - one.created_at).total_seconds(), f"|{one.queue}|{to}"
        self._totals[f"callbacks_closed{labels}"] += 1
        bucket = next((str(bound) for bound in AGE_BUCKETS if age <= bound), "+Inf")
        self._totals[f"callback_age_at_close_seconds_bucket{labels}|{bucket}"] += 1
        self._totals[f"callback_age_at_close_seconds_sum{labels}"] += age
        return word

    def _wish(self, row: Row, act: Act, outcome: Outcome) -> Word:
        if outcome not in ("cancelled", "called_in", "merged") or row.request.stage in RANG:
            return "rings"
        row.wish_reason = act.why
        self._write(row, act, "closed", "wished", wish=outcome)
        self._noted(row, outcome=outcome)
        return "wished"

    def _goes_on(self, successor: Request, act: Act) -> str:
        """The id of the request that goes on from a closed one: one that stands for the same matter, or the one given."""
        ahead = self._ahead(successor)
        if same := next((one for one in ahead if matter(one) == matter(successor)), None):
            return same.id
        self._store(successor, act)
        return successor.id

    def _ahead(self, request: Request) -> list[Request]:
        """What the same number has that is still to be dialled, the earliest due first."""
        return self._sorted(request.municipality, lambda one: one.due if one.number == request.number and one.state in AHEAD else None)

    def _store(self, request: Request, act: Act) -> Word:
        row = self._rows[request.municipality, request.id] = Row(request)
        self._totals[f"callbacks_requested|{request.queue}|{request.source}"] += 1
        return self._write(row, act, "registered", "stored")

    def _register(self, request: Request, act: Act, rules: CallbackRules) -> tuple[Word, str]:
        if (request.municipality, request.id) in self._rows:
            return "stored", request.id
        ahead = self._ahead(request)
        same = next((one for one in ahead if matter(one) == matter(request)), None)
        alike = [one for one in ahead if one.protected == request.protected]
        word: Word = "merged"
        if not same and len(alike) >= rules.open_per_number:
            same, word = max(reversed(alike), key=lambda one: one.created_at), "enough"
        if not same:
            return self._store(request, act), request.id
        places = [one.place for one in (same, request) if one.place]
        better: dict[str, object] = {"place": min(places) if len(places) == 2 else same.place}
        if request.due < same.due:
            better |= {"due": request.due, "follow_up_at": request.follow_up_at, "followed": 0}
        self._write(self._rows[request.municipality, same.id], act, "asked_again", word, **better)
        if word == "enough":
            self._totals[f"callbacks_rejected|{request.queue}|open_per_number"] += 1
        return word, same.id

    def _claim(self, municipality: str, queue: str, attempt: Attempt, act: Act, rules: CallbackRules) -> tuple[Word, str]:
        def place(one: Request) -> datetime | None:
            may = one.queue == queue and one.state == "waiting" and one.in_queue and one.not_before <= act.now
            return (one.place or one.not_before) if may else None

        for one in self._sorted(municipality, place):
            row, why = self._rows[municipality, one.id], self._guarded(one, attempt, act, rules)
            if why is None:
                return self._dial(row, attempt, act), one.id
            self._denied(why)
            if why == "an_hour":
                return why, ""
            tomorrow = attempt.tomorrow or act.now + timedelta(days=1)
            soon = attempt.guard_until or act.now + timedelta(seconds=GUARD_SECONDS)
            row.request = one.model_copy(update={"not_before": soon if why == "live" else tomorrow})
        return "none", ""

    def _guarded(self, one: Request, attempt: Attempt, act: Act, rules: CallbackRules) -> Word | None:
        if (one.municipality, one.number) in self._live or one.number in attempt.busy:
            return "live"
        midnight = attempt.midnight or act.now - timedelta(days=1)
        if sum(dial.number == one.number and dial.at >= midnight for dial in self._dials) >= rules.dials_per_number_a_day:
            return "number_a_day"
        if sum(dial.at > act.now - timedelta(hours=1) for dial in self._dials) >= rules.dials_an_hour:
            return "an_hour"
        return None

    def _denied(self, why: Word) -> None:
        if why != "live":
            self._totals[f"dial_denied|{why}"] += 1

    def _dial(self, row: Row, attempt: Attempt, act: Act) -> Word:
        one = row.request
        self._live[one.municipality, one.number] = one.id
        self._dials.append(Dial(act.now, one.number, attempt.id))
        lease = act.now + timedelta(seconds=LEASE_SECONDS)
        changed: dict[str, object] = {"state": "dialling", "token": one.token + 1, "attempt": attempt.id, "stage": "", "wish": ""}
        self._write(row, act, "dialling", "claimed", **changed | {"held_by": attempt.held_by, "lease_until": lease})
        self._noted(row, attempt=attempt.id)
        return "claimed"

    def _hang_up(self, row: Row) -> None:
        key = (row.request.municipality, row.request.number)
        if self._live.get(key) == row.request.id:
            del self._live[key]

    def _settle(self, row: Row, attempt: str, act: Act, result: Settled, after: Next) -> Word:
        one = row.request
        if one.attempt != attempt or row.settled == attempt:
            return "illegal"
        if one.state != "closed" and (one.state not in LIVE or not is_legal(one.state, after.state)):
            return "illegal"
        self._hang_up(row)
        rang = after.counts or after.busy or result in ("congestion", "failed")
        if not rang:
            self._dials = [dial for dial in self._dials if dial.attempt != attempt]
        row.settled, said = attempt, "" if result == "withdrawn" else result
        if said:
            self._totals[f"callback_attempts|{one.queue}|{said}"] += 1
        ended = {"attempt": attempt, "result": said, "reason": after.reason}
        row.request = one.model_copy(update={"last_result": said, "tried_at": act.now if rang else one.tried_at})
        if one.state == "closed":
            self._write(row, act, "settled", "settled")
            self._noted(row, **ended)
            return "settled"
        counted = {"attempts": one.attempts + after.counts, "busies": one.busies + after.busy}
        row.request = row.request.model_copy(update=counted)
        if after.state == "waiting" and one.wish:
            return self._close(row, act, "settled", one.wish, row.wish_reason, ended | {"outcome": one.wish})
        if after.state == "closed":
            return self._close(row, act, "settled", after.outcome, after.reason, ended | {"outcome": after.outcome})
        changed: dict[str, object] = {"state": after.state, "lease_until": None, "stage": "", "reason": after.reason}
        if after.state == "waiting":
            place = after.place if one.place and after.place else one.place
            changed |= {"held_by": "", "not_before": after.not_before or one.not_before, "place": place}
        self._write(row, act, "settled", "settled", **changed)
        self._noted(row, **ended)
        return "settled"

    def _sorted(self, municipality: str, score: Callable[[Request], datetime | None]) -> list[Request]:
        """The requests that have a score, by it; the same order as a sorted set's."""
        self._must_answer()
        scored = [(score(row.request), id_, row.request) for (where, id_), row in self._rows.items() if where == municipality]
        return [one for at, _, one in sorted((at, id_, one) for at, id_, one in scored if at is not None)]

    def _by(self, municipality: str, name: str, until: datetime) -> list[Request]:
        def score(one: Request) -> datetime | None:
            at: datetime | None = getattr(one, name)
            return at if at and at <= until else None

        return self._sorted(municipality, score)
