"""What would happen to a call, whatever is pressed and whenever: one answer, always the same, and no queue while nobody answers there."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.explain import Moment, explain
from routing.file import load
from routing.hours import is_open
from routing.municipality import Municipality

SHIPPED = [load(path) for path in sorted(Path("municipalities").glob("*.toml"))]
MOMENTS = st.datetimes(datetime(2024, 1, 1), datetime(2030, 12, 31)).map(lambda moment: moment.replace(tzinfo=UTC))
KEYS = st.lists(st.sampled_from(["", *"0123456789*#", "0701740605", "112"]), max_size=8)
NUMBERS = st.sampled_from(["", "0701740605", "+46701740611", "112"])


@pytest.mark.parametrize("municipality", SHIPPED, ids=lambda one: one.slug)
@given(at=MOMENTS, number=NUMBERS, keys=KEYS)
def test_every_call_has_one_end_and_a_closed_queue_is_none(municipality: Municipality, at: datetime, number: str, keys: list[str]) -> None:
    told = explain(municipality, Moment(at), number, keys)
    assert told == explain(municipality, Moment(at), number, keys)
    assert told.ends
    assert (told.state == "open") == is_open(municipality.hours, at)
    if told.state != "open":
        assert "the queue" not in told.ends
