"""What the containers hold: a manager interface over TLS, the adapter on the stack's own Python, every sound that Asterisk may ask for."""

from __future__ import annotations

import json
import re
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import aclosing, contextmanager
from datetime import date
from pathlib import Path

import pytest

from dialplan.render import Ports, Trunk, render, write_version
from ivr.ami import Credentials, sessions
from routing.file import load
from tests.calls.stack import PORTS, ROOT, Stack
from tests.workers import WORKER

OWN = Ports(sip=7660 + WORKER, ami=7760 + WORKER, rtp_start=29990, rtp_end=29999, ami_tls=7860 + WORKER)
SECRET = "a-secret-of-this-test"
NAME = f"kontaktcenter-test-tls-{WORKER}"


def docker(*arguments: str, check: bool = True, stdin: str = "") -> str:
    done = subprocess.run(["docker", *arguments], capture_output=True, text=True, check=False, input=stdin)
    if check and done.returncode:
        raise RuntimeError(done.stdout + done.stderr)
    return done.stdout + done.stderr


@contextmanager
def asterisk_with_tls(folder: Path) -> Iterator[Path]:
    """An Asterisk of its own with a certificate; gives the certificate's path."""
    tls = folder / "tls"
    tls.mkdir(mode=0o755)
    pem, certificate = tls / "ami.pem", tls / "ca.pem"
    subject = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]
    command = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-days",
        "2",
        *subject,
        "-keyout",
        str(pem),
        "-out",
        str(certificate),
    ]
    subprocess.run(command, check=True, capture_output=True)
    pem.write_text(pem.read_text() + certificate.read_text())
    pem.chmod(0o644)
    municipality = load(ROOT / "municipalities" / "lekeberg.toml")
    files = render([municipality], ports=OWN, trunk=Trunk(), phone_seed=SECRET, today=date.today(), ami_certificate="/tls/ami.pem")
    write_version(files, folder / "rendered")
    mounts = ["-v", f"{folder / 'rendered'}:/var/lib/kontaktcenter/rendered", "-v", f"{tls}:/tls:ro"]
    host = ["--network", "host"]
    docker("run", "-d", "--rm", "--name", NAME, *host, "-e", f"KC_AMI_SECRET={SECRET}", *mounts, "kontaktcenter-test-asterisk")
    try:
        yield certificate
    finally:
        docker("rm", "-f", NAME)


@pytest.fixture
def certificate(stack: Stack, tmp_path: Path) -> Iterator[Path]:
    with asterisk_with_tls(tmp_path) as path:
        yield path


async def test_the_manager_interface_is_reached_over_tls(certificate: Path) -> None:
    trusted = ssl.create_default_context(cafile=str(certificate))
    async with aclosing(sessions(Credentials("127.0.0.1", OWN.ami_tls, "kontaktcenter", SECRET, trusted))) as found:
        async for ami in found:
            assert str((await ami.action("CoreSettings"))["asteriskversion"]).startswith("22.")
            break


def test_a_wrong_secret_is_one_sentence_and_a_non_zero_exit(stack: Stack) -> None:
    with pytest.raises(RuntimeError) as failed:
        stack.compose(
            "run", "--rm", "-e", "KC_AMI_SECRET=not-the-secret-of-this-one", "-e", f"KC_WEB_PORT={PORTS['KC_WEB_PORT'] + 600}", "controller"
        )
    said = str(failed.value)
    assert "ivr: Asterisk refused the manager login: KC_AMI_SECRET differs" in said
    assert "Traceback" not in said


def test_the_adapter_holds_on_the_stacks_own_python() -> None:
    """The controller's image has Debian forky's Python, the host another."""
    folders = [part for name in ("tests", "simulation") for part in ("-v", f"{ROOT / name}:/opt/kontaktcenter/{name}:ro")]
    newest = "import sys; assert sys.version_info >= (3, 14)"
    inside = f"python -c '{newest}' && pytest -q -p no:cacheprovider tests/unit/test_ami.py"
    said = docker("run", "--rm", *folders, "kontaktcenter-test-controller", "sh", "-c", inside, check=False)
    assert re.search(r"^\d+ passed", said, re.MULTILINE), said
    assert "failed" not in said


def test_every_sound_that_asterisk_may_ask_for_exists_in_swedish(stack: Stack) -> None:
    """The names are read from Asterisk's own modules and from what they say as numbers."""
    modules = "/usr/lib/*/asterisk/modules/"
    script = f"""
import glob, json, pathlib, re
names = set()
for path in [*glob.glob("{modules}app_queue.so"), "/usr/sbin/asterisk", *glob.glob("{modules}res_parking.so")]:
    found = re.findall(rb"\\0((?:queue-[a-z0-9-]+|beep(?:err)?|pbx-(?:transfer|invalid)))(?=\\0)", pathlib.Path(path).read_bytes())
    names |= {{name.decode() for name in found if name.count(b"queue-") < 2}}  # the compiler joins short strings into long ones
sounds = pathlib.Path("/usr/share/asterisk/sounds/se")
names |= {{f"digits/{{n}}" for n in [*range(21), 30, 40, 50, 60, 70, 80, 90, "hundred", "thousand", "million", "minus"]}}
print(json.dumps([sorted(names), sorted(n for n in names if not (sounds / f"{{n}}.wav").exists())]))
"""
    asked, missing = json.loads(stack.compose("exec", "-T", "asterisk", "python3", "-c", script))
    assert len(asked) > 40
    assert missing == []
