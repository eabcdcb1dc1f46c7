"""What the store's words mean to a person: the request as it is now, or a refusal with its reason and remedy."""

from __future__ import annotations

from access.refusal import Refused
from callbacks.model import Request
from callbacks.rights import Person, called
from callbacks.store import Answer, Word
from routing.numbers import NotDialable

DONE: frozenset[Word] = frozenset({"ok", "closed", "wished", "claimed"})
UNKNOWN = Refused(404, "unknown_request", "No request with this id is yours to see. GET /api/callbacks lists those that are.")

GUARDED: dict[Word, str] = {
    "live": "This number is in a call now, or is being rung. Wait until that call has ended.",
    "number_a_day": "This number has been rung as often as may be today. Postpone the request to tomorrow.",
    "an_hour": "As many calls as may be have gone out within this hour. Try again in some minutes.",
}
"""What keeps a citizen from being rung who may be rung later."""

NUMBERS = {
    "malformed": "This is no whole Swedish number. Ask for it again, with its area code.",
    "foreign": "We ring numbers in Sweden only. Ask for a Swedish one.",
    "short": "Short and emergency numbers are never rung. Ask for the citizen's own number.",
    "premium": "Numbers that cost extra are never rung. Ask for a fixed or a mobile one.",
    "own": "This number is the municipality's own, no citizen's. Ask for the citizen's own number.",
}


def judged(person: Person, answer: Answer) -> Request:
    """The request after what the store answered. Raises Refused."""
    if answer.word in DONE:
        return answer.standing
    if answer.word == "unknown":
        raise UNKNOWN
    request = answer.standing
    if answer.word in GUARDED:
        raise Refused(409, answer.word, GUARDED[answer.word])
    if answer.word == "fenced":
        raise Refused(412, "fenced", "The request has changed since you looked at it. Look again, then decide anew.")
    if answer.word == "rings":
        raise Refused(409, "rings", "The citizen's phone is being rung: too late for that. State the outcome after the call.")
    if request.state != "closed" and request.held_by and not person.has(request):
        who = called(person.municipality, request.held_by)
        raise Refused(409, "taken_by", f"{who} works on this request. Ask there, or let a team leader hand it over.")
    raise Refused(409, "illegal", f"{standing(request)}: this cannot be done with it now.")


def standing(request: Request) -> str:
    """Where a request stands, in words."""
    match request.state:
        case "waiting":
            return "The request waits, and nobody has taken it"
        case "taken":
            return "The request is taken"
        case "dialling" | "talking":
            return "A call about the request is under way"
        case "talked":
            return "The talk has ended and its outcome is not stated yet"
        case "unknown":
            return "Nobody knows how the last attempt ended; state the outcome, or retry"
        case "closed":
            return f"The request is closed with the outcome {request.outcome}"


def not_dialable(number: NotDialable) -> Refused:
    """Why a number is not taken for a citizen's."""
    return Refused(422, "not_dialable", NUMBERS[number.reason])
