"""The menu, whatever a municipality's file says and whatever is pressed: nobody is left in it."""

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from routing import menu
from routing.dialogue import Ask, Callback, Enter, Hangup
from routing.file import load
from routing.hours import State
from routing.municipality import MenuKey, Municipality

LEKEBERG = load(Path("municipalities/lekeberg.toml"))
MOST_KEYS = 6
"""One wrong key, three repeats, a way into a question, and its answer."""

ENTRIES = st.builds(
    MenuKey,
    action=st.sampled_from(["topic", "english", "repeat", "callback"]),
    topic=st.sampled_from(sorted(LEKEBERG.topics)),
    ask_concern=st.booleans(),
)
MUNICIPALITIES = st.dictionaries(st.sampled_from("0123456789*"), ENTRIES).map(lambda keys: LEKEBERG.model_copy(update={"menu": keys}))
KEYS = st.lists(st.sampled_from(["", "12", "A", *"0123456789*#"]), min_size=MOST_KEYS, max_size=MOST_KEYS)
SHUT: st.SearchStrategy[State] = st.sampled_from(["lunch", "closed", "holiday"])


def walk(municipality: Municipality, why: State, keys: list[str]) -> menu.Turn:
    """Press until the menu no longer asks, or the keys are used up."""
    turn = menu.start(why)
    for key in keys:
        if not isinstance(turn.move, Ask):
            break
        turn = menu.answer(municipality, turn.state, key)
    return turn


@given(MUNICIPALITIES, KEYS)
def test_while_open_every_sequence_ends_with_a_person_or_a_callback(municipality: Municipality, keys: list[str]) -> None:
    move = walk(municipality, "open", keys).move
    assert isinstance(move, Enter | Callback)
    assert not isinstance(move, Enter) or move.topic in municipality.topics


@given(MUNICIPALITIES, SHUT, KEYS)
def test_while_closed_no_key_leads_to_guides_who_are_not_there(municipality: Municipality, why: State, keys: list[str]) -> None:
    move = walk(municipality, why, keys).move
    assert isinstance(move, Callback | Hangup) or (isinstance(move, Enter) and move.topic in municipality.referrals)


@given(MUNICIPALITIES, KEYS)
def test_one_never_orders_a_callback(municipality: Municipality, keys: list[str]) -> None:
    """Elderly callers press 1 for their matter; 9 is the callback's key, unless the file itself gives it another."""
    fixed = municipality.model_copy(update={"menu": municipality.menu | {"1": MenuKey(topic="care")}})
    assert not isinstance(walk(fixed, "open", ["1", *keys]).move, Callback)


@given(MUNICIPALITIES, KEYS)
def test_whoever_falls_silent_reaches_a_person(municipality: Municipality, keys: list[str]) -> None:
    turn = menu.start("open")
    for key in keys:
        if not isinstance(turn.move, Ask):
            return
        assert isinstance(menu.answer(municipality, turn.state, "").move, Enter)
        turn = menu.answer(municipality, turn.state, key)
