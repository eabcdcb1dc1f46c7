"""Render what Asterisk loads from the municipalities' files.

One pure step from models to text, and one that writes a version; it must not talk to Asterisk (the supervisor beside it does).
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Literal

import jinja2
from pydantic import BaseModel, ConfigDict, Field

from dialplan import people
from dialplan.prompts.catalogue import sound, topic_sound
from routing.chain import Chain, chain
from routing.duty import PAUSE_KEYS, longest_seat_wait, seat_waits
from routing.hours import ZONE, Interval, intervals
from routing.municipality import Municipality
from routing.opening_hours import OpeningHours
from routing.people import SEATS

HORIZON_DAYS = 60
"""How many days of opening hours the fallback knows by itself."""

ASK_TIMEOUT = 6
"""Seconds a caller may wait for a controller that does not answer; a living one renews it."""
PREVIOUS_SECONDS = 10
"""So long the guide who answered a caller last is rung alone, before the queue."""

RECORDED = "/var/lib/asterisk/crisis"
"""Where Asterisk keeps what guides record by phone: its own state, which outlives its container."""

EMPTY_FILES = ("ccss.conf", "http.conf", "udptl.conf", "stasis.conf", "pjproject.conf", "codecs.conf", "cli.conf")
"""Files that Asterisk wants to find, though their defaults are right."""


Rota = Mapping[str, Mapping[str, Mapping[date, tuple[str, ...]]]]
NO_OVERRIDES: Rota = {}


@dataclass(frozen=True)
class Ports:
    """UDP and TCP ports of one installation."""

    sip: int = 5060
    ami: int = 5038
    rtp_start: int = 10000
    rtp_end: int = 19999
    ami_tls: int = 5039


class Trunk(BaseModel):
    """The way out to the carrier, and the address it calls from. `port` 0: the loopback installation's own."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    host: str = Field("127.0.0.1", pattern=r"^[A-Za-z0-9.:-]+$")
    port: int = Field(0, ge=0, le=65535)
    transport: Literal["udp", "tcp"] = "udp"
    user: str = Field("", pattern=r"^[A-Za-z0-9.@+_-]*$")
    password: str = Field("", pattern=r"^[^\s;]*$", repr=False)
    registers: bool = False
    number_format: Literal["e164", "international", "national"] = "e164"
    caller_from: str = Field("127.0.0.1", pattern=r"^[0-9a-fA-F.:/]+$")

    def form(self, number: str) -> str:
        """An E.164 number as this carrier wants it."""
        national, e164, international = dialled_forms(number)
        return {"e164": e164, "international": international, "national": national}[self.number_format]


def phone_password(seed: str, account: str) -> str:
    """The SIP password of an account: derived, so that it is the same after every rendering and stored nowhere."""
    return hmac.new(seed.encode(), account.encode(), hashlib.sha256).hexdigest()[:24]


def dialled_forms(number: str) -> tuple[str, str, str]:
    """How a carrier may write an E.164 number of ours: national, international, with 00."""
    return "0" + number.removeprefix("+46"), number, "00" + number.removeprefix("+")


def render(
    municipalities: Iterable[Municipality],
    *,
    ports: Ports,
    trunk: Trunk,
    phone_seed: str,
    today: date,
    rota: Rota = NO_OVERRIDES,
    bind: str = "127.0.0.1",
    ami_certificate: str = "",
) -> Mapping[str, str]:
    """File name to text, for all of /etc/asterisk. The same input gives the same text.

    `rota` are the overrides of priority lines, by slug and the line's name.
    `ami_certificate` is the path of key and certificate (PEM) as Asterisk finds them; it turns TLS on.
    """
    words = {
        **RULES,
        **_until_the_horizon(today, rota),
        "municipalities": tuple(municipalities),
        "ports": ports,
        "trunk": trunk,
        "trunk_form": trunk.form,
        "bind": bind,
        "ami_certificate": ami_certificate,
        "phone_password": lambda account: phone_password(phone_seed, account),
    }
    environment = _environment(trunk)
    names = [name for name in environment.list_templates() if "/" not in name]  # a folder holds parts of the file of its name
    files = {name.removesuffix(".j2"): environment.get_template(name).render(words) for name in names}
    return files | dict.fromkeys(EMPTY_FILES, "")


RULES: Mapping[str, object] = dict(
    ask_timeout=ASK_TIMEOUT,
    horizon_days=HORIZON_DAYS,
    dialled_forms=dialled_forms,
    recorded=RECORDED,
    seats=SEATS,
    seat_waits=seat_waits,
    longest_seat_wait=longest_seat_wait,
    pause_keys=PAUSE_KEYS,
    targets=people.targets,
    topic_sound=topic_sound,
    returned=people.RETURNED,
    is_ours=people.is_ours,
    previous_seconds=PREVIOUS_SECONDS,
    accept_seconds=people.ACCEPT_SECONDS,
    voicemail_seconds=people.VOICEMAIL_SECONDS,
)
"""What the templates know whatever is rendered."""


def _until_the_horizon(today: date, rota: Rota) -> Mapping[str, object]:
    """What the templates know of the days that are rendered."""

    def rendered_intervals(hours: OpeningHours) -> list[Interval]:
        return intervals(hours, today, HORIZON_DAYS)

    def rendered_chain(municipality: Municipality, name: str) -> Chain:
        overrides = rota.get(municipality.slug, {}).get(name, {})
        return chain(municipality.priority_lines[name], today, HORIZON_DAYS, overrides)

    def phone_hours(municipality: Municipality) -> Iterable[list[Interval]]:
        return people.hours_of(municipality, today, HORIZON_DAYS)

    end = datetime.combine(today + timedelta(days=HORIZON_DAYS), datetime.min.time(), ZONE)
    return dict(today=today, intervals=rendered_intervals, chain=rendered_chain, phone_hours=phone_hours, horizon=int(end.timestamp()))


def _environment(trunk: Trunk) -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates"),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,
    )
    environment.filters |= {"in_words_of": _in_words_of, "trunk_form": trunk.form}
    return environment


def _in_words_of(text: str, municipality: Municipality) -> str:
    """A part of the dialplan with each sound file that it names (`kc/ID`) as this municipality's callers hear it."""
    return re.sub(r"\bkc/([a-z][a-z0-9_-]*)", lambda name: sound(municipality, name[1]), text)


def write_version(files: Mapping[str, str], root: Path) -> str:
    """Write the files as a new version under `root` and ask the supervisor for it; returns the version's name."""
    digest = hashlib.sha256("\0".join(f"{name}\0{files[name]}" for name in sorted(files)).encode()).hexdigest()[:16]
    folder = root / "versions" / digest
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    want(root, digest)
    return digest


def want(root: Path, version: str) -> None:
    """Ask the supervisor for a version that is written."""
    wanted = root / "wanted.new"
    wanted.write_text(version)
    os.replace(wanted, root / "wanted")  # the supervisor sees the old name or the new one, never half a file


@dataclass(frozen=True)
class Result:
    """What the supervisor said last: whether a version runs, else Asterisk's own words."""

    version: str = ""
    ok: bool = False
    message: str = ""


def result(root: Path) -> Result:
    """The supervisor's last word; an empty one before the first."""
    try:
        return Result(**json.loads((root / "result.json").read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return Result()


def activated(root: Path) -> str:
    """The version that the supervisor reports as running well; "" before the first, or when the last one was refused."""
    said = result(root)
    return said.version if said.ok else ""
