"""The callback conversation: which number, keyed and read back, three tries, and never without a clear yes."""

from hypothesis import given
from hypothesis import strategies as st

from callbacks import conversation as offer
from routing.dialogue import Ask, GiveUp, Register

OWN = frozenset({"+4658548700"})


def talk(shown: str, *keys: str) -> offer.Turn:
    turn = offer.start(shown, OWN)
    for key in keys:
        turn = offer.answer(turn.state, key)
    return turn


def test_one_takes_the_number_shown() -> None:
    assert talk("0701740605", "1").move == Register("+46701740605")


def test_another_number_is_keyed_read_back_and_confirmed() -> None:
    assert talk("0701740605", "2", "0701740606").move.prompts[:3] == ("callback-you-keyed", "digit-0", "digit-7")  # type: ignore[union-attr]
    assert talk("0701740605", "2", "0701740606", "1").move == Register("+46701740606")


def test_a_withheld_number_is_asked_for() -> None:
    assert talk("").move == Ask(("callback-keying-hidden",), max_digits=16, timeout=5.0)


def test_an_own_number_as_caller_is_asked_for_anew() -> None:
    assert talk("058548700").move == Ask(("callback-keying-number",), max_digits=16, timeout=5.0)


def test_a_premium_number_is_refused_three_times_and_then_the_place_is_kept() -> None:
    assert talk("", "0900123456").move == Ask(("callback-cannot",), max_digits=16, timeout=5.0)
    assert isinstance(talk("", "0900123456", "112", "").move, GiveUp)


def test_silence_orders_nothing() -> None:
    assert isinstance(talk("0701740605", "", "").move, GiveUp)


@given(st.lists(st.sampled_from(["", "2", "9", "0701740607", "112"]), min_size=12, max_size=12))
def test_without_a_one_no_callback_is_ever_stored(keys: list[str]) -> None:
    turn = offer.start("0701740605", OWN)
    for key in keys:
        if not isinstance(turn.move, Ask):
            break
        turn = offer.answer(turn.state, key)
    assert isinstance(turn.move, GiveUp)
