"""Who is told what, and when: at most two digests a day, only on days when we are open. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Literal

from callbacks import policy
from callbacks.follow_up import Late
from callbacks.model import Request
from routing import hours
from routing.callback_rules import CallbackRules
from routing.municipality import Municipality
from routing.opening_hours import OpeningHours
from routing.people import Function, Handler

Kind = Literal["overdue", "soon", "new"]


@dataclass(frozen=True)
class Slot:
    """The time of a digest, with those of the one before and the one to come; its own where there is none within a year."""

    at: datetime
    before: datetime
    after: datetime


@dataclass(frozen=True)
class Recipient:
    """An address, with whose requests it is told of: extensions' own, and what is late in administrations."""

    address: str
    extensions: tuple[str, ...] = ()
    administrations: tuple[str, ...] = ()


@dataclass(frozen=True)
class Item:
    """A request in a digest. `extension` is the owner who may act on it by a link, "" for who only has to know."""

    request: Request
    kind: Kind
    extension: str = ""


def slot(opening: OpeningHours, rules: CallbackRules, now: datetime) -> Slot | None:
    """The digest whose time it is: the last one of today that has begun, until we close for today; None when there is none."""
    today = now.astimezone(hours.ZONE).date()
    begun = [at for at in _of_day(opening, rules, today) if at <= now]
    if not begun or now >= hours.of_day(opening, today)[-1].closes:
        return None
    at = begun[-1]
    before = next((one for one in _days(opening, rules, today, -1) if one < at), at)
    after = next((one for one in _days(opening, rules, today, 1) if one > at), at)
    return Slot(at, before, after)


def _days(opening: OpeningHours, rules: CallbackRules, today: date, step: Literal[-1, 1]) -> Iterator[datetime]:
    """The digests' times from today on, or back from it."""
    for away in range(hours.HORIZON_DAYS):
        yield from _of_day(opening, rules, today + step * timedelta(days=away))[::step]


def _of_day(opening: OpeningHours, rules: CallbackRules, day: date) -> list[datetime]:
    spans = hours.of_day(opening, day)
    times = (datetime.combine(day, at, hours.ZONE).astimezone(UTC) for at in sorted(rules.digests or policy.DIGESTS))
    return [at for at in times if spans and at < spans[-1].closes]


def recipients(municipality: Municipality) -> list[Recipient]:
    """Each address of the file once, whatever stands behind it."""
    owners: tuple[Handler | Function, ...] = (*municipality.handlers, *municipality.functions.values())
    extensions = [(one.email, one.extension) for one in owners if one.email]
    managers = [(one.manager_email, name) for name, one in municipality.administrations.items() if one.manager_email]
    return [
        Recipient(
            address,
            tuple(extension for email, extension in extensions if email == address),
            tuple(name for email, name in managers if email == address),
        )
        for address in dict.fromkeys(email for email, _ in (*extensions, *managers))
    ]


def own(request: Request, slot: Slot, now: datetime) -> Item | None:
    """A request as its owner is told of it; None for one that is neither late, nor due before the next digest, nor new."""
    if request.due <= now:
        return Item(request, "overdue", request.owner)
    if request.due <= slot.after or request.followed:
        return Item(request, "soon", request.owner)
    if request.created_at > slot.before:
        return Item(request, "new", request.owner)
    return None


def managed(late: Late) -> Item | None:
    """A late request as its administration's manager is told of it; None while its owner, or a guide, still has it alone."""
    return Item(late.request, "overdue") if late.request.lapsed or late.at_limit else None
