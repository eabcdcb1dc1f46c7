"""How promises are kept, as the municipality's file states it: its table `callbacks`. What the numbers mean is `callbacks.policy`'s."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from routing.opening_hours import ClockTime
from routing.part import Part

Minutes = Annotated[int, Field(ge=1, le=24 * 60)]


class CallbackRules(Part):
    """The defaults are those that other engines' failures have taught."""

    rung_first: Literal["guide", "citizen"] = "guide"
    """Whose phone rings first when the program dials. With `citizen`, who answers presses 1, so that no voicemail takes a guide's time."""
    ring_seconds: int = Field(25, ge=10, le=60)
    """How long the citizen's phone rings."""
    attempts: int = Field(4, ge=1, le=10)
    retry_minutes: tuple[Minutes, ...] = (10, 60)
    """After the first, the second … attempt that nobody answered; after the last of these, at the next day's opening."""
    busy_minutes: Minutes = 5
    busy_times: int = Field(3, ge=0, le=10)
    """So often a busy line is tried again without counting as an attempt."""
    missed_seconds: int = Field(60, ge=5, le=3600)
    """How long a request is held back that a guide did not take, or refused."""
    due_open_hours: int = Field(4, ge=1, le=40)
    reminder_minutes: Minutes = 30
    """So many open minutes before a promise is due its owner is reminded."""
    slot_minutes: Minutes = 60
    """How long after a wanted time the promise is due, in open minutes."""
    last_call_minutes: Minutes = 5
    """So soon before closing no citizen is dialled by the program any more."""
    kept_hours: int = Field(4, ge=1, le=72)
    """How long a request stays with the person who has taken it and does nothing."""
    open_per_number: int = Field(2, ge=1, le=10)
    dials_per_number_a_day: int = Field(3, ge=1, le=20)
    dials_an_hour: int = Field(60, ge=1, le=1000)
    digests: tuple[ClockTime, ...] = Field((), max_length=2)
    """When handlers and managers are told what waits for them, at most twice a day; 08:30 and 13:00 when left out."""
