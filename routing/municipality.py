"""The words of the municipality's file: everything a municipality decides. Shapes only; reading it is `routing.file`'s job."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from routing.opening_hours import OpeningHours
from routing.part import Part

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,30}$")]
E164 = Annotated[str, StringConstraints(pattern=r"^\+46[1-9][0-9]{5,9}$")]

Text = Annotated[str, StringConstraints(pattern=r'^[^"\r\n;\[\]$]+$')]
"""What may stand in Asterisk's files as it is."""


class Line(Part):
    """A way in: its numbers, and what meets the caller."""

    numbers: tuple[E164, ...] = Field(min_length=1)
    entry: Literal["menu", "queue"] = "menu"
    topic: Name = "guide"
    anonymous: bool = False


class MenuKey(Part):
    """What a key means: a topic, or an act of the menu itself."""

    action: Literal["topic", "english", "repeat", "callback"] = "topic"
    topic: Name = "guide"
    ask_concern: bool = False


class Topic(Part):
    """A matter that a caller can state. `label` stands on the guide's phone; `level` is ROSA's, 1 to 8."""

    title: Text
    label: Annotated[str, StringConstraints(pattern=r'^[^"\r\n;\[\]$]{1,10}$')]
    administration: Text
    level: int = Field(ge=1, le=8)
    queue: Name
    protected: bool = False


class Queue(Part):
    """How long one waits for what, in seconds."""

    limit_seconds: int = Field(300, ge=10)
    offer_after_seconds: int = Field(30, ge=5)
    announce_every_seconds: int = Field(60, ge=10)
    service_level_seconds: int = Field(60, ge=1)


class Guide(Part):
    """Somebody who answers: a SIP account, the queues he or she serves, and the seat."""

    extension: Annotated[str, StringConstraints(pattern=r"^[0-9]{3,6}$")]
    name: Text
    queues: tuple[Name, ...]
    seat: Literal["back_office", "reception"] = "back_office"


class Referral(Part):
    """A number outside the municipality's own organisation; a placeholder is the municipality's to state."""

    title: Text
    number: E164
    placeholder: bool = False


class Municipality(Part):
    """One municipality's file as a whole."""

    slug: Annotated[str, StringConstraints(pattern=r"^[a-z]{2,30}$")]
    title: Text
    main_number: E164
    lines: dict[Name, Line]
    hours: OpeningHours
    menu: dict[Annotated[str, StringConstraints(pattern=r"^[0-9*]$")], MenuKey]
    topics: dict[Name, Topic]
    queues: dict[Name, Queue]
    guides: tuple[Guide, ...] = Field(min_length=1)
    referrals: dict[Name, Referral]
    """Who takes a topic out of hours, by the topic's name."""
