"""The words of the municipality's file: everything a municipality decides. Shapes only; reading it is `routing.file`'s job."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from routing.callback_rules import CallbackRules
from routing.opening_hours import OpeningHours, Weekly
from routing.part import Part
from routing.people import Administration, Function, Guide, Handler, Staffing
from routing.priority import PriorityLine
from routing.retention import Retention
from routing.words import E164, Name, Text, TextId, TextPart

KkikArea = Literal[
    "building", "preschool", "school", "individual_family", "environment_health", "elderly_care", "disability_care",
    "culture_leisure", "streets_roads",
]  # fmt: skip
"""The nine areas in which the national service survey (KKiK) rings."""


class Line(Part):
    """A way in: its numbers, what meets the caller (the menu, a topic's queue, or a priority line), and hours of its own.

    An anonymous line keeps no caller's number anywhere; placeholder numbers are the municipality's to state.
    """

    numbers: tuple[E164, ...] = Field(min_length=1)
    entry: Literal["menu", "queue", "priority"] = "menu"
    topic: Name = "guide"
    anonymous: bool = False
    hours: OpeningHours | None = None
    placeholder: bool = False
    greeting: TextId | None = None
    """The prompt (by its id) that a line into a queue begins with while it is open."""


class MenuKey(Part):
    """What a key means: a topic, an act of the menu itself, or another menu (`menu`, one of the file's `menus`)."""

    action: Literal["topic", "menu", "english", "repeat", "callback"] = "topic"
    topic: Name = "guide"
    menu: Name | None = None
    ask_concern: bool = False


Keys = dict[Annotated[str, StringConstraints(pattern=r"^[0-9*]$")], MenuKey]


class Topic(Part):
    """A matter that a caller can state. `label` stands on the guide's phone; `level` is ROSA's, 1 to 8."""

    title: Text
    label: Annotated[str, StringConstraints(pattern=r'^[^"\r\n;\[\]$]{1,10}$')]
    administration: Name
    level: int = Field(ge=1, le=8)
    queue: Name
    protected: bool = False
    kkik: KkikArea | None = None
    callbacks_by: Name | None = None
    """The function that rings back about it; the guides when left out. What is protected needs one."""


class Queue(Part):
    """How long one waits for what, in seconds, and what is aimed at (per cent).

    After `overflow_after_seconds` those who wait go on in the queue `overflow_to`, in the same place.
    """

    limit_seconds: int = Field(300, ge=10)
    offer_after_seconds: int = Field(30, ge=5)
    announce_every_seconds: int = Field(60, ge=10)
    service_level_seconds: int = Field(60, ge=1)
    service_level_target: int = Field(80, ge=1, le=100)
    answer_rate_target: int = Field(92, ge=1, le=100)
    handling_seconds: int = Field(180, ge=10)
    """How long a call is expected to take: for the spoken estimate."""
    overflow_to: Name | None = None
    overflow_after_seconds: int = Field(60, ge=5)
    previous_guide_first: bool = False
    """Who rings again within a day is first offered to the guide who answered then."""


class Announcements(Part):
    """Rules for the crisis message: it stands before the menu, is short, and ends by itself."""

    longest_seconds: int = Field(10, ge=3, le=30)
    ends_after_hours: int = Field(4, ge=1, le=72)


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
    number_series: tuple[Annotated[str, StringConstraints(pattern=r"^\+46[1-9][0-9]{2,8}$")], ...] = ()
    """How the numbers of the municipality's own exchange begin: who calls from one is internal, who is diverted from one comes back."""
    languages: tuple[Literal["sv", "en"], ...] = ("sv", "en")
    lines: dict[Name, Line]
    hours: OpeningHours
    menu: Keys
    menus: dict[Name, Keys] = Field(default_factory=dict)
    """Menus behind a key of another one; each is spoken by the text `menu-NAME`."""
    texts: dict[TextId, Annotated[tuple[TextPart, ...], Field(min_length=1)]] = Field(default_factory=dict)
    """Prompts in this municipality's own words, by their id in dialplan/prompts/catalogue.toml, in the same form."""
    announcements: Announcements = Announcements()
    administrations: dict[Name, Administration]
    topics: dict[Name, Topic]
    queues: dict[Name, Queue]
    callbacks: CallbackRules = CallbackRules()
    retention: Retention = Retention()
    staffing: Staffing = Staffing()
    guides: tuple[Guide, ...] = Field(min_length=1)
    handlers: tuple[Handler, ...] = ()
    functions: dict[Name, Function] = Field(default_factory=dict)
    priority_lines: dict[Name, PriorityLine] = Field(default_factory=dict)
    referrals: dict[Name, Referral]
    """Who takes a topic out of hours, by the topic's name."""

    def priority_line(self, topic: str) -> str | None:
        """The name of the priority line that takes a topic, or None when guides do."""
        return next((name for name, line in self.priority_lines.items() if line.topic == topic), None)

    @property
    def has_previous_guide_first(self) -> bool:
        """Whether any queue is offered to the caller's previous guide first."""
        return any(queue.previous_guide_first for queue in self.queues.values())

    def remembers_guide(self, topic: str) -> bool:
        """Whether it may be noted who answered a caller about this topic: only where the file has a use for it, and never about what is
        protected or a priority line's."""
        matter = self.topics.get(topic)
        return self.has_previous_guide_first and matter is not None and not matter.protected and self.priority_line(topic) is None

    def hours_of(self, line: str) -> OpeningHours:
        """The hours that hold for calls on a line: its own, else the municipality's (also for a line that is no more)."""
        known = self.lines.get(line)
        return (known and known.hours) or self.hours

    def leads_straight(self, line: str) -> bool:
        """Whether a line asks nothing and leads to its topic."""
        known = self.lines.get(line)
        return known is not None and known.entry == "queue"

    def extensions(self) -> frozenset[str]:
        """Where a call can be transferred to: every handler's and function's extension."""
        return frozenset(one.extension for one in self.handlers) | {one.extension for one in self.functions.values()}

    def is_protected(self, topic: str, extension: str = "") -> bool:
        """Whether a callback about a topic, by a handler or function, is for those with the duty only.

        That somebody looks for a handler of an administration with a protected topic says as much as the topic.
        """
        protected = {one.administration for one in self.topics.values() if one.protected}
        return self.topics[topic].protected or self.administration_of(extension) in protected

    def administration_of(self, extension: str) -> str:
        """The administration of a handler or a function, "" for any other extension."""
        of = {one.extension: one.administration for one in self.handlers}
        of |= {one.extension: one.administration for one in self.functions.values()}
        return of.get(extension, "")

    def phone_hours_of(self, extension: str) -> Weekly | None:
        """The phone hours of a handler or a function; None for the municipality's own hours, which hold for everybody else, too."""
        hours = {one.extension: one.phone_hours for one in self.handlers}
        hours |= {one.extension: one.phone_hours for one in self.functions.values()}
        return hours.get(extension)
