"""Which numbers may be called back: Swedish fixed, mobile, 010 and 020; never premium, shared cost, emergency, short or our own."""

from __future__ import annotations

from dataclasses import dataclass

import phonenumbers
from phonenumbers import PhoneNumberType, shortnumberinfo

ALLOWED = frozenset({
    PhoneNumberType.FIXED_LINE,
    PhoneNumberType.MOBILE,
    PhoneNumberType.FIXED_LINE_OR_MOBILE,
    PhoneNumberType.UAN,  # 010
    PhoneNumberType.TOLL_FREE,  # 020
})  # fmt: skip


@dataclass(frozen=True)
class NotDialable:
    """Why a number is refused: malformed, foreign, short, premium, own."""

    reason: str


def dialable(text: str, own: frozenset[str]) -> str | NotDialable:
    """The number in E.164, or why we do not ring it. `own` are the municipality's numbers in E.164."""
    try:
        number = phonenumbers.parse(text, "SE")
    except phonenumbers.NumberParseException:
        return NotDialable("malformed")
    if number.country_code != 46:
        return NotDialable("foreign")
    if shortnumberinfo.is_possible_short_number_for_region(number, "SE") and not phonenumbers.is_valid_number(number):
        return NotDialable("short")
    if not phonenumbers.is_valid_number(number):
        return NotDialable("malformed")
    if phonenumbers.number_type(number) not in ALLOWED:
        return NotDialable("premium")
    written = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    return NotDialable("own") if written in own else written


def masked(number: str) -> str:
    """A number as a list shows it: its kind and its last two digits. What is too short to hide anything is hidden whole."""
    return f"{number[:5]} ••• {number[-2:]}" if len(number) > 8 else "•••" if number else ""
