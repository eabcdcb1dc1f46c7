"""`python -m proof.transfers`: carry the demonstration out, print its table, write proof/results/transfers.json."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from pathlib import Path

from proof import transfers
from proof.transfers.stack import ProofError
from simulation import SippError

RESULTS = Path(__file__).parents[1] / "results" / "transfers.json"


def main() -> int:
    """Exit code 0 when nobody was lost in ours."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # a stop from outside, too, takes the containers away
    try:
        told = asyncio.run(transfers.run(_say))
    except (AssertionError, ProofError, SippError, TimeoutError) as error:
        _say(str(error))
        return 1
    except KeyboardInterrupt:
        _say("stopped, nothing was written")
        return 130
    print(transfers.table(told))
    RESULTS.write_text(json.dumps(told, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return 0


def _say(text: str) -> None:
    print(f"proof: {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
