"""Carry out one conversation with a caller: the pure machines say what comes next, this plays, listens and acts.

It decides nothing by itself but what to do when the store is away: promise nothing and keep the caller's place.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

import structlog

from callbacks import conversation as offer
from callbacks import policy
from callbacks.model import Request, Source
from callbacks.store import CallbackStore, NotDurable, Registered, StoreAway
from dialplan.prompts.catalogue import LONGEST_POSITION
from ivr import returned
from ivr.books import Storing
from ivr.entry import Entry
from routing import hours, menu, spoken
from routing.dialogue import Ask, Callback, Enter, Hangup, Register
from routing.municipality import Municipality
from routing.numbers import dialable

log = structlog.get_logger()

QUEUE_REASONS = ("queue_key", "queue_limit", "queue_wait")
SOURCES: dict[str, Source] = {"queue_limit": "queue_limit", **{reason: "handler_no_answer" for reason in returned.REASONS}}
OFFER_SECONDS = 2.0


@dataclass(frozen=True)
class Desk:
    """What a conversation needs from the outside."""

    municipality: Municipality
    store: CallbackStore
    now: Callable[[], datetime]
    ahead_of: Callable[[int], int]
    """How many wait with an earlier place."""
    times_told: Callable[[str], int]
    """How often this channel's caller has been told his place."""
    chose: Callable[[Entry, str], None]
    """Note a menu choice, for the figures."""
    storing: Storing


async def converse(entry: Entry, desk: Desk) -> None:
    """Talk until the caller is on the way to a step. Raises EntryGone when he leaves first, AmiLost or TooLate when we may not act."""
    if entry.reason in returned.REASONS and hours.is_served(desk.municipality.hours, desk.now()):
        await coming_back(entry, desk)
    elif entry.reason == "internal" and hours.is_open(desk.municipality.hours, desk.now()):
        await queue(entry, entry.state.topic)
    elif entry.reason in QUEUE_REASONS and hours.is_served(desk.municipality.hours, desk.now()):
        await waiting(entry, desk)
    else:
        await choosing(entry, desk)


async def choosing(entry: Entry, desk: Desk) -> None:
    """The menu, until it says where to."""
    opening_hours, moment = desk.municipality.hours, desk.now()
    why = hours.state(opening_hours, moment)
    turn = menu.start(why, spoken.opening(hours.next_opening(opening_hours, moment), moment))
    while isinstance(turn.move, Ask):
        keys = await entry.read(turn.move)
        turn = menu.answer(desk.municipality, turn.state, keys)
        if turn.choice:
            desk.chose(entry, turn.choice)
    match turn.move:
        case Enter(topic=topic) if why == "open":
            await queue(entry, topic)
        case Enter(topic=topic):
            await entry.step(f"referral-{topic}")
        case Callback():
            await ordering(entry, desk, is_open=why == "open")
        case Hangup(prompts=prompts):
            await entry.step("end", KC_END="closed:", KC_SAY=files(prompts))
        case other:
            raise TypeError(f"the menu does not end with {other}")
    log.info("menu.left", call_id=entry.call_id, move=type(turn.move).__name__, reason=turn.reason)


async def waiting(entry: Entry, desk: Desk) -> None:
    """From the queue: 9 was pressed, or it is time to say the place; the offer is spoken the first time and at each limit."""
    if entry.reason == "queue_key":
        return await ordering(entry, desk, is_open=True)
    place = min(desk.ahead_of(entry.place) + 1, LONGEST_POSITION)
    with_offer = entry.reason == "queue_limit" or desk.times_told(entry.uniqueid) <= 1
    prompts = (f"queue-position-{place}", *(("queue-offer",) if with_offer else ()))
    if await entry.read(Ask(prompts, timeout=OFFER_SECONDS if with_offer else 0.1)) == "9":
        return await ordering(entry, desk, is_open=True)
    await queue(entry, entry.state.topic)


async def coming_back(entry: Entry, desk: Desk) -> None:
    """No handler has taken the call: 9 is a callback by that handler, everything else a guide, in the same place."""
    asked = returned.question(desk.municipality, entry.reason, entry.target, entry.away_until, desk.now())
    if (await desk.store.durable()).ok and await entry.read(asked) == "9":
        return await ordering(entry, desk, is_open=True)
    await queue(entry, entry.state.topic)


async def queue(entry: Entry, topic: str) -> None:
    """Into the topic's queue, at the place of the original call's start."""
    await entry.queue(topic)


async def ordering(entry: Entry, desk: Desk, *, is_open: bool) -> None:
    """The callback conversation: stored durably first, confirmed aloud after; else the same place, or the closed referral."""
    if not (await desk.store.durable()).ok:
        return await no_callback(entry, is_open=is_open)
    turn = offer.start(entry.number, own_numbers(desk.municipality, entry.number))
    while isinstance(turn.move, Ask):
        turn = offer.answer(turn.state, await entry.read(turn.move))
    if not isinstance(turn.move, Register):
        log.info("callback.given_up", call_id=entry.call_id, reason=turn.reason)
        return await (queue(entry, entry.state.topic or "guide") if is_open else no_callback(entry, is_open=False))
    try:
        with desk.storing("register"):
            standing = await desk.store.register(request(entry, desk, turn.move.number, is_open=is_open))
    except (NotDurable, StoreAway) as error:
        log.error("callback.not_stored", call_id=entry.call_id, error=str(error))
        return await no_callback(entry, is_open=is_open)
    await confirm(entry, desk, standing, is_open=is_open)


async def confirm(entry: Entry, desk: Desk, standing: Registered, *, is_open: bool) -> None:
    """Say by when we ring. Who had ordered one before may also wait on in the same place."""
    promise, when = f"callback:{standing.request.id}", spoken.by_then(standing.request.due, desk.now())
    if standing.merged and is_open:
        state = entry.state.about(entry.state.topic or "guide")
        return await entry.step("promised", KC=str(state), KC_END=promise, KC_SAY=files(("callback-exists", *when, "callback-stay")))
    first = "callback-exists" if standing.merged else "callback-done"
    await entry.step("end", KC_END=promise, KC_SAY=files((first, *when, "callback-from")))


def request(entry: Entry, desk: Desk, number: str, *, is_open: bool) -> Request:
    """The promise as it is stored: one that is ordered while closed gets its place at the opening."""
    moment = desk.now()
    opening = hours.next_opening(desk.municipality.hours, moment)
    topic = entry.state.topic or "guide"
    matter = desk.municipality.topics[topic]
    owner = entry.target if entry.reason in returned.REASONS else ""
    return Request(
        id=uuid.uuid4().hex,
        municipality=entry.state.municipality,
        call_id=entry.call_id,
        number=number,
        topic=topic,
        queue=matter.queue,
        source=SOURCES.get(entry.reason, "queue_key") if is_open else "closed",
        owner=owner,
        protected=matter.protected,
        not_before=opening,
        place=datetime.fromtimestamp(entry.state.place, UTC) if is_open else opening,
        due=(policy.due_of_handler if owner else policy.due)(desk.municipality.hours, moment),
        created_at=moment,
    )


async def no_callback(entry: Entry, *, is_open: bool) -> None:
    """Say the truth: nothing was stored. Open: the same place in the queue; closed: call again when we have opened."""
    if not is_open:
        return await entry.step("end", KC_END="closed:", KC_SAY=files(("no-callback-closed",)))
    await entry.read(Ask(("callback-not-stored",), timeout=0.1))
    await queue(entry, entry.state.topic or "guide")


def own_numbers(municipality: Municipality, caller: str = "") -> frozenset[str]:
    """Numbers that are never called back: the municipality's own, and the caller's when it is one of its exchange."""
    number = dialable(caller, frozenset()) if caller else ""
    extension = {number} if isinstance(number, str) and number.startswith(municipality.number_series) else set()
    return frozenset(number for line in municipality.lines.values() for number in line.numbers) | extension


def files(prompts: tuple[str, ...]) -> str:
    """Prompt ids as `Playback` wants them."""
    return "&".join(f"kc/{prompt}" for prompt in prompts)


def now() -> datetime:
    """The clock by which opening hours are judged."""
    return datetime.now(UTC)
