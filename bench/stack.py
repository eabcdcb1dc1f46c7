"""The bench's own stack of containers, beside a running one and the tests': project name, ports, twin dialplan, CPU time."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from bench.containers import ROOT, Containers
from bench.containers import StackError as BenchError
from bench.municipality import QUEUE, SLUG, TWIN_NUMBER, accounts, municipality_file
from dialplan.render import phone_password

PORTS = {"KC_SIP_PORT": 9060, "KC_AMI_PORT": 26038, "KC_REDIS_PORT": 27379, "KC_WEB_PORT": 28500, "KC_PROMETHEUS_PORT": 29590,
         "KC_RTP_START": 33000, "KC_RTP_END": 42999, "KC_TRUNK_OUT_PORT": 6079}  # fmt: skip
"""Outside what the stack, the tests and SIPp use. Each call holds four ports of the RTP range."""
TWIN = ("Answer(,i)", "Read(KC_KEY,kc/menu,1,e,1,2)", f"Queue({QUEUE})")
"""The same menu in plain dialplan: the product's prompt, the way it reads a key, and its queue."""

__all__ = ["PORTS", "ROOT", "BenchError", "Stack", "cpu_seconds"]


def cpu_seconds(process: int) -> float:
    """CPU time that a process has used so far, its threads included."""
    fields = Path(f"/proc/{process}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")  # utime and stime, fields 14 and 15 of proc(5)


class Stack(Containers):
    """The running containers, with the guides logged in and the twin's dialplan beside the product's."""

    def __init__(self, guides: int) -> None:
        real = (ROOT / "municipalities" / "lekeberg.toml").read_text(encoding="utf-8")
        super().__init__(Path(__file__).parent, "kontaktcenter-bench", PORTS, {SLUG: municipality_file(real, guides)})
        self.passwords = {account: phone_password(self.settings.phone_seed, account) for account in accounts(guides)}

    async def set_up(self) -> None:
        """Log in the guides, and add the twin."""
        self._log_in()
        self._add_twin()

    def process(self, service: str, command: str) -> int:
        """The host's id of the one process of a service that has this in its command line."""
        lines = self.docker("top", self.container(service), "-eo", "pid,args").splitlines()[1:]
        found = [int(line.split(None, 1)[0]) for line in lines if command in line]
        if len(found) != 1:
            raise BenchError(f"{len(found)} processes {command!r} in {service}")
        return found[0]

    def _log_in(self) -> None:
        """All guides, in one run of the console: members of the queue, as the code on their phone would make them."""
        adding = f"queue add member PJSIP/$1 to {QUEUE} penalty 0 as $2 state_interface PJSIP/$1"
        loop = f'while read -r account extension; do set -- "$account" "$extension"; asterisk -rx "{adding}" </dev/null; done'
        accounts = "".join(f"{account} {account.rpartition('-')[2]}\n" for account in self.passwords)
        command = ["docker", "exec", "-i", self.container("asterisk"), "sh", "-c", loop]
        done = subprocess.run(command, input=accounts, capture_output=True, text=True, check=False)
        if done.stdout.count("Added interface") != len(self.passwords):
            raise BenchError(f"not every guide could log in: {done.stdout[-300:]}{done.stderr}")

    def _add_twin(self) -> None:
        """Over Asterisk's console, so that the product's own files stay as they are; it lasts until the next reload."""
        for priority, application in enumerate(TWIN, start=1):
            said = self.asterisk(f"dialplan add extension {TWIN_NUMBER},{priority},{application} into trunk-in")
            if "added" not in said:
                raise BenchError(f"the twin's dialplan was not taken: {said.strip()}")
