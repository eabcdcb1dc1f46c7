"""Gather what one scrape shows from a running service: the stores' totals and the picture of this moment. It counts nothing."""

from __future__ import annotations

from collections.abc import Mapping

from redis.exceptions import RedisError

from callbacks.store import AGE_BUCKETS, StoreAway
from ivr.conversation import now
from ivr.service import Service
from ivr.waiting import WaitingRoom
from metrics.registry import FALLBACK, Moment, Scrape, exposition
from routing.duty import estimated_wait
from routing.hours import state
from routing.municipality import Municipality


async def scrape(service: Service) -> bytes:
    """The text for Prometheus. Without the store the totals are absent, not zero."""
    session = service.session
    room = session.room if session else WaitingRoom()
    durability = await service.store.durable()
    try:
        moments = {one.slug: await _moment(service, one, room) for one in service.municipalities.values()}
    except (RedisError, StoreAway, OSError):
        moments = {}
    return exposition(
        Scrape(
            moments=moments,
            calls_live=len(session.stories) if session else 0,
            store_up=bool(moments),
            store_durable=durability.ok,
            config_reload_success=service.activation.is_well,
            bounds={"callback_age_at_close_seconds": AGE_BUCKETS},
        ),
        service.engine.registry,
    )


async def _moment(service: Service, municipality: Municipality, room: WaitingRoom) -> Moment:
    slug, queues, moment = municipality.slug, tuple(municipality.queues), now()
    callbacks = await service.store.figures(slug, queues, moment)
    waiting, oldest = _queues(room, slug, (*queues, FALLBACK))
    staff = service.presence.staffs[slug]
    waits = {
        name: estimated_wait(waiting[name], queue.handling_seconds, staff.on_duty(name)) for name, queue in municipality.queues.items()
    }
    return Moment(
        queues=queues,
        topics=tuple(municipality.topics),
        priority_lines=tuple(municipality.priority_lines),
        administrations=tuple(municipality.administrations),
        totals={**await service.books.ledger.totals(slug), **callbacks.totals},
        is_open=state(municipality.hours, moment, service.closures.until(slug)) == "open",
        waiting=waiting,
        oldest_joined=oldest,
        agents={(queue, state): count for queue in queues for state, count in staff.states(queue).items()},
        estimated_wait={queue: seconds for queue, seconds in waits.items() if seconds is not None},
        callbacks_open=callbacks.open,
        callbacks_overdue=callbacks.overdue,
        callbacks_oldest_due=callbacks.oldest_due,
        retention=callbacks.retention,
        rota_gaps={line: service.rota.next_gap(municipality, line) for line in municipality.priority_lines},
    )


def _queues(room: WaitingRoom, slug: str, queues: tuple[str, ...]) -> tuple[Mapping[str, int], Mapping[str, float]]:
    joined = {queue: room.joined(f"{slug}-{queue}") for queue in queues}
    return {queue: len(all_) for queue, all_ in joined.items()}, {queue: min(all_, default=0.0) for queue, all_ in joined.items()}
