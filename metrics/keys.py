"""Redis keys of this package: names, types and lives."""


def call(municipality: str, call_id: str) -> str:
    """String, JSON of `CallRecord`; as long as the retention says."""
    return f"kc:{{{municipality}}}:call:{call_id}"


def calls(municipality: str) -> str:
    """Sorted set of call ids by the time they ended (epoch seconds)."""
    return f"kc:{{{municipality}}}:calls"


def totals(municipality: str) -> str:
    """Hash, `name|label values` to a number since installation: what the counters of calls are read from."""
    return f"kc:{{{municipality}}}:totals"


def previous_guide(municipality: str, number: str) -> str:
    """String, the extension of the guide who answered this number last; 24 hours from the end of that call, and only where the file
    asks for it (`routing.municipality.Municipality.remembers_guide`)."""
    return f"kc:{{{municipality}}}:previous-guide:{number}"


def cel_offset(municipality: str) -> str:
    """String, `inode:bytes` of Asterisk's CEL file that have been read."""
    return f"kc:{{{municipality}}}:cel-offset"
