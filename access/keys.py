"""Redis keys of this package: names, types and lives."""


def token(digest: str) -> str:
    """String, JSON of `Holder`; Redis lets it go when the token expires."""
    return f"kc:access:token:{digest}"


def audit() -> str:
    """Stream, `entry`: JSON of `Audited`."""
    return "kc:access:audit"
