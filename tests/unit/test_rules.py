"""The rules that hold the folders apart, and the one command line, each shown to refuse what it should."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("access", "callbacks", "dialplan", "ivr", "metrics", "routing", "simulation")
BIN = Path(sys.executable).parent


def run(*command: str, cwd: Path = ROOT, **environment: str) -> subprocess.CompletedProcess[str]:
    program, *arguments = command
    there = {"PYTHONPATH": str(cwd), **environment}
    return subprocess.run([str(BIN / program), *arguments], cwd=cwd, capture_output=True, text=True, check=False, env=there)


@pytest.mark.parametrize(("module", "wrong"), [
    ("routing/menu.py", "import ivr.entry"),
    ("callbacks/policy.py", "import metrics.story"),
    ("metrics/story.py", "import asterisk.ami"),
    ("dialplan/render.py", "import simulation.people"),
])  # fmt: skip
def test_a_wrong_import_is_refused_by_the_rule(tmp_path: Path, module: str, wrong: str) -> None:
    for name in PACKAGES:
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    planted = tmp_path / module
    planted.write_text(f"{wrong}\n{planted.read_text(encoding='utf-8')}", encoding="utf-8")
    done = run("lint-imports", "--no-cache", cwd=tmp_path)
    assert (done.returncode, "BROKEN" in done.stdout) == (1, True)
    assert module.removesuffix(".py").replace("/", ".") in done.stdout


GOOD = (ROOT / "municipalities" / "lekeberg.toml").read_text(encoding="utf-8")


@pytest.mark.parametrize(("text", "named"), [
    (GOOD.replace('slug = "lekeberg"', 'slug = "lekeberg"\nmotto = "x"'), "motto: Extra inputs are not permitted. Remove the key"),
    (GOOD.replace("limit_seconds = 300", 'limit_seconds = "long"'), "queues.guides.limit_seconds: "),
    (GOOD.replace('level = 1, queue = "guides"', 'level = 1, queue = "nobody"'), "topics.guide.queue: queue 'nobody' does not exist. Add"),
    (GOOD.replace("[menu]\n", '[menu]\n1 = { topic = "care" }\n'), "this key or table stands a second time"),
    (GOOD.replace("[menu]", "[menu"), "line "),
])  # fmt: skip
def test_a_bad_file_is_refused_with_its_place_and_the_remedy(tmp_path: Path, text: str, named: str) -> None:
    file = tmp_path / "bad.toml"
    file.write_text(text, encoding="utf-8")
    done = run("ivr", "check", str(file))
    assert done.returncode == 1
    assert str(file) in done.stderr
    assert named in done.stderr
    assert "Traceback" not in done.stderr


def test_the_shipped_file_is_good_and_its_placeholders_are_named() -> None:
    done = run("ivr", "check", "municipalities/lekeberg.toml")
    assert (done.returncode, done.stderr) == (0, "")
    assert "referrals.concern.number: is a placeholder" in done.stdout


def test_wrong_settings_are_named_as_they_are_written(tmp_path: Path) -> None:
    done = run("ivr", "where", cwd=tmp_path, KC_SIP_PORT="five", KC_AMI_SECRET="short")
    assert done.returncode == 1
    assert "KC_SIP_PORT: Input should be a valid integer" in done.stderr
    assert "KC_AMI_SECRET: String should have at least 16 characters" in done.stderr
    assert "KC_REDIS_PASSWORD: Field required" in done.stderr
    assert "Traceback" not in done.stderr
