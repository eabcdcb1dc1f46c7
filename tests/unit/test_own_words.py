"""A municipality's own words: one rule says which sound file a prompt is, and nobody plays what tells of somebody else."""

from __future__ import annotations

import re
from datetime import date, datetime
from pathlib import Path

import pytest

from dialplan.prompts.catalogue import asterisks_own, belonging, heard, own_files, sound
from dialplan.prompts.catalogue import load as catalogue
from dialplan.prompts.lengths import lengths, prompt_lengths
from dialplan.render import Ports, Trunk, render
from ivr.explain import Moment, explain
from routing.file import load
from routing.hours import ZONE
from routing.municipality import Municipality

FOLDER = Path("municipalities")
LEKEBERG, OREBRO, ANGELHOLM = (load(FOLDER / f"{slug}.toml") for slug in ("lekeberg", "orebro", "angelholm"))
OPEN = datetime(2026, 11, 25, 10, 30, tzinfo=ZONE)
TELLS_OF_LEKEBERG = re.compile("Lekeberg|fem åtta fem, fyra åtta sju", re.IGNORECASE)


def written(prompt: str) -> str:
    return " ".join(part.text for part in catalogue()[prompt])


def test_a_prompt_is_the_municipality_s_own_file_where_it_has_one_else_the_shared_one() -> None:
    assert (sound(OREBRO, "menu"), sound(OREBRO, "wrong-key"), sound(LEKEBERG, "menu")) == ("kc/orebro/menu", "kc/wrong-key", "kc/menu")


def test_every_text_that_tells_of_lekeberg_is_marked_so() -> None:
    assert {prompt for prompt in catalogue() if TELLS_OF_LEKEBERG.search(written(prompt))} <= belonging().keys()
    assert {*belonging().values()} == {"lekeberg"}


@pytest.mark.parametrize("municipality", [OREBRO, ANGELHOLM], ids=lambda municipality: municipality.slug)
def test_another_municipality_s_callers_hear_nothing_of_lekeberg(municipality: Municipality) -> None:
    assert [prompt for prompt, parts in heard(municipality).items() for part in parts if TELLS_OF_LEKEBERG.search(part.text)] == []


def test_the_build_makes_every_file_that_is_played() -> None:
    made = own_files(FOLDER) | {f"kc/{prompt}": parts for prompt, parts in catalogue().items()} | asterisks_own()
    for municipality in (LEKEBERG, OREBRO, ANGELHOLM):
        assert {sound(municipality, prompt) for prompt in heard(municipality)} <= made.keys()
        assert lengths(municipality).keys() <= made.keys()


def test_the_rendered_dialplan_plays_each_one_s_own_words_side_by_side() -> None:
    rendered = render([LEKEBERG, OREBRO], ports=Ports(), trunk=Trunk(), phone_seed="", today=date(2026, 3, 2))["extensions.conf"]
    for municipality in (LEKEBERG, OREBRO):
        own = "".join(re.findall(rf"^\[{municipality.slug}-.*?(?=^\[|\Z)", rendered, re.MULTILINE | re.DOTALL))
        played = set(re.findall(r"\bkc/(?:[a-z]+/)?[a-z0-9_-]+", own))
        assert {sound(municipality, "fallback"), sound(municipality, "fallback-closed"), "kc/concern-call-112"} <= played
        assert {name for name in played if name.removeprefix("kc/") in municipality.texts} == set()


def test_a_long_text_of_one_s_own_is_reckoned_as_long() -> None:
    longer = OREBRO.model_copy(update={"texts": dict(OREBRO.texts) | {"wrong-key": ("sv: Det valet finns inte hos oss.", "pause: 7")}})
    assert prompt_lengths(longer)["wrong-key"] > 7 + prompt_lengths(OREBRO)["wrong-key"]
    assert "menu-education" in prompt_lengths(OREBRO)
    assert prompt_lengths(OREBRO)["menu"] < 28  # with the English line; 22 s before it


def test_explain_tells_what_its_own_callers_hear_and_walks_into_the_second_menu() -> None:
    explained = explain(OREBRO, Moment(OPEN), "0701740605", ["3", "7", "2"])
    assert explained.turns[0].hears.startswith("Örebro kommun. Vänta så svarar vi")
    assert [turn.reason for turn in explained.turns] == ["menu education", "wrong key in education", "key in education"]
    assert explained.turns[2].hears.startswith("Det valet finns inte. Förskola och skola: ett.")
    assert explained.ends.startswith("in the queue education as 'Kultur och fritid', answered by 1121, 1122;")
