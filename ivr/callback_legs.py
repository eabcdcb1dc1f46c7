"""The legs of attempts to ring a citizen back, in Asterisk: begins them, takes them out of the queue, sees which are there."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

from access.refusal import Refused
from callbacks.dialler import Kind, NotBegun, Ringing, TelephoneAway
from dialplan.people import DISPLAY
from ivr.ami import ActionFailed, Ami, AmiLost, Event, TooLate
from routing.municipality import Municipality

BEGINS_SECONDS = 4.0
"""An attempt is begun within this time after its intent was stored, or not at all."""
LASTING_SECONDS = 60
"""What an attempt may last beside its wait in the queue until somebody answers."""
WITHDRAWN = "SHARED(KC_WITHDRAWN)"
"""On a leg of an attempt that is taken back: the dialplan lets nobody accept it any more."""
BACK, LATE = "UPP", "SEN"
"""On the guide's phone: to ring back, and to ring back for a handler who is late."""
CONTEXTS: dict[Kind, tuple[str, str]] = {
    "stand-in": ("stand-in", "callback-one"),
    "own-phone": ("own-phone", "callback-one"),
    "citizen-first": ("citizen-first", "citizen-queue"),
}
"""Where the two legs of an attempt begin in the dialplan."""


class CallbackLegs:
    """A `Telephone` for the dialler."""

    def __init__(
        self, acting: Callable[[], Ami], municipality: Callable[[str], Municipality], form: Callable[[str], str], clock: Callable[[], float]
    ) -> None:
        """`acting` gives the connection or raises Refused; `form` writes a number as the carrier wants it; `clock` is monotonic."""
        self._acting, self._municipality, self._form, self._clock = acting, municipality, form, clock

    async def ring(self, ringing: Ringing) -> None:
        """One Originate with ids of our own. Raises NotBegun, or TelephoneAway when it may or may not have begun."""
        request, slug = ringing.request, ringing.request.municipality
        two, one = CONTEXTS[ringing.kind]
        until = self._clock() + BEGINS_SECONDS
        try:
            await self._acting().action(
                "Originate",
                until=until,
                Channel=f"Local/{ringing.target}@{slug}-{two}/n",
                Context=f"{slug}-{one}",
                Exten=ringing.target if ringing.kind == "citizen-first" else "s",
                Priority="1",
                Async="true",
                Timeout=str((ringing.seconds + LASTING_SECONDS) * 1000),
                ChannelId=request.attempt,
                OtherChannelId=f"{request.attempt}-2",
                variables=self._variables(ringing),
            )
        except (Refused, ActionFailed, TooLate) as error:
            raise NotBegun(str(error)) from error
        except (AmiLost, TimeoutError) as error:
            raise TelephoneAway(str(error)) from error

    def _variables(self, ringing: Ringing) -> dict[str, str]:
        request = ringing.request
        place = int((request.place or request.created_at).timestamp())
        national = "0" + request.number.removeprefix("+46")
        line = next(iter(self._municipality(request.municipality).lines))
        return {
            "__KC_ATTEMPT": request.attempt,
            "__KC_CALLBACK": request.id,
            "__KC_WHOSE": "NONE",
            "__KC_DIALS": self._form(request.number),
            "__KC_SHOWN": f"{LATE if request.lapsed else BACK} {ringing.label} {national}"[:DISPLAY],
            "__KC_PLACE": str(place),
            "__KC_TOPIC": request.topic,
            "__KC_RING": str(ringing.ring_seconds),
            "__KC_SECONDS": str(ringing.seconds),
            "KC": f"1/{request.municipality}/{line}/{request.topic}/{place}/0",
            "KC_NUMBER": national,
        }

    async def withdraw(self, attempt: str) -> None:
        """Out of the queue; whoever has answered it hears that it is over when he presses 1. Raises TelephoneAway."""
        for channel in await self._channels():
            if channel.get("uniqueid") in (attempt, f"{attempt}-2"):
                await self._withdrawn(channel)

    async def alive(self) -> frozenset[str]:
        """The attempts of which a leg is there. Raises TelephoneAway."""
        return frozenset(channel.get("uniqueid").removesuffix("-2") for channel in await self._channels())

    async def _channels(self) -> list[Event]:
        try:
            return await self._acting().list_action("CoreShowChannels")
        except (Refused, AmiLost, TooLate, TimeoutError) as error:
            raise TelephoneAway(str(error)) from error

    async def _withdrawn(self, leg: Event) -> None:
        channel, queue = leg.get("channel"), leg.get("applicationdata").partition(",")[0]
        try:
            with suppress(ActionFailed):  # gone in this very moment
                await self._acting().action("Setvar", Channel=channel, Variable=WITHDRAWN, Value="yes")
            with suppress(ActionFailed):  # answered in this very moment
                if leg.get("application") == "Queue":
                    await self._acting().action("QueueWithdrawCaller", Queue=queue, Caller=channel)
        except (Refused, AmiLost, TooLate, TimeoutError) as error:
            raise TelephoneAway(str(error)) from error
