"""What a request is after a person's decision, and what goes on from it. Pure."""

from __future__ import annotations

from datetime import datetime

from callbacks import policy
from callbacks.model import Request
from callbacks.orders import new_request
from routing import hours
from routing.municipality import Municipality


def postponed(municipality: Municipality, request: Request, wanted: datetime, now: datetime) -> Request:
    """To a wanted time; the promise is made anew. The hours count from `now`. Raises callbacks.policy.NotWanted."""
    return _promised(municipality, request, now, wanted)


def handed_over(municipality: Municipality, request: Request, to: str, now: datetime) -> Request:
    """To a handler or function by extension: due as any of theirs. What is protected there is from now on; it never ceases to be."""
    protected = request.protected or municipality.is_protected(request.topic, to)
    message = request.message.model_copy(update={"text": ""}) if protected else request.message
    theirs = request.model_copy(update={
        "owner": to, "administration": municipality.administration_of(to), "lapsed": False, "protected": protected, "message": message,
    })  # fmt: skip
    wanted = request.wanted if request.wanted and request.wanted > now else None
    return _promised(municipality, theirs, now, wanted)


def _promised(municipality: Municipality, request: Request, now: datetime, wanted: datetime | None) -> Request:
    opening, rules, owned = municipality.hours, municipality.callbacks, bool(request.owner) or request.protected
    times = policy.times(opening, rules, now, place=request.place or now, owned=owned, wanted=wanted)
    after = request.model_copy(update={
        "wanted": wanted, "not_before": times.not_before, "place": times.place, "due": times.due, "limit": times.limit, "followed": 0,
    })  # fmt: skip
    return after.model_copy(update={"follow_up_at": policy.next_follow_up(after, opening, rules)})


def retried(municipality: Municipality, request: Request, now: datetime) -> Request:
    """Back to who waits, to be dialled from the next opening on; place and promise stay."""
    return request.model_copy(update={"not_before": hours.next_opening(municipality.hours, now)})


def joined(request: Request, other: Request) -> Request:
    """With what was promised sooner, when another request of the same number goes up in it."""
    earlier = {"due": min(request.due, other.due), "limit": min(request.limit, other.limit)}
    if request.place and other.place:
        earlier["place"] = min(request.place, other.place)
    return request.model_copy(update=earlier)


def again(municipality: Municipality, request: Request, by: str, now: datetime) -> Request:
    """What goes on when the citizen was not reached: after the policy's pause, its attempts counted on."""
    pause_over = policy.retry_at(municipality.hours, municipality.callbacks, max(request.attempts, 1), now)
    after = _successor(municipality, request, by, now, counted_from=pause_over)
    return after.model_copy(update={"lapsed": request.lapsed})


def told(municipality: Municipality, request: Request, by: str, now: datetime) -> Request:
    """What goes on when a guide has told the citizen how it stands: the owner still has to ring, by the next working day."""
    return _successor(municipality, request, by, now, counted_from=now)


def _successor(municipality: Municipality, request: Request, by: str, now: datetime, counted_from: datetime) -> Request:
    return new_request(
        municipality,
        number=request.number,
        topic=request.topic,
        source=request.source,
        now=now,
        place=counted_from,
        counted_from=counted_from,
        owner=request.owner,
        call_id=request.call_id,
        message=request.message,
        created_by=by,
        follows=request,
    )
