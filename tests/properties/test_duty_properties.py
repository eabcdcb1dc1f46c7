"""Guides come and go, miss calls and pause in any order: no queue loses its last one by our doing, the first seat rings at once."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from routing.duty import IDLE, MISSED, Membership, Pause, Rank, Ready, Staff
from routing.people import SEATS, Guide, Staffing

QUEUES = ("guides", "specialists")
GUIDES = tuple(
    Guide(extension=f"100{number}", name=f"Guide {number}", queues=queues, seat=SEATS[number % 3])
    for number, queues in enumerate((QUEUES, ("guides",), ("guides",), ("specialists",)))
)
EXTENSIONS = st.sampled_from([guide.extension for guide in GUIDES])
AWAY = 5
HAPPENINGS = st.lists(
    st.tuples(st.sampled_from(["login"] * 3 + ["miss"] * 6 + ["logout", "pause", "ready", "unplug", "answer", "complete"]), EXTENSIONS),
    min_size=10,
    max_size=40,
)
"""Misses in a row are what the rule is about, so they come often."""


class World:
    """Asterisk's queues as they answer to the orders, and the clock."""

    def __init__(self) -> None:
        self.staff = Staff(GUIDES, Staffing(pause_after_missed=2, wrap_up_seconds=10))
        self.members: dict[tuple[str, str], Membership] = {}
        self.now = 1000.0

    def happen(self, what: str, extension: str) -> None:
        """One thing, seen by the staff as events tell it."""
        guide = next(one for one in GUIDES if one.extension == extension)
        self.now += 1.0
        own = [(extension, queue) for queue in guide.queues]
        match what:
            case "login":
                self.members |= {key: Membership(SEATS.index(guide.seat)) for key in own if key not in self.members}
            case "logout":
                for key in own:
                    if self.members.pop(key, None):
                        self.staff.gone(*key)
            case "pause":
                self._pause(extension, "break")
            case "ready":
                self._unpause(extension)
            case "miss":
                self.staff.rings(extension, str(self.now))
                self.staff.misses(extension, str(self.now), self.now)
            case "answer":
                self.staff.answers(extension)
            case "complete":
                self.staff.completes(extension)
        self.tell(extension, AWAY if what == "unplug" else IDLE)

    def _pause(self, extension: str, reason: str) -> None:
        for key, one in self.members.items():
            if key[0] == extension:
                self.members[key] = Membership(one.penalty, paused=True, reason=reason, since=self.now)

    def _unpause(self, extension: str) -> None:
        for key, one in self.members.items():
            if key[0] == extension:
                self.members[key] = Membership(one.penalty)

    def tell(self, extension: str, device: int) -> None:
        """What Asterisk says of a guide's memberships."""
        for (whose, queue), membership in list(self.members.items()):
            if whose == extension:
                self.staff.seen(whose, queue, membership, device)

    def obey(self) -> list[object]:
        """Carry out what is ordered."""
        orders = self.staff.orders(self.now)
        for order in orders:
            match order:
                case Pause(extension, reason):
                    self._pause(extension, reason)
                    self.tell(extension, self.staff.duties[extension].device)
                case Ready(extension):
                    self._unpause(extension)
                    self.tell(extension, self.staff.duties[extension].device)
                case Rank(extension, queue, penalty):
                    old = self.members[extension, queue]
                    self.members[extension, queue] = Membership(penalty, old.paused, old.reason, old.since)
        return list(orders)


@given(HAPPENINGS)
def test_missed_calls_never_take_the_last_guide_from_a_queue(happenings: list[tuple[str, str]]) -> None:
    world = World()
    for what, extension in happenings:
        world.happen(what, extension)
        for order in world.obey():
            if isinstance(order, Pause) and order.reason == MISSED:
                queues = next(one.queues for one in GUIDES if one.extension == order.extension)
                assert all(world.staff.on_duty(queue) for queue in queues)


@given(HAPPENINGS)
def test_whoever_is_there_first_by_seat_is_rung_at_once(happenings: list[tuple[str, str]]) -> None:
    world = World()
    for what, extension in happenings:
        world.happen(what, extension)
        world.obey()
        world.obey()  # what follows from a pause that has been carried out
        for queue in QUEUES:
            there = {one: duty for one, duty in world.staff.duties.items() if duty.is_on_duty and queue in duty.memberships}
            if there:
                first = min(duty.rank(world.now) for duty in there.values())
                rung = {one for one, duty in there.items() if world.members[one, queue].penalty == 0}
                assert rung == {one for one, duty in there.items() if duty.rank(world.now) == first}
