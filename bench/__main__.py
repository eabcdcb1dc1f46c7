"""`python -m bench [calls|promises] [--quick]`: measure, print the table, write bench/results. A goal that is not reached is no error."""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from bench import comparison, promises
from bench.measure import QUICK, WHOLE, run
from bench.stack import BenchError
from simulation import SippError, share_ports


def main() -> int:
    """Exit code 0 when everything was measured."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=sys.modules["bench"].__doc__)
    parser.add_argument("part", nargs="?", choices=["calls", "promises"], help="the one part to measure; both when left out")
    parser.add_argument("--quick", action="store_true", help="calls: one round without the highest rate; writes no file")
    asked = parser.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # a stop from outside, too, takes the containers away
    share_ports(3, 4)  # beside the tests, which take theirs from the beginning of the same range
    try:
        if asked.part != "promises":
            tell(comparison.compare(asyncio.run(run(QUICK if asked.quick else WHOLE))), None if asked.quick else comparison.RESULTS)
        if asked.part != "calls":
            tell(asyncio.run(promises.run()), promises.RESULTS)
    except (BenchError, SippError, TimeoutError) as error:
        print(f"bench: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("bench: stopped, nothing more was written", file=sys.stderr)
        return 130
    return 0


def tell(told: Sequence[comparison.Comparison], results: Path | None) -> None:
    """Print the table, and write the rows where there is a file for them."""
    print(comparison.table(told))
    if results:
        comparison.write(told, results)


if __name__ == "__main__":
    sys.exit(main())
