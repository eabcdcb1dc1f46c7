"""`python -m proof NAME`: play a demonstration, print its figures, write proof/results/NAME.json. Exit code 1 when it did not hold."""

from __future__ import annotations

import argparse
import asyncio
import json
import signal
import sys
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType

from bench.containers import StackError
from proof import crashes, day, priority, transfers
from simulation import SippError, share_ports

DEMONSTRATIONS: Mapping[str, ModuleType] = {"crashes": crashes, "day": day, "priority": priority, "transfers": transfers}
"""Each with `run(say)`, which gives the figures or raises AssertionError, and `table(figures)`."""
RESULTS = Path(__file__).parent / "results"


def main() -> int:
    """Exit code 0 when the demonstration held."""
    parser = argparse.ArgumentParser(prog="python -m proof", description=sys.modules["proof"].__doc__)
    parser.add_argument("name", choices=[*DEMONSTRATIONS])
    name = parser.parse_args().name
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # a stop from outside, too, takes the containers away
    share_ports(7, 8)  # beside the tests, which take theirs from the beginning of the same range
    try:
        found = asyncio.run(DEMONSTRATIONS[name].run(_say))
    except (AssertionError, StackError, SippError, TimeoutError) as error:
        _say(str(error))
        return 1
    except KeyboardInterrupt:
        _say("stopped, nothing was written")
        return 130
    print(DEMONSTRATIONS[name].table(found))
    (RESULTS / f"{name}.json").write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    return 0


def _say(text: str) -> None:
    print(f"proof: {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
