"""`python -m bench [--quick]`: measure, print the table, write bench/results/latest.json. A goal that is not reached is no error."""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys

from bench import comparison
from bench.measure import QUICK, WHOLE, run
from bench.stack import BenchError
from simulation import SippError, share_ports


def main() -> int:
    """Exit code 0 when everything was measured."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=sys.modules["bench"].__doc__)
    parser.add_argument("--quick", action="store_true", help="one round without the highest rate; writes no file")
    is_quick = parser.parse_args().quick
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # a stop from outside, too, takes the containers away
    share_ports(3, 4)  # beside the tests, which take theirs from the beginning of the same range
    try:
        told = comparison.compare(asyncio.run(run(QUICK if is_quick else WHOLE)))
    except (BenchError, SippError, TimeoutError) as error:
        print(f"bench: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("bench: stopped, nothing was written", file=sys.stderr)
        return 130
    print(comparison.table(told))
    if not is_quick:
        comparison.write(told)
    return 0


if __name__ == "__main__":
    sys.exit(main())
