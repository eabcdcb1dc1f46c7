"""Who has to know of a promise, and when: over nights, weekends, Easter and the change of clocks."""

from __future__ import annotations

from datetime import timedelta

import pytest

from callbacks.follow_up import late, step
from callbacks.model import Request
from callbacks.policy import due_of_handler, follow_ups
from routing.hours import ZONE
from routing.opening_hours import OpeningHours
from tests.orders import BUILDING, SOCIAL, lekeberg, local, request

MUNICIPALITY = lekeberg()


def told(one: Request) -> list[str]:
    """When somebody has to know, in local time: reminder, overdue, limit."""
    return [f"{at.at.astimezone(ZONE):%m-%d %H:%M}" for at in follow_ups(one, MUNICIPALITY.hours, MUNICIPALITY.callbacks)]


@pytest.mark.parametrize(("at", "owner", "expected"), [
    ("2026-11-24 08:00", "", ["11-24 11:30", "11-24 12:00", "11-26 16:30"]),
    ("2026-11-24 11:00", "", ["11-24 15:30", "11-24 16:00", "11-26 16:30"]),  # lunch counts for nobody
    ("2026-11-27 14:00", "", ["11-30 09:30", "11-30 10:00", "12-01 16:30"]),  # over the weekend
    ("2026-11-27 14:00", BUILDING, ["11-30 13:30", "11-30 14:00", "12-01 16:30"]),
    ("2026-11-24 12:30", BUILDING, ["11-25 11:30", "11-25 12:30", "11-26 16:30"]),  # due at lunch: reminded before it
    ("2026-11-28 20:00", BUILDING, ["11-30 16:00", "11-30 20:00", "12-01 16:30"]),
    ("2026-04-02 11:00", "", ["04-07 10:30", "04-07 11:00", "04-08 16:30"]),  # Maundy Thursday closes at noon
    ("2026-04-02 11:00", BUILDING, ["04-07 10:30", "04-07 11:00", "04-08 16:30"]),
    ("2026-04-01 15:00", BUILDING, ["04-02 11:30", "04-02 15:00", "04-07 16:30"]),  # due when an eve is over
    ("2026-03-27 14:00", BUILDING, ["03-30 13:30", "03-30 14:00", "03-31 16:30"]),  # the clocks go forward between
    ("2026-10-23 14:00", BUILDING, ["10-26 13:30", "10-26 14:00", "10-27 16:30"]),  # and back
    ("2026-11-29 03:00", BUILDING, ["11-30 16:00", "12-01 08:00", "12-01 16:30"]),  # nobody is late before the first working hour
])  # fmt: skip
def test_somebody_knows_in_open_time_before_it_is_due(at: str, owner: str, expected: list[str]) -> None:
    assert told(request(at, owner=owner)) == expected


def test_what_counts_from_a_late_opening_is_still_due_by_the_limit() -> None:
    hours = OpeningHours.model_validate({"weekly": {"monday": ["13:00-15:00"], "tuesday": ["08:00-10:00"], "friday": ["08:00-10:00"]}})
    assert due_of_handler(hours, local("2026-11-29 03:00")) == local("2026-12-01 10:00")


def test_what_is_due_before_the_day_opens_is_reminded_of_the_day_before() -> None:
    assert told(request("2026-11-24 07:00", owner=BUILDING)) == ["11-24 16:00", "11-25 07:00", "11-26 16:30"]


def test_nobody_is_reminded_before_it_was_asked_for() -> None:
    asked = request("2026-11-24 09:00", wanted="2026-11-24 09:10").model_copy(update={"due": local("2026-11-24 09:20")})
    assert told(asked)[:2] == ["11-24 09:00", "11-24 09:20"]


def test_a_guides_promise_is_reminded_of_then_overdue_then_at_its_limit_and_never_lapses() -> None:
    asked = request("2026-11-24 08:00")
    steps = [step(asked.model_copy(update={"followed": done}), MUNICIPALITY.hours, MUNICIPALITY.callbacks) for done in range(3)]
    assert [one.act for one in steps] == ["reminded", "overdue", "limit_passed"]
    assert [one.then for one in steps] == [asked.due, asked.limit, None]
    assert [one.lapsed for one in steps] == [None, None, None]


def test_an_owner_who_is_late_shares_it_with_the_guides_at_the_place_of_its_order() -> None:
    asked = request("2026-11-24 08:00", owner=BUILDING)
    found = step(asked.model_copy(update={"followed": 1}), MUNICIPALITY.hours, MUNICIPALITY.callbacks)
    assert found.lapsed is not None
    assert (found.act, found.lapsed.place, found.lapsed.owner) == ("lapsed", asked.created_at, BUILDING)
    assert found.lapsed.lists == ("queue/guides", f"owner/{BUILDING}", "pool")
    assert found.lapsed.in_queue  # a guide rings, and tells how it stands


def test_what_is_protected_lapses_to_those_with_the_duty_and_never_to_the_pool() -> None:
    for asked in (request("2026-11-24 08:00", topic="social"), request("2026-11-24 08:00", topic="care", owner=SOCIAL)):
        lapsed = step(asked.model_copy(update={"followed": 1}), MUNICIPALITY.hours, MUNICIPALITY.callbacks).lapsed
        assert lapsed is not None
        assert (lapsed.lapsed, lapsed.place) == (True, None)
        assert lapsed.lists == ("queue/guides", f"owner/{SOCIAL}", "protected")


def test_late_names_what_is_over_with_the_manager_who_has_to_know() -> None:
    owned, guides = request("2026-11-23 10:00", owner=BUILDING), request("2026-11-24 14:00")
    (found,) = late(MUNICIPALITY, [owned, guides], local("2026-11-24 10:00"))
    assert (found.request, found.manager, found.at_limit) == (owned, "byggchef@example.com", False)
    later = late(MUNICIPALITY, [owned, guides], owned.limit)
    assert [(one.manager, one.at_limit) for one in later] == [("byggchef@example.com", True), ("socialchef@example.com", False)]


def test_a_moment_before_it_is_due_nothing_is_late() -> None:
    asked = request("2026-11-23 10:00", owner=BUILDING)
    assert late(MUNICIPALITY, [asked], asked.due - timedelta(seconds=1)) == []
