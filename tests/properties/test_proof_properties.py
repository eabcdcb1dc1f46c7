"""The proof agrees with what pressing shows: for every valid menu each walked sequence ends, and none takes longer than was proven."""

from __future__ import annotations

from datetime import date
from itertools import chain

from hypothesis import given
from hypothesis import strategies as st

from dialplan.prompts.lengths import prompt_lengths
from routing import menu
from routing.dialogue import Ask
from routing.graph import Longest
from routing.municipality import Municipality
from routing.proof import KEYS, WORLDS, After, World, openings_said, prove_menu, seconds
from tests.properties.test_menu_properties import LEKEBERG, MUNICIPALITIES, SPEAKING

SPOKEN = prompt_lengths(SPEAKING)
OPENING = min(openings_said(LEKEBERG.hours, date(2026, 3, 2)))
AFTER = After(Longest(0.0), Longest(0.0))


@given(MUNICIPALITIES, st.sampled_from(WORLDS), st.lists(st.sampled_from(KEYS), max_size=8))
def test_every_walked_sequence_ends_within_the_proven_time(municipality: Municipality, world: World, keys: list[str]) -> None:
    proof = prove_menu(municipality, world, SPOKEN, AFTER, opening=OPENING, start=menu.start, answer=menu.answer)
    assert proof.findings == ()
    turn, taken = menu.start(world.why, OPENING), 0.0
    for key in chain(keys, [""] * proof.situations):
        if not isinstance(turn.move, Ask):
            break
        taken += seconds(turn.move, key, SPOKEN)
        turn = menu.answer(municipality, turn.state, key)
    assert not isinstance(turn.move, Ask)
    assert taken <= proof.longest.seconds + 1e-6
