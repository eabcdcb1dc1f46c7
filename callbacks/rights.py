"""Who may see and do what with a single request. Pure; which role may use which route stands in `access.routes`."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from access.model import Holder, Role
from access.refusal import Refused
from callbacks.model import Request
from routing.municipality import Municipality


@dataclass(frozen=True)
class Person:
    """A holder within one municipality. `extension` is the own phone there, "" for who has none there."""

    holder: Holder
    municipality: Municipality
    extension: str

    @property
    def by(self) -> str:
        """The name in a request's history."""
        return self.extension or self.holder.name

    @property
    def leads(self) -> bool:
        """Whether this person sees what all do, and may change who does it."""
        return Role.TEAM_LEADER in self.holder.roles

    @property
    def over(self) -> str:
        """Who must have a request that this person changes, as the store asks it: oneself, or whoever ("*")."""
        return "*" if self.leads else self.extension

    @property
    def owns(self) -> frozenset[str]:
        """The extensions whose requests are a handler's: the own one, and of each function with this handler or stand-in."""
        if Role.HANDLER not in self.holder.roles or not self.extension:
            return frozenset()
        functions = self.municipality.functions.values()
        return frozenset({self.extension} | {f.extension for f in functions if self.extension in (*f.handlers, *f.stand_ins)})

    @property
    def lists(self) -> tuple[str, ...]:
        """The lists that are this person's to look at."""
        if self.leads:
            return tuple(f"queue/{queue}" for queue in self.municipality.queues)
        guides = ("pool",) if Role.GUIDE in self.holder.roles and self.extension else ()
        shielded = ("protected",) if self.extension and self.holder.may_see(protected=True) else ()
        return (*guides, *(f"owner/{extension}" for extension in sorted(self.owns)), *shielded)

    def may_see_lists(self, lists: Collection[str]) -> bool:
        """Whether what stands in these lists may be shown; what is protected is for those with the duty only."""
        return self.holder.may_see(protected="protected" in lists) and (self.leads or not set(self.lists).isdisjoint(lists))

    def may_see(self, request: Request) -> bool:
        """Whether a request may be shown, number masked; also whether anything may be done with it."""
        if not self.holder.may_see(protected=request.protected):
            return False
        return self.has(request) or self.may_see_lists(request.lists)

    def may_see_number(self, request: Request) -> bool:
        """Whether the number is shown in full: to who works on the request, and to its handler."""
        return self.may_see(request) and (self.has(request) or request.owner in self.owns)

    def has(self, request: Request) -> bool:
        """Whether this person works on the request."""
        return bool(self.extension) and request.held_by == self.extension

    def phone(self) -> str:
        """The extension that rings. Raises Refused for who has none."""
        if not self.extension:
            raise Refused(403, "no_extension", "Who takes a request needs a phone. Ask for a token with your extension.")
        return self.extension


def persons(holder: Holder, served: Mapping[str, Municipality], asked: Collection[Municipality]) -> list[Person]:
    """The holder in each of the municipalities that are asked for where he or she is somebody; who leads is, everywhere."""
    found = (Person(holder, one, extension_in(holder, one, served)) for one in asked)
    return [person for person in found if person.extension or person.leads]


def extension_in(holder: Holder, municipality: Municipality, served: Mapping[str, Municipality]) -> str:
    """The holder's extension in a municipality, "" for none: 1001 says it only where one municipality has it, lekeberg-1001 always."""
    slug, _, extension = holder.extension.rpartition("-")
    having = [slug] if slug else [one.slug for one in served.values() if extension in phones(one)]
    return extension if having == [municipality.slug] and extension in phones(municipality) else ""


def phones(municipality: Municipality) -> dict[str, str]:
    """Who can take a request, guides and handlers: names by extension."""
    return {one.extension: one.name for one in municipality.guides} | {one.extension: one.name for one in municipality.handlers}


def called(municipality: Municipality, extension: str) -> str:
    """A person or a function as people say it: `Bygglov 1 (2001)`; "" for nobody."""
    names = phones(municipality) | {one.extension: one.title for one in municipality.functions.values()}
    return f"{names[extension]} ({extension})" if extension in names else extension
