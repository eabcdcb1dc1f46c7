"""The municipality of the transfers' demonstration: the real one, never closed, with a handler for each matter. Pure text to text."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from datetime import date, timedelta

from proof.transfers.calls import Phone
from proof.transfers.matters import MATTERS, Matter

SLUG = "lekeberg"
DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
OURS = tuple(f"+467017406{last}" for last in (*range(80, 90), 50, 51, 52))
OUTSIDE = tuple(f"+467017406{last}" for last in (*range(70, 80), 45, 46))
"""Fictional numbers of handlers' phones: of the municipality's exchange (its series are the first eleven characters), and outside it."""
FIRST_GUIDE, FIRST_HANDLER = 1001, 2101


def phones(matters: Sequence[Matter] = MATTERS) -> list[Phone]:
    """A phone for each matter, of the exchange and outside in turns. At most twice as many matters as there are numbers of a kind."""
    numbers = [(OURS, OUTSIDE)[place % 2][place // 2] for place in range(len(matters))]
    return [Phone(str(FIRST_HANDLER + place), number, number in OURS) for place, number in enumerate(numbers)]


def guides(count: int) -> list[str]:
    """The SIP accounts of so many guides."""
    return [f"{SLUG}-{FIRST_GUIDE + place}" for place in range(count)]


def municipality_file(real: str, guides: int, ring_seconds: int, today: date, matters: Sequence[Matter] = MATTERS) -> str:
    """A municipality's file (TOML): the real one with other hours, guides and handlers."""
    head, rest = real.split("[hours]", 1)
    kept, behind = rest[rest.index("[menu]") :].split("[[guides]]", 1)
    behind = behind[behind.index("[priority_lines") :]
    kept = re.sub(r', callbacks_by = "\w+"', "", kept)  # no functions here
    series = json.dumps(sorted({number[:11] for number in OURS}))
    head = re.sub(r"^number_series = .*$", f"number_series = {series}", head, flags=re.MULTILINE)
    weekly = ", ".join(f"{day} = {json.dumps(['00:00-23:59'])}" for day in DAYS)
    closed_once = today + timedelta(days=30)  # who always waits would wait without an end, and the file would be refused
    hours = f"[hours]\nclosing_days = [{closed_once}]\nholidays = []\nweekly = {{ {weekly} }}\n\n"
    staffing = f"[staffing]\ntransfer_ring_seconds = {ring_seconds}\n\n"
    people = "".join(
        f'[[guides]]\nextension = "{FIRST_GUIDE + place}"\nname = "Guide {place}"\nqueues = ["guides"]\n\n' for place in range(guides)
    )
    handlers = "".join(
        f'[[handlers]]\nextension = "{phone.extension}"\nname = "{matter.title}"\nadministration = "{matter.administration}"\n'
        f'number = "{phone.number}"\n\n'
        for phone, matter in zip(phones(matters), matters, strict=True)
    )
    return head + hours + kept + staffing + people + handlers + behind
