"""The times of a promise for any hours a file can state, around every holiday and change of clocks from 2024 to 2030."""

from __future__ import annotations

from datetime import datetime

from hypothesis import given, settings
from hypothesis import strategies as st

from callbacks import policy
from callbacks.model import Request
from callbacks.notices.digest import slot
from routing import hours
from routing.callback_rules import CallbackRules
from routing.opening_hours import OpeningHours
from tests.properties.test_hours_properties import MINUTE, MOMENTS, WRITTEN, Written, length, midnight

RULES = CallbackRules()


def promise(opening: OpeningHours, at: datetime, *, owned: bool) -> Request:
    """A request with the times that the policy gives it."""
    times = policy.times(opening, RULES, at, place=at, owned=owned)
    return Request(
        id="1", municipality="lekeberg", topic="care", administration="social", queue="guides", source="queue_key", protected=False,
        created_at=at, number="+46701740605", owner="2001" if owned else "", not_before=times.not_before, place=times.place, due=times.due,
        limit=times.limit,
    )  # fmt: skip


def open_minutes(opening: OpeningHours, start: datetime, end: datetime) -> float:
    """How long it is open between two moments."""
    first, last = (moment.astimezone(hours.ZONE).date() for moment in (start, end))
    spans = hours.intervals(opening, first, (last - first).days + 1)
    return sum(max((min(one.closes, end) - max(one.opens, start)).total_seconds(), 0) for one in spans) / 60


@settings(max_examples=200, deadline=None)
@given(WRITTEN, MOMENTS, st.booleans())
def test_a_promise_can_be_kept_and_somebody_knows_in_order(written: Written, at: datetime, owned: bool) -> None:
    opening = OpeningHours.model_validate(written)
    try:
        made = promise(opening, at, owned=owned)
        reminder, overdue, limit = policy.follow_ups(made, opening, RULES)
    except LookupError:
        return  # these hours hardly ever open
    assert at <= reminder.at <= overdue.at == made.due <= limit.at == made.limit
    assert open_minutes(opening, at, made.due) > 0
    assert reminder.at == at or open_minutes(opening, reminder.at, made.due) == RULES.reminder_minutes
    if not owned:
        assert open_minutes(opening, at, made.due) <= 60 * RULES.due_open_hours
        assert made.due == made.limit or open_minutes(opening, at, made.due) == 60 * RULES.due_open_hours


@settings(max_examples=100, deadline=None)
@given(WRITTEN, MOMENTS)
def test_digests_go_out_at_most_twice_a_day_and_only_on_days_when_we_are_open(written: Written, at: datetime) -> None:
    opening = OpeningHours.model_validate(written)
    day = at.astimezone(hours.ZONE).date()
    moments = [midnight(day) + passed * 15 * MINUTE for passed in range(length(day) // 15)]
    seen = [found for moment in moments if (found := slot(opening, RULES, moment))]
    assert len({one.at for one in seen}) <= 2
    assert all(one.before <= one.at <= one.after for one in seen)
    assert not seen or hours.of_day(opening, day)
