"""Keep promises in time: who has to know is told by the history, what is late is given on, what lies is put back. It closes nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from callbacks import policy
from callbacks.model import Request
from callbacks.policy import FollowUpKind
from callbacks.rounds import rounds
from callbacks.store import Act, CallbackStore
from routing.callback_rules import CallbackRules
from routing.municipality import Municipality
from routing.opening_hours import OpeningHours

LOOK_SECONDS = 1.0
ACTS: Mapping[FollowUpKind, str] = {"reminder": "reminded", "overdue": "overdue", "limit": "limit_passed"}
"""What a follow-up is called in the history; one by which a request lapses is called that."""


@dataclass(frozen=True)
class Step:
    """A follow-up as it is to be noted, and when the next one is. `lapsed` is how the request stands from now on, None when as before."""

    act: str
    then: datetime | None
    lapsed: Request | None = None


@dataclass(frozen=True)
class Late:
    """A promise past its time: its owner has to know, and the manager of its administration (an address, None for nobody)."""

    request: Request
    manager: str | None
    at_limit: bool


def step(request: Request, opening: OpeningHours, rules: CallbackRules) -> Step:
    """The first follow-up of a request that is not done. An owner who is late shares the request with the others."""
    kind = policy.follow_ups(request, opening, rules)[request.followed].kind
    then = policy.next_follow_up(request.model_copy(update={"followed": request.followed + 1}), opening, rules)
    if kind == "overdue" and request.owner:
        return Step("lapsed", then, lapse(request))
    return Step(ACTS[kind], then)


def lapse(request: Request) -> Request:
    """Into the guides' pool, at the place of its order. One that is protected stands before all with the duty, and never there."""
    place = request.place if request.protected else request.created_at
    return request.model_copy(update={"lapsed": True, "place": place})


def late(municipality: Municipality, requests: list[Request], now: datetime) -> list[Late]:
    """Those of the open requests that are overdue, in the same order."""
    managers = {name: one.manager_email for name, one in municipality.administrations.items()}
    return [Late(one, managers.get(one.administration), now >= one.limit) for one in requests if one.due <= now]


class FollowUp:
    """Looks each second. Safe beside another controller and after a crash: a follow-up that somebody has done is done."""

    def __init__(
        self, store: CallbackStore, municipalities: Mapping[str, Municipality], now: Callable[[], datetime], acts: Callable[[], bool]
    ) -> None:
        self._store = store
        self._municipalities = municipalities
        self._now = now
        self._acts = acts

    async def run(self) -> None:
        """Work until cancelled."""
        await rounds("follow_up", LOOK_SECONDS, self._acts, self.go)

    async def go(self) -> None:
        """Everything that has to be followed up or put back by now. Raises StoreAway."""
        now = self._now()
        for municipality in list(self._municipalities.values()):
            while await self._follow(municipality, now):
                pass
            await self._put_back(municipality.slug, now)

    async def _follow(self, municipality: Municipality, now: datetime) -> bool:
        """Whether something was done, so that there may be more."""
        done = False
        for request in await self._store.to_follow_up(municipality.slug, now):
            found = step(request, municipality.hours, municipality.callbacks)
            answer = await self._store.follow_up(request, Act(now), found.act, found.then, found.lapsed)
            done = done or answer.word == "ok"
        return done

    async def _put_back(self, municipality: str, now: datetime) -> None:
        for request in await self._store.leases_over(municipality, now):
            if request.state == "taken":
                await self._store.expire(request, Act(now))
