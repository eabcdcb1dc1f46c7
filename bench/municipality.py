"""The bench's municipality: the real one's menu and topics, never closed, with as many guides as the load needs. Pure text to text."""

from __future__ import annotations

import json
import re

SLUG = "bench"
OUR_NUMBER = "0701740605"
"""Dialled, it leads into the product's menu."""
TWIN_NUMBER = "0701740606"
"""Dialled, it leads into the same menu in plain dialplan."""
KEY, LABEL = "1", "Omsorg"
"""The key that is pressed, and what the guide's phone then shows: the fallback, which asks no controller, would show another topic."""
QUEUE = f"{SLUG}-guides"
FIRST_EXTENSION = 1001
DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def accounts(guides: int) -> list[str]:
    """The SIP accounts of so many guides."""
    return [f"{SLUG}-{FIRST_EXTENSION + place}" for place in range(guides)]


def municipality_file(real: str, guides: int) -> str:
    """A municipality's file (TOML): the real one with other hours, number and guides."""
    head, rest = real.split("[hours]", 1)
    kept, behind = rest[rest.index("[menu]") :].split("[[guides]]", 1)
    kept = re.sub(r', callbacks_by = "\w+"', "", kept)  # no functions here
    outside = behind[behind.index("[priority_lines") :]
    weekly = ", ".join(f"{day} = {json.dumps(['00:00-23:59'])}" for day in DAYS)
    hours = f"[hours]\nholidays = []\nweekly = {{ {weekly} }}\n\n"
    people = "".join(
        f'[[guides]]\nextension = "{FIRST_EXTENSION + place}"\nname = "Guide {place}"\nqueues = ["guides"]\n\n' for place in range(guides)
    )
    text = head + hours + kept + people + outside
    return text.replace('slug = "lekeberg"', f'slug = "{SLUG}"').replace("+4658548700", f"+46{OUR_NUMBER[1:]}")
