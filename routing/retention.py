"""How long what is known of citizens is kept, as the municipality's file states it: its table `retention`."""

from __future__ import annotations

from pydantic import Field

from routing.part import Part


class Retention(Part):
    """Days after a callback was closed. Totals hold nothing about persons and are kept."""

    callback_number_days: int = Field(14, ge=1, le=365)
    """Then the number and the message are erased."""
    callback_row_days: int = Field(90, ge=1, le=3650)
    """Then the rest, with its history."""
