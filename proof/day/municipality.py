"""The working day's municipality: the real one, never closed, with more guides and short times between attempts. Pure text to text."""

from __future__ import annotations

import re
from datetime import date

from proof.transfers import municipality as transfers

SLUG, MAIN = transfers.SLUG, "058548700"
OWN, CONCERN = "+46701740698", "+46701740699"
"""The exchange's own series and the concern line's number, out of the way: every other fictional number is a citizen's here."""
RULES = """[callbacks]
ring_seconds = 10
attempts = 3
retry_minutes = [1, 1]
busy_minutes = 1
busy_times = 1
missed_seconds = 5
open_per_number = 3
dials_per_number_a_day = 20
dials_an_hour = 1000

"""


def municipality_file(real: str, guides: int, today: date) -> str:
    """A municipality's file (TOML) without handlers: who is owed a call is rung back by the guides."""
    text = transfers.municipality_file(real, guides, 15, today, ())
    text = re.sub(r"^number_series = .*$", f'number_series = ["{OWN}"]', text, flags=re.MULTILINE)
    return text.replace("+46701740692", CONCERN).replace("[staffing]", f"{RULES}[staffing]", 1)
