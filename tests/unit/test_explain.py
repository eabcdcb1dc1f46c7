"""What would happen to a call, without a call: each turn with its reason, and where it ends."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from access.refusal import Refused
from ivr.explain import Moment, explain
from routing.file import load
from routing.hours import WEEKDAYS, ZONE
from routing.municipality import Line
from routing.opening_hours import OpeningHours

LEKEBERG = load(Path("municipalities/lekeberg.toml"))
OPEN = datetime(2026, 11, 25, 10, 30, tzinfo=ZONE)
LUNCH = datetime(2026, 11, 25, 12, 30, tzinfo=ZONE)
EVENING = datetime(2026, 11, 27, 19, 0, tzinfo=ZONE)
HOURS_OF_ITS_OWN = datetime(2026, 11, 28, 11, 0, tzinfo=ZONE)


@pytest.mark.parametrize(("at", "keys", "end"), [
    (OPEN, ["1"], "in the queue guides as 'Äldre och funktionsnedsättning', answered by 1001, 1002, 1003, 1004; the phone shows 'Omsorg'"),
    (OPEN, ["2", "1"], "IFO jour rings IFO mottagning, Jour 1, Jour 2, IFO-chef, the next one 15 s later; "
     "then a guide while the search goes on, then Socialjouren"),
    (LUNCH, ["2"], "IFO jour rings Jour 1, Jour 2, IFO-chef, the next one 15 s later; then Socialjouren"),
    (OPEN, [], "in the queue guides as 'Kommunvägledning', answered by 1001, 1002, 1003, 1004; the phone shows 'Växel'"),
    (LUNCH, ["9", "1"], "a callback to +4670 ••• 05, promised by 2026-11-26 08:30"),
    (LUNCH, ["9", "2", "0701740606", "1"], "a callback to +4670 ••• 06, promised by 2026-11-26 08:30"),
    (EVENING, ["2"], "connected to Socialjouren"),
    (EVENING, ["9"], "no callback; hears that we are closed, and the call ends"),
])  # fmt: skip
def test_a_call_ends_where_its_keys_and_the_hours_lead(at: datetime, keys: list[str], end: str) -> None:
    assert explain(LEKEBERG, Moment(at), "0701740605", keys).ends == end


def test_each_turn_tells_what_is_heard_and_why_it_goes_on() -> None:
    explained = explain(LEKEBERG, Moment(EVENING), "0701740605", ["7", "9", "2", "0701740606", "1"])
    assert (explained.state, explained.turns[0].reason) == ("closed", "closed, no choice")
    assert "Vi öppnar på måndag klockan åtta" in explained.turns[0].hears
    assert [turn.presses for turn in explained.turns] == ["7", "9", "2", "07017 ••• 06", "1"]
    assert "1740606" not in explained.model_dump_json()


def test_an_exception_to_the_shifts_is_known_and_a_closure_leaves_no_guide() -> None:
    moment = Moment(OPEN, OPEN + timedelta(hours=1), {"ifo": {OPEN.date(): ("second",)}})
    explained = explain(LEKEBERG, moment, "", ["2"])
    assert (explained.state, explained.ends) == (
        "emergency", "IFO jour rings IFO mottagning, Jour 2, IFO-chef, the next one 15 s later; then Socialjouren",
    )  # fmt: skip


@pytest.mark.parametrize(("line", "at", "end"), [
    ("concern", OPEN, "IFO jour rings IFO mottagning, Jour 1"),
    ("concern", EVENING, "connected to Socialjouren"),
    ("faults", OPEN, "in the queue guides as 'Felanmälan bostad'"),
    ("faults", EVENING, "connected to Fastighetsjouren"),
    ("faults", HOURS_OF_ITS_OWN, "in the queue guides as 'Felanmälan bostad'"),
])  # fmt: skip
def test_a_line_that_asks_nothing_leads_straight_to_its_topic(line: str, at: datetime, end: str) -> None:
    own = OpeningHours.model_validate({"weekly": {"saturday": ["10:00-14:00"]} | {day: ["08:00-16:00"] for day in WEEKDAYS[:5]}})
    faults = Line(numbers=("+46701740608",), entry="queue", topic="fault_report", hours=own)
    municipality = LEKEBERG.model_copy(update={"lines": {**LEKEBERG.lines, "faults": faults}})
    explained = explain(municipality, Moment(at), "0701740605", ["1"], line)
    assert explained.turns == []
    assert explained.ends.startswith(end)


def test_a_line_that_asks_nothing_and_has_nobody_out_of_hours_says_that_it_is_closed() -> None:
    care = Line(numbers=("+46701740608",), entry="queue", topic="care")
    municipality = LEKEBERG.model_copy(update={"lines": {**LEKEBERG.lines, "care": care}})
    assert "Vi öppnar på måndag" in explain(municipality, Moment(EVENING), "", [], "care").turns[0].hears


def test_a_line_that_does_not_exist_is_refused() -> None:
    with pytest.raises(Refused, match=r"no line 'nowhere'\. Name one of: main, concern"):
        explain(LEKEBERG, Moment(OPEN), "", [], "nowhere")
