"""What people see of callback requests: lists with masked numbers, one with its history, and who looked for the caller of a call."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from access.audit import Audit
from access.model import Holder
from callbacks.model import Entry, Request
from callbacks.rights import Person, persons
from callbacks.service import Callbacks, Seen
from routing.file import chosen
from routing.numbers import NotDialable, dialable

LOOKED_FOR_DAYS = 14
"""Who rings back hears who looked for him within so many days; as long as the retention keeps numbers."""


@dataclass(frozen=True)
class Which:
    """Which requests are wanted; each filter narrows the others."""

    mine: bool = False
    pool: bool = False
    overdue: bool = False
    protected: bool = False
    owner: str = ""
    count: int = 100


@dataclass(frozen=True)
class Opened:
    """One request with its history. `number` is in full for who may see it, else None."""

    seen: Seen
    number: str | None
    history: list[Entry]


async def listed(callbacks: Callbacks, holder: Holder, slug: str | None, which: Which) -> list[Seen]:
    """Open requests that the holder may see, the earliest due (and so what is overdue) first. Raises routing.file.NotServed."""
    found = [
        Seen(person, request)
        for person in persons(holder, callbacks.served, chosen(callbacks.served, slug))
        for request in await _candidates(callbacks, person, which)
        if person.may_see(request) and _wanted(callbacks, person, request, which)
    ]
    return sorted(found, key=lambda one: one.request.due)[: which.count]


async def _candidates(callbacks: Callbacks, person: Person, which: Which) -> list[Request]:
    store, slug = callbacks.store, person.municipality.slug
    named = [f"owner/{which.owner}"] if which.owner else ["protected"] if which.protected else ["pool"] if which.pool else person.lists
    found = await store.listed(slug, named, which.count)
    if which.mine:  # also those from others' lists
        found += [one for one in await store.worked_on(slug) if one.id not in {known.id for known in found}]
    return found


def _wanted(callbacks: Callbacks, person: Person, request: Request, which: Which) -> bool:
    return (
        (not which.mine or person.has(request))
        and (not which.pool or "pool" in request.lists)
        and (not which.overdue or request.due < callbacks.now())
        and (not which.protected or request.protected)
        and (not which.owner or request.owner == which.owner)
    )


async def opened(callbacks: Callbacks, audit: Audit, holder: Holder, request_id: str) -> Opened:
    """One request. A number is shown only after it stands in the audit trail that it is. Raises Refused and redis.RedisError."""
    seen = await callbacks.find(holder, request_id)
    number = seen.request.number if seen.person.may_see_number(seen.request) else None
    if number:
        await audit.write(holder, "number_shown", request_id, callbacks.now())
    return Opened(seen, number, await callbacks.store.history(seen.request.municipality, request_id))


async def looked_for(callbacks: Callbacks, holder: Holder, number: str) -> list[Seen]:
    """Whoever answers this number sees who has looked for the caller, whosever request it is: open ones first, then the latest closed."""
    caller = dialable(number, frozenset()) if number else NotDialable("withheld")
    if isinstance(caller, NotDialable):
        return []
    since = callbacks.now() - timedelta(days=LOOKED_FOR_DAYS)
    found: list[Seen] = []
    for person in persons(holder, callbacks.served, callbacks.served.values()):
        slug = person.municipality.slug
        requests = [*await callbacks.store.of_number(slug, caller), *await callbacks.store.closed_of_number(slug, caller, since)]
        found += [Seen(person, one) for one in requests if holder.may_see(protected=one.protected)]
    return found
