"""The legs of an attempt in Asterisk: begun with ids of our own, found again by them, and taken back only out of the queue."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import cast

import pytest

from access.refusal import Refused
from callbacks.dialler import NotBegun, Ringing, TelephoneAway
from ivr.ami import Ami, AmiLost, Event, TooLate
from ivr.ami_wire import parse
from ivr.callback_legs import CallbackLegs
from tests.orders import lekeberg, request

ATTEMPT = "cb-1"
ASKED = request("2026-11-24 10:00").model_copy(update={"attempt": ATTEMPT})


TOLD = "Event: {name}\r\nChannel: Local/{id}\r\nUniqueid: {id}\r\nApplication: {doing}\r\nApplicationData: lekeberg-guides,tc,,,600"


@dataclass
class Manager:
    """Asterisk, as far as an attempt sees it."""

    channels: tuple[str, ...] = ()
    """`uniqueid application` of each."""
    fails: Exception | None = None
    asked: list[tuple[str, dict[str, object]]] = field(default_factory=list)

    async def action(self, name: str, **fields: object) -> None:
        if self.fails:
            raise self.fails
        self.asked.append((name, fields))

    async def list_action(self, name: str) -> list[Event]:
        if self.fails:
            raise self.fails
        rows = (row.split() for row in self.channels)
        return [parse(TOLD.format(name=name, id=id_, doing=doing).encode()) for id_, doing in rows]


def legs(manager: Manager) -> CallbackLegs:
    return CallbackLegs(lambda: cast(Ami, manager), lambda slug: lekeberg(), lambda number: number, lambda: 100.0)


def ringing(**changed: object) -> Ringing:
    return Ringing("stand-in", ASKED.model_copy(update=changed), "guides", "Omsorg", seconds=600, ring_seconds=25)


async def test_an_attempt_begins_with_ids_of_its_own_within_seconds_or_not_at_all() -> None:
    manager = Manager()
    await legs(manager).ring(ringing())
    ((name, fields),) = manager.asked
    assert (name, fields["ChannelId"], fields["OtherChannelId"], fields["until"]) == ("Originate", ATTEMPT, f"{ATTEMPT}-2", 104.0)
    assert fields["Channel"] == "Local/guides@lekeberg-stand-in/n"


@pytest.mark.parametrize(("changed", "shown"), [({}, "UPP Omsorg 0701740605"), ({"lapsed": True}, "SEN Omsorg 0701740605")])
async def test_a_guide_s_phone_shows_that_somebody_is_to_be_rung_back_and_for_whom(changed: dict[str, object], shown: str) -> None:
    manager = Manager()
    await legs(manager).ring(ringing(**changed))
    variables = cast(dict[str, str], manager.asked[0][1]["variables"])
    assert variables["__KC_SHOWN"] == shown


@pytest.mark.parametrize(("fails", "raised"), [
    (TooLate("4 s"), NotBegun), (Refused(503, "asterisk_away", "away"), NotBegun),
    (AmiLost("lost"), TelephoneAway), (TimeoutError(), TelephoneAway),
])  # fmt: skip
async def test_what_was_not_written_has_not_begun_and_what_was_not_answered_nobody_knows(fails: Exception, raised: type[Exception]) -> None:
    with pytest.raises(raised):
        await legs(Manager(fails=fails)).ring(ringing())


async def test_an_attempt_is_taken_back_out_of_the_queue_alone_and_never_hung_up() -> None:
    manager = Manager((f"{ATTEMPT}-2 Queue", f"{ATTEMPT} WaitForCondition", "cb-2-2 Queue"))
    await legs(manager).withdraw(ATTEMPT)
    withdrawn = [asked for asked in manager.asked if asked[0] == "QueueWithdrawCaller"]
    assert withdrawn == [("QueueWithdrawCaller", {"Queue": "lekeberg-guides", "Caller": f"Local/{ATTEMPT}-2"})]
    answered = Manager((f"{ATTEMPT}-2 Dial",))
    await legs(answered).withdraw(ATTEMPT)
    assert answered.asked == [("Setvar", {"Channel": f"Local/{ATTEMPT}-2", "Variable": "SHARED(KC_WITHDRAWN)", "Value": "yes"})]


async def test_attempts_are_found_again_by_their_ids() -> None:
    assert {ATTEMPT, "cb-2"} <= await legs(Manager((f"{ATTEMPT} Wait", f"{ATTEMPT}-2 Queue", "cb-2-2 Queue"))).alive()
    with pytest.raises(TelephoneAway):
        await legs(Manager(fails=AmiLost("lost"))).alive()
