"""The first call of an installation: a simulated citizen rings, states a matter, and a simulated guide answers; prints the story.

Only on a loopback installation without a phone of anybody's: a test call must disturb no guide and leave no house.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from contextlib import nullcontext
from datetime import UTC, datetime

from dialplan.render import phone_password
from ivr.activation import load_all
from ivr.service import connect_store
from ivr.settings import Settings
from metrics.ledger import Ledger
from metrics.story import CallRecord
from routing.hours import ZONE, is_open, next_opening
from routing.municipality import Municipality
from simulation import Citizen, HangUp, Phone, Press, SippError, Softphone, Wait, WaitForBye
from simulation.sipp import Address

CITIZEN = "0701740605"
"""A number that is reserved for stories and belongs to nobody."""
TO_A_GUIDE = (Wait(1.0), Press("1"), Wait(4.0), HangUp())
TO_A_CALLBACK = (Wait(1.0), Press("9"), Wait(1.5), Press("1"), WaitForBye())
SETTLED_SECONDS = 15
LOG_IN, LOG_OUT = "*11", "*12"
CONFIRMED_SECONDS = 10


def why_not(settings: Settings) -> str:
    """Why no test call may be made here; "" when it may."""
    if settings.carrier.host != "127.0.0.1":
        return "this installation has a real trunk; ring it yourself"
    shown = ["docker", "compose", "exec", "-T", "asterisk", "asterisk", "-rx", "pjsip show contacts"]
    contacts = subprocess.run(shown, capture_output=True, text=True, check=True).stdout
    if any("@" in line and "/trunk" not in line and "trunk/" not in line for line in contacts.splitlines() if "Contact:" in line):
        return "phones are registered, and a test call would ring them"
    return ""


async def first_call(settings: Settings, municipality: Municipality) -> None:
    """Ring, and print what the phone showed and what the ledger says. Raises SippError or TimeoutError."""
    began, asterisk = time.time(), (settings.host, settings.sip_port)
    is_served = is_open(municipality.hours, datetime.now(UTC))
    guide, dials = municipality.guides[0], "0" + municipality.main_number.removeprefix("+46")
    account = f"{municipality.slug}-{guide.extension}"
    password = phone_password(settings.phone_seed, account)
    phone = Phone(account, password, answers_after=1.0, registrar=asterisk)
    if is_served:
        await dial_code(account, password, asterisk, LOG_IN)
    async with phone if is_served else nullcontext():
        await Citizen(CITIZEN, dials, TO_A_GUIDE if is_served else TO_A_CALLBACK).call(asterisk)
    if is_served:
        await dial_code(account, password, asterisk, LOG_OUT)
    record = await settled(settings, municipality.slug, began)
    print(f"\nThe first call\n  {clock(record.started)}  {CITIZEN} rings {dials} and is asked for the matter")
    if is_served:
        topic = municipality.topics[record.topic]
        print(f"            presses 1: {topic.title}")
        for ring in phone.rings:
            print(f"  {clock(ring.when.timestamp())}  the phone of {guide.name} rings and shows: {ring.name}")
    else:
        opening = next_opening(municipality.hours, datetime.now(UTC)).astimezone(ZONE)
        print(f"            hears that it is closed until {opening:%A %d %B %H:%M}, presses 9 and 1: ring me back")
        print(f"            promised: request {record.callback_id}, on the list of `ivr callbacks list`")
    print(f"  {clock(record.ended)}  ended. Outcome in the ledger: {record.outcome}", end="")
    print(f", {record.answer_seconds:.1f} s after the first ring\n" if record.answer_seconds else "\n")


async def dial_code(account: str, password: str, asterisk: Address, code: str) -> None:
    """A guide dials a code and hears it confirmed. Raises TimeoutError."""
    async with Softphone(account, password, asterisk) as phone, asyncio.timeout(CONFIRMED_SECONDS):
        await (await phone.dial(code)).ended.wait()


async def settled(settings: Settings, slug: str, began: float) -> CallRecord:
    """The ledger's row of the call. Raises TimeoutError."""
    async with connect_store(settings) as redis, asyncio.timeout(SETTLED_SECONDS):
        while True:
            for record in await Ledger(redis).latest(slug, 10):
                if record.started >= began - 1 and record.number == CITIZEN:
                    return record
            await asyncio.sleep(0.2)


def clock(epoch: float) -> str:
    """A moment as a wall clock in the municipality shows it."""
    return f"{datetime.fromtimestamp(epoch, ZONE):%H:%M:%S}"


def main() -> int:
    """Ring for the first served municipality; returns the exit code."""
    settings = Settings()
    if reason := why_not(settings):
        print(f"up: no test call: {reason}")
        return 0
    try:
        asyncio.run(first_call(settings, next(iter(load_all(settings).values()))))
    except (SippError, TimeoutError) as error:
        print(f"up: the test call failed: {error or 'it did not reach the ledger'}. 'docker compose logs controller asterisk' says more.")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
