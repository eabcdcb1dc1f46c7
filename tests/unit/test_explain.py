"""What would happen to a call, without a call: each turn with its reason, and where it ends."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from ivr.explain import explain
from routing.file import load
from routing.hours import ZONE

LEKEBERG = load(Path("municipalities/lekeberg.toml"))
OPEN = datetime(2026, 11, 25, 10, 30, tzinfo=ZONE)
LUNCH = datetime(2026, 11, 25, 12, 30, tzinfo=ZONE)
EVENING = datetime(2026, 11, 27, 19, 0, tzinfo=ZONE)


@pytest.mark.parametrize(("at", "keys", "end"), [
    (OPEN, ["1"], "in the queue guides as 'Äldre och funktionsnedsättning', answered by 1001, 1002, 1003, 1004; the phone shows 'Omsorg'"),
    (OPEN, ["2", "1"], "at the head of the queue guides as 'Orosanmälan', answered by 1001, 1002, 1003, 1004; the phone shows 'PRIO Oro'"),
    (OPEN, [], "in the queue guides as 'Kommunvägledning', answered by 1001, 1002, 1003, 1004; the phone shows 'Växel'"),
    (LUNCH, ["9", "1"], "a callback to +4670 ••• 05, promised by 2026-11-26 08:30"),
    (LUNCH, ["9", "2", "0701740606", "1"], "a callback to +4670 ••• 06, promised by 2026-11-26 08:30"),
    (EVENING, ["2"], "connected to Socialjouren"),
    (EVENING, ["9"], "no callback; hears that we are closed, and the call ends"),
])  # fmt: skip
def test_a_call_ends_where_its_keys_and_the_hours_lead(at: datetime, keys: list[str], end: str) -> None:
    assert explain(LEKEBERG, at, "0701740605", keys).ends == end


def test_each_turn_tells_what_is_heard_and_why_it_goes_on() -> None:
    explained = explain(LEKEBERG, EVENING, "0701740605", ["7", "9", "2", "0701740606", "1"])
    assert (explained.state, explained.turns[0].reason) == ("closed", "closed, no choice")
    assert "Vi öppnar på måndag klockan åtta" in explained.turns[0].hears
    assert [turn.presses for turn in explained.turns] == ["7", "9", "2", "07017 ••• 06", "1"]
    assert "1740606" not in explained.model_dump_json()
