"""Who answers: guides, handlers and functions, as the municipality's file states them."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from routing.opening_hours import Weekly
from routing.part import Part
from routing.words import E164, Email, Extension, Name, Text

Seat = Literal["back_office", "reception", "stand_in"]
SEATS: tuple[Seat, ...] = ("back_office", "reception", "stand_in")
"""In the order in which they are rung."""


class Administration(Part):
    """A part of the organisation that a matter and a handler belong to. Its manager is told of callbacks that are late."""

    title: Text
    manager_email: Email | None = None


class Guide(Part):
    """Somebody who answers: a SIP account, the queues he or she serves, and the seat."""

    extension: Extension
    name: Text
    queues: tuple[Name, ...]
    seat: Seat = "back_office"


class Staffing(Part):
    """Rules for the guides, in seconds. The back office rings first, then the reception desk, then the stand-ins."""

    reception_after_seconds: int = Field(15, ge=0)
    stand_in_after_seconds: int = Field(30, ge=0)
    wrap_up_seconds: int = Field(0, ge=0, le=600)
    pause_after_missed: int = Field(3, ge=1)
    """So many calls missed in a row pause a guide, but never the last one on duty."""
    transfer_ring_seconds: int = Field(15, ge=2, le=25)
    """How long a handler's phone rings. Two rounds of it, each with the time for a key, stay below what an attended transfer may
    last at most (90 s, dialplan/templates/features.conf.j2)."""


class Handler(Part):
    """A case worker. `number` is the way to reach: within the municipality's own number series a phone of the exchange, else an
    outside phone, which is asked for a key so that a voicemail never takes a citizen. `phone_hours` narrow the municipality's hours."""

    extension: Extension
    name: Text
    administration: Name
    number: E164
    phone_hours: Weekly | None = None
    email: Email | None = None
    """Where he or she is told of callbacks that wait, at most twice a day."""


class Function(Part):
    """Several handlers behind one extension and one callback list; the usual target of a transfer."""

    extension: Extension
    title: Text
    administration: Name
    handlers: tuple[Extension, ...] = Field(min_length=1)
    stand_ins: tuple[Extension, ...] = ()
    phone_hours: Weekly | None = None
    number: E164 | None = None
    """Its own direct number, when the exchange has one."""
    email: Email | None = None
