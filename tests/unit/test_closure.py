"""Emergency closure: what it does to the hours, to the menu and to what is promised."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from access.refusal import Refused
from ivr.ami import Ami
from ivr.closure import Closures
from ivr.explain import Moment, explain
from ivr.switch_memory import Copy
from ivr.waiting import WaitingRoom
from routing import hours, menu
from routing.dialogue import Ask, Callback, Enter
from routing.file import load
from tests.ami_peer import Peer

LEKEBERG = load(Path("municipalities/lekeberg.toml"))
NOON = datetime(2026, 11, 25, 10, 30, tzinfo=hours.ZONE)
MOMENTS = st.datetimes(datetime(2026, 1, 1), datetime(2028, 1, 1), timezones=st.just(UTC))


@given(MOMENTS, st.timedeltas(timedelta(seconds=1), timedelta(days=7)))
def test_before_its_end_nothing_else_counts_and_from_then_on_it_is_as_if_it_had_not_been(at: datetime, lasts: timedelta) -> None:
    end = at + lasts
    assert hours.state(LEKEBERG.hours, at, end) == "emergency"
    assert not hours.is_served(LEKEBERG.hours, at, end)
    assert hours.state(LEKEBERG.hours, end, end) == hours.state(LEKEBERG.hours, end)
    assert hours.next_opening(LEKEBERG.hours, hours.counts_from(at, end)) >= end


def test_it_says_what_is_offered_and_each_key_leads_there() -> None:
    first = menu.start("emergency")
    assert first.move == Ask(("emergency", "emergency-callback"), timeout=5.0)
    moves = [menu.answer(LEKEBERG, first.state, key).move for key in ("2", "6", "9")]
    assert moves == [Enter("concern"), Enter("fault_report"), Callback()]


def test_an_explanation_knows_it_and_promises_four_open_hours_after_its_end() -> None:
    end = NOON.replace(hour=14, minute=0)
    explained = explain(LEKEBERG, Moment(NOON, end), "0701740605", ["9", "1"])
    assert explained.state == "emergency"
    assert explained.ends == "a callback to +4670 ••• 05, promised by 2026-11-26 09:30"


@pytest.mark.parametrize("until", [NOON, NOON - timedelta(hours=1), NOON + timedelta(days=7, seconds=1)])
async def test_an_end_that_does_not_lie_ahead_or_too_far_is_refused_and_nothing_is_written(until: datetime) -> None:
    async with Peer() as peer:
        closures = Closures(Copy(["lekeberg"], "closure"), {"lekeberg": LEKEBERG}, lambda: NOON, WaitingRoom)
        with pytest.raises(Refused) as refused:
            await closures.order(Ami(peer.credentials()), "lekeberg", until)
        assert (refused.value.status, refused.value.error) == (422, "closure_until")
        assert peer.actions == []
