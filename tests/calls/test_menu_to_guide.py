"""A citizen rings, states the matter with one key, and a guide answers: real SIP, real digits, real Asterisk."""

from __future__ import annotations

import pytest

from simulation import HangUp, Phone, Press, Wait, WaitForBye
from tests.calls.stack import CITIZEN, Stack


@pytest.mark.parametrize(("key", "topic", "label"), [
    ("1", "care", "Omsorg"), ("3", "education", "Skola"), ("4", "streets", "Gator"), ("5", "building", "Bygg"),
    ("6", "fault_report", "Fel"),
])  # fmt: skip
async def test_each_key_reaches_a_guide_with_its_topic_on_the_display(
    stack: Stack, ready: float, guide: Phone, key: str, topic: str, label: str
) -> None:
    assert (await stack.call(CITIZEN, Wait(1.0), Press(key), Wait(4.0), HangUp())).answered
    row = await stack.last_call(ready)
    assert (row.outcome, row.topic, row.queue, row.answered_by) == ("answered", topic, "guides", "1001")
    assert [ring.name for ring in guide.rings] == [f"{label} {CITIZEN}"]
    assert row.number == CITIZEN


async def test_a_key_by_sip_info_counts_as_well(stack: Stack, ready: float, guide: Phone) -> None:
    assert (await stack.call(CITIZEN, Wait(1.0), Press("5", by="info"), Wait(4.0), HangUp())).answered
    assert (await stack.last_call(ready)).topic == "building"


async def test_a_hidden_caller_s_topic_is_shown_and_no_number(stack: Stack, ready: float, guide: Phone) -> None:
    assert (await stack.call("", Wait(1.0), Press("4"), Wait(4.0), HangUp())).answered
    assert [(ring.name, ring.number) for ring in guide.rings] == [("Gator", "+4658548700")]
    assert (await stack.last_call(ready)).number == ""


async def test_8_speaks_english_and_a_guide_answers(stack: Stack, ready: float, guide: Phone) -> None:
    assert (await stack.call(CITIZEN, Wait(1.0), Press("8"), Wait(1.5), Press("0"), Wait(3.0), HangUp())).answered
    row = await stack.last_call(ready)
    assert (row.outcome, row.topic, row.choices) == ("answered", "guide", ("english", "guide"))


async def test_2_without_an_answer_to_its_question_is_an_ordinary_matter(stack: Stack, ready: float, guide: Phone) -> None:
    assert (await stack.call(CITIZEN, Wait(1.0), Press("2"), Wait(12.0), HangUp())).answered
    assert (await stack.last_call(ready)).topic == "social"
    assert [ring.name for ring in guide.rings] == [f"Social {CITIZEN}"]


async def test_a_star_repeats_the_menu(stack: Stack, ready: float, guide: Phone) -> None:
    assert (await stack.call(CITIZEN, Wait(1.0), Press("*"), Wait(1.5), Press("3"), Wait(4.0), HangUp())).answered
    assert (await stack.last_call(ready)).choices == ("repeat", "education")


async def test_silence_after_the_menu_reaches_a_guide(stack: Stack, ready: float, guide: Phone) -> None:
    assert (await stack.call(CITIZEN, Wait(32.0), HangUp())).answered
    row = await stack.last_call(ready)
    assert (row.outcome, row.topic) == ("answered", "guide")


async def test_two_wrong_keys_reach_a_guide(stack: Stack, ready: float, guide: Phone) -> None:
    assert (await stack.call(CITIZEN, Wait(1.0), Press("7"), Wait(1.5), Press("7"), Wait(4.0), HangUp())).answered
    assert (await stack.last_call(ready)).outcome == "answered"


async def test_hanging_up_in_the_greeting_is_no_abandoned_call(stack: Stack, ready: float) -> None:
    assert (await stack.call(CITIZEN, Wait(1.5), HangUp())).answered
    row = await stack.last_call(ready)
    assert (row.outcome, row.queue) == ("menu_hangup", "none")


async def test_hanging_up_early_in_the_queue_is_a_short_abandon(stack: Stack, ready: float, silent_guide: Phone) -> None:
    assert (await stack.call(CITIZEN, Wait(1.0), Press("1"), Wait(3.0), HangUp())).answered
    row = await stack.last_call(ready)
    assert (row.outcome, row.queue) == ("abandoned_short", "guides")


async def test_the_number_stands_in_no_log_of_asterisk(stack: Stack, ready: float, guide: Phone) -> None:
    number = "0701740688"
    assert (await stack.call(number, Wait(1.0), Press("1"), Wait(4.0), HangUp())).answered
    assert (await stack.last_call(ready)).number == number
    for path in ("/var/log/asterisk/queue_log", "/var/log/asterisk/cel-custom/Master.csv"):
        text = stack.file(path)
        assert text
        assert number[1:] not in text
    assert number[1:] not in stack.compose("logs", "--no-color")


@pytest.mark.parametrize("dialled", ["+4658548700", "004658548700"])
async def test_the_number_answers_in_every_form(stack: Stack, ready: float, dialled: str) -> None:
    assert (await stack.call(CITIZEN, Wait(1.0), HangUp(), dials=dialled)).answered
    assert (await stack.last_call(ready)).line == "main"


async def test_nothing_else_is_reachable_from_the_trunk(stack: Stack, ready: float) -> None:
    refused = await stack.call(CITIZEN, WaitForBye(), dials="0701740690")
    assert (refused.answered, refused.status_code) == (False, 404)
