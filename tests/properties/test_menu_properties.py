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
MOST_KEYS = 8
"""One wrong key, three repeats, a way through two more menus and into a question, and its answer."""
MENUS = ("near", "far")
"""Two more menus: the first one leads to both, the near one to the far one, which leads to none."""
SPEAKING = LEKEBERG.model_copy(update={"texts": {f"menu-{name}": ("sv: Välj.",) for name in MENUS}})


def keys_of_a_menu(*leads_to: str) -> st.SearchStrategy[dict[str, MenuKey]]:
    """What the keys of a menu may mean."""
    entry = st.builds(
        MenuKey,
        action=st.sampled_from(["topic", "english", "repeat", "callback"]),
        topic=st.sampled_from(sorted(LEKEBERG.topics)),
        ask_concern=st.booleans(),
    )
    into = st.builds(MenuKey, action=st.just("menu"), menu=st.sampled_from(leads_to)) if leads_to else st.nothing()
    return st.dictionaries(st.sampled_from("0123456789*"), entry | into)


MUNICIPALITIES = st.builds(
    lambda first, near, far: SPEAKING.model_copy(update={"menu": first, "menus": {"near": near, "far": far}}),
    keys_of_a_menu(*MENUS),
    keys_of_a_menu("far"),
    keys_of_a_menu(),
)
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


@given(MUNICIPALITIES, KEYS)
def test_a_choice_that_is_counted_is_a_topic_or_an_act_and_never_a_menu(municipality: Municipality, keys: list[str]) -> None:
    turn = menu.start("open")
    for key in keys:
        if not isinstance(turn.move, Ask):
            break
        before, turn = turn, menu.answer(municipality, turn.state, key)
        assert turn.choice in {"", "english", "callback", "repeat", "invalid", "timeout", *municipality.topics}
        if isinstance(turn.move, Enter | Callback):
            assert turn.choice
        if turn.state.menu != before.state.menu:
            assert turn.choice == ""
            assert turn.move == Ask((f"menu-{turn.state.menu}",))


@given(MUNICIPALITIES, KEYS)
def test_a_wrong_or_repeated_key_is_asked_again_in_the_menu_one_is_in(municipality: Municipality, keys: list[str]) -> None:
    turn = menu.start("open")
    for key in keys:
        if not isinstance(turn.move, Ask):
            break
        before, turn = turn, menu.answer(municipality, turn.state, key)
        if turn.choice in ("invalid", "repeat") and isinstance(turn.move, Ask):
            assert turn.move.prompts[-1] == menu.prompt(before.state.menu)
            assert (turn.state.menu in turn.reason) or not turn.state.menu
