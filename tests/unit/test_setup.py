"""What the set-up says when it cannot: one sentence that names the trouble and the remedy, and a non-zero exit."""

from __future__ import annotations

import os
import socket
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]
NOBODY = 65534


def run(script: str, user: int | None = None, **environment: str) -> subprocess.CompletedProcess[str]:
    command = ["bash", str(ROOT / "setup" / script)]
    return subprocess.run(
        command, cwd=ROOT, env=os.environ | environment, user=user, group=user, extra_groups=[] if user else None,
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip


def test_a_user_without_rights_hears_which_are_needed() -> None:
    done = run("engine.sh", user=NOBODY)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "run as root, or as a member of the group docker" in done.stderr


def test_a_taken_port_is_named_with_who_has_it_and_how_to_choose_another() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        done = run("up.sh", COMPOSE_PROJECT_NAME="kontaktcenter-test-port", KC_SIP_PORT=str(port))
    assert done.returncode == 1
    assert f"port {port} is taken by" in done.stderr
    assert f"process {os.getpid()}" in done.stderr
    assert "KC_SIP_PORT=PORT make up" in done.stderr


def test_a_full_disk_is_named_before_anything_is_built(tmp_path: Path) -> None:
    full = tmp_path / "df"
    full.write_text("#!/bin/sh\necho Avail\necho 12M\n")
    full.chmod(0o755)
    done = run("images.sh", PATH=f"{tmp_path}:{os.environ['PATH']}")
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "only 12 MB are free" in done.stderr


def test_secrets_are_made_once_and_are_the_owners_alone(tmp_path: Path) -> None:
    def made() -> str:
        subprocess.run(["bash", str(ROOT / "setup" / "secrets.sh")], cwd=tmp_path, check=True)
        return (tmp_path / "secrets.env").read_text()

    first = made()
    assert made() == first
    assert ((tmp_path / "secrets.env").stat().st_mode & 0o777) == 0o600
    values = [line.partition("=")[2] for line in first.splitlines()]
    assert len(values) == len(set(values)) == 3
    assert all(len(value) >= 32 for value in values)
