"""Read Asterisk's own channel event log (CEL) and tell the stories of the calls that ended.

The columns are those of dialplan/templates/cel_custom.conf.j2. Reading goes on from a stored offset and survives rotation and half lines;
it must not count anything (the ledger does, once a call).
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from metrics.consultation import Consultations
from metrics.story import CallRecord, Story


@dataclass(frozen=True)
class Row:
    """One CEL line."""

    at: float
    event: str
    linkedid: str
    uniqueid: str
    channel: str
    peer: str
    fact: str
    detail: str
    parties: tuple[str, ...] = ()
    """The ids that an attended transfer names: of the talk, of the consultation, and of their channels."""


def parse(line: str) -> Row | None:
    """A line as a row, or None when it is not one (cut off, foreign)."""
    cells = next(csv.reader([line]), [])
    if len(cells) != 10:
        return None
    extra = _extra(cells[9])
    fact, _, detail = extra.get("extra", "").partition("/") if cells[8] == "KC" else ("", "", "")
    named = [value for name, value in extra.items() if name.endswith("_uniqueid")]
    parties = (cells[2], *named) if cells[1] == "ATTENDEDTRANSFER" else ()
    try:
        return Row(float(cells[0]), cells[1], cells[2], cells[3], cells[4], cells[7], fact, detail, parties)
    except ValueError:
        return None


def _extra(text: str) -> dict[str, str]:
    try:
        return {str(name): str(value) for name, value in json.loads(text).items()}
    except (ValueError, AttributeError):
        return {}


class CelStories:
    """Open calls as CEL tells them. A call starts with our own fact `entered`: legs that we dial never have it."""

    def __init__(self) -> None:
        self._open: dict[str, Story] = {}
        self._starts: dict[str, float] = {}
        self._consultations = Consultations()

    @property
    def open_calls(self) -> int:
        """How many calls have begun and not ended: while any is open, the position before it must stay the stored one."""
        return len(self._open)

    def feed(self, rows: Iterable[Row]) -> Iterator[CallRecord]:
        """Take rows in the order of the file; gives each call that has ended."""
        for row in rows:
            if row.event == "CHAN_START" and row.uniqueid == row.linkedid:
                self._starts[row.linkedid] = row.at
            elif row.fact == "entered":
                self._open[row.linkedid] = Story(row.linkedid, self._starts.get(row.linkedid, row.at))
            elif row.event == "LINKEDID_END":
                self._starts.pop(row.linkedid, None)
                self._open.pop(row.linkedid, None)
                self._consultations.forget(row.linkedid)
            elif row.parties:
                self._consultations.hand_over(row.parties, self._open, row.at)
            if (story := self._open.get(row.linkedid)) is None:
                self._consultations.tell(row.linkedid, row.fact, row.detail, row.at)
                continue
            if row.event == "BRIDGE_ENTER" and row.peer:
                story.tell("answered", "", row.at)
                story.answered_by = story.answered_by or _member(row, story)
            elif row.fact == "ended":
                yield self._open.pop(row.linkedid).record(row.at, source="logs")
            elif row.fact:
                story.tell(row.fact, row.detail, row.at)

    def cut_off(self, restarted: float) -> list[CallRecord]:
        """Calls that began before Asterisk's start at this epoch second and never ended: an error of ours, not of the caller's."""
        lost = [story for story in self._open.values() if story.started < restarted]
        for story in lost:
            del self._open[story.call_id]
        return [story.record(restarted, source="logs", error="restart") for story in lost]


def _member(row: Row, story: Story) -> str:
    """Who is in the bridge with the caller: the extension, from the other channel's name `PJSIP/lekeberg-1001-0000002a`."""
    other = row.peer if row.uniqueid == row.linkedid else row.channel
    return other.partition("/")[2].rpartition("-")[0].removeprefix(f"{story.municipality}-")


class Tail:
    """Whole new lines of a growing file, from a position that the caller stores."""

    def __init__(self, path: Path, position: str = "") -> None:
        self._path = path
        inode, _, offset = position.partition(":")
        self._inode, self._offset = int(inode or 0), int(offset or 0)

    @property
    def position(self) -> str:
        """`inode:bytes`, to be stored."""
        return f"{self._inode}:{self._offset}"

    def lines(self) -> list[str]:
        """What has been written since; nothing while the file is away. A new file (rotation, reinstallation) is read from its start."""
        try:
            with self._path.open("rb") as file:
                inode = self._path.stat().st_ino
                if inode != self._inode or self._path.stat().st_size < self._offset:
                    self._inode, self._offset = inode, 0
                file.seek(self._offset)
                whole = file.read().rpartition(b"\n")[0]
        except FileNotFoundError:
            return []
        if not whole:
            return []
        self._offset += len(whole) + 1
        return whole.decode("utf-8", "replace").split("\n")
