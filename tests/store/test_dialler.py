"""The dialler over a real store, with a telephone that only notes: what is dialled when, and what becomes of each attempt."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from redis.asyncio import Redis

from callbacks.called_in import close_kept
from callbacks.dialler import Dialler, NotBegun, Ringing, Surroundings, TelephoneAway
from callbacks.model import Request
from callbacks.orders import new_request
from callbacks.store import Act, CallbackStore
from callbacks.trace import Trace, Word
from routing.file import load
from routing.municipality import Municipality
from tests.orders import local

LEKEBERG = load(Path("municipalities/lekeberg.toml"))
OPEN = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
"""A Tuesday, 10.00."""
GONE = "the attempt is not in Asterisk, and nobody had accepted it"
FIRST, SECOND = "+46701740631", "+46701740632"


@dataclass
class Notes:
    """A telephone that notes what it is asked, and is away or refuses on demand."""

    rings: list[Ringing] = field(default_factory=list)
    withdrawn: list[str] = field(default_factory=list)
    here: set[str] = field(default_factory=set)
    refuses: Exception | None = None
    away: bool = False

    async def ring(self, ringing: Ringing) -> None:
        if self.refuses:
            raise self.refuses
        self.rings.append(ringing)
        self.here.add(ringing.request.attempt)

    async def withdraw(self, attempt: str) -> None:
        if self.away:
            raise TelephoneAway("not now")
        self.withdrawn.append(attempt)

    async def alive(self) -> Collection[str]:
        return frozenset(self.here)


class Desk:
    """A dialler with its surroundings, all of which a test may change."""

    def __init__(self, redis: Redis, municipality: Municipality = LEKEBERG) -> None:
        self.store, self.telephone = CallbackStore(redis), Notes()
        self.now, self.monotonic, self.guides, self.held = OPEN, 0.0, 1, False
        self.in_calls: set[str] = set()
        self.served = "guides"
        self.municipality = municipality
        self.dialler = self.started()

    def started(self) -> Dialler:
        """A new process on the same store."""
        around = Surroundings(
            municipalities={"lekeberg": self.municipality},
            now=lambda: self.now,
            clock=lambda: self.monotonic,
            on_duty=lambda slug, queue: self.guides if queue == self.served else 0,
            in_calls=lambda: frozenset(self.in_calls),
            closed_until=lambda slug: None,
            is_held=lambda slug: self.held,
        )
        return Dialler(self.store, self.telephone, around)

    def after(self, **time: float) -> None:
        """Time goes on."""
        passed = timedelta(**time)
        self.now, self.monotonic = self.now + passed, self.monotonic + passed.total_seconds()

    async def order(self, number: str = FIRST, topic: str = "care", **more: object) -> Request:
        """A citizen orders."""
        request = new_request(self.municipality, number=number, topic=topic, source="queue_key", now=self.now, **more)  # type: ignore[arg-type]
        return (await self.store.register(request, Act(self.now), self.municipality.callbacks)).standing

    async def find(self, request: Request) -> Request:
        """Where it stands."""
        found = await self.store.find("lekeberg", request.id)
        assert found
        return found

    async def says(self, word: Word, *detail: str, who: str = "1001", ringing: int = -1) -> None:
        """The dialplan says a word about the latest attempt (or another one)."""
        request = self.telephone.rings[ringing].request
        if word == "end":
            self.telephone.here.discard(request.attempt)
        await self.dialler.take(Trace(request.attempt, request.id, "lekeberg", word, 0.0, who, detail))

    async def talks(self, seconds: int = 60) -> None:
        """An attempt as it should be."""
        for word in ("queued", "guide_up", "accepted", "citizen_up"):
            await self.says(word)
        await self.says("end", "rang", "ANSWER", "16", str(seconds))


@pytest.fixture
def desk(redis: Redis) -> Desk:
    """One guide on duty, on a Tuesday at ten."""
    return Desk(redis)


async def test_as_many_stand_ins_wait_as_there_are_guides_the_earliest_places_first(desk: Desk) -> None:
    late = await desk.order(FIRST, place=OPEN - timedelta(minutes=1))
    early = await desk.order(SECOND, place=OPEN - timedelta(minutes=9))
    await desk.dialler.sweep()
    assert [one.request.id for one in desk.telephone.rings] == [early.id]
    desk.guides = 2
    await desk.dialler.sweep()
    assert [one.request.id for one in desk.telephone.rings] == [early.id, late.id]


async def test_the_intent_stands_in_the_store_before_the_telephone_is_asked(desk: Desk) -> None:
    request = await desk.order()
    desk.telephone.refuses = TelephoneAway("gone in this moment")
    with pytest.raises(TelephoneAway):
        await desk.dialler.sweep()
    assert (await desk.find(request)).state == "dialling"


async def test_a_talk_waits_for_the_outcome_that_a_person_states(desk: Desk) -> None:
    request = await desk.order()
    await desk.dialler.sweep()
    await desk.talks()
    stands = await desk.find(request)
    assert (stands.state, stands.last_result, stands.held_by, stands.attempts) == ("talked", "answered", "1001", 1)
    desk.after(hours=1)
    await desk.dialler.sweep()
    assert len(desk.telephone.rings) == 1


@pytest.mark.parametrize(("end", "result", "state", "wait"), [
    (("rang", "BUSY", "17", ""), "busy", "waiting", 5),
    (("rang", "NOANSWER", "16", ""), "no_answer", "waiting", 10),
    (("rang", "CANCEL", "0", ""), "no_answer", "waiting", 10),
    (("rang", "CHANUNAVAIL", "1", ""), "failed", "closed", 0),
    (("rang", "CHANUNAVAIL", "28", ""), "failed", "closed", 0),
    (("rang", "CONGESTION", "34", ""), "congestion", "waiting", 5),
    (("rang", "CHANUNAVAIL", "3", ""), "failed", "waiting", 10),
    (("rang", "ANSWER", "16", ""), "voicemail", "waiting", 10),
    (("", "", "", ""), "", "waiting", 0),
    (("unserved", "ANSWER", "16", "30"), "guide_missed", "waiting", 1),
])  # fmt: skip
async def test_each_end_of_an_attempt_is_told_apart(desk: Desk, end: tuple[str, ...], result: str, state: str, wait: int) -> None:
    request = await desk.order()
    await desk.dialler.sweep()
    if end[0]:
        await desk.says("accepted")
    await desk.says("end", *end)
    stands = await desk.find(request)
    assert (stands.state, stands.last_result) == (state, result)
    if state == "waiting":
        assert stands.not_before == desk.now + timedelta(minutes=wait)


async def test_a_word_that_comes_twice_changes_nothing(desk: Desk) -> None:
    request = await desk.order()
    await desk.dialler.sweep()
    await desk.talks()
    before, told = await desk.find(request), await desk.store.history("lekeberg", request.id)
    await desk.talks()
    assert (await desk.find(request), await desk.store.history("lekeberg", request.id)) == (before, told)


async def test_after_the_last_attempt_the_request_is_closed_as_not_reached_with_the_reason(desk: Desk) -> None:
    request = await desk.order()
    for wait in (10, 60, 24 * 60, 0):
        await desk.dialler.sweep()
        await desk.says("accepted")
        await desk.says("end", "rang", "NOANSWER", "16", "")
        desk.after(minutes=wait)
    stands = await desk.find(request)
    assert (stands.state, stands.outcome, stands.reason) == ("closed", "not_reached", "no_answer, attempt 4 of 4")
    assert len(desk.telephone.rings) == 4


async def test_a_number_is_rung_three_times_a_day_whoever_asks(desk: Desk) -> None:
    """A busy line does not count as an attempt, but for the citizen it is one more ring."""
    request = await desk.order()
    for _ in range(5):
        await desk.dialler.sweep()
        if desk.telephone.here:
            await desk.says("accepted")
            await desk.says("end", "rang", "BUSY", "17", "")
        desk.after(minutes=6)
    assert len(desk.telephone.rings) == 3
    assert (await desk.find(request)).state == "waiting"
    desk.after(days=1)
    await desk.dialler.sweep()
    assert len(desk.telephone.rings) == 4


@pytest.mark.parametrize("at", [
    datetime(2026, 11, 24, 11, 56, tzinfo=UTC),  # the lunch break is over at 13.00 local time: 12.56 it is lunch
    datetime(2026, 11, 24, 15, 26, tzinfo=UTC),  # 16.26, four minutes before closing
    datetime(2026, 11, 24, 2, 0, tzinfo=UTC),
    datetime(2026, 12, 24, 9, 0, tzinfo=UTC),  # Christmas Eve
], ids=["lunch", "just before closing", "at night", "Christmas Eve"])  # fmt: skip
async def test_nobody_is_rung_outside_the_hours_judged_when_it_is_dialled(desk: Desk, at: datetime) -> None:
    await desk.order()
    desk.now = at if at > desk.now else at + timedelta(days=1)
    await desk.dialler.sweep()
    assert desk.telephone.rings == []


@pytest.mark.parametrize(("friday", "opens"), [
    (datetime(2026, 3, 27, 14, 0, tzinfo=UTC), datetime(2026, 3, 30, 6, 0, tzinfo=UTC)),  # 8.00 is an hour earlier from the Sunday on
    (datetime(2026, 10, 23, 13, 0, tzinfo=UTC), datetime(2026, 10, 26, 7, 0, tzinfo=UTC)),
], ids=["forward", "back"])  # fmt: skip
async def test_over_a_change_of_clocks_it_is_rung_when_the_clock_on_the_wall_says_open(
    desk: Desk, friday: datetime, opens: datetime
) -> None:
    desk.now = friday
    await desk.order()
    rung = []
    for at in (opens - timedelta(minutes=1), opens):
        desk.now = at
        await desk.dialler.sweep()
        rung.append(len(desk.telephone.rings))
    assert rung == [0, 1]


async def test_what_was_asked_for_before_easter_is_rung_on_the_tuesday_at_its_place(desk: Desk) -> None:
    """From Maundy Thursday noon it is 116 hours; nothing of it is lost, and nobody is rung meanwhile."""
    desk.now, desk.guides = local("2026-04-02 11:30"), 0
    request = await desk.order()
    assert request.due == local("2026-04-07 11:30")
    desk.guides = 1
    for day in range(2, 7):
        desk.now = local(f"2026-04-0{day} 13:00")
        await desk.dialler.sweep()
    assert desk.telephone.rings == []
    desk.now = local("2026-04-07 08:00")
    await desk.dialler.sweep()
    (rung,) = desk.telephone.rings
    assert (rung.request.id, rung.request.place) == (request.id, request.place)


async def test_before_closing_it_is_taken_out_of_the_queue_and_keeps_its_place(desk: Desk) -> None:
    desk.now = datetime(2026, 11, 24, 15, 24, 30, tzinfo=UTC)
    request = await desk.order()
    await desk.dialler.sweep()
    assert desk.telephone.rings[0].seconds == 30
    desk.after(minutes=1)
    await desk.dialler.sweep()
    await desk.dialler.sweep()
    assert desk.telephone.withdrawn == [desk.telephone.rings[0].request.attempt]
    await desk.says("end", "", "", "", "", who="")
    stands = await desk.find(request)
    assert (stands.state, stands.place, stands.attempts) == ("waiting", request.place, 0)


async def test_who_leads_may_hold_the_dialling(desk: Desk) -> None:
    await desk.order()
    desk.held = True
    await desk.dialler.sweep()
    assert desk.telephone.rings == []


async def test_a_number_in_a_live_call_is_not_dialled_and_taken_out_if_it_rings_in(desk: Desk) -> None:
    await desk.order()
    desk.in_calls = {FIRST}
    await desk.dialler.sweep()
    assert desk.telephone.rings == []
    desk.in_calls = set()
    desk.after(minutes=2)
    await desk.dialler.sweep()
    desk.in_calls = {FIRST}
    await desk.dialler.sweep()
    assert desk.telephone.withdrawn == [desk.telephone.rings[0].request.attempt]


async def test_a_guide_s_miss_takes_it_out_and_holds_it_back_a_little(desk: Desk) -> None:
    request = await desk.order()
    await desk.dialler.sweep()
    attempt = desk.telephone.rings[0].request.attempt
    await desk.dialler.missed(attempt)
    assert desk.telephone.withdrawn == [attempt]
    await desk.says("end", "", "", "", "", who="")
    stands = await desk.find(request)
    assert (stands.last_result, stands.not_before, stands.attempts) == ("guide_missed", desk.now + timedelta(minutes=1), 0)


async def test_what_is_protected_or_a_handler_s_is_never_dialled_by_the_program(desk: Desk) -> None:
    await desk.order(FIRST, "social")
    await desk.order(SECOND, "building", owner="2100")
    desk.after(minutes=30)
    await desk.dialler.sweep()
    assert desk.telephone.rings == []


async def test_who_has_taken_it_is_rung_first_on_the_own_phone(desk: Desk) -> None:
    request = await desk.order(FIRST, "building", owner="2100")
    await desk.store.take("lekeberg", request.id, "2001", Act(desk.now, by="2001"), desk.now + timedelta(hours=4))
    answer = await desk.dialler.call(desk.municipality, request, "2001", Act(desk.now, by="2001", operation="one"))
    again = await desk.dialler.call(desk.municipality, request, "2001", Act(desk.now, by="2001", operation="one"))
    assert (answer.word, again.word) == ("claimed", "claimed")
    assert [(one.kind, one.target) for one in desk.telephone.rings] == [("own-phone", "2001")]


async def test_a_refusal_of_asterisk_puts_it_back_and_not_in_a_circle(desk: Desk) -> None:
    request = await desk.order()
    desk.telephone.refuses = NotBegun("no such context")
    await desk.dialler.sweep()
    stands = await desk.find(request)
    assert (stands.state, stands.attempts) == ("waiting", 0)
    assert stands.not_before > desk.now


RECOVERED = [
    ((), "waiting", ""),
    (("queued",), "waiting", ""),
    (("queued", "guide_up"), "waiting", ""),
    (("queued", "guide_up", "accepted"), "unknown", "unknown"),
    (("queued", "guide_up", "accepted", "citizen_up"), "talked", "answered"),
]


@pytest.mark.parametrize(("words", "state", "result"), RECOVERED, ids=[words[-1] if words else "intent" for words, _, _ in RECOVERED])
async def test_what_a_dead_process_left_is_settled_by_how_far_it_had_come(
    desk: Desk, words: tuple[Word, ...], state: str, result: str
) -> None:
    """Neither Asterisk nor its log knows an end: nothing that may have rung the citizen's phone is dialled again by the program."""
    request = await desk.order()
    await desk.dialler.sweep()
    for word in words:
        await desk.says(word)
    desk.telephone.here.clear()
    desk.dialler = desk.started()
    await desk.dialler.look_after()
    assert (await desk.find(request)).state in ("dialling", "talking")  # its last word may still be on its way
    desk.after(seconds=6)
    await desk.dialler.look_after()
    stands = await desk.find(request)
    assert (stands.state, stands.last_result) == (state, result)


async def test_an_end_that_was_not_heard_is_found_by_asking_asterisk(desk: Desk) -> None:
    request = await desk.order()
    await desk.dialler.sweep()
    await desk.says("queued")
    desk.telephone.here.clear()
    for seconds in (31, 6):
        assert (await desk.find(request)).state == "dialling"
        desk.after(seconds=seconds)
        await desk.dialler.sweep()
    first = next(one for one in await desk.store.history("lekeberg", request.id) if one.act == "settled")
    assert first.model_extra == {"attempt": desk.telephone.rings[0].request.attempt, "result": "", "reason": GONE}


async def test_a_number_that_has_become_the_municipality_s_own_is_never_dialled(desk: Desk) -> None:
    request = await desk.order()
    lines = {name: line.model_copy(update={"numbers": (*line.numbers, FIRST)}) for name, line in LEKEBERG.lines.items()}
    desk.municipality = LEKEBERG.model_copy(update={"lines": lines})
    desk.dialler = desk.started()
    await desk.dialler.sweep()
    assert desk.telephone.rings == []
    assert (await desk.find(request)).outcome == "invalid_number"


async def test_an_attempt_that_lives_on_in_asterisk_is_adopted_and_its_lease_renewed(desk: Desk) -> None:
    request = await desk.order()
    await desk.dialler.sweep()
    desk.dialler = desk.started()
    desk.after(minutes=30)
    await desk.dialler.look_after()
    stands = await desk.find(request)
    assert stands.state == "dialling"
    assert stands.lease_until and stands.lease_until > desk.now
    await desk.talks()
    assert (await desk.find(request)).state == "talked"


async def test_what_the_log_alone_has_seen_settles_an_attempt_of_a_dead_process(desk: Desk) -> None:
    request = await desk.order()
    await desk.dialler.sweep()
    desk.dialler = desk.started()
    await desk.talks()
    assert (await desk.find(request)).last_result == "answered"


async def test_a_citizen_who_rang_and_was_answered_is_not_rung_back(desk: Desk) -> None:
    request = await desk.order(call_id="1.1")
    await desk.dialler.sweep()
    await close_kept(desk.store, desk.dialler, "lekeberg", FIRST, "2.2", (), Act(desk.now, why="rang and was answered"))
    assert desk.telephone.withdrawn == [desk.telephone.rings[0].request.attempt]
    await desk.says("end", "", "", "", "", who="")
    stands = await desk.find(request)
    assert (stands.state, stands.outcome, stands.reason) == ("closed", "called_in", "rang and was answered")


async def test_an_answer_of_a_guide_keeps_no_handler_s_promise_nor_what_the_same_call_has_ordered(desk: Desk) -> None:
    handlers = await desk.order(FIRST, "building", owner="2100", call_id="1.1")
    own = await desk.order(FIRST, "care", call_id="2.2")
    act = Act(desk.now)
    await close_kept(desk.store, desk.dialler, "lekeberg", FIRST, "2.2", (), act)
    assert [(await desk.find(one)).state for one in (handlers, own)] == ["waiting", "waiting"]
    await close_kept(desk.store, desk.dialler, "lekeberg", FIRST, "3.3", ("2100",), act)
    assert [(await desk.find(one)).outcome for one in (handlers, own)] == ["called_in", "called_in"]


async def test_an_outcome_stated_while_they_talk_stands_and_the_attempt_is_counted(desk: Desk) -> None:
    request = await desk.order()
    await desk.dialler.sweep()
    for word in ("queued", "guide_up", "accepted", "citizen_up"):
        await desk.says(word)
    await desk.store.close("lekeberg", request.id, "solved", Act(desk.now, by="1001"), "1001")
    await desk.says("end", "rang", "ANSWER", "16", "60")
    stands = await desk.find(request)
    assert (stands.state, stands.outcome, stands.last_result) == ("closed", "solved", "answered")
    assert await desk.store.under_way("lekeberg") == []


async def test_where_nobody_is_on_duty_those_are_rung_to_whom_its_callers_overflow(redis: Redis) -> None:
    orebro = load(Path("municipalities/orebro.toml")).model_copy(update={"slug": "lekeberg"})
    desk = Desk(redis, orebro)
    request = await desk.order(topic="building")
    assert request.queue == "building"
    await desk.dialler.sweep()
    assert [one.target for one in desk.telephone.rings] == ["guides"]


async def test_a_number_that_another_municipality_is_ringing_is_not_dialled(desk: Desk) -> None:
    orebro = LEKEBERG.model_copy(update={"slug": "orebro"})
    desk.dialler.around.municipalities["orebro"] = orebro  # type: ignore[index]
    await desk.order()
    theirs = new_request(orebro, number=FIRST, topic="care", source="queue_key", now=desk.now)
    await desk.store.register(theirs, Act(desk.now), orebro.callbacks)
    await desk.dialler.sweep()
    assert [one.request.municipality for one in desk.telephone.rings] == ["lekeberg"]


async def test_what_could_not_be_taken_out_while_asterisk_was_away_is_taken_out_later(desk: Desk) -> None:
    await desk.order()
    await desk.dialler.sweep()
    desk.held = desk.telephone.away = True
    with pytest.raises(TelephoneAway):
        await desk.dialler.sweep()
    desk.telephone.away = False
    await desk.dialler.sweep()
    assert desk.telephone.withdrawn == [desk.telephone.rings[0].request.attempt]


async def test_an_attempt_that_another_process_has_settled_takes_no_place_any_more(desk: Desk) -> None:
    """The controller stood by for a while: what it remembers of that time is over."""
    first = await desk.order(FIRST)
    await desk.dialler.sweep()
    stood_by, desk.dialler = desk.dialler, desk.started()
    await desk.talks()
    desk.dialler = stood_by
    await desk.order(SECOND)
    desk.after(seconds=31)
    await desk.dialler.sweep()
    assert (await desk.find(first)).state == "talked"
    assert [one.request.number for one in desk.telephone.rings] == [FIRST, SECOND]
