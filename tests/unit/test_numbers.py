"""Which numbers we ring back: Swedish and free or ordinary, and never our own."""

import pytest

from routing.numbers import NotDialable, dialable

OWN = frozenset({"+4658548700"})


@pytest.mark.parametrize("text", ["0701740605", "+46701740605", "0046701740605", "070-174 06 05", "+46 (0)70 174 06 05"])
def test_every_way_of_writing_a_number_is_the_same_number(text: str) -> None:
    assert dialable(text, OWN) == "+46701740605"


@pytest.mark.parametrize(("text", "number"), [
    ("010-1234567", "+46101234567"), ("020-123456", "+4620123456"), ("0585-48701", "+4658548701"),
])  # fmt: skip
def test_fixed_010_and_020_numbers_are_rung(text: str, number: str) -> None:
    assert dialable(text, OWN) == number


@pytest.mark.parametrize("text", ["112", "11414", "1177", "118118", "90000"])
def test_emergency_and_other_short_numbers_are_refused(text: str) -> None:
    assert dialable(text, OWN) == NotDialable("short")


@pytest.mark.parametrize("text", ["0900123456", "0939123456", "0944123456", "0771234567"])
def test_premium_and_shared_cost_numbers_are_refused(text: str) -> None:
    assert dialable(text, OWN) == NotDialable("premium")


@pytest.mark.parametrize("text", ["0585-48700", "+46 585 487 00", "004658548700"])
def test_our_own_number_is_refused_however_it_is_written(text: str) -> None:
    assert dialable(text, OWN) == NotDialable("own")


def test_a_foreign_number_is_refused() -> None:
    assert dialable("+4512345678", OWN) == NotDialable("foreign")


@pytest.mark.parametrize("text", ["", "abc", "+46", "00", "0" * 30, "0701740605#", "*21*0701740605", "07017406050000"])
def test_what_is_no_number_is_refused(text: str) -> None:
    assert dialable(text, OWN) == NotDialable("malformed")
