"""One thing that is wrong with what a municipality decides: where, why, and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong in a file, and what to do about it."""

    file: str
    key: str
    reason: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.file}: {self.key}: {self.reason}. {self.remedy}"
