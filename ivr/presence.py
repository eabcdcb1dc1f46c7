"""The guides' presence: follows Asterisk's queues, carries out what `routing.duty` orders, and acts for guides who ask.

Asterisk is the truth: its members, pauses and their reasons outlive this program and Asterisk's own restart. It must decide nothing.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence

import structlog

from access.refusal import Refused
from ivr.ami import ActionFailed, Ami, AmiLost, Event
from routing.duty import WRAP_UP, Duty, Join, Leave, Membership, Order, Pause, Rank, Ready, Staff, Tell
from routing.municipality import Municipality
from routing.people import SEATS

log = structlog.get_logger()

FALLBACK = "fallback"
"""The queue that has memberships of its own: nothing here touches them."""
AGAIN_SECONDS = 1.0
"""After an order that Asterisk refused the queues are read anew, but not in a circle."""
TOLD_SECONDS = 20
DONE_ALREADY = ("already there", "not there")

Action = tuple[str, dict[str, str]]


class Presence:
    """The guides of all served municipalities; a `Listener` of the controller's session."""

    def __init__(self, municipalities: Mapping[str, Municipality], acts: Callable[[], bool]) -> None:
        """`acts` says whether this controller is connected and the one that acts."""
        self._municipalities = municipalities
        self.staffs = {slug: Staff(one.guides, one.staffing) for slug, one in municipalities.items()}
        self._acts = acts
        self._ami: Ami | None = None
        self._changed = asyncio.Event()
        self._unread = True
        self._one_at_a_time = asyncio.Lock()

    async def begin(self, ami: Ami) -> None:
        """Read who is logged in, mend what is half done, then follow until the connection is lost."""
        self._ami, self._unread = ami, True
        while True:
            looked = time.time()
            await self._work(ami, looked)
            await self._wait(looked)

    def serve(self, municipality: Municipality) -> None:
        """The guides and rules of a file that was activated hold from now on."""
        self.staffs[municipality.slug] = Staff(municipality.guides, municipality.staffing)
        self._unread = True
        self._changed.set()

    def take(self, event: Event) -> None:
        """Fold one event into the picture."""
        if event.name == "UserEvent" and event.get("fact") == "talked" and (staff := self.staffs.get(event.get("municipality"))):
            staff.answers(event.get("detail"))
            staff.completes(event.get("detail"))
            self._changed.set()
        if self._ami is None or (found := self._whose(event.get("queue"))) is None:
            return
        staff, queue = found
        extension = event.get("membername")
        match event.name:
            case "QueueMemberAdded" | "QueueMemberStatus" | "QueueMemberPause" | "QueueMemberPenalty" if queue != FALLBACK:
                staff.seen(extension, queue, membership(event), int(event.get("status")))
            case "QueueMemberRemoved" if queue != FALLBACK:
                staff.gone(extension, queue)
            case "AgentCalled":
                staff.rings(extension, event.get("uniqueid"))
            case "AgentConnect":
                staff.answers(extension)
            case "AgentRingNoAnswer" if queue != FALLBACK:  # there everybody is rung, here or not
                staff.misses(extension, event.get("uniqueid"), float(event.get("timestamp")))
            case "AgentComplete":
                staff.completes(extension)
        if staff.has_orders:
            self._changed.set()

    async def log_in(self, slug: str, extension: str) -> None:
        """In to all of the guide's queues, or none. Raises Refused, as all of these do."""
        async with self._one_at_a_time:
            duty = self._duty(slug, extension)
            if duty.is_logged_in:
                raise Refused(409, "already_logged_in", f"{extension} is logged in already.")
            rank, queues = SEATS.index(duty.guide.seat), duty.guide.queues
            back = [Leave(extension, queue) for queue in queues]
            await self._all_or_none(slug, [Join(extension, queue, rank) for queue in queues], back)
            for queue in queues:
                self.staffs[slug].seen(extension, queue, Membership(rank), duty.device)

    async def log_out(self, slug: str, extension: str) -> None:
        """Out of all queues; a talk goes on."""
        async with self._one_at_a_time:
            duty = self._logged_in(slug, extension)
            back: list[Order] = [Join(extension, queue, one.penalty) for queue, one in duty.memberships.items()]
            if duty.pause:
                back.append(Pause(extension, duty.pause.reason))
            queues = list(duty.memberships)
            await self._all_or_none(slug, [Leave(extension, queue) for queue in queues], back)
            for queue in queues:
                self.staffs[slug].gone(extension, queue)

    async def pause(self, slug: str, extension: str, reason: str) -> None:
        """Pause for a reason of one's own, instead of a wrap-up, too; or give another reason."""
        async with self._one_at_a_time:
            duty = self._logged_in(slug, extension)
            if duty.reason == reason:
                raise Refused(409, "already_paused", f"{extension} is paused for this reason already.")
            await self._pause(slug, duty, reason)

    async def wrap_up(self, slug: str, extension: str, seconds: int) -> None:
        """Wrap-up for so many seconds from now; a pause of one's own is kept."""
        async with self._one_at_a_time:
            duty = self._logged_in(slug, extension)
            if duty.reason not in ("", WRAP_UP):
                raise Refused(409, "already_paused", f"{extension} is paused: a wrap-up would end that pause.")
            await self._pause(slug, duty, f"{WRAP_UP}:{seconds}")

    async def ready(self, slug: str, extension: str) -> None:
        """End the pause, whatever its reason."""
        async with self._one_at_a_time:
            duty = self._logged_in(slug, extension)
            if not duty.pause:
                raise Refused(409, "not_paused", f"{extension} is not paused.")
            await self._all_or_none(slug, [Ready(extension)], [Pause(extension, duty.pause.reason)])
            self._remember(duty, paused=False)
            duty.is_back()

    async def _pause(self, slug: str, duty: Duty, reason: str) -> None:
        extension = duty.guide.extension
        back = Pause(extension, duty.pause.reason) if duty.pause else Ready(extension)
        await self._all_or_none(slug, [Pause(extension, reason)], [back])
        self._remember(duty, paused=True, reason=reason)

    def _remember(self, duty: Duty, *, paused: bool, reason: str = "") -> None:
        """What was done holds from now on, not only from the event that tells it."""
        for queue, one in duty.memberships.items():
            duty.memberships[queue] = Membership(one.penalty, paused, reason, time.time())
        self._changed.set()

    def _duty(self, slug: str, extension: str) -> Duty:
        duty = self.staffs[slug].duties.get(extension)
        if duty is None:
            raise Refused(404, "unknown_guide", f"No guide of {slug} has the extension {extension}. GET /api/guides lists them.")
        self.check()
        return duty

    def _logged_in(self, slug: str, extension: str) -> Duty:
        duty = self._duty(slug, extension)
        if not duty.is_logged_in:
            raise Refused(409, "not_logged_in", f"{extension} is not logged in. Log in first, here or with *11 on the phone.")
        return duty

    def check(self) -> Ami:
        """The connection to act on. Raises Refused while Asterisk is away, or another controller acts."""
        if self._ami is None or not self._acts():
            raise Refused(
                503, "asterisk_away", "This controller does not act on Asterisk now. Try again soon, or use *11 to *14 on the phone."
            )
        return self._ami

    async def _all_or_none(self, slug: str, wanted: Sequence[Order], back: Sequence[Order]) -> None:
        """Carry out, or undo. What a lost connection leaves half done is mended at the next one."""
        ami = self.check()
        try:
            await self._do(ami, slug, wanted)
        except ActionFailed as error:
            await self._carry_out(ami, slug, back)
            raise Refused(503, "asterisk_refused", f"Asterisk refused it ({error}); nothing was changed. Try again soon.") from error
        except (AmiLost, TimeoutError) as error:
            sentence = "Asterisk does not answer. Look at the state again before you repeat it."
            raise Refused(503, "asterisk_away", sentence) from error

    async def _work(self, ami: Ami, now: float) -> None:
        async with self._one_at_a_time:
            if not self._acts():
                return
            if self._unread:
                self._unread = False
                await self._read(ami)
                for slug, staff in self.staffs.items():
                    await self._carry_out(ami, slug, staff.repairs())
            for slug, staff in list(self.staffs.items()):
                if not await self._carry_out(ami, slug, staff.orders(now)):
                    await asyncio.sleep(AGAIN_SECONDS)
                    await self._read(ami)
                    self._changed.set()

    async def _wait(self, looked: float) -> None:
        """Until something happens, or is due that was not when we looked: what falls due between the two must not be slept over."""
        due = min((moment for staff in self.staffs.values() if (moment := staff.next_moment(looked))), default=None)
        try:
            async with asyncio.timeout(None if due is None else due - time.time()):
                await self._changed.wait()
        except TimeoutError:
            return
        self._changed.clear()

    async def _read(self, ami: Ami) -> None:
        """Learn the members of all queues from Asterisk."""
        items = await ami.list_action("QueueStatus")
        for staff in self.staffs.values():
            staff.forget()
        for item in items:
            if item.name == "QueueMember" and (found := self._whose(item.get("queue"))) and found[1] != FALLBACK:
                found[0].seen(item.get("name"), found[1], membership(item), int(item.get("status")))

    def _whose(self, name: str) -> tuple[Staff, str] | None:
        slug, _, queue = name.partition("-")
        return (self.staffs[slug], queue) if slug in self.staffs else None

    async def _carry_out(self, ami: Ami, slug: str, orders: Sequence[Order]) -> bool:
        """Each order by itself; False when Asterisk refused one, so that what we remember is not true."""
        done = True
        for order in orders:
            try:
                await self._do(ami, slug, [order])
            except ActionFailed as error:
                done = False
                log.warning("guide.order_refused", municipality=slug, order=repr(order), error=str(error))
            else:
                log.info("guide.ordered", municipality=slug, order=repr(order))
        return done

    async def _do(self, ami: Ami, slug: str, orders: Sequence[Order]) -> None:
        for order in orders:
            for action in self._actions(slug, order):
                try:
                    await ami.batch([action])
                except ActionFailed as error:
                    if not str(error).lower().endswith(DONE_ALREADY):
                        raise

    def _actions(self, slug: str, order: Order) -> list[Action]:
        interface = f"PJSIP/{slug}-{order.extension}"
        match order:
            case Join(extension, queue, penalty):
                member = {"Penalty": str(penalty), "MemberName": extension, "StateInterface": interface}
                return [("QueueAdd", {"Queue": f"{slug}-{queue}", "Interface": interface, **member})]
            case Leave(_, queue):
                return [("QueueRemove", {"Queue": f"{slug}-{queue}", "Interface": interface})]
            case Rank(_, queue, penalty):
                return [("QueuePenalty", {"Queue": f"{slug}-{queue}", "Interface": interface, "Penalty": str(penalty)})]
            case Pause(_, reason):
                return self._in_each(slug, order.extension, {"Paused": "true", "Reason": reason})
            case Ready():
                return self._in_each(slug, order.extension, {"Paused": "false"})
            case Tell():
                main = self._municipalities[slug].main_number
                there = {"Channel": interface, "Context": f"{slug}-guide-told", "Exten": "missed", "Priority": "1"}
                return [
                    (
                        "Originate",
                        {**there, "CallerID": f'"Pausad, *14 åter" <{main}>', "Timeout": str(TOLD_SECONDS * 1000), "Async": "true"},
                    )
                ]

    def _in_each(self, slug: str, extension: str, pause: Mapping[str, str]) -> list[Action]:
        """Queue by queue: without a name the fallback queue would be meant, too."""
        interface, queues = f"PJSIP/{slug}-{extension}", self.staffs[slug].duties[extension].guide.queues
        return [("QueuePause", {"Queue": f"{slug}-{queue}", "Interface": interface, **pause}) for queue in queues]


def membership(event: Event) -> Membership:
    """How a list item or an event tells a member."""
    paused = event.get("paused") == "1"
    return Membership(int(event.get("penalty")), paused, event.get("pausedreason") if paused else "", float(event.get("lastpause")))
