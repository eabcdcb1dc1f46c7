"""What the working day's demonstration draws, and that it can say what is wrong: lost, rung twice, told otherwise, out of order."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from callbacks.model import Entry, Request
from callbacks.orders import new_request
from proof.day import DAY, GUIDES, NUMBERS, SEED, Failed, account, judged, table
from proof.day.municipality import SLUG, municipality_file
from proof.day.order import LAST, Overtaken, from_due, overtaken, passed_over, stays
from proof.day.plan import KINDS, draw
from proof.day.town import Heard, Seen, Turn
from routing.file import parse

REAL = Path("municipalities/lekeberg.toml").read_text(encoding="utf-8")
MUNICIPALITY = parse(municipality_file(REAL, len(GUIDES), date(2026, 3, 2)), SLUG)
NUMBER = "+46701740605"
NOON = datetime(2026, 3, 2, 11, 0, tzinfo=UTC)
QUEUE = f"{SLUG}-guides"


def at(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def entry(seconds: float, act: str, state: str, **more: str) -> Entry:
    return Entry.model_validate({"at": at(seconds), "act": act, "state": state, **more})


HISTORY = [
    entry(0, "registered", "waiting"),
    entry(1, "dialling", "dialling", attempt="cb-1"),
    entry(3, "guide_up", "dialling"),
    entry(5, "accepted", "dialling"),
    entry(7, "citizen_up", "talking"),
    entry(17, "settled", "talked", attempt="cb-1", result="answered"),
    entry(19, "closed", "closed"),
]
HEARD = Heard(NUMBER, at(5.1), at(7), at(16.5), 200)
REQUEST = new_request(MUNICIPALITY, number=NUMBER, topic="care", source="queue_key", now=NOON).model_copy(
    update={"state": "closed", "outcome": "solved"}
)
OPEN = REQUEST.model_copy(update={"state": "talked", "outcome": ""})
SCRAPE = f"""# TYPE ivr_callback_attempts_total counter
ivr_callback_attempts_total{{municipality="{SLUG}",queue="guides",result="answered"}} 3
ivr_callback_attempts_total{{municipality="elsewhere",queue="guides",result="answered"}} 9
# TYPE ivr_callbacks_closed_total counter
ivr_callbacks_closed_total{{municipality="{SLUG}",queue="guides",outcome="solved"}} 1
"""
BEFORE = {"result": Counter(answered=2), "outcome": Counter[str]()}


def seen(request: Request = REQUEST, history: list[Entry] = HISTORY, heard: tuple[Heard, ...] = (HEARD,)) -> Seen:
    listed = frozenset({request.id} if request.state != "closed" else ())
    return Seen([request], listed, {request.id: history}, heard, {"cb-1": Turn(NOON.timestamp(), NOON.timestamp())})


def log(*words: tuple[float, str, str]) -> list[str]:
    """Lines of the queue log: second, call id, word (with what follows it)."""
    return [f"{second:.0f}|{who}|{SLUG}-callbacks|NONE|{said}" if said.startswith("KC") else f"{second:.0f}|{who}|{QUEUE}|NONE|{said}"
            for second, who, said in words]  # fmt: skip


def test_the_same_seed_draws_the_same_day_and_every_way_of_a_citizen_is_in_it() -> None:
    day = draw(SEED, numbers=NUMBERS, **DAY)  # type: ignore[arg-type]
    assert day == draw(SEED, numbers=NUMBERS, **DAY)  # type: ignore[arg-type]
    assert {*day.ways.values()} == {*KINDS}
    assert (len(day.orders), sum(not one.at for one in day.orders), len(day.callers)) == (200, 45, 50)
    assert max(Counter(one.number for one in day.orders).values()) <= MUNICIPALITY.callbacks.open_per_number
    assert len({(one.number, one.topic) for one in day.orders}) == 200


def test_the_day_s_municipality_may_call_every_citizen_and_has_the_guides() -> None:
    assert tuple(one.extension for one in MUNICIPALITY.guides) == GUIDES
    assert not {number for line in MUNICIPALITY.lines.values() for number in line.numbers} & {*NUMBERS}
    assert not any(number.startswith(MUNICIPALITY.number_series) for number in NUMBERS)


def test_what_agrees_is_told_in_figures() -> None:
    found = judged([REQUEST.id], seen(), "", {}, BEFORE, SCRAPE)
    assert (found["closed"], found["open"], found["attempts"], found["rings"]) == ({"solved": 1}, {}, {"answered": 1}, 1)
    assert "solved" in table({"seed": 1, "guides": 4, "live_callers": 5, "seconds": 60, "ways": {}} | found)


@pytest.mark.parametrize(("ordered", "what"), [
    (("lost",), seen()),
    ((), seen(REQUEST.model_copy(update={"outcome": ""}))),
    ((), seen(history=[*HISTORY, entry(20, "put_back", "waiting"), entry(21, "closed", "closed")])),
    ((), seen(history=HISTORY[:-1])),
    ((), replace(seen(OPEN, HISTORY[:-1]), listed=frozenset())),
], ids=["vanished", "no outcome", "closed twice", "never closed", "open in no list"])  # fmt: skip
def test_who_is_not_accounted_for_is_named(ordered: tuple[str, ...], what: Seen) -> None:
    assert len(account.unaccounted([REQUEST.id, *ordered], what)) == 1


def test_who_is_open_in_a_list_is_accounted_for() -> None:
    assert account.unaccounted([OPEN.id], seen(OPEN, HISTORY[:-1])) == []


def test_two_calls_to_a_number_at_once_are_seen_and_two_after_each_other_are_none() -> None:
    assert account.overlapping([HEARD, replace(HEARD, rang=at(16.6), ended=at(20))]) == []
    assert len(account.overlapping([replace(HEARD, rang=at(16), ended=at(20)), HEARD])) == 1
    assert account.overlapping([HEARD, replace(HEARD, number="+46701740606")]) == []


@pytest.mark.parametrize(("heard", "history"), [
    ((), HISTORY),
    ((HEARD, replace(HEARD, rang=at(6))), HISTORY),
    ((HEARD, replace(HEARD, rang=at(40))), HISTORY),
    ((replace(HEARD, answered=None, status=486),), HISTORY),
    ((replace(HEARD, ended=at(9)),), HISTORY),
    ((HEARD,), [one for one in HISTORY if one.act != "accepted"]),
], ids=["no ring", "two rings", "a ring without an attempt", "busy", "a talk of seconds", "rung without acceptance"])  # fmt: skip
def test_an_attempt_that_the_phone_tells_otherwise_is_named(heard: tuple[Heard, ...], history: list[Entry]) -> None:
    assert account.disagreeing(account.attempts(NUMBER, HISTORY), [HEARD]) == []
    assert len(account.disagreeing(account.attempts(NUMBER, history), heard)) == 1


@pytest.mark.parametrize(("status", "result"), [(486, "busy"), (404, "failed"), (503, "congestion"), (487, "no_answer")])
def test_a_phone_that_was_not_answered_tells_the_result_by_its_status(status: int, result: str) -> None:
    assert account.result_of(replace(HEARD, answered=None, status=status)) == result


def test_figures_that_count_otherwise_fail_the_day() -> None:
    with pytest.raises(Failed, match=r"/metrics counts {'answered': 2} by result"):
        judged([REQUEST.id], seen(), "", {}, BEFORE, SCRAPE.replace("} 3", "} 4"))


@pytest.mark.parametrize(("penalty", "most"), [(0, 15), (3, 60)], ids=["while every guide may be rung", "while one is passed over"])
def test_a_day_out_of_order_fails(penalty: int, most: int) -> None:
    def judge(seconds: int) -> None:
        lines = [f"9|NONE|{QUEUE}|PJSIP/{SLUG}-1001|PENALTY|{penalty}", *log((10, "cb-1-2", "ENTERQUEUE"), (11, "9.1", "ENTERQUEUE"),
                 (14, "9.1", "CONNECT"), (14 + seconds, "cb-1", "KCGUIDEUP"))]  # fmt: skip
        judged([REQUEST.id], seen(), "\n".join(lines), {"9.1": NOON.timestamp() + 5}, BEFORE, SCRAPE)

    judge(most)
    with pytest.raises(Failed, match="out of order"):
        judge(most + 1)


def test_the_export_has_each_step_and_no_number() -> None:
    (row,) = account.exported(seen())
    assert [one["act"] for one in row["history"]] == [one.act for one in HISTORY]
    assert NUMBER[-9:] not in str(row)


def test_an_earlier_place_that_waits_while_a_later_one_is_served_is_overtaken() -> None:
    lines = log((10, "cb-1-2", "ENTERQUEUE"), (11, "9.1", "ENTERQUEUE"), (14, "9.1", "CONNECT"), (20, "cb-1", "KCGUIDEUP"))
    found = overtaken(stays(lines, QUEUE, {"cb-1": 5.0, "9.1": 8.0}))
    assert found == [Overtaken("9.1", "", 0.0, 14.0), Overtaken("cb-1", "9.1", 6.0, 14.0)]
    assert [one.seconds for one in overtaken(stays(lines, QUEUE, {"cb-1": 9.0, "9.1": 8.0}))] == [0.0, 0.0]


@pytest.mark.parametrize("words", [
    [(15, "cb-1-2", "ENTERQUEUE")],
    [(10, "cb-1-2", "ENTERQUEUE"), (12, "cb-1-2", "WITHDRAW"), (16, "cb-1-2", "ENTERQUEUE")],
    [(10, "cb-1-2", "ENTERQUEUE"), (17, "cb-1-2", "RINGNOANSWER|5000")],
], ids=["not there yet", "taken out meanwhile", "a phone rang for him"])  # fmt: skip
def test_who_could_not_have_been_offered_is_not_overtaken(words: list[tuple[float, str, str]]) -> None:
    lines = log((11, "9.1", "ENTERQUEUE"), *words, (14, "9.1", "CONNECT"), (20, "cb-1", "KCGUIDEUP"))
    lines.sort(key=lambda line: int(line.split("|")[0]))
    assert max(one.seconds for one in overtaken(stays(lines, QUEUE, {"cb-1": 5.0, "9.1": 8.0}))) == 0.0


def test_who_was_overtaken_before_he_was_told_something_is_overtaken_though_he_came_back_later() -> None:
    lines = log((10, "9.2", "ENTERQUEUE"), (11, "9.1", "ENTERQUEUE"), (14, "9.1", "CONNECT"), (16, "9.2", "WITHDRAW"),
                (18, "9.2", "ENTERQUEUE"), (20, "9.2", "CONNECT"))  # fmt: skip
    assert [one.seconds for one in overtaken(stays(lines, QUEUE, {"9.2": 5.0, "9.1": 8.0}))] == [0.0, 6.0]


def test_counted_from_when_it_was_due_a_callback_that_was_not_in_the_queue_yet_is_overtaken_too() -> None:
    lines = log((11, "9.1", "ENTERQUEUE"), (14, "9.1", "CONNECT"), (15, "cb-1-2", "ENTERQUEUE"), (20, "cb-1", "KCGUIDEUP"))
    known = stays(lines, QUEUE, {"cb-1": 5.0, "9.1": 8.0})
    assert [one.seconds for one in overtaken(from_due(known, {"cb-1": 12.0}))] == [0.0, 6.0]
    assert [one.seconds for one in overtaken(from_due(known, {"cb-1": 14.0}))] == [0.0, 0.0]


def test_places_of_the_same_second_are_one_place() -> None:
    lines = log((10, "cb-1-2", "ENTERQUEUE"), (11, "cb-a-2", "ENTERQUEUE"), (14, "cb-a", "KCGUIDEUP"), (20, "cb-1", "KCGUIDEUP"))
    assert [one.seconds for one in overtaken(stays(lines, QUEUE, {"cb-1": 5.1, "cb-a": 5.9}))] == [0.0, 0.0]
    assert [one.seconds for one in overtaken(stays(lines, QUEUE, {"cb-1": 5.1, "cb-a": 6.0}))] == [0.0, 6.0]


def test_a_guide_is_passed_over_from_a_penalty_until_it_is_taken_away() -> None:
    lines = [f"{at}|NONE|{QUEUE}|PJSIP/{guide}|PENALTY|{penalty}" for at, guide, penalty in
             ((10, "one", 3), (12, "two", 3), (13, "one", 3), (20, "one", 0))]  # fmt: skip
    assert passed_over(lines, QUEUE) == [(10.0, 20.0), (12.0, LAST)]
    assert passed_over(["9|NONE|elsewhere-guides|PJSIP/one|PENALTY|3"], QUEUE) == []
