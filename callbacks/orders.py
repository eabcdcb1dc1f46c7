"""A new request out of what somebody wants: whose it is, and its times. Pure."""

from __future__ import annotations

import uuid
from datetime import datetime

from callbacks import policy
from callbacks.model import Message, Request, Source
from routing.municipality import Municipality
from routing.numbers import NotDialable, dialable
from routing.opening_hours import OpeningHours


def new_request(
    municipality: Municipality,
    *,
    number: str,
    topic: str,
    source: Source,
    now: datetime,
    place: datetime | None = None,
    counted_from: datetime | None = None,
    opening: OpeningHours | None = None,
    owner: str = "",
    call_id: str = "",
    message: Message = Message(),  # noqa: B008 - frozen
    wanted: datetime | None = None,
    created_by: str = "",
    follows: Request | None = None,
) -> Request:
    """The request as it is to be stored. `number` is E.164, `place` the start of the original call (now when left out).

    `counted_from` is from when the hours count (the end of an emergency closure), `opening` the hours of the line that was called.
    `follows` is the request that this one goes on from; its attempts count on. Raises callbacks.policy.NotWanted.
    """
    matter = municipality.topics[topic]
    whose = owner or _office(municipality, topic)
    hours, rules = opening or municipality.hours, municipality.callbacks
    protected = municipality.is_protected(topic, owner)
    counted = max(counted_from or now, now)
    times = policy.times(hours, rules, counted, place=place or now, owned=bool(whose) or protected, wanted=wanted)
    request = Request(
        id=uuid.uuid4().hex,
        municipality=municipality.slug,
        call_id=call_id,
        topic=topic,
        administration=municipality.administration_of(whose) or matter.administration,
        queue=matter.queue,
        source=source,
        protected=protected,
        message=message.model_copy(update={"text": ""}) if protected else message,
        wanted=wanted,
        created_at=now,
        created_by=created_by,
        follows=follows.id if follows else "",
        number=number,
        owner=whose,
        not_before=times.not_before,
        place=times.place,
        due=times.due,
        limit=times.limit,
        attempts=follows.attempts if follows else 0,
    )
    return request.model_copy(update={"follow_up_at": policy.next_follow_up(request, hours, rules)})


def _office(municipality: Municipality, topic: str) -> str:
    """The extension of the function that rings back about a topic, "" when the guides do."""
    function = municipality.topics[topic].callbacks_by
    return municipality.functions[function].extension if function else ""


def citizens_number(municipality: Municipality, text: str) -> str | NotDialable:
    """A written number in E.164, or why we do not ring it: none that stands in the municipality's file is a citizen's."""
    number = dialable(text, named_numbers(municipality))
    if isinstance(number, str) and municipality.number_series and number.startswith(municipality.number_series):
        return NotDialable("own")
    return number


def named_numbers(municipality: Municipality) -> frozenset[str]:
    """Every number in the municipality's file: its lines, handlers and functions, who is on duty, and where it refers to."""
    lines = municipality.priority_lines.values()
    phones = [
        *municipality.handlers, *municipality.functions.values(), *municipality.referrals.values(),
        *(person for line in lines for person in (*line.people.values(), line.reception, line.head)),
    ]  # fmt: skip
    ways_in = {number for line in municipality.lines.values() for number in line.numbers}
    return frozenset({municipality.main_number} | ways_in | {one.number for one in phones if one and one.number})
