"""Keep Asterisk running on the newest good version of its configuration.

Runs in Asterisk's container with nothing but the standard library. The controller writes versions and the name of the one it wants on
a shared volume; this checks, swaps in, reloads, and writes the result beside it. On failure the previous version stays.
It must not decide anything about calls.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(os.environ.get("KC_RENDERED", "/var/lib/kontaktcenter/rendered"))
ETC = Path("/etc/asterisk")
RECORDED = Path("/var/lib/asterisk/crisis")
"""Where Asterisk writes what guides record; the folder lies on a volume, so an image cannot bring it along."""
RELOADS = ("dialplan reload", "module reload res_pjsip.so", "queue reload all")
POLL_SECONDS = 0.5
SECRET = "${KC_AMI_SECRET}"
"""Stands in the rendered files for the secret of this container's environment."""


def say(text: str) -> None:
    print(f"supervisor: {text}", flush=True)


def wanted() -> str:
    """The version that the controller asks for, or nothing before the first."""
    try:
        return (ROOT / "wanted").read_text().strip()
    except FileNotFoundError:
        return ""


def install(version: str) -> None:
    """Put a version's files in place. Raises FileNotFoundError when the version is not whole."""
    folder = ROOT / "versions" / version
    for needed in ("extensions.conf", "pjsip.conf", "queues.conf", "manager.conf", "modules.conf"):
        if not (folder / needed).stat().st_size:
            raise FileNotFoundError(f"{needed} is empty in version {version}")
    for path in folder.iterdir():
        text = path.read_text(encoding="utf-8")
        (ETC / path.name).write_text(text.replace(SECRET, os.environ[SECRET[2:-1]]), encoding="utf-8")
        os.chmod(ETC / path.name, 0o640)
        shutil.chown(ETC / path.name, "root", "asterisk")


def reload() -> None:
    """Run the reloads. Raises RuntimeError with Asterisk's own words when one fails."""
    for command in RELOADS:
        done = subprocess.run(["asterisk", "-rx", command], capture_output=True, text=True, timeout=30)
        if done.returncode or "error" in done.stdout.lower():
            raise RuntimeError(f"{command}: {done.stdout}{done.stderr}".strip())


def swap(version: str, previous: str) -> str:
    """Go over to a version while calls go on; returns the version that runs afterwards."""
    try:
        install(version)
        reload()
    except (OSError, RuntimeError, subprocess.TimeoutExpired) as error:
        say(f"version {version} refused: {error}; {previous} stays")
        install(previous)
        reload()
        report(version, ok=False, message=str(error))
        return previous
    report(version, ok=True, message="active")
    say(f"version {version} is active")
    return version


def report(version: str, *, ok: bool, message: str) -> None:
    """Write the result where the controller reads it."""
    new = ROOT / "result.new"
    new.write_text(json.dumps({"version": version, "ok": ok, "message": message}))
    os.replace(new, ROOT / "result.json")


def main() -> int:
    """Wait for the first version, run Asterisk, follow later versions; returns Asterisk's exit code."""
    if not os.environ.get(SECRET[2:-1]):
        say(f"{SECRET[2:-1]} is not set: run setup/secrets.sh, it stands in secrets.env")
        return 1
    while not (version := wanted()):
        time.sleep(POLL_SECONDS)
    install(version)
    RECORDED.mkdir(exist_ok=True)
    shutil.chown(RECORDED, "asterisk", "asterisk")
    asterisk = subprocess.Popen(["asterisk", "-f", "-U", "asterisk", "-G", "asterisk"])
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: asterisk.terminate())
    report(version, ok=True, message="active")
    refused = ""
    while asterisk.poll() is None:
        time.sleep(POLL_SECONDS)
        if (new := wanted()) not in (version, refused):
            version = swap(new, version)
            refused = "" if version == new else new
        elif new == version and refused:  # the controller has taken the refused one back
            report(version, ok=True, message="active")
            refused = ""
    return asterisk.returncode


if __name__ == "__main__":
    sys.exit(main())
