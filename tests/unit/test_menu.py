"""The menu: what each key means, and that no sequence of keys is a dead end."""

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from routing import menu
from routing.dialogue import Ask, Callback, Enter, Hangup
from routing.file import load
from routing.hours import State

LEKEBERG = load(Path("municipalities/lekeberg.toml"))
LONGEST = 12


OPENING = ("day-tomorrow", "time-0800")


def press(*keys: str, why: State = "open") -> menu.Turn:
    turn = menu.start(why, OPENING)
    for key in keys:
        turn = menu.answer(LEKEBERG, turn.state, key)
    return turn


def test_each_topic_key_enters_its_topic() -> None:
    assert [press(key).move for key in "13456"] == [Enter(t) for t in ("care", "education", "streets", "building", "fault_report")]


def test_silence_reaches_a_guide() -> None:
    assert press("").move == Enter("guide")


def test_a_wrong_key_is_said_so_and_a_second_reaches_a_guide() -> None:
    assert press("7").move == Ask(("wrong-key", "menu"))
    assert press("7", "7").move == Enter("guide")


def test_choice_2_asks_about_concern_and_silence_goes_to_guides() -> None:
    assert press("2").move == Ask(("after-social",))
    assert press("2", "1").move == Enter("concern")
    assert press("2", "").move == Enter("social")


def test_nine_orders_a_callback_and_one_never_does() -> None:
    assert press("9").move == Callback()
    assert press("8", "9").move == Callback()
    assert press("1").move == Enter("care")


def test_closed_says_when_we_open_next_and_says_it_again() -> None:
    said = Ask(("closed", "day-tomorrow", "time-0800", "closed-keys"), timeout=5.0)
    assert press(why="closed").move == press("", why="closed").move == press("7", why="holiday").move == said


def test_a_break_says_the_time_only() -> None:
    said = Ask(("lunch", "time-0800", "lunch-keys"), timeout=5.0)
    assert press(why="lunch").move == press("", why="lunch").move == said


def test_closed_ends_with_a_referral() -> None:
    assert isinstance(press("", "", why="closed").move, Hangup)
    assert press("2", why="closed").move == Enter("concern")


@given(
    st.lists(st.sampled_from(["", *"0123456789*#"]), min_size=LONGEST, max_size=LONGEST),
    st.sampled_from(["open", "lunch", "closed", "holiday"]),
)
def test_every_sequence_of_keys_ends_with_a_person_a_callback_or_a_referral(keys: list[str], why: State) -> None:
    turn = menu.start(why, OPENING)
    for key in keys:
        if not isinstance(turn.move, Ask):
            break
        turn = menu.answer(LEKEBERG, turn.state, key)
    assert isinstance(turn.move, Enter | Callback | Hangup)
