"""How a request ends: cancelled, merged, with a stated outcome, or told and gone on from."""

from __future__ import annotations

from dataclasses import replace

from access.model import Holder
from access.refusal import Refused
from callbacks import changes
from callbacks.model import Outcome, Request
from callbacks.rights import Person
from callbacks.service import Asked, Callbacks, Seen, refuse_undialable, refuse_unknown, seen, step
from callbacks.store import Act, Answer


async def cancel(callbacks: Callbacks, holder: Holder, request_id: str, asked: Asked) -> Seen:
    """The citizen wants no call any more, whoever works on it. An attempt that nobody has accepted is taken back."""

    async def errand(person: Person, request: Request, act: Act) -> Answer:
        return await callbacks.close(person, request, replace(act, why="the citizen's wish"), "cancelled", "*")

    return await callbacks.carry_out(holder, request_id, asked, "cancel", errand)


async def merge(callbacks: Callbacks, holder: Holder, request_id: str, asked: Asked, other_id: str) -> Seen:
    """Another request of the same number goes up in this one, which keeps the sooner promise of both."""

    async def errand(person: Person, request: Request, act: Act) -> Answer:
        other = (await callbacks.find(holder, other_id)).request
        if other.id == request.id or other.number != request.number or "closed" in (other.state, request.state):
            raise Refused(409, "not_mergeable", "Only two open requests of the same number can become one.")
        better = changes.joined(request, other)
        if request.state == "waiting" and better != request:
            await callbacks.store.put_back(better, step(seen(act, request), "better"), "merged_with", person.over)
        closing = replace(act, why=f"merged into {request.id}", token=None)
        return await callbacks.close(person, other, closing, "merged", person.over)

    await callbacks.carry_out(holder, request_id, asked, f"merge/{other_id}", errand)
    return await callbacks.find(holder, request_id)


async def outcome(callbacks: Callbacks, holder: Holder, request_id: str, asked: Asked, outcome: Outcome, *, again: bool = False) -> Seen:
    """State how it ended, also while talking. With `again`, one that was not reached is rung again by a successor."""
    if again and outcome != "not_reached":
        raise Refused(422, "not_again", "Only who was not reached is rung again. Leave `again` out.")

    async def errand(person: Person, request: Request, act: Act) -> Answer:
        if outcome in ("solved", "new_matter") and request.owner and request.owner not in person.owns and not person.leads:
            raise Refused(409, "owner_decides", "Whether this is solved its owner says. When you have told how it stands, use `told`.")
        municipality, successor = person.municipality, None
        if again:
            refuse_unknown(municipality, request.topic)
            refuse_undialable(municipality, request)
            successor = changes.again(municipality, request, person.by, callbacks.now())
        return await callbacks.close(person, request, act, outcome, person.over, successor)

    return await callbacks.carry_out(holder, request_id, asked, "outcome", errand)


async def told(callbacks: Callbacks, holder: Holder, request_id: str, asked: Asked) -> Seen:
    """The citizen of a request whose owner was late has heard how it stands; its owner still has to ring, by the next working day."""

    async def errand(person: Person, request: Request, act: Act) -> Answer:
        if not request.lapsed:
            raise Refused(409, "not_lapsed", "Its owner is not late with this request. State the outcome instead.")
        refuse_unknown(person.municipality, request.topic)
        refuse_undialable(person.municipality, request)
        successor = changes.told(person.municipality, request, person.by, callbacks.now())
        return await callbacks.close(person, request, replace(act, why="told how it stands"), "new_matter", person.over, successor)

    return await callbacks.carry_out(holder, request_id, asked, "told", errand)
