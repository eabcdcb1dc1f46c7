"""When handlers take calls, when they ring back, and what a transfer's facts amount to: pure."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

import pytest

from callbacks.policy import due_of_handler
from dialplan.people import DISPLAY, hours_sets, shown, targets
from ivr.returned import question
from metrics.ledger import counts
from metrics.story import Story
from routing.file import load
from routing.hours import ZONE
from routing.phone_hours import back_at, intervals, takes_calls

LEKEBERG = load(Path("municipalities/lekeberg.toml"))
HOURS, PARKING = LEKEBERG.hours, LEKEBERG.phone_hours_of("2011")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZONE)


@pytest.mark.parametrize(("ordered", "due"), [
    ("2026-11-27T14:00", "2026-11-30T14:00"),  # Friday to Monday
    ("2026-11-24T10:07", "2026-11-25T10:07"),
    ("2026-12-23T15:00", "2026-12-28T15:00"),  # over Christmas and the weekend
    ("2026-10-23T09:30", "2026-10-26T09:30"),  # the clocks change in between
])  # fmt: skip
def test_a_handler_rings_back_at_the_same_clock_time_on_the_next_working_day(ordered: str, due: str) -> None:
    assert due_of_handler(HOURS, at(ordered)).astimezone(ZONE) == at(due)


def test_phone_hours_hold_within_the_municipality_s_own() -> None:
    assert takes_calls(HOURS, PARKING, at("2026-11-25T10:00"))
    assert not takes_calls(HOURS, PARKING, at("2026-11-25T11:00"))
    assert not takes_calls(HOURS, PARKING, at("2026-11-26T10:00"))
    assert takes_calls(HOURS, None, at("2026-11-26T10:00"))
    assert intervals(HOURS, PARKING, date(2026, 12, 25), 1) == []  # a Friday, but Christmas Day


def test_who_is_away_is_back_at_the_next_phone_hours_after_it() -> None:
    now = at("2026-11-25T09:30")
    assert back_at(HOURS, PARKING, at("2026-11-25T10:15"), now) == at("2026-11-25T10:15")
    assert back_at(HOURS, PARKING, at("2026-11-25T15:00"), now) == at("2026-11-27T09:00")


def test_the_question_names_the_time_back_only_when_it_is_to_come() -> None:
    until = int(at("2026-11-25T13:00").timestamp())
    away = question(LEKEBERG, "handler_away", "2001", until, at("2026-11-25T10:02"))
    assert away.prompts == ("handler-away", "day-today", "time-1300", "handler-offer")
    silent = question(LEKEBERG, "handler_no_answer", "2001", 0, at("2026-11-25T10:02"))
    assert silent.prompts == ("handler-no-answer", "day-tomorrow", "time-1000", "handler-press-9")
    assert question(LEKEBERG, "handler_away", "2100", 0, at("2026-11-25T10:02")).prompts == silent.prompts


def test_every_label_of_a_returned_call_fits_on_a_guide_s_phone() -> None:
    assert all(len(f"ÅTER {one.shown} fel nummer") <= DISPLAY for one in targets(LEKEBERG))
    assert shown('Försörjning; "A"') == "försörjni"
    assert len(hours_sets(LEKEBERG)) == 2


def told(*facts: tuple[float, str, str], ended: float) -> Story:
    story = Story("call", 100.0, municipality="lekeberg", line="main")
    for moment, fact, detail in facts:
        story.tell(fact, detail, moment)
    return story


@pytest.mark.parametrize(("facts", "outcome"), [
    (((120, "transferred", "building/2001"), (123, "taken", "2001/ours")), "answered"),
    (((120, "transferred", "building/2001"), (137, "taken", "2001/ours")), "voicemail_suspected"),
    (((120, "transferred", "building/2002"), (137, "taken", "2002/outside")), "answered"),  # by a key
    (((120, "transferred", "building/2001"),), "hung_up"),
    (((120, "transferred", "building/2001"), (135, "transfer", "no_answer"), (135, "returned", "transfer")), "no_answer"),
])  # fmt: skip
def test_a_transfer_has_one_outcome_also_when_the_caller_hangs_up(facts: tuple[tuple[float, str, str], ...], outcome: str) -> None:
    record = told((110, "queued", "guides/building"), (112, "answered", "1001"), *facts, ended=142).record(142)
    assert [one.outcome for one in record.transfers] == [outcome]
    assert record.outcome == "answered"  # the first one decided stays
    assert (f"transfers|building|{outcome}", 1) in list(counts(record))


def test_a_return_is_answered_ordered_or_given_up() -> None:
    back = (120.0, "returned", "transfer")
    assert [one.outcome for one in told(back, ended=130).record(130).returns] == ["hung_up"]
    assert [one.outcome for one in told(back, (125.0, "answered", "1002"), ended=130).record(130).returns] == ["answered"]
    assert [one.outcome for one in told(back, (125.0, "callback", "abc"), ended=130).record(130).returns] == ["callback"]
    diverted = told((100.0, "entered", "lekeberg/main/diverted"), ended=130).record(130)
    assert ("calls_received|diverted", 1) in list(counts(diverted))
    assert ("returned_calls|diverted|hung_up", 1) in list(counts(diverted))
