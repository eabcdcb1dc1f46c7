"""Who is on duty for a priority line, over HTTP: shown to those with its duty and changed by them, without a new file.

It says what may be changed; `ivr.activation` brings it to Asterisk and keeps it. Numbers are shown masked, and stand in no log.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta

import structlog
from fastapi import APIRouter, Depends
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

import routing.rota
from access.guard import Current, needs
from access.model import Duty
from access.refusal import Refused
from ivr.activation import Activation
from ivr.closure import Asked
from ivr.overrides import Lines, changed
from routing.chain import rung
from routing.file import chosen
from routing.hours import ZONE
from routing.municipality import Municipality
from routing.numbers import masked
from routing.priority import MOST_PEOPLE, PriorityLine
from routing.rota import NONE, WARNED_AHEAD, Overrides, begins_on, gaps, on_duty, shifts_between
from routing.words import Name

log = structlog.get_logger()

MOMENT = timedelta(seconds=1)


class Link(BaseModel):
    """A phone of the chain; its number is masked."""

    title: str
    number: str


class Shift(BaseModel):
    """Who is on duty from when to when, by their names in the file."""

    begins: AwareDatetime
    ends: AwareDatetime
    people: tuple[str, ...]


class Gap(BaseModel):
    """When somebody has to be on duty and nobody is."""

    begins: AwareDatetime
    ends: AwareDatetime


class LineRow(BaseModel):
    """A priority line now and in the coming four weeks. `chain` is empty when the number out of hours is called at once."""

    municipality: str
    line: str
    title: str
    people: dict[str, str]
    """Whom a shift may be given to: titles by name."""
    on_duty: tuple[str, ...]
    chain: tuple[Link, ...]
    shifts: list[Shift]
    overrides: dict[date, tuple[str, ...]]
    gaps: list[Gap]


class Instead(BaseModel):
    """Who has the shifts that begin on a date, in the order of ringing."""

    model_config = ConfigDict(extra="forbid")
    people: tuple[Name, ...] = Field(max_length=MOST_PEOPLE, examples=[["second", "first"]])


class Rota:
    """The priority lines with their exceptions, at the moment of asking."""

    def __init__(self, activation: Activation, now: Callable[[], datetime]) -> None:
        self._activation, self._now = activation, now
        self._gaps: dict[tuple[str, str], tuple[tuple[datetime, PriorityLine, Overrides], list[routing.rota.Gap]]] = {}

    def row(self, municipality: Municipality, name: str) -> LineRow:
        """What is shown of a line."""
        line, at, exceptions = municipality.priority_lines[name], self._now(), self.overrides(municipality.slug, name)
        today = at.astimezone(ZONE).date()
        return LineRow(
            municipality=municipality.slug,
            line=name,
            title=line.title,
            people={person: one.title for person, one in line.people.items()},
            on_duty=on_duty(line, at, exceptions),
            chain=tuple(Link(title=one.title, number=masked(one.number)) for one in rung(line, at, exceptions)),
            shifts=[Shift(**shift._asdict()) for shift in shifts_between(line, today, WARNED_AHEAD.days, exceptions)],
            overrides={day: people for day, people in sorted(exceptions.items()) if day >= today},
            gaps=[Gap(**gap._asdict()) for gap in gaps(line, at, at + WARNED_AHEAD, exceptions)],
        )

    def overrides(self, slug: str, name: str) -> Overrides:
        """The exceptions of a line."""
        return self._activation.rota[slug].get(name, NONE)

    async def change(self, municipality: Municipality, name: str, day: date, people: tuple[str, ...] | None, by: str) -> None:
        """Give the shifts that begin on that date to others, None: back to whom the file names. Raises Refused; nothing is changed then."""
        at, line, before = self._now(), municipality.priority_lines[name], self.overrides(municipality.slug, name).get(day)
        _check(line, name, day, people, at)

        def change(lines: Lines) -> Lines:
            wanted = changed(lines, name, day, people)
            if _is_gap(line, at, wanted[name]) and not _is_gap(line, at, lines.get(name, NONE)):
                raise Refused(409, "nobody_on_duty", "Nobody would be on duty right now. Name at least one person who is.")
            return wanted

        await self._activation.override(municipality.slug, change)
        log.warning("rota.changed", municipality=municipality.slug, line=name, date=str(day), people=people, before=before, by=by)

    def next_gap(self, municipality: Municipality, name: str) -> float:
        """When a line has nobody next, within four weeks, in epoch seconds; 0 for never. Worked out once an hour and after each change."""
        at, exceptions = self._now(), self.overrides(municipality.slug, name)
        hour, line = at.replace(minute=0, second=0, microsecond=0), municipality.priority_lines[name]
        known = self._gaps.get((municipality.slug, name))
        if known is None or known[0] != (hour, line, exceptions):
            known = (hour, line, exceptions), gaps(line, hour, hour + WARNED_AHEAD, exceptions)
            self._gaps[municipality.slug, name] = known
        return next((gap.begins.timestamp() for gap in known[1] if gap.ends > at), 0.0)


def _check(line: PriorityLine, name: str, day: date, people: tuple[str, ...] | None, at: datetime) -> None:
    """Raises Refused for a date that is past or has no shift, and for people who are not the line's."""
    if day < at.astimezone(ZONE).date():
        raise Refused(422, "past", f"{day} is past. Choose today or a later date.")
    if people is not None and not begins_on(line, day):
        raise Refused(422, "no_shift", f"No shift of {name} begins on {day}, so nobody can have it. Add one in the municipality's file.")
    if unknown := [person for person in people or () if person not in line.people]:
        raise Refused(422, "unknown_person", f"{name} has no {', '.join(unknown)}. Name some of: {', '.join(line.people)}.")


def _is_gap(line: PriorityLine, at: datetime, overrides: Overrides) -> bool:
    return bool(gaps(line, at, at + MOMENT, overrides))


def router(rota: Rota, municipalities: Mapping[str, Municipality]) -> APIRouter:
    """The routes of /api/priority-lines, for holders with the duty. They raise Refused and routing.file.NotServed."""
    api = APIRouter(prefix="/api/priority-lines", tags=["priority lines"], dependencies=[Depends(needs(Duty.IFO))])

    def whose(line: str, municipality: str | None) -> Municipality:
        found = [one for one in chosen(municipalities, municipality) if line in one.priority_lines]
        if not found:
            raise Refused(404, "unknown_line", f"There is no priority line {line!r}. GET /api/priority-lines lists them.")
        if len(found) > 1:
            known = ", ".join(one.slug for one in found)
            raise Refused(422, "which_municipality", f"{line} is a line of {known}. Say which: ?municipality=…")
        return found[0]

    @api.get("", summary="Who is on duty now, the coming shifts of four weeks, exceptions, and times that nobody has")
    async def listed(municipality: Asked = None) -> list[LineRow]:
        return [rota.row(one, line) for one in chosen(municipalities, municipality) for line in one.priority_lines]

    @api.put("/{line}/rota/{date}", summary="Give the shifts that begin on a date to others")
    async def put(line: str, date: date, instead: Instead, holder: Current, municipality: Asked = None) -> LineRow:
        its = whose(line, municipality)
        await rota.change(its, line, date, instead.people, holder.name)
        return rota.row(its, line)

    @api.delete("/{line}/rota/{date}", summary="Back to the shifts of the file on a date")
    async def delete(line: str, date: date, holder: Current, municipality: Asked = None) -> LineRow:
        its = whose(line, municipality)
        await rota.change(its, line, date, None, holder.name)
        return rota.row(its, line)

    return api
