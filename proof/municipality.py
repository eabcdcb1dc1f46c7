"""A demonstration's municipality: the real one, never closed, with numbers of its own and its own times. Pure text to text."""

from __future__ import annotations

import json
import re

from bench.municipality import DAYS

ALL_DAY = f'days = {json.dumps(DAYS)}\nbegins = "00:00"\nends = "00:00"'
OPEN = ["00:00-23:59"]


def municipality_file(real: str, slug: str, numbers: dict[str, str]) -> str:
    """The real file's text as another municipality's. `numbers` are E.164, from the real one to its own."""
    weekly = "{ " + ", ".join(f"{day} = {json.dumps(OPEN)}" for day in DAYS) + " }"
    head, rest = real.split("[hours]", 1)
    text = f"{head}[hours]\nholidays = []\nweekly = {weekly}\n\n{rest[rest.index('[menu]') :]}"
    text = re.sub(r"weekly = \{ monday.*? \}(?= \})", f"weekly = {weekly}", text)  # the priority line's, too
    text = re.sub(r"^days = .*\nbegins = .*\nends = .*$", ALL_DAY, text, flags=re.MULTILINE)
    for theirs, own in numbers.items():
        text = text.replace(theirs, own)
    return text.replace('slug = "lekeberg"', f'slug = "{slug}"')
