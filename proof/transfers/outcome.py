"""What became of a call: told by the phones alone, or, where the product promises, by phones, ledger and store together. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import Literal, get_args

from metrics.story import CallRecord
from proof.transfers.calls import Call

Outcome = Literal["answered", "guide", "callback", "hung_up", "lost"]
"""The handler answered; a guide had the caller again; that handler rings back; the citizen hung up by own choice; nobody."""
OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)


def plain(call: Call) -> Outcome:
    """Of a call through the plain dialplan, which promises nothing."""
    if call.handler_talked:
        return "answered"
    if call.guides:
        return "guide"
    return "hung_up" if call.hung_up else "lost"


def ours(call: Call, row: CallRecord | None, owners: Mapping[str, str]) -> Outcome:
    """Of a call through the product. `owners` are the handlers of the open callbacks, by id: an order that is not there is none.

    The ledger alone is not believed: a handler's talk must have been seen at the handler's phone.
    """
    if call.stranded or row is None:
        return "lost"
    if call.handler_talked and row.transfers and row.transfers[-1].outcome == "answered":
        return "answered"
    if row.callback_id and owners.get(row.callback_id) == call.phone.extension:
        return "callback"
    if row.returns and row.returns[-1].outcome == "answered":
        return "guide"
    return "hung_up" if call.hung_up else "lost"


def row_of(call: Call, rows: Collection[CallRecord]) -> CallRecord | None:
    """The ledger's row of a call: a number rings once at a time."""
    found = [row for row in rows if row.number == call.number and row.started >= call.began - 1]
    return min(found, key=lambda row: row.started, default=None)


def count(outcomes: Sequence[Outcome]) -> dict[Outcome, int]:
    """How many of each, none left out."""
    counted = Counter(outcomes)
    return {outcome: counted[outcome] for outcome in OUTCOMES}
