"""docs/callback-rules.md has all rules, and names files and tests that exist."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

RULES = 21
CHAPTERS = re.split(r"^## ", Path("docs/callback-rules.md").read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
NAMED = sorted({*re.findall(r"`(tests/\S+\.py)::(\w+)`", "".join(CHAPTERS))})
HELD = "".join(re.findall(r"^- Held by .*\n", "".join(CHAPTERS), re.MULTILINE))
HELD_BY = sorted({*re.findall(r"`(\w+/[\w/.]+)`", HELD)})


def named_in(file: str) -> set[str]:
    """The names of a file's tests, without importing it."""
    tree = ast.parse(Path(file).read_text(encoding="utf-8"))
    return {one.name for one in tree.body if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef) and one.name.startswith("test_")}


def test_all_rules_are_there_in_order() -> None:
    assert [int(chapter.partition(".")[0]) for chapter in CHAPTERS] == list(range(1, RULES + 1))


@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda chapter: chapter.partition("\n")[0])
def test_each_rule_says_what_goes_wrong_elsewhere_what_is_done_here_where_and_what_proves_it(chapter: str) -> None:
    assert "*Elsewhere* " in chapter
    assert "*Here* " in chapter
    assert "\n- Held by `" in chapter
    assert "::test_" in chapter


@pytest.mark.parametrize(("file", "name"), NAMED)
def test_each_test_that_is_named_exists(file: str, name: str) -> None:
    assert name in named_in(file)


@pytest.mark.parametrize("path", HELD_BY)
def test_what_holds_a_rule_exists(path: str) -> None:
    assert Path(path).exists()
