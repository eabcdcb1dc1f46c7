"""The menu: what each key means, and that no sequence of keys is a dead end."""

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from routing import menu
from routing.dialogue import Ask, Callback, Enter, Hangup
from routing.file import load
from routing.hours import State
from routing.municipality import MenuKey, Municipality

LEKEBERG = load(Path("municipalities/lekeberg.toml"))
OREBRO = load(Path("municipalities/orebro.toml"))
LONGEST = 12


OPENING = ("day-tomorrow", "time-0800")


def press(*keys: str, why: State = "open", of: Municipality = LEKEBERG) -> menu.Turn:
    turn = menu.start(why, OPENING)
    for key in keys:
        turn = menu.answer(of, turn.state, key)
    return turn


def in_orebro(*keys: str) -> menu.Turn:
    return press(*keys, of=OREBRO)


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


def test_a_key_leads_to_a_second_menu_whose_keys_have_meanings_of_their_own() -> None:
    assert in_orebro("3").move == Ask(("menu-education",))
    assert [in_orebro("3", key).move for key in "123"] == [Enter("school"), Enter("culture"), Enter("consumer")]
    assert in_orebro("1").move == Enter("care")


def test_in_a_second_menu_silence_and_two_wrong_keys_reach_a_guide_and_the_reason_says_where() -> None:
    assert (in_orebro("3", "").move, in_orebro("3", "").reason) == (Enter("guide"), "silence in education")
    assert in_orebro("3", "5").move == Ask(("wrong-key", "menu-education"))
    assert (in_orebro("3", "5", "5").move, in_orebro("3", "5", "5").reason) == (Enter("guide"), "two wrong keys in education")
    assert in_orebro("7", "3", "5").move == Enter("guide")  # wrong keys count over all menus


def test_a_star_repeats_the_menu_one_is_in() -> None:
    assert in_orebro("3", "*").move == Ask(("menu-education",))
    assert in_orebro("*").move == Ask(("menu",))
    assert in_orebro("3", "*", "*", "*", "*").move == Enter("guide")


def test_what_is_no_matter_means_the_same_in_every_menu() -> None:
    assert (in_orebro("3", "9").move, in_orebro("3", "0").move) == (Callback(), Enter("guide"))
    assert in_orebro("3", "8").move == Ask(("welcome-en",))


def test_only_the_matter_is_counted_as_a_choice_and_not_the_way_through_a_menu() -> None:
    assert [in_orebro(*keys).choice for keys in ("3", "32", ("3", ""), "3*", "35")] == ["", "culture", "timeout", "repeat", "invalid"]


def test_the_question_about_concern_leads_back_to_the_matter_it_was_asked_for() -> None:
    asking = LEKEBERG.model_copy(update={"menu": {"1": MenuKey(topic="care", ask_concern=True)}})
    assert (press("1", "1", of=asking).move, press("1", "", of=asking).move) == (Enter("concern"), Enter("care"))


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
