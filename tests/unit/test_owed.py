"""What a caller is told, and who answers is shown, of what we owe already."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from callbacks.model import Request
from callbacks.orders import new_request
from ivr.owed import on_its_way, shown
from routing.file import load

LEKEBERG = load(Path("municipalities/lekeberg.toml"))
NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)


def owed(topic: str, tried_ago: int | None = None) -> Request:
    """A request, tried so many minutes ago."""
    request = new_request(LEKEBERG, number="+46701740605", topic=topic, source="queue_key", now=NOW - timedelta(hours=1))
    return request.model_copy(update={"tried_at": None if tried_ago is None else NOW - timedelta(minutes=tried_ago)})


def test_the_phone_shows_about_what_we_looked_for_the_caller_and_when_last() -> None:
    assert shown(LEKEBERG, [owed("building", 30), owed("care", 10)]) == "SÖKT Omsorg 09.50"


def test_the_phone_shows_nothing_of_whom_we_have_not_looked_for_nor_of_what_is_protected() -> None:
    assert shown(LEKEBERG, [owed("building"), owed("social", 10)]) == ""
    assert shown(LEKEBERG, []) == ""


def test_what_is_shown_fits_a_desk_phone_s_display() -> None:
    assert all(len(shown(LEKEBERG, [owed(topic, 5)])) <= 25 for topic in LEKEBERG.topics)


def test_a_caller_is_told_of_the_next_promise_about_his_matter_or_about_nothing_protected() -> None:
    care, social = owed("care"), owed("social")
    assert on_its_way([social, care], "building", NOW) == care
    assert on_its_way([social, care], "social", NOW) == social
    assert on_its_way([social], "building", NOW) is None


def test_a_promise_that_is_late_is_not_repeated() -> None:
    care = owed("care")
    assert on_its_way([care], "care", care.due) is None
