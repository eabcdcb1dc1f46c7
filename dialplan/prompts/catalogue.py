"""The catalogue of spoken texts: the fixed ones from its file, the families (digits, places, dates, times of day) built by rule, and
what a municipality says in words of its own."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:  # the prompts are built where the municipality's model is not installed
    from routing.municipality import Municipality

WORDS = (
    "noll", "ett", "två", "tre", "fyra", "fem", "sex", "sju", "åtta", "nio", "tio", "elva", "tolv",
    "tretton", "fjorton", "femton", "sexton", "sjutton", "arton", "nitton", "tjugo",
)  # fmt: skip
ORDINALS = (
    "första", "andra", "tredje", "fjärde", "femte", "sjätte", "sjunde", "åttonde", "nionde", "tionde", "elfte", "tolfte",
    "trettonde", "fjortonde", "femtonde", "sextonde", "sjuttonde", "artonde", "nittonde", "tjugonde",
    "tjugoförsta", "tjugoandra", "tjugotredje", "tjugofjärde", "tjugofemte", "tjugosjätte", "tjugosjunde", "tjugoåttonde", "tjugonionde",
    "trettionde", "trettioförsta",
)  # fmt: skip
MONTHS = (
    "januari", "februari", "mars", "april", "maj", "juni", "juli", "augusti", "september", "oktober", "november", "december",
)  # fmt: skip
OF = "of: "
"""Before the parts of a text: the slug of the municipality that alone may play it."""
LONGEST_POSITION = 20
"""Places in a queue beyond this are not counted aloud."""
LONGEST_ESTIMATE = 30
"""Minutes of waiting that are said at most."""
QUARTER = 15
"""Minutes between two times of day that can be said."""


@dataclass(frozen=True)
class Part:
    """A piece of a prompt: spoken text, silence of so many seconds, or a tone (`hertz seconds`)."""

    kind: Literal["sv", "en", "pause", "tone"]
    text: str


Catalogue = dict[str, tuple[Part, ...]]


def load() -> Catalogue:
    """Every prompt by id. Raises ValueError for a part of an unknown kind."""
    fixed = {name: parsed(part for part in parts if not part.startswith(OF)) for name, parts in _fixed().items()}
    families = {f"digit-{digit}": WORDS[digit] for digit in range(10)}
    families |= {f"queue-position-{place}": f"Du är nummer {WORDS[place]} i kön." for place in range(1, LONGEST_POSITION + 1)}
    families |= {f"queue-minutes-{minutes}": f"Väntetiden är ungefär {_minutes(minutes)}." for minutes in range(1, LONGEST_ESTIMATE + 1)}
    families |= {time_id(hour, minute): f"klockan {clock(hour, minute)}," for hour in range(24) for minute in range(0, 60, QUARTER)}
    families |= {f"date-{day}": f"den {ordinal}" for day, ordinal in enumerate(ORDINALS, 1)}
    families |= {f"month-{month}": name for month, name in enumerate(MONTHS, 1)}
    return fixed | {name: (Part("sv", text),) for name, text in families.items()}


def belonging() -> dict[str, str]:
    """The texts that tell of one municipality (its name, number or keys), by id: whose they are. Nobody else may play them."""
    return {name: parts[0].removeprefix(OF) for name, parts in _fixed().items() if parts[0].startswith(OF)}


def sound(municipality: Municipality, prompt: str) -> str:
    """The file that is played for a prompt, as Asterisk names it: the municipality's own where it has one, else the catalogue's."""
    return f"kc/{municipality.slug}/{prompt}" if prompt in municipality.texts else f"kc/{prompt}"


def topic_sound(title: str) -> str:
    """The file that says a topic's title: by the title itself, so that municipalities with the same one share it."""
    plain = unicodedata.normalize("NFKD", title.lower()).encode("ascii", "ignore").decode()
    return f"kc/topic-{re.sub('[^a-z0-9]+', '-', plain).strip('-')}"


def topics(municipality: Municipality) -> Catalogue:
    """The titles of a municipality's topics as they are said to a guide, by the file names of `topic_sound`."""
    return {topic_sound(topic.title): _title(topic.title) for topic in municipality.topics.values()}


def heard(municipality: Municipality) -> Catalogue:
    """Every prompt by id, in the words that this municipality's callers hear."""
    return load() | {name: parsed(parts) for name, parts in municipality.texts.items()}


def own_files(folder: Path) -> Catalogue:
    """The texts of all municipalities' files in a folder, by the file names of `sound` and `topic_sound`. Raises ValueError, as `load`."""
    files = [tomllib.loads(file.read_text(encoding="utf-8")) for file in sorted(folder.glob("*.toml"))]
    own = {f"kc/{raw['slug']}/{name}": parsed(parts) for raw in files for name, parts in raw.get("texts", {}).items()}
    titles = (topic["title"] for raw in files for topic in raw.get("topics", {}).values())
    return own | {topic_sound(title): _title(title) for title in titles}


def _title(title: str) -> tuple[Part, ...]:
    return (Part("sv", f"{title}."),)


def parsed(parts: Iterable[str]) -> tuple[Part, ...]:
    """A text as it is written. Raises ValueError for a part of an unknown kind."""
    return tuple(map(_part, parts))


def _fixed() -> dict[str, list[str]]:
    return tomllib.loads((Path(__file__).parent / "catalogue.toml").read_text(encoding="utf-8"))


def asterisks_own() -> Catalogue:
    """What Asterisk's applications play by themselves, by its file names. Raises ValueError for a part of an unknown kind."""
    raw = tomllib.loads((Path(__file__).parent / "asterisk.toml").read_text(encoding="utf-8"))
    parts = {name: _part(text) for name, text in raw.items()} | {f"digits/{n}": Part("sv", word) for n, word in enumerate(WORDS)}
    return {name: (part,) for name, part in parts.items()}


def time_id(hour: int, minute: int) -> str:
    """The prompt of a time of day on a quarter."""
    return f"time-{hour:02}{minute:02}"


def clock(hour: int, minute: int) -> str:
    """A quarter of an hour as it is said: kvart över tre, halv fyra, kvart i fyra."""
    this, following = (WORDS[(hour + ahead - 1) % 12 + 1] for ahead in (0, 1))
    return {0: this, 15: f"kvart över {this}", 30: f"halv {following}", 45: f"kvart i {following}"}[minute]


def _minutes(count: int) -> str:
    """A number of minutes as it is said, 1 to 30: a minute is "en", not "ett"."""
    tens, ones = divmod(count, 10)
    words = WORDS[count] if count <= 20 else f"{('', '', 'tjugo', 'trettio')[tens]}{WORDS[ones] if ones else ''}"
    return "en minut" if count == 1 else f"{words[:-3] + 'en' if ones == 1 and count > 20 else words} minuter"


def _part(text: str) -> Part:
    match text.partition(": "):
        case ("sv" | "en" | "pause" | "tone" as kind, ": ", spoken):
            return Part(kind, spoken)
    raise ValueError(f"{text!r}: a part begins with 'sv: ', 'en: ', 'pause: ' or 'tone: '")
