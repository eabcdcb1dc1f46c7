"""A call's outcome: exactly one, a person first."""

import pytest

from metrics.cel import CelStories, parse
from metrics.story import Story


@pytest.mark.parametrize(("facts", "outcome"), [
    ([], "menu_hangup"),
    ([("queued", "guides/care")], "abandoned"),
    ([("queued", "guides/care"), ("answered", "1001")], "answered"),
    ([("queued", "guides/care"), ("left", "guides/queue_key"), ("callback", "abc")], "callback"),
    ([("callback", "abc"), ("answered", "1001")], "answered"),
    ([("closed", "")], "closed"),
])  # fmt: skip
def test_each_way_has_its_outcome(facts: list[tuple[str, str]], outcome: str) -> None:
    story = Story("call", 100.0)
    for fact, detail in facts:
        story.tell(fact, detail, 110.0)
    assert story.record(125.0).outcome == outcome


def test_whose_phone_alone_rang_has_answered_unless_the_caller_went_on_to_the_queue() -> None:
    story = Story("call", 100.0)
    for fact, detail, at in (("queued", "care/care", 105.0), ("previous", "1102", 105.0), ("answered", "", 108.0)):
        story.tell(fact, detail, at)
    record = story.record(120.0)
    assert (record.answered_by, record.queue, record.queue_wait_seconds, record.talk_seconds) == ("1102", "care", 3.0, 12.0)
    gone_on = Story("call", 100.0)
    for fact, detail, at in (("queued", "care/care", 105.0), ("previous", "1102", 105.0), ("queued", "care/care", 115.0)):
        gone_on.tell(fact, detail, at)
    gone_on.tell("answered", "", 120.0)
    record = gone_on.record(130.0)
    assert (record.answered_by, record.queue_wait_seconds) == ("", 15.0)


@pytest.mark.parametrize(("facts", "outcome"), [
    ([("answered", "")], "on_duty"),
    ([("queued", "guides/concern"), ("answered", "1001")], "guide"),
    ([("queued", "guides/concern"), ("answered", "1001"), ("reached", "ifo/130.5")], "on_duty"),
    ([("nobody", "ifo/1"), ("dialled", "out_of_hours/concern"), ("answered", "")], "on_duty"),
    ([("queued", "guides/concern"), ("nobody", "ifo/3"), ("dialled", "out_of_hours/concern"), ("answered", "")], "on_duty"),
    ([("nobody", "ifo/1")], "nobody"),
    ([], "hung_up"),
])  # fmt: skip
@pytest.mark.parametrize("before", [[], [("queued", "guides/care"), ("answered", "1002")]], ids=["at once", "transferred by a guide"])
def test_who_took_a_call_to_a_priority_line_is_whom_it_reached_there(
    before: list[tuple[str, str]], facts: list[tuple[str, str]], outcome: str
) -> None:
    story = Story("call", 100.0, number="0701740605")
    for fact, detail in before:
        story.tell(fact, detail, 110.0)
    story.tell("sought", "ifo/concern", 120.0)
    for fact, detail in facts:
        story.tell(fact, detail, 130.5)
    record = story.record(160.0)
    assert (record.priority_outcome, record.topic, record.number) == (outcome, "concern", "")
    assert record.priority_seconds == (None if outcome in ("nobody", "hung_up") else 10.5 if before else 30.5)


def test_leaving_within_ten_seconds_of_joining_is_short() -> None:
    story = Story("call", 100.0)
    story.tell("queued", "guides/care", 120.0)
    assert story.record(129.9).outcome == "abandoned_short"
    assert story.record(130.0).outcome == "abandoned"


def cel(at: float, event: str, fact: str = "", peer: str = "") -> str:
    extra = f'"{{""extra"":""{fact}""}}"' if fact else '""'
    return f'"{at}","{event}","c1","c1","PJSIP/trunk-1","x","","{peer}","{"KC" if fact else ""}",{extra}'


def test_asterisks_own_log_tells_the_same_story() -> None:
    lines = [
        cel(100, "CHAN_START"), cel(100.1, "USER_DEFINED", "entered/lekeberg/main"), cel(105, "USER_DEFINED", "queued/guides/care"),
        cel(110, "BRIDGE_ENTER", peer="PJSIP/lekeberg-1001-2"), cel(130, "USER_DEFINED", "ended/16"), cel(130.1, "LINKEDID_END"),
    ]  # fmt: skip
    (record,) = CelStories().feed(row for line in lines if (row := parse(line)))
    assert (record.outcome, record.answer_seconds, record.talk_seconds, record.line) == ("answered", 10.0, 20.0, "main")


def test_a_line_that_is_cut_off_is_no_row() -> None:
    assert parse(cel(100, "CHAN_START")[:-12]) is None
