"""Redis keys of this package: names, types and lives. All of a municipality lie in one cluster slot (its slug in braces)."""

from __future__ import annotations

import hashlib
from datetime import datetime


def prefix(municipality: str) -> str:
    """What every key of a municipality begins with; the scripts make the other names of it, as below."""
    return f"kc:{{{municipality}}}:"


def request(municipality: str, request_id: str) -> str:
    """Hash, the record: flat strings, times in epoch seconds; until the retention erases it."""
    return f"{prefix(municipality)}callback:{request_id}"


def history(municipality: str, request_id: str) -> str:
    """List, JSON of each `Entry`: append-only, lives as long as its record."""
    return f"{request(municipality, request_id)}:history"


def operation(municipality: str, operation_id: str) -> str:
    """String, `word|request id`: what an operation has answered, for a day."""
    return f"{prefix(municipality)}callback-op:{operation_id}"


def due(municipality: str, list_: str) -> str:
    """Sorted set of the open request ids of a list (`queue/NAME`, `owner/EXTENSION`, `pool`, `protected`) by due time."""
    return f"{prefix(municipality)}callbacks:due:{list_}"


def ready(municipality: str, queue: str) -> str:
    """Sorted set of the ids that may be dialled now, by place."""
    return f"{prefix(municipality)}callbacks:ready:{queue}"


def held(municipality: str) -> str:
    """Sorted set of the ids that the program will dial, by the moment from which it may."""
    return f"{prefix(municipality)}callbacks:held"


def leases(municipality: str) -> str:
    """Sorted set of the ids that somebody works on, by the end of the lease."""
    return f"{prefix(municipality)}callbacks:leases"


def follow_up(municipality: str) -> str:
    """Sorted set of the open ids by the moment of the next follow-up."""
    return f"{prefix(municipality)}callbacks:follow-up"


def closed(municipality: str) -> str:
    """Sorted set of the closed ids by the moment of closing, until the retention has erased their rows."""
    return f"{prefix(municipality)}callbacks:closed"


def numbered(municipality: str) -> str:
    """Sorted set of those closed ids whose numbers are still kept, by the moment of closing."""
    return f"{prefix(municipality)}callbacks:numbered"


def retention(municipality: str) -> str:
    """String, epoch seconds: when the retention last went through everything."""
    return f"{prefix(municipality)}callbacks:retention"


def of_number(municipality: str, number: str) -> str:
    """Sorted set of a number's open ids by due time."""
    return f"{prefix(municipality)}callbacks:of-number:{number}"


def closed_of_number(municipality: str, number: str) -> str:
    """Sorted set of a number's closed ids by the moment of closing, for as long as the retention keeps numbers."""
    return f"{prefix(municipality)}callbacks:closed-of-number:{number}"


def live(municipality: str) -> str:
    """Hash, number to the id of the one request whose attempt is under way."""
    return f"{prefix(municipality)}callbacks:live"


def dials(municipality: str, number: str = "") -> str:
    """Sorted set of attempts by their moment: all of the last hour, or a number's of two days."""
    return f"{prefix(municipality)}callbacks:dials" + (f":{number}" if number else "")


def open_in(municipality: str, queue: str, state: str) -> str:
    """Sorted set of a queue's open ids in a state by due time: how many there are costs nothing to tell."""
    return f"{prefix(municipality)}callbacks:open:{queue}|{state}"


def totals(municipality: str) -> str:
    """Hash, `name|label values` to a number since installation: what the counters of callbacks are read from."""
    return f"{prefix(municipality)}callbacks:totals"


def trace_position(installation: str) -> str:
    """String, `inode:bytes`: how far Asterisk's queue log has been read for attempts."""
    return f"kc:{{{installation}}}:callbacks:trace-position"


def changes(municipality: str) -> str:
    """Stream of the last changes, some ten thousand: `id`, `lists` (it stands in or has just left), `entry` (a line of the history)."""
    return f"{prefix(municipality)}callbacks:changes"


def digest(municipality: str, slot: datetime, address: str) -> str:
    """String, `begun` or `sent`: whether a recipient's digest of a day's time was sent; minutes, then two days."""
    recipient = hashlib.sha256(address.encode()).hexdigest()[:16]
    return f"{prefix(municipality)}callbacks:digest:{int(slot.timestamp())}:{recipient}"


def webhook(municipality: str) -> str:
    """String, the position of the last change that the webhook has taken."""
    return f"{prefix(municipality)}callbacks:webhook"


def link(municipality: str, digest: str) -> str:
    """String, there while a link of a mail that was used would still be good. `digest` is of the link, never itself."""
    return f"{prefix(municipality)}callbacks:link:{digest}"
