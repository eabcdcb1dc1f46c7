"""What is served at start, and how an activated file is kept."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from access.refusal import Refused
from ivr import overrides
from ivr.activation import Activation, edited, keep, kept, load_all, start
from ivr.ami import Ami
from ivr.judgement import judge
from ivr.settings import Settings
from routing.chain import rung
from routing.file import MunicipalityError, load
from routing.municipality import Queue

REAL = Path("municipalities/lekeberg.toml").read_text(encoding="utf-8")
OTHER = REAL.replace('label = "Omsorg"', 'label = "Vård"')
SECRET = "x" * 20


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    (tmp_path / "files").mkdir()
    return Settings(
        _env_file=None,
        ami_secret=SECRET,
        redis_password=SECRET,
        phone_seed=SECRET,
        rendered=tmp_path,
        municipality_folder=tmp_path / "files",
    )


def write(settings: Settings, text: str, activated: str = "") -> None:
    edited(settings, "lekeberg").write_text(text, encoding="utf-8")
    if activated:
        keep(kept(settings, "lekeberg"), activated)


def label(settings: Settings) -> str:
    return start(settings).served["lekeberg"].topics["care"].label


def test_the_last_activated_file_is_served_whatever_was_edited_since(settings: Settings) -> None:
    write(settings, REAL, activated=OTHER)
    assert label(settings) == load_all(settings)["lekeberg"].topics["care"].label == "Vård"
    assert start(settings).alarms == {}


def test_without_an_activated_one_the_edited_file_is_served(settings: Settings) -> None:
    write(settings, REAL)
    assert label(settings) == "Omsorg"


def test_an_edited_file_that_became_bad_is_an_alarm(settings: Settings) -> None:
    write(settings, "slug = ", activated=OTHER)
    assert label(settings) == "Vård"
    (found,) = start(settings).alarms["lekeberg"]
    assert found.file == str(edited(settings, "lekeberg"))


def test_an_activated_file_that_can_no_longer_be_read_gives_way_to_a_good_edited_one(settings: Settings) -> None:
    write(settings, REAL, activated="a file of another time")
    assert label(settings) == "Omsorg"
    assert start(settings).alarms["lekeberg"][0].file == str(kept(settings, "lekeberg"))


def test_without_any_valid_file_nothing_is_served(settings: Settings) -> None:
    write(settings, "slug = ", activated="a file of another time")
    with pytest.raises(MunicipalityError):
        start(settings)


def test_a_way_to_nobody_speaks_against_serving_it(settings: Settings) -> None:
    write(settings, REAL)
    good = load(edited(settings, "lekeberg"))
    assert judge(good, datetime(2026, 3, 2, tzinfo=UTC), {}) == ()
    care = good.topics["care"].model_copy(update={"queue": "empty"})
    bad = good.model_copy(update={"topics": good.topics | {"care": care}, "queues": good.queues | {"empty": Queue()}})
    found = judge(bad, datetime(2026, 3, 2, tzinfo=UTC), {})
    assert any("which nobody answers" in one.reason for one in found)
    assert {one.file for one in found} == {"lekeberg"}


def test_exceptions_to_the_shifts_are_judged_with_the_file(settings: Settings) -> None:
    write(settings, REAL)
    good, monday = load(edited(settings, "lekeberg")), datetime(2026, 3, 2, 9, tzinfo=UTC)
    (nobody,) = judge(good, monday, {"ifo": {monday.date(): ()}})
    assert "nobody is on duty now" in nobody.reason
    (stranger,) = judge(good, monday, {"ifo": {monday.date(): ("first", "third")}})
    assert (stranger.key, stranger.reason) == ("priority_lines.ifo.people.third", "has the exception of 2026-03-02, and does not exist")


def test_exceptions_are_kept_until_their_night_is_over(settings: Settings) -> None:
    today = date(2026, 3, 2)
    lines = {"ifo": {date(2026, 3, day): ("second",) for day in (4, 2, 1)} | {date(2026, 2, 28): ()}}
    keep(overrides.place(settings, "lekeberg"), overrides.text(lines, today))
    assert overrides.read(overrides.place(settings, "lekeberg")) == {"ifo": {date(2026, 3, day): ("second",) for day in (1, 2, 4)}}


def nobody() -> Ami:
    raise Refused(503, "asterisk_away", "There is no Asterisk here.")


@pytest.mark.parametrize("text", ["half a fi", '{"schema_version": 1, "lines": {"ifo": {"2126-03-04": ["nobody_known"]}}}'])
def test_exceptions_that_cannot_be_followed_are_an_alarm_and_the_shifts_hold(settings: Settings, text: str) -> None:
    write(settings, REAL)
    keep(overrides.place(settings, "lekeberg"), text)
    begun = Activation(settings, lambda: datetime(2026, 3, 2, 9, tzinfo=UTC), acting=nobody, take=lambda served: None)
    assert not any(begun.rota["lekeberg"].values())
    assert not begun.is_well
    assert rung(begun.served["lekeberg"].priority_lines["ifo"], datetime(2126, 3, 4, 9, tzinfo=UTC), begun.rota["lekeberg"].get("ifo", {}))
