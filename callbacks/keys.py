"""Redis keys of this package: names, types and lives."""


def request(municipality: str, request_id: str) -> str:
    """String, JSON of `Request`; until the retention erases it."""
    return f"kc:{{{municipality}}}:callback:{request_id}"


def open_by_due(municipality: str, queue: str) -> str:
    """Sorted set of a queue's open request ids by due time (epoch seconds)."""
    return f"kc:{{{municipality}}}:callbacks:due:{queue}"


def open_by_matter(municipality: str) -> str:
    """Hash, `number|topic`, with `|owner` for a handler's, to the id of the open request about it."""
    return f"kc:{{{municipality}}}:callbacks:matter"


def of_call(municipality: str, call_id: str) -> str:
    """String, id of the request made in that call, for a day: a repeated registration finds its first."""
    return f"kc:{{{municipality}}}:callback-of-call:{call_id}"


def open_counts(municipality: str) -> str:
    """Hash, `queue|state` to the number of open requests."""
    return f"kc:{{{municipality}}}:callbacks:open"


def totals(municipality: str) -> str:
    """Hash, `name|label values` to a number since installation: what the counters of callbacks are read from."""
    return f"kc:{{{municipality}}}:callbacks:totals"
