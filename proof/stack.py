"""The demonstrations' stack of containers: beside a running one, the tests' and the bench's."""

from __future__ import annotations

import urllib.request
from collections.abc import Iterable, Mapping
from pathlib import Path

from redis.asyncio import Redis

from bench.containers import Containers, StackError
from dialplan.render import phone_password
from metrics.ledger import Ledger
from metrics.story import CallRecord
from simulation import Behaviour, FarEnd, Phone

PROJECT = "kontaktcenter-proof"
PORTS = {"KC_SIP_PORT": 9160, "KC_AMI_PORT": 26138, "KC_REDIS_PORT": 27479, "KC_WEB_PORT": 28600, "KC_PROMETHEUS_PORT": 29690,
         "KC_RTP_START": 43000, "KC_RTP_END": 52999, "KC_TRUNK_OUT_PORT": 6080}  # fmt: skip
"""Outside what the stack, the tests, the bench and SIPp use."""
MOST_ROWS = 1000


class Stack(Containers):
    """The running containers."""

    def __init__(self, files: Mapping[str, str], logged_in: Mapping[str, tuple[str, ...]]) -> None:
        """`files` are the municipalities' texts by slug, `logged_in` the guides who are in the queue from the start, by slug."""
        super().__init__(Path(__file__).parent, PROJECT, PORTS, files)
        self._logged_in = logged_in

    async def set_up(self) -> None:
        """Log in the guides."""
        for slug, guides in self._logged_in.items():
            self.log_in(slug, guides)

    def log_in(self, slug: str, guides: Iterable[str]) -> None:
        """Guides come to work. Raises StackError."""
        for guide in guides:
            phone = f"PJSIP/{slug}-{guide}"
            said = self.asterisk(f"queue add member {phone} to {slug}-guides penalty 0 as {guide} state_interface {phone}")
            if "Added interface" not in said:
                raise StackError(f"{phone} could not log in: {said.strip()}")

    def metrics(self) -> str:
        """One scrape of the controller."""
        with urllib.request.urlopen(f"http://127.0.0.1:{PORTS['KC_WEB_PORT']}/metrics", timeout=10) as answer:
            return str(answer.read().decode())

    def phone(self, slug: str, extension: str, talk: float) -> Phone:
        """A guide's phone that answers, and hangs up after so many seconds; registered while it is used."""
        account = f"{slug}-{extension}"
        password = phone_password(self.settings.phone_seed, account)
        return Phone(account, password, answers_after=0.5, talk=talk, registrar=self.address)

    def far_end(self, otherwise: Behaviour) -> FarEnd:
        """The trunk's far end."""
        return FarEnd(self.address, PORTS["KC_TRUNK_OUT_PORT"], {}, otherwise)

    async def rows(self, slug: str, since: float) -> list[CallRecord]:
        """The ledger's rows of the calls that started after this epoch second, the first one first."""
        async with Redis(port=PORTS["KC_REDIS_PORT"], password=self.settings.redis_password, decode_responses=True) as redis:
            found = await Ledger(redis).latest(slug, MOST_ROWS)
        return sorted((row for row in found if row.started >= since), key=lambda row: row.started)
