"""Judge a municipality in a process of its own: the walk of its calls is seconds of computing, which in this one would slow callers down.

`python -m ivr.judgement` is that process: it reads what to judge and writes what it found, both pickled, over pipes to its own parent.
"""

from __future__ import annotations

import asyncio
import pickle
import signal
import sys
from datetime import datetime

from dialplan.prompts.own import text_problems
from ivr import overrides
from ivr.proof import problems, prove_municipality
from routing.hours import ZONE
from routing.municipality import Municipality
from routing.problem import Problem
from routing.rota import rota_problems

JUDGED_SECONDS = 120.0
"""Two to four seconds of computing, many times over: whoever answers callers goes first."""
PROGRAM = ("nice", "-n", "10", sys.executable, "-m", "ivr.judgement")


class NotJudged(RuntimeError):
    """The process ended without a verdict, or takes too long."""


def judge(municipality: Municipality, at: datetime, lines: overrides.Lines) -> tuple[Problem, ...]:
    """All that speaks against serving it from this moment on, though it can be read: ways on which a call would end nowhere.

    `lines` are the exceptions to its shifts.
    """
    slug, today = municipality.slug, at.astimezone(ZONE).date()
    if found := (*overrides.strangers(municipality, lines, today, slug),):
        return found  # whom they mean is not known, so neither is who is on duty
    unmanned, _ = rota_problems(municipality, at, lines)
    return (*text_problems(slug, municipality), *unmanned, *problems(slug, prove_municipality(municipality, today)))


async def judged(municipality: Municipality, at: datetime, lines: overrides.Lines) -> tuple[Problem, ...]:
    """What `judge` says, from a process that yields to everything else. Raises NotJudged; whoever no longer waits ends the process."""
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*PROGRAM, stdin=pipe, stdout=pipe)
    try:
        async with asyncio.timeout(JUDGED_SECONDS):
            written, _ = await process.communicate(pickle.dumps((municipality, at, dict(lines))))
    except TimeoutError as error:
        raise NotJudged(f"it took longer than {JUDGED_SECONDS:.0f} s") from error
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode:
        raise NotJudged(f"its process {_ended(process.returncode)}")
    found: tuple[Problem, ...] = pickle.loads(written)
    return found


def _ended(status: int) -> str:
    return f"was ended by {signal.Signals(-status).name}" if status < 0 else f"failed with status {status}"


if __name__ == "__main__":
    sys.stdout.buffer.write(pickle.dumps(judge(*pickle.load(sys.stdin.buffer))))
