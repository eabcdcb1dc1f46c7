"""Make the sound files: espeak-ng speaks, sox joins, levels and converts. A site's own recording wins, file by file.

Run as `python -m dialplan.prompts.build OUTDIR MUNICIPALITIES [RECORDINGS]`; writes OUTDIR/se/kc/ID.wav (ours), OUTDIR/se/kc/SLUG/ID.wav
(the texts of each file in the folder MUNICIPALITIES), OUTDIR/se/… (what Asterisk plays by itself), OUTDIR/moh/calm.wav,
OUTDIR/moh-NAME/search.wav and a list of placeholders. RECORDINGS holds files under the same names.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from dialplan.prompts.catalogue import Part, asterisks_own, load, own_files

WORDS_A_MINUTE = 150
RATE = 8000
"""Hz; the telephone's own."""
SILENT = ("-n", "-r", str(RATE), "-c", "1", "-b", "16")
"""sox's words for: no input, the telephone's format."""


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True)


def _speak(part: Part, target: Path) -> None:
    if part.kind == "pause":
        return _run("sox", *SILENT, str(target), "trim", "0", part.text)
    if part.kind == "tone":
        hertz, seconds = part.text.split()
        return _run("sox", *SILENT, str(target), "synth", seconds, "sine", hertz, "gain", "-n", "-12")
    raw = target.with_suffix(".raw.wav")
    _run("espeak-ng", "-v", part.kind, "-s", str(WORDS_A_MINUTE), "-w", str(raw), part.text)
    _run("sox", str(raw), "-r", str(RATE), "-c", "1", "-b", "16", str(target), "gain", "-n", "-3")


def speak(parts: tuple[Part, ...], target: Path) -> None:
    """Make one prompt as a levelled wav file (8 kHz, mono, 16 bit). Raises subprocess.CalledProcessError."""
    with tempfile.TemporaryDirectory() as folder:
        pieces = [Path(folder) / f"{number}.wav" for number in range(len(parts))]
        for part, piece in zip(parts, pieces, strict=True):
            _speak(part, piece)
        _run("sox", *map(str, pieces), str(target))


def hold_music(target: Path) -> None:
    """Thirty quiet seconds of a slow chord, so that a waiting caller knows the line is alive."""
    tones = ["sine", "220", "sine", "277.18", "sine", "329.63"]
    loudness = ["tremolo", "0.2", "60", "gain", "-n", "-22"]
    _run("sox", *SILENT, str(target), "synth", "30", *tones, "remix", "1-3", *loudness)


SEARCHES = {
    "concern-first": ("concern-start", 4, "concern-seeking", 11, "concern-still", 11, "concern-seeking", 11, "concern-still", 11),
    "concern-again": (10, "concern-still", 11, "concern-seeking", 11),
}
"""What is heard while somebody is looked for: prompts, and seconds of music between them, so that there are words each 15 s."""


def search_music(kc: Path, music: Path, parts: tuple[str | int, ...], target: Path) -> None:
    """One file with words at their times, of finished prompts (`kc`) and hold music."""
    with tempfile.TemporaryDirectory() as folder:
        pieces: list[str] = []
        for number, part in enumerate(parts):
            if isinstance(part, str):
                pieces.append(str(kc / f"{part}.wav"))
            else:
                pieces.append(str(Path(folder) / f"{number}.wav"))
                _run("sox", str(music), pieces[-1], "trim", "0", str(part))
        _run("sox", *pieces, str(target))


def build(out: Path, municipalities: Path, recordings: Path | None = None) -> list[str]:
    """Make every file; returns the names that are placeholders (spoken by a machine)."""
    catalogue = {f"kc/{name}": parts for name, parts in load().items()} | own_files(municipalities) | asterisks_own()
    for folder in {out / "moh", *((out / "se" / name).parent for name in catalogue)}:
        folder.mkdir(parents=True, exist_ok=True)
    hold_music(out / "moh" / "calm.wav")
    own = {name: path for name in catalogue if recordings and (path := recordings / f"{name}.wav").exists()}
    spoken = sorted(catalogue.keys() - own.keys())
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(lambda name: speak(catalogue[name], out / "se" / f"{name}.wav"), spoken))
    for name, recording in own.items():
        shutil.copyfile(recording, out / "se" / f"{name}.wav")
    for name, parts in SEARCHES.items():
        (out / f"moh-{name}").mkdir(exist_ok=True)
        search_music(out / "se" / "kc", out / "moh" / "calm.wav", parts, out / f"moh-{name}" / "search.wav")
    (out / "placeholders.json").write_text(json.dumps(spoken, indent=1), encoding="utf-8")
    return spoken


if __name__ == "__main__":
    made = build(*map(Path, sys.argv[1:]))
    print(f"{len(made)} prompts made")
