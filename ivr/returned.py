"""What a caller is asked who could not be connected to a handler: pure. 9 is a callback by that handler, else a guide answers."""

from __future__ import annotations

from datetime import UTC, datetime

from callbacks import policy
from routing import spoken
from routing.dialogue import Ask
from routing.municipality import Municipality
from routing.phone_hours import back_at

REASONS = ("handler_no_answer", "handler_away", "direct")
"""Why the dialplan asks: a transfer came to nothing, or an exchange diverted a handler's own number to us."""
SECONDS = 3.0


def question(municipality: Municipality, reason: str, target: str, away_until: int, now: datetime) -> Ask:
    """The text for one of REASONS; `target` is the handler's or function's extension, `away_until` an epoch second."""
    if reason == "direct":
        return Ask(("direct-no-answer",), timeout=SECONDS)
    back = back_at(municipality.hours, municipality.phone_hours_of(target), datetime.fromtimestamp(away_until, UTC), now)
    if reason == "handler_away" and back and back > now:
        return Ask(("handler-away", *spoken.opening(back, now), "handler-offer"), timeout=SECONDS)
    due = policy.due_of_handler(municipality.hours, now)
    return Ask(("handler-no-answer", *spoken.by_then(due, now), "handler-press-9"), timeout=SECONDS)
