"""Carry out one conversation with a caller: the pure machines say what comes next, this plays, listens and acts.

It decides nothing by itself but what to do when the store is away: promise nothing and keep the caller's place.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import structlog

from callbacks import conversation as offer
from callbacks import policy
from callbacks.model import Request, Source
from callbacks.orders import new_request
from callbacks.store import Act, Answer, CallbackStore, NotDurable, StoreAway
from dialplan.prompts.catalogue import LONGEST_ESTIMATE, LONGEST_POSITION
from ivr import returned
from ivr.books import Storing
from ivr.entry import Entry
from ivr.owed import on_its_way, shown
from routing import hours, menu, spoken
from routing.dialogue import Ask, Callback, Enter, Hangup, Register
from routing.duty import estimated_minutes
from routing.municipality import Municipality
from routing.numbers import dialable

log = structlog.get_logger()

QUEUE_REASONS = ("queue_key", "queue_limit", "queue_wait")
SOURCES: dict[str, Source] = {
    "queue_limit": "queue_limit",
    "chain_failed": "chain_failed",
    **dict.fromkeys(returned.REASONS, "handler_no_answer"),
}
OFFER_SECONDS = 2.0


@dataclass(frozen=True)
class Desk:
    """What a conversation needs from the outside."""

    municipality: Municipality
    store: CallbackStore
    now: Callable[[], datetime]
    ahead_of: Callable[[int], int]
    """How many wait with an earlier place."""
    on_duty: Callable[[str], int]
    """How many guides are on duty in a queue."""
    times_told: Callable[[str], int]
    """How often this channel's caller has been told his place."""
    chose: Callable[[Entry, str], None]
    """Note a menu choice, for the figures."""
    storing: Storing
    closed_until: Callable[[], datetime | None]
    """The end of an emergency closure that stands."""
    answered_last: Callable[[str], Awaitable[str]]
    """The guide who answered this number within a day; "" for nobody, or when that cannot be known."""
    is_free: Callable[[str, str], bool]
    """Whether a guide could take a call of a queue now."""
    owed: Callable[[str], Awaitable[Sequence[Request]]]
    """What we owe to who calls from this number; nothing when that cannot be known."""
    crisis: Callable[[], tuple[str, ...]]
    """The crisis message in force, as a prompt."""


async def converse(entry: Entry, desk: Desk) -> None:
    """Talk until the caller is on the way to a step. Raises EntryGone when he leaves first, AmiLost or TooLate when we may not act."""
    if entry.state.topic and entry.state.topic not in desk.municipality.topics:  # a file without it was activated meanwhile
        entry.state = entry.state.about("guide")
    municipality, line, moment = desk.municipality, entry.state.line, desk.now()
    if entry.reason == "start" and entry.number and municipality.has_previous_guide_first:
        entry.previous = asyncio.ensure_future(desk.answered_last(entry.number))  # while we talk: nothing ever waits for it
    if entry.reason in ("start", *QUEUE_REASONS) and entry.number:
        entry.owed = asyncio.ensure_future(desk.owed(entry.number))
    is_served = hours.is_served(municipality.hours_of(line), moment, desk.closed_until())
    if entry.reason == "chain_failed":
        await ordering(entry, desk, is_open=True)
    elif entry.reason in returned.REASONS and is_served:
        await coming_back(entry, desk)
    elif entry.reason == "internal" and hours.state(municipality.hours_of(line), moment, desk.closed_until()) == "open":
        await queue(entry, desk, entry.state.topic)
    elif entry.reason in QUEUE_REASONS and is_served:
        await waiting(entry, desk)
    elif entry.reason == "start" and desk.municipality.leads_straight(line):
        await going_straight(entry, desk)
    else:
        await choosing(entry, desk)


async def going_straight(entry: Entry, desk: Desk) -> None:
    """A line that asks nothing: its greeting and its topic's queue; when closed, whoever takes the topic then, else the closed text."""
    municipality, state = desk.municipality, entry.state
    if hours.state(municipality.hours_of(state.line), desk.now(), desk.closed_until()) == "open":
        greeting = municipality.lines[state.line].greeting
        if said := (*desk.crisis(), *([greeting] if greeting else [])):
            await entry.read(Ask(said, timeout=0.1))
        await queue(entry, desk, state.topic)
    elif state.topic in municipality.referrals:
        await entry.step(urgent(municipality, state.topic))
    else:
        await choosing(entry, desk)


async def choosing(entry: Entry, desk: Desk) -> None:
    """The menu, until it says where to."""
    opening_hours, moment, closed_until = desk.municipality.hours_of(entry.state.line), desk.now(), desk.closed_until()
    why = hours.state(opening_hours, moment, closed_until)
    turn = menu.start(why, spoken.opening(hours.next_opening(opening_hours, hours.counts_from(moment, closed_until)), moment))
    first = desk.crisis() if entry.reason == "start" else ()
    while isinstance(turn.move, Ask):
        keys = await entry.read(replace(turn.move, prompts=(*first, *turn.move.prompts)))
        first = ()
        turn = menu.answer(desk.municipality, turn.state, keys)
        if turn.choice:
            desk.chose(entry, turn.choice)
    match turn.move:
        case Enter(topic=topic) if why == "open" and not desk.municipality.priority_line(topic):
            await queue(entry, desk, topic)
        case Enter(topic=topic):
            await entry.step(urgent(desk.municipality, topic))
        case Callback():
            await ordering(entry, desk, is_open=why == "open")
        case Hangup(prompts=prompts):
            await entry.step("end", KC_END="closed:", KC_SAY=entry.files(prompts))
        case other:
            raise TypeError(f"the menu does not end with {other}")
    log.info("menu.left", call_id=entry.call_id, move=type(turn.move).__name__, reason=turn.reason)


def urgent(municipality: Municipality, topic: str) -> str:
    """The step that takes a topic to somebody without guides: its priority line, else the number out of hours."""
    line = municipality.priority_line(topic)
    return f"chain-{line}" if line else f"referral-{topic}"


async def waiting(entry: Entry, desk: Desk) -> None:
    """From the queue: 9 was pressed, or it is time to say the place; the offer is spoken the first time and at each limit."""
    if entry.reason == "queue_key":
        return await ordering(entry, desk, is_open=True)
    place = min(desk.ahead_of(entry.place) + 1, LONGEST_POSITION)
    with_offer = entry.reason == "queue_limit" or desk.times_told(entry.uniqueid) <= 1
    promised = on_its_way(await entry.owed, entry.state.topic, desk.now()) if entry.owed else None
    matter = desk.municipality.topics[entry.state.topic or "guide"]
    on_duty, handling = desk.on_duty(matter.queue), desk.municipality.queues[matter.queue].handling_seconds
    prompts = (
        f"queue-position-{place}",
        *((f"queue-minutes-{min(minutes, LONGEST_ESTIMATE)}",) if (minutes := estimated_minutes(place, handling, on_duty)) else ()),
        *(offer_of(desk, on_duty, promised) if with_offer else ()),
    )
    if await entry.read(Ask(prompts, timeout=OFFER_SECONDS if with_offer else 0.1)) == "9":
        return await ordering(entry, desk, is_open=True)
    await queue(entry, desk, entry.state.topic)


async def coming_back(entry: Entry, desk: Desk) -> None:
    """No handler has taken the call: 9 is a callback by that handler, everything else a guide, in the same place."""
    asked = returned.question(desk.municipality, entry.reason, entry.target, entry.away_until, desk.now())
    if (await desk.store.durable()).ok and await entry.read(asked) == "9":
        return await ordering(entry, desk, is_open=True)
    await queue(entry, desk, entry.state.topic)


def offer_of(desk: Desk, on_duty: int, promised: Request | None) -> tuple[str, ...]:
    """The offer of a callback, or that one is on its way already."""
    if promised:
        return "callback-exists", *spoken.by_then(promised.due, desk.now()), "callback-stay"
    return (offered(desk, on_duty),)


def offered(desk: Desk, on_duty: int) -> str:
    """The offer of a callback; one guide alone is said, and "today" only where that can be kept."""
    if on_duty != 1:
        return "queue-offer"
    moment = desk.now()
    due = policy.due(desk.municipality.hours, moment, desk.municipality.callbacks)
    is_today = due.astimezone(hours.ZONE).date() == moment.astimezone(hours.ZONE).date()
    return "queue-few-today" if is_today else "queue-few"


async def queue(entry: Entry, desk: Desk, topic: str) -> None:
    """Into the topic's queue, at the place of the original call's start; who came from a priority line goes on there."""
    if entry.reason == "chain_failed":
        await entry.step(f"chain-more-{desk.municipality.priority_line(topic)}")
    else:
        looked_for = shown(desk.municipality, entry.owed.result()) if entry.owed and entry.owed.done() else ""
        await entry.queue(topic, first=previous_guide(entry, desk, topic), shown=looked_for)


def previous_guide(entry: Entry, desk: Desk, topic: str) -> str:
    """The guide who is to be rung before the queue, "" for none: answered this caller within a day, and is free now."""
    queue = desk.municipality.topics[topic].queue
    if not desk.municipality.queues[queue].previous_guide_first or entry.previous is None or not entry.previous.done():
        return ""
    guide = entry.previous.result()
    return guide if guide and desk.is_free(guide, queue) else ""


async def ordering(entry: Entry, desk: Desk, *, is_open: bool) -> None:
    """The callback conversation: stored durably first, confirmed aloud after; else the same place, or the closed referral."""
    if not (await desk.store.durable()).ok:
        return await no_callback(entry, desk, is_open=is_open)
    turn = offer.start(entry.number, own_numbers(desk.municipality, entry.number))
    while isinstance(turn.move, Ask):
        turn = offer.answer(turn.state, await entry.read(turn.move))
    if not isinstance(turn.move, Register):
        log.info("callback.given_up", call_id=entry.call_id, reason=turn.reason)
        return await (queue(entry, desk, entry.state.topic or "guide") if is_open else no_callback(entry, desk, is_open=False))
    try:
        with desk.storing("register"):
            wanted = request(entry, desk, turn.move.number, is_open=is_open)
            act = Act(wanted.created_at, operation=f"call-{entry.call_id}")
            standing = await desk.store.register(wanted, act, desk.municipality.callbacks)
    except (NotDurable, StoreAway) as error:
        log.error("callback.not_stored", call_id=entry.call_id, error=str(error))
        return await no_callback(entry, desk, is_open=is_open)
    await confirm(entry, desk, standing, is_open=is_open)


async def confirm(entry: Entry, desk: Desk, answer: Answer, *, is_open: bool) -> None:
    """Say by when we ring. Who had ordered one before may also wait on in the same place."""
    standing, merged = answer.standing, answer.word != "stored"
    promise, when = f"callback:{standing.id}", spoken.by_then(standing.due, desk.now())
    if merged and is_open:
        state = entry.state.about(entry.state.topic or "guide")
        return await entry.step("promised", KC=str(state), KC_END=promise, KC_SAY=entry.files(("callback-exists", *when, "callback-stay")))
    first = "callback-exists" if merged else "callback-done"
    await entry.step("end", KC_END=promise, KC_SAY=entry.files((first, *when, "callback-from")))


def request(entry: Entry, desk: Desk, number: str, *, is_open: bool) -> Request:
    """The promise as it is stored: one that is ordered while closed gets its place at the opening."""
    moment = desk.now()
    return new_request(
        desk.municipality,
        number=number,
        topic=entry.state.topic or "guide",
        source=SOURCES.get(entry.reason, "queue_key") if is_open else "closed",
        now=moment,
        place=datetime.fromtimestamp(entry.state.place, UTC),
        counted_from=hours.counts_from(moment, desk.closed_until()),
        opening=desk.municipality.hours_of(entry.state.line),
        owner=entry.target if entry.reason in returned.REASONS else "",
        call_id=entry.call_id,
    )


async def no_callback(entry: Entry, desk: Desk, *, is_open: bool) -> None:
    """Say the truth: nothing was stored. Open: the same place in the queue; closed: call again when we have opened."""
    if not is_open:
        return await entry.step("end", KC_END="closed:", KC_SAY=entry.files(("no-callback-closed",)))
    await entry.read(Ask(("callback-not-stored",), timeout=0.1))
    await queue(entry, desk, entry.state.topic or "guide")


def own_numbers(municipality: Municipality, caller: str = "") -> frozenset[str]:
    """Numbers that are never called back: the municipality's own, and the caller's when it is one of its exchange."""
    number = dialable(caller, frozenset()) if caller else ""
    extension = {number} if isinstance(number, str) and number.startswith(municipality.number_series) else set()
    return frozenset(number for line in municipality.lines.values() for number in line.numbers) | extension


def now() -> datetime:
    """The clock by which opening hours are judged."""
    return datetime.now(UTC)
