"""A digest as a letter: Swedish, as plain text and the same as HTML. Pure.

Mail is read on phones, forwarded and kept for years: no number, name, matter or message stands in it, and of what is protected only when.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from html import escape
from itertools import groupby

from callbacks.notices.digest import Item, Kind
from callbacks.notices.links import DEEDS, Deed
from routing.hours import ZONE
from routing.municipality import Municipality

SUBJECT = "Återuppringningar att se till"
LONGEST = 20
"""So many requests stand in a letter; who has more has to look in the list."""
HEADINGS: Mapping[Kind, str] = {"overdue": "Försenade", "soon": "Snart dags", "new": "Nya"}
MANAGED = "Försenade i förvaltningen"
UNSAID = "ett ärende"
TITLES: Mapping[Deed, str] = {"done": "Klart", "not_reached": "Nådde inte", "take_over": "Jag tar det"}
WEEKDAYS = ("måndag", "tisdag", "onsdag", "torsdag", "fredag", "lördag", "söndag")
MONTHS = ("januari", "februari", "mars", "april", "maj", "juni", "juli", "augusti", "september", "oktober", "november", "december")
WHO = "Vem det gäller och varför står bara i Kontaktcenter."
ONCE = "Varje länk gäller en gång, i tre dygn. Skicka inte brevet vidare: den som har länken kan använda den."

Address = Callable[[Item, Deed], str]
"""The link by which the owner of an item does something, "" where there is none."""


@dataclass(frozen=True)
class Letter:
    """What is sent, in both forms."""

    subject: str
    text: str
    html: str


@dataclass(frozen=True)
class Line:
    """One request: what is said of it, and the links by their titles."""

    said: str
    links: tuple[tuple[str, str], ...]


def letter(municipality: Municipality, items: Iterable[Item], address: Address) -> Letter:
    """The letter about these items, those of one heading together, each heading's earliest due first."""
    found = sorted(items, key=lambda item: (list(HEADINGS).index(item.kind), not item.extension, item.request.due))
    shown, more = found[:LONGEST], len(found) - LONGEST
    parts = [(title, [_line(municipality, one, address) for one in those]) for title, those in groupby(shown, _heading)]
    notes = [f"Och {more} till: se listan i Kontaktcenter."] if more > 0 else []
    notes += [WHO, ONCE] if any(line.links for _, lines in parts for line in lines) else [WHO]
    return Letter(SUBJECT, _text(parts, notes), _html(parts, notes))


def moment(at: datetime) -> str:
    """A time as people say it: tisdag 24 november kl. 10.00."""
    local = at.astimezone(ZONE)
    return f"{WEEKDAYS[local.weekday()]} {local.day} {MONTHS[local.month - 1]} kl. {local:%H.%M}"


def _heading(item: Item) -> str:
    return HEADINGS[item.kind] if item.extension else MANAGED


def _line(municipality: Municipality, item: Item, address: Address) -> Line:
    topic = municipality.topics.get(item.request.topic)
    what = topic.title if topic and not item.request.protected else UNSAID
    links = ((TITLES[deed], address(item, deed)) for deed in DEEDS)
    return Line(f"Senast {moment(item.request.due)}: {what}", tuple(one for one in links if one[1]))


Parts = list[tuple[str, list[Line]]]


def _text(parts: Parts, notes: list[str]) -> str:
    said = ["Hej!"]
    for title, lines in parts:
        listed = ("\n".join([f"- {line.said}", *(f"  {name}: {link}" for name, link in line.links)]) for line in lines)
        said.append("\n".join([title, *listed]))
    return "\n\n".join([*said, *notes]) + "\n"


def _html(parts: Parts, notes: list[str]) -> str:
    said = ["<p>Hej!</p>"]
    for title, lines in parts:
        listed = "".join(f"<li>{escape(line.said)}{_links(line)}</li>" for line in lines)
        said.append(f"<h2>{escape(title)}</h2><ul>{listed}</ul>")
    said += [f"<p>{escape(note)}</p>" for note in notes]
    return f'<!doctype html><html lang="sv"><meta charset="utf-8"><title>{SUBJECT}</title><body>{"".join(said)}</body></html>'


def _links(line: Line) -> str:
    return "".join(f'<br><a href="{escape(link)}">{escape(name)}</a>' for name, link in line.links)
