"""Örebro beside Lekeberg: its citizens hear its own words, go through a second menu, and reach the specialists of their matter."""

from __future__ import annotations

import pytest

from dialplan.prompts.catalogue import heard, sound
from routing.file import load_served
from simulation import HangUp, Press, Wait
from tests.calls.stack import CITIZEN, ROOT, SPECIALISTS, Stack, until


@pytest.fixture(autouse=True)
def on_duty(stack: Stack, ready: float) -> None:
    """A generalist and the specialist for education are logged in."""
    for extension in ("1001", "1121"):
        stack.guide(extension, "login", "orebro")


async def test_two_keys_reach_the_specialist_of_the_matter(stack: Stack, ready: float) -> None:
    async with stack.phone("1121", municipality="orebro") as specialist, stack.phone("1101", municipality="orebro") as other:
        heard = await stack.call(CITIZEN, Wait(1.0), Press("3"), Wait(1.5), Press("2"), Wait(4.0), HangUp(), dials=SPECIALISTS)
    assert heard.answered
    row = await stack.last_call(ready, municipality="orebro")
    assert (row.outcome, row.topic, row.queue, row.answered_by, row.choices) == ("answered", "culture", "education", "1121", ("culture",))
    assert ([ring.name for ring in specialist.rings], other.rings) == ([f"Kultur {CITIZEN}"], [])


async def test_a_menu_s_choices_are_counted_by_the_matter_and_not_by_the_way_to_it(stack: Stack, ready: float) -> None:
    before = stack.by_label("ivr_menu_selections_total", "choice", "orebro")
    async with stack.phone("1121", municipality="orebro"):
        await stack.call(CITIZEN, Wait(1.0), Press("3"), Wait(1.5), Press("1"), Wait(4.0), HangUp(), dials=SPECIALISTS)
    await stack.last_call(ready, municipality="orebro")

    async def counted() -> bool:
        after = stack.by_label("ivr_menu_selections_total", "choice", "orebro")
        return {choice for choice in after if after[choice] != before.get(choice, 0.0)} == {"school"}

    await until(counted, 20, "one choice more")


async def test_the_words_of_the_second_menu_are_spoken_to_the_end(stack: Stack, ready: float) -> None:
    """A sound file that is missing would be silence, and after it a guide at once."""
    async with stack.phone("1001", municipality="orebro"):
        await stack.call(CITIZEN, Wait(1.0), Press("3"), Wait(20.0), HangUp(), dials=SPECIALISTS)
    row = await stack.last_call(ready, municipality="orebro")
    assert (row.outcome, row.topic, row.choices) == ("answered", "guide", ("timeout",))
    assert row.answer_seconds is not None
    assert row.answer_seconds > 1.0 + 5.0 + 2.0 + 1.0  # the key, the words, the silence, the phone


async def test_every_sound_that_a_municipality_that_ships_may_play_is_there(stack: Stack, ready: float) -> None:
    there = set(stack.compose("exec", "-T", "asterisk", "find", "/usr/share/asterisk/sounds/se/kc", "-name", "*.wav").split())
    for municipality in load_served((ROOT / "municipalities").glob("*.toml")).values():
        wanted = {f"/usr/share/asterisk/sounds/se/{sound(municipality, prompt)}.wav" for prompt in heard(municipality)}
        assert wanted - there == set()
