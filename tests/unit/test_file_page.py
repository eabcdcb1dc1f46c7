"""docs/municipality-file.md tells of every field that a municipality's file may have, in its own table, with its true default."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest

from routing.municipality import Municipality
from routing.part import Part

PAGE = Path("docs/municipality-file.md").read_text(encoding="utf-8")
MENTIONED = set(re.findall(r"\w+", " ".join(re.findall(r"`[^`\n]+`", PAGE))))


def parts(kind: object) -> Iterator[type[Part]]:
    """The shapes within a type."""
    if isinstance(kind, type) and issubclass(kind, Part):
        yield kind
        for field in kind.model_fields.values():
            yield from parts(field.annotation)
    for inner in get_args(kind):
        yield from parts(inner)


SHAPES = sorted({*parts(Municipality)}, key=lambda shape: shape.__name__)


def test_all_shapes_of_the_file_are_looked_at() -> None:
    assert {"Line", "MenuKey", "Season", "OpeningHours", "Handler", "Function", "Shift", "Reception", "Referral", "Staffing"} <= {
        shape.__name__ for shape in SHAPES
    }


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.__name__)
def test_every_field_is_told_of(shape: type[Part]) -> None:
    assert {*shape.model_fields} - MENTIONED == set()


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.__name__)
def test_every_number_that_is_a_default_stands_in_the_field_s_row(shape: type[Part]) -> None:
    for name, field in shape.model_fields.items():
        if type(field.default) is int:
            (row,) = (row for row in PAGE.splitlines() if row.startswith("|") and re.search(rf"`(?:\w+\.NAME\.)?{name}`", row))
            keys = re.findall(r"`(?:\w+\.NAME\.)?(\w+)`", row.split("|")[1])
            defaults = [default.strip() for default in row.split("|")[3].split(",")]
            assert defaults[keys.index(name)] == str(field.default), row
