"""What people do with requests: each act by its use case, on a real store, at a fixed hour of a working day."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from redis.asyncio import Redis

from access.model import Duty, Holder, Role
from access.refusal import Refused
from callbacks import closing, holding, policy, reading
from callbacks.dialler import TelephoneAway
from callbacks.entering import Entered, Wish, enter
from callbacks.model import Message, Outcome, Request
from callbacks.reading import Which
from callbacks.service import Asked, Callbacks
from callbacks.store import Act, Answer, Attempt, CallbackStore, StoreAway
from routing.file import load
from routing.hours import ZONE
from routing.municipality import Municipality

LEKEBERG = load(Path("municipalities/lekeberg.toml"))
NOW = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)
"""A Wednesday, 10:00."""
NUMBER, OTHER = "070-174 06 05", "0701740606"


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZONE)


def holder(extension: str, *roles: Role, duty: bool = False) -> Holder:
    duties = frozenset({Duty.IFO}) if duty else frozenset()
    return Holder(name="somebody", roles=frozenset(roles), duties=duties, expires_at=NOW + timedelta(days=1), extension=extension)


GUIDE, COLLEAGUE = holder("1001", Role.GUIDE), holder("1002", Role.GUIDE)
HANDLER, STAND_IN, ELSEWHERE = holder("2001", Role.HANDLER), holder("2011", Role.HANDLER), holder("2021", Role.HANDLER)
LEADER = holder("", Role.TEAM_LEADER)
IFO = holder("2021", Role.HANDLER, duty=True)


@dataclass
class Exchange:
    """The telephone side: claims as the dialler does, and notes whose phone rings and which attempt is taken back."""

    store: CallbackStore
    rung: list[str] = field(default_factory=list)
    withdrawn: list[str] = field(default_factory=list)
    away: bool = False

    async def call(self, municipality: Municipality, request: Request, extension: str, act: Act) -> Answer:
        if self.away:
            raise TelephoneAway("no Asterisk")
        attempt = Attempt(f"attempt-{len(self.rung) + 1}", extension, midnight=NOW - timedelta(hours=9))
        answer = await self.store.call(municipality.slug, request.id, attempt, act, municipality.callbacks)
        if answer.word == "claimed":
            self.rung.append(extension)
        return answer

    async def withdraw(self, request: Request) -> None:
        if self.away:
            raise TelephoneAway("no Asterisk")
        self.withdrawn.append(request.attempt)


class Office:
    """The use cases, at a time that a test may set."""

    def __init__(self, redis: Redis) -> None:
        self.now = NOW
        self.closed_until: datetime | None = None
        self.store = CallbackStore(redis)
        self.exchange = Exchange(self.store)
        served: Mapping[str, Municipality] = {"lekeberg": LEKEBERG}
        self.does = Callbacks(self.store, self.exchange, served, lambda: self.now, lambda slug: self.closed_until)

    async def enters(self, number: str = NUMBER, topic: str = "care", who: Holder = GUIDE, key: str = "", **wish: object) -> Entered:
        return await enter(self.does, who, None, Wish(number, topic, **wish), Asked(key))  # type: ignore[arg-type]

    async def new(self, number: str = NUMBER, topic: str = "care", **wish: object) -> str:
        return (await self.enters(number, topic, **wish)).request.id  # type: ignore[arg-type]

    async def found(self, request_id: str) -> Request:
        found = await self.store.find("lekeberg", request_id)
        assert found
        return found

    async def talked(self, request_id: str, who: Holder = GUIDE, *, over: bool = True) -> Request:
        """The citizen answered, and, when it is over, has hung up."""
        request = (await holding.call(self.does, who, request_id, Asked())).request
        await self.store.advance(request, Act(self.now), "citizen_up")
        if over:
            after = policy.after(request, "answered", LEKEBERG.callbacks, LEKEBERG.hours, self.now)
            await self.store.settle(request, request.attempt, Act(self.now), "answered", after)
        return await self.found(request_id)

    async def lapses(self, request_id: str) -> None:
        """The owner was late."""
        request = await self.found(request_id)
        lapsed = request.model_copy(update={"lapsed": True, "place": self.now})
        await self.store.follow_up(request, Act(self.now), "overdue", None, lapsed)


@pytest.fixture
def office(redis: Redis) -> Office:
    return Office(redis)


def refused(error: str, status: int = 409) -> pytest.RaisesExc[Refused]:
    return pytest.RaisesExc(Refused, check=lambda no: (no.status, no.error) == (status, error))


async def test_a_guide_enters_what_a_citizen_wants(office: Office) -> None:
    message = Message(matter="Storgatan 1", text="Ring på förmiddagen")
    request = (await office.enters(message=message)).request
    assert (request.number, request.source, request.created_by, request.message) == ("+46701740605", "guide", "1001", message)
    assert (request.owner, request.place, request.due.astimezone(ZONE)) == ("", NOW, local("2026-11-25T15:00"))
    (stored,) = await reading.listed(office.does, COLLEAGUE, None, Which())
    assert stored.request == request


async def test_what_is_entered_for_a_handler_stands_in_that_list_alone(office: Office) -> None:
    request = (await office.enters(topic="building", owner="2001")).request
    assert (request.place, request.due.astimezone(ZONE)) == (None, local("2026-11-26T10:00"))
    for who, sees in ((HANDLER, 1), (STAND_IN, 0), (GUIDE, 0), (LEADER, 1)):
        assert len(await reading.listed(office.does, who, None, Which())) == sees


async def test_a_function_s_list_is_its_handlers_and_stand_ins(office: Office) -> None:
    await office.enters(topic="building", owner="2100")
    for who, sees in ((HANDLER, 1), (STAND_IN, 1), (ELSEWHERE, 0), (GUIDE, 0)):
        assert len(await reading.listed(office.does, who, None, Which())) == sees


async def test_an_emergency_closure_counts_before_a_promise_does(office: Office) -> None:
    office.closed_until = local("2026-11-26T08:00")
    assert (await office.enters()).request.due.astimezone(ZONE) == local("2026-11-26T12:00")
    with refused("not_wanted", 422):
        await office.enters(OTHER, wanted=local("2026-11-25T14:00"))


@pytest.mark.parametrize(("number", "says"), [
    ("+4712345678", "in Sweden only"), ("0900123456", "cost extra"), ("112", "emergency"), ("11414", "Short"), ("0701740605123", "whole"),
    ("abc", "whole"), ("058548700", "own"), ("0701740692", "own"), ("0701740661", "own"), ("0701740690", "own"), ("0701740671", "own"),
    ("0701740684", "own"), ("0701740689", "own"), ("+46 939 123 45", "cost extra"),
])  # fmt: skip
async def test_a_number_that_is_no_citizen_s_is_refused_with_what_to_ask_for(office: Office, number: str, says: str) -> None:
    with pytest.raises(Refused, match=says) as no:
        await office.enters(number)
    assert (no.value.status, no.value.error) == (422, "not_dialable")
    assert await reading.listed(office.does, LEADER, None, Which()) == []


@pytest.mark.parametrize(("wanted", "says"), [
    ("2026-11-25T09:59", "over already"), ("2026-11-25T12:30", "closed then. The next opening is 2026-11-25 13:00"),
    ("2026-11-28T10:00", "closed then. The next opening is 2026-11-30 08:00"), ("2027-01-25T10:00", "30 days"),
    ("9999-12-31T10:00", "30 days"),
])  # fmt: skip
async def test_a_wanted_time_that_cannot_be_promised_is_refused_when_entered_and_when_postponed(
    office: Office, wanted: str, says: str
) -> None:
    with pytest.raises(Refused, match=says):
        await office.enters(wanted=local(wanted))
    one = await office.new()
    with pytest.raises(Refused, match=says):
        await holding.postpone(office.does, GUIDE, one, Asked(), local(wanted))
    assert (await office.found(one)).wanted is None


async def test_what_nobody_answers_for_is_refused(office: Office) -> None:
    with refused("unknown_topic", 422):
        await office.enters(topic="nothing")
    with refused("unknown_extension", 422):
        await office.enters(owner="1001")  # a guide owns no list
    with refused("no_extension", 403):
        await office.enters(who=holder("", Role.GUIDE))


async def test_a_second_claim_hears_who_has_it(office: Office) -> None:
    one = await office.new()
    await holding.take(office.does, GUIDE, one, Asked())
    for second in (holding.take, holding.call):
        with pytest.raises(Refused, match=r"^Vägledare 1 \(1001\) works on this request") as no:
            await second(office.does, COLLEAGUE, one, Asked())
        assert (no.value.status, no.value.error) == (409, "taken_by")
    await holding.call(office.does, GUIDE, one, Asked())  # now it is being dialled
    with refused("taken_by"):
        await holding.take(office.does, COLLEAGUE, one, Asked())
    assert office.exchange.rung == ["1001"]


async def test_who_calls_has_taken_it_and_is_rung_first(office: Office) -> None:
    request = (await holding.call(office.does, GUIDE, await office.new(), Asked())).request
    assert (request.state, request.held_by, office.exchange.rung) == ("dialling", "1001", ["1001"])


async def test_without_phones_what_was_taken_stays_taken_and_nothing_was_dialled(office: Office) -> None:
    one = await office.new()
    office.exchange.away = True
    with pytest.raises(TelephoneAway):
        await holding.call(office.does, GUIDE, one, Asked("key"))
    request = await office.found(one)
    assert (request.state, request.held_by, request.attempt) == ("taken", "1001", "")
    office.exchange.away = False
    assert (await holding.call(office.does, GUIDE, one, Asked("key"))).request.state == "dialling"  # it was not carried out before


async def test_the_guard_says_why_a_citizen_is_not_rung_now(office: Office) -> None:
    one, two = await office.new(), await office.new(topic="streets")
    await holding.call(office.does, GUIDE, one, Asked())
    with refused("live"):
        await holding.call(office.does, COLLEAGUE, two, Asked())
    assert (await office.found(two)).state == "taken"


async def test_a_number_that_has_become_the_municipality_s_own_is_not_rung(office: Office) -> None:
    one = await office.new()
    line = LEKEBERG.lines["main"].model_copy(update={"numbers": ("+46701740605",)})
    office.does.served = {"lekeberg": LEKEBERG.model_copy(update={"lines": {"main": line}})}
    with refused("not_dialable", 422):
        await holding.call(office.does, GUIDE, one, Asked())
    assert (await office.found(one)).state == "waiting"


async def test_what_is_released_waits_at_its_place(office: Office) -> None:
    before = (await office.enters()).request
    await holding.take(office.does, GUIDE, before.id, Asked())
    after = (await holding.release(office.does, GUIDE, before.id, Asked())).request
    assert (after.state, after.held_by, after.place, after.due) == ("waiting", "", before.place, before.due)
    with refused("illegal"):
        await holding.release(office.does, GUIDE, before.id, Asked())


async def test_only_who_leads_releases_what_others_have(office: Office) -> None:
    one = await office.new()
    await holding.take(office.does, GUIDE, one, Asked())
    with refused("taken_by"):
        await holding.release(office.does, COLLEAGUE, one, Asked())
    assert (await holding.release(office.does, LEADER, one, Asked())).request.state == "waiting"


async def test_a_postponed_promise_is_made_anew(office: Office) -> None:
    wanted = local("2026-11-26T10:00")
    one = await office.new()
    await holding.take(office.does, GUIDE, one, Asked())
    request = (await holding.postpone(office.does, GUIDE, one, Asked(), wanted)).request
    assert (request.state, request.wanted, request.not_before, request.place) == ("waiting", wanted, wanted, wanted)
    assert request.due.astimezone(ZONE) == local("2026-11-26T11:00")
    assert request.follow_up_at and request.follow_up_at.astimezone(ZONE) == local("2026-11-26T10:30")


async def test_two_of_one_number_become_one_with_the_sooner_promise(office: Office) -> None:
    sooner = (await office.enters()).request
    office.now = NOW + timedelta(hours=1)
    later = await office.new(topic="streets")
    request = (await closing.merge(office.does, GUIDE, later, Asked("key"), sooner.id)).request
    assert (request.id, request.due, request.place) == (later, sooner.due, sooner.place)
    gone = await office.found(sooner.id)
    assert (gone.state, gone.outcome, gone.reason) == ("closed", "merged", f"merged into {later}")
    assert (await closing.merge(office.does, GUIDE, later, Asked("key"), sooner.id)).request == request


async def test_only_two_open_ones_of_the_same_number_become_one(office: Office) -> None:
    one, other = await office.new(), await office.new(OTHER)
    for second in (one, other):
        with refused("not_mergeable"):
            await closing.merge(office.does, GUIDE, one, Asked(), second)
    shielded = await office.new(topic="social")
    with refused("unknown_request", 404):
        await closing.merge(office.does, GUIDE, one, Asked(), shielded)


async def test_a_citizen_s_wish_ends_it_whoever_has_it(office: Office) -> None:
    one = await office.new()
    await holding.take(office.does, GUIDE, one, Asked())
    request = (await closing.cancel(office.does, COLLEAGUE, one, Asked())).request
    assert (request.outcome, request.reason) == ("cancelled", "the citizen's wish")


@pytest.mark.parametrize("away", [False, True])
async def test_an_attempt_that_nobody_has_accepted_is_taken_back_for_a_cancelled_one(office: Office, away: bool) -> None:
    one = await office.new()
    await holding.call(office.does, GUIDE, one, Asked())
    office.exchange.away = away  # the wish stands all the same
    request = (await closing.cancel(office.does, GUIDE, one, Asked())).request
    assert (request.state, request.wish) == ("dialling", "cancelled")
    assert office.exchange.withdrawn == ([] if away else ["attempt-1"])


async def test_when_the_citizen_s_phone_rings_it_is_too_late_to_cancel(office: Office) -> None:
    one = await office.new()
    request = (await holding.call(office.does, GUIDE, one, Asked())).request
    await office.store.advance(request, Act(NOW), "accepted")
    with refused("rings"):
        await closing.cancel(office.does, GUIDE, one, Asked())


@pytest.mark.parametrize("outcome", ["solved", "new_matter", "not_reached", "wrong_number", "invalid_number", "cancelled", "called_in"])
@pytest.mark.parametrize("over", [False, True])
async def test_the_outcome_is_stated_during_the_talk_or_after_it(office: Office, outcome: Outcome, over: bool) -> None:
    one = await office.new()
    await office.talked(one, over=over)
    with refused("taken_by"):
        await closing.outcome(office.does, COLLEAGUE, one, Asked(), outcome)
    assert (await closing.outcome(office.does, GUIDE, one, Asked(), outcome)).request.outcome == outcome
    with refused("illegal"):
        await closing.outcome(office.does, GUIDE, one, Asked(), outcome)


async def test_who_was_not_reached_is_rung_again_by_a_successor(office: Office) -> None:
    one = await office.new()
    talk = await office.talked(one)
    closed = (await closing.outcome(office.does, GUIDE, one, Asked("key"), "not_reached", again=True)).request
    repeated = (await closing.outcome(office.does, GUIDE, one, Asked("key"), "not_reached", again=True)).request
    assert (closed.state, repeated) == ("closed", closed)
    (next_one,) = await office.store.of_number("lekeberg", closed.number)
    assert (next_one.id, next_one.follows, next_one.attempts) == (closed.followed_by, one, talk.attempts)
    assert next_one.attempts == 1
    assert next_one.not_before == next_one.place == NOW + timedelta(minutes=10)
    assert [entry.act for entry in await office.store.history("lekeberg", next_one.id)] == ["registered"]
    with refused("not_again", 422):
        await closing.outcome(office.does, GUIDE, next_one.id, Asked(), "solved", again=True)


async def test_a_successor_is_not_stored_where_the_citizen_has_ordered_anew(office: Office) -> None:
    one = await office.new()
    await office.talked(one)
    anew = await office.new()
    closed = (await closing.outcome(office.does, GUIDE, one, Asked(), "not_reached", again=True)).request
    assert closed.followed_by == anew
    assert [request.id for request in await office.store.of_number("lekeberg", closed.number)] == [anew]


async def test_a_late_owner_s_citizen_is_told_and_the_owner_still_has_to_ring(office: Office) -> None:
    one = await office.new(topic="building", owner="2001")
    office.now = NOW + timedelta(days=1)
    with refused("unknown_request", 404):
        await closing.told(office.does, GUIDE, one, Asked())
    with refused("not_lapsed"):
        await closing.told(office.does, HANDLER, one, Asked())
    await office.lapses(one)
    for done in ("solved", "new_matter"):
        with refused("owner_decides"):
            await closing.outcome(office.does, GUIDE, one, Asked(), done)
    closed = (await closing.told(office.does, GUIDE, one, Asked("key"))).request
    assert (closed.outcome, closed.reason) == ("new_matter", "told how it stands")
    assert (await closing.told(office.does, GUIDE, one, Asked("key"))).request == closed
    (successor,) = await office.store.of_number("lekeberg", closed.number)
    assert (successor.owner, successor.lapsed, successor.follows, successor.created_by) == ("2001", False, one, "1001")
    assert successor.due.astimezone(ZONE) == local("2026-11-27T10:00")


async def test_a_request_is_handed_to_a_guide_who_has_taken_it_then(office: Office) -> None:
    one = await office.new()
    await holding.take(office.does, GUIDE, one, Asked())
    with refused("taken_by"):
        await holding.hand_over(office.does, COLLEAGUE, one, Asked(), "1002")
    request = (await holding.hand_over(office.does, GUIDE, one, Asked(), "1002")).request
    assert (request.state, request.held_by) == ("taken", "1002")
    assert [entry.act for entry in await office.store.history("lekeberg", one)][-1] == "handed_over"
    assert (await holding.hand_over(office.does, LEADER, one, Asked(), "1001")).request.held_by == "1001"


async def test_what_is_handed_to_a_function_is_due_as_its_own(office: Office) -> None:
    one = await office.new(topic="building")
    await holding.take(office.does, GUIDE, one, Asked())
    request = (await holding.hand_over(office.does, GUIDE, one, Asked(), "2100")).request
    assert (request.state, request.owner, request.place, request.in_queue) == ("waiting", "2100", None, False)
    assert request.due.astimezone(ZONE) == local("2026-11-26T10:00")
    assert await reading.listed(office.does, GUIDE, None, Which()) == []
    assert len(await reading.listed(office.does, STAND_IN, None, Which())) == 1
    with refused("unknown_extension", 422):
        await holding.hand_over(office.does, HANDLER, one, Asked(), "9999")


async def test_what_goes_to_an_administration_with_protected_topics_is_protected_from_then_on(office: Office) -> None:
    one = await office.new(message=Message(matter="Storgatan 1", text="Gäller en anhörig"))
    request = (await holding.hand_over(office.does, GUIDE, one, Asked(), "2021")).request
    assert (request.protected, request.administration, request.message.text) == (True, "social", "")
    assert "protected" in request.lists
    for who, sees in ((GUIDE, 0), (ELSEWHERE, 0), (LEADER, 0), (IFO, 1)):
        assert len(await reading.listed(office.does, who, None, Which())) == sees
    with refused("protected", 422):
        await holding.hand_over(office.does, IFO, one, Asked(), "1001")
    assert (await holding.hand_over(office.does, IFO, one, Asked(), "2001")).request.protected  # it never ceases to be


async def test_what_nobody_knows_the_end_of_waits_again_by_a_person_s_choice(office: Office) -> None:
    one = await office.new()
    request = (await holding.call(office.does, GUIDE, one, Asked())).request
    with refused("illegal"):
        await holding.retry(office.does, GUIDE, one, Asked())
    after = policy.after(request, "unknown", LEKEBERG.callbacks, LEKEBERG.hours, NOW)
    await office.store.settle(request, request.attempt, Act(NOW), "unknown", after)
    retried = (await holding.retry(office.does, GUIDE, one, Asked())).request
    assert (retried.state, retried.attempts, retried.not_before) == ("waiting", 1, NOW)


async def test_who_acts_on_an_older_stand_is_fenced_off(office: Office) -> None:
    one = await office.new()
    token = (await holding.take(office.does, GUIDE, one, Asked())).request.token
    await holding.hand_over(office.does, GUIDE, one, Asked(token=token), "1002")
    for late in (holding.take, holding.release, closing.cancel):
        with refused("fenced", 412):
            await late(office.does, LEADER if late != holding.take else COLLEAGUE, one, Asked(token=token))
    assert (await office.found(one)).held_by == "1002"


async def test_the_same_operation_has_the_same_answer_and_no_second_effect(office: Office) -> None:
    first = await office.enters(key="key")
    again = await office.enters(OTHER, topic="streets", key="key")
    assert (again.request, again.merged) == (first.request, False)
    one = first.request.id
    taken = (await holding.take(office.does, GUIDE, one, Asked("key"))).request
    assert (await holding.take(office.does, GUIDE, one, Asked("key"))).request.token == taken.token
    for _ in range(2):
        assert (await holding.call(office.does, GUIDE, one, Asked("key"))).request.state == "dialling"
    assert office.exchange.rung == ["1001"]
    with refused("taken_by"):  # a key is one's own
        await holding.take(office.does, COLLEAGUE, one, Asked("key"))


async def test_a_repeated_hand_over_is_answered_also_when_it_is_no_longer_one_s_own(office: Office) -> None:
    one = await office.new(topic="building")
    answers = [(await holding.hand_over(office.does, GUIDE, one, Asked("key"), "2001")).request for _ in range(2)]
    assert answers[0] == answers[1]
    with refused("unknown_request", 404):
        await holding.take(office.does, GUIDE, one, Asked("another"))


async def test_lists_are_narrowed_and_begin_with_what_is_overdue(office: Office) -> None:
    mine, late = await office.new(), await office.new(OTHER, topic="streets")
    await holding.take(office.does, GUIDE, mine, Asked())
    office.now = local("2026-11-26T09:00")
    soon = await office.new("0701740607")

    async def ids(**filters: object) -> list[str]:
        return [one.request.id for one in await reading.listed(office.does, GUIDE, None, Which(**filters))]  # type: ignore[arg-type]

    assert await ids(mine=True) == [mine]
    assert sorted(await ids(overdue=True)) == sorted([mine, late])
    assert (await ids(pool=True))[-1] == soon
    assert await ids(owner="2001") == await ids(protected=True) == []
    await holding.hand_over(office.does, LEADER, handed := await office.new("0701740608", topic="building", owner="2001"), Asked(), "1001")
    assert await ids(mine=True) == [mine, handed]  # though it stands in a handler's list


async def test_whoever_answers_sees_who_has_looked_for_the_caller(office: Office) -> None:
    tried, shielded = await office.new(topic="building", owner="2001"), await office.new(topic="social")
    await closing.outcome(office.does, HANDLER, tried, Asked(), "not_reached")
    waits = await office.new(topic="streets")
    for who, sees in ((GUIDE, [waits, tried]), (holder("1001", Role.GUIDE, duty=True), [shielded, waits, tried])):
        found = [one.request.id for one in await reading.looked_for(office.does, who, "0701740605")]
        assert sorted(found) == sorted(sees)
    office.now = NOW + timedelta(days=reading.LOOKED_FOR_DAYS, minutes=1)
    assert [one.request.id for one in await reading.looked_for(office.does, GUIDE, "+46701740605")] == [waits]
    assert await reading.looked_for(office.does, GUIDE, "") == await reading.looked_for(office.does, GUIDE, "0701740609") == []


async def test_an_erased_number_is_looked_for_by_nobody(office: Office) -> None:
    one = await office.new()
    closed = (await closing.cancel(office.does, GUIDE, one, Asked())).request
    await office.store.erase(closed, Act(NOW), whole=False)
    assert await reading.looked_for(office.does, GUIDE, NUMBER) == []
    assert "1740605" not in "".join([key async for key in office.store._redis.scan_iter("*closed-of*")])


async def test_while_the_store_is_away_nothing_is_half_done(office: Office, redis: Redis) -> None:
    one = await office.new()
    await redis.shutdown(nosave=True)
    for act in (holding.take, holding.call, closing.cancel):
        with pytest.raises(StoreAway):
            await act(office.does, GUIDE, one, Asked())
    assert office.exchange.rung == []


async def test_an_extension_says_who_somebody_is_only_where_one_municipality_has_it(office: Office) -> None:
    office.does.served = {"lekeberg": LEKEBERG, "askersund": LEKEBERG.model_copy(update={"slug": "askersund"})}
    assert (await office.enters(who=holder("lekeberg-1001", Role.GUIDE))).request.municipality == "lekeberg"
    for who, sees in (("lekeberg-1001", 1), ("1001", 0), ("askersund-1001", 0), ("lekeberg-9999", 0)):
        assert len(await reading.listed(office.does, holder(who, Role.GUIDE), None, Which())) == sees
    with refused("municipality_needed"):
        await office.enters(who=LEADER)
