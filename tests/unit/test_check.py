"""`ivr check` on files with something planted: each fault is found, named by its key, and refused with what to do about it."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from ivr.cli import app
from routing.file import MunicipalityError, load, load_served

FOLDER = Path("municipalities")
SHIPPED = sorted(FOLDER.glob("*.toml"))
REAL = (FOLDER / "lekeberg.toml").read_text(encoding="utf-8")
OREBRO = (FOLDER / "orebro.toml").read_text(encoding="utf-8")


def checked(folder: Path, text: str) -> Result:
    path = folder / "planted.toml"
    path.write_text(text, encoding="utf-8")
    return CliRunner().invoke(app, ["check", str(path)])


def planted(text: str, *edits: str) -> str:
    """The file with one text for another, pair by pair."""
    for old, new in zip(edits[::2], edits[1::2], strict=True):
        assert old in text, f"{old} does not occur"
        text = text.replace(old, new, 1)
    return text


def found(folder: Path, text: str) -> list[str]:
    """What the file is refused for, without its name."""
    result = checked(folder, text)
    assert result.exit_code == 1
    assert isinstance(result.exception, MunicipalityError), result.output
    return [str(problem).partition(": ")[2] for problem in result.exception.problems]


def with_tables(more: str) -> str:
    return f"{REAL}\n{more}\n"


SHIFT = '[[priority_lines.ifo.shifts]]\ndays = ["{}"]\nbegins = "{}"\nends = "{}"\npeople = ["first"]\n'
QUEUE = '[queues.{}]\noverflow_to = "{}"\n'
SECOND_LINE = """
[priority_lines.other]
title = "B"
topic = "concern"
shifts = []
people = { a = { title = "A", number = "+46701740665" } }
"""
NUMBER = 'number = "+46701740683"\n'


@pytest.mark.parametrize(("text", "said"), [
    (planted(REAL, 'stand_ins = ["2011"]', 'stand_ins = ["2019"]'),
     "functions.building_permits.stand_ins: handler 2019 does not exist. Add [["),
    (planted(REAL, 'handlers = ["2001"', 'handlers = ["2009"'), "functions.building_permits.handlers: handler 2009 does not exist. Add [["),
    (planted(REAL, 'title = "Bygglov"\nadministration = "building"', 'title = "Bygglov"\nadministration = "bilding"'),
     "functions.building_permits.administration: administration 'bilding' does not exist. Add [administrations.bilding] or name one of:"),
    (planted(REAL, 'name = "Försörjningsstöd"\nadministration = "social"', 'name = "Försörjningsstöd"\nadministration = "soc"'),
     "handlers.2021.administration: administration 'soc' does not exist."),
    (planted(REAL, 'label = "Gator", administration = "technical"', 'label = "Gator", administration = "tech"'),
     "topics.streets.administration: administration 'tech' does not exist."),
    (planted(REAL, 'topic = "concern"\nstaffed', 'topic = "worry"\nstaffed'), "priority_lines.ifo.topic: topic 'worry' does not exist."),
    (planted(REAL, 'people = ["first", "second"]', 'people = ["first", "third"]'),
     "priority_lines.ifo.shifts.0.people: person 'third' does not exist. Add [priority_lines.ifo.people.third] or name one of: first, s"),
    (planted(REAL, 'name = "Reception"\nqueues = ["guides"]', 'name = "Reception"\nqueues = ["desk"]'),
     "guides.1003.queues: queue 'desk' does"),
    (planted(REAL, '[referrals.fault_report]', '[referrals.faults]'), "referrals.faults: topic 'faults' does not exist."),
    (planted(REAL, 'entry = "menu"', 'entry = "queue"\ntopic = "broadband"'), "lines.main.topic: topic 'broadband' does not exist."),
    (planted(REAL, 'entry = "menu"', 'entry = "priority"\ntopic = "streets"'),
     "lines.main.topic: no priority line has the topic 'streets'. Name the topic of one: concern."),
    (planted(REAL, '3 = { topic = "education" }', '3 = { action = "menu", menu = "school" }'),
     "menu.3.menu: menu 'school' does not exist. Add"),
    (planted(REAL, '3 = { topic = "education" }', '3 = { action = "menu" }'), "menu.3.menu: no menu is named. Add [menus.NAME]"),
    (planted(OREBRO, '2 = { topic = "culture" }', '2 = { topic = "leisure" }'), "menus.education.2.topic: topic 'leisure' does not exist."),
    (planted(OREBRO, '2 = { topic = "culture" }', '2 = { action = "menu", menu = "fun" }'),
     "menus.education.2.menu: menu 'fun' does not exist. Add [menus.fun] or name one of: education."),
    (planted(REAL, 'slug = "lekeberg"', 'slug = "lekeberg"\nlanguages = ["sv"]'),
     "menu.8.action: leads to English, which is none of the lang"),
    (planted(REAL, "[queues.guides]", '[queues.guides]\noverflow_to = "back"'), "queues.guides.overflow_to: queue 'back' does not exist."),
    (planted(REAL, "[queues.guides]", '[queues.guides]\noverflow_to = "guides"'), "queues.guides.overflow_to: overflows into itself."),
    (planted(OREBRO, "[queues.guides]", '[queues.guides]\noverflow_to = "care"'),
     "queues.care.overflow_to: goes round: care → guides → care."),
    (planted(REAL, 'extension = "2011"', 'extension = "1003"', 'stand_ins = ["2011"]', ""),
     "handlers.1003.extension: 1003 stands 2 times: Reception, Parkeringstillstånd. Give each one of its own."),
    (planted(REAL, 'extension = "2100"', 'extension = "2001"'),
     "functions.building_permits.extension: 2001 stands 2 times: Bygglov 1, Bygglov."),
    (planted(REAL, NUMBER, 'number = "+46701740682"\n'),
     "handlers.2021.number: +46701740682 stands 2 times: Parkeringstillstånd, Försörjnings"),
    (planted(REAL, NUMBER, 'number = "+4658548700"\n'), "handlers.2021.number: +4658548700 stands 2 times: line main, Försörjningsstöd."),
    (planted(REAL, 'number = "+46701740684"', 'number = "+46701740681"'),
     "functions.building_permits.number: +46701740681 stands 2 times: Bygg"),
    (planted(REAL, NUMBER, ""), "handlers.2021.number: this handler has no number, so that nobody could be connected. State the number of"),
    (planted(REAL, 'people = ["first", "second"]', "people = []"), "priority_lines.ifo.shifts.0.people: Tuple should have at least 1 item"),
    (with_tables(SHIFT.format("monday", "16:59", "18:00")),
     "priority_lines.ifo.shifts: shift 1, monday 16:59-18:00, begins while shift 0, monday 08:00-17:00, still goes on. Let the one end"),
    (with_tables(SHIFT.format("thursday", "20:00", "08:01")),
     "priority_lines.ifo.shifts: shift 0, friday 08:00-17:00, begins while shift 1, thursday 20:00-08:01, still goes on. Let"),
    (with_tables(SHIFT.format("sunday", "20:00", "08:01")),
     "priority_lines.ifo.shifts: shift 0, monday 08:00-17:00, begins while shift 1, sunday 20:00-08:01, still goes on. Let"),
    (with_tables(SHIFT.format("sunday", "02:30", "06:00")),
     "priority_lines.ifo.shifts.1: sunday: 02:30-06:00 begins or ends in the hour that the clocks skip or repeat. Begin and end it at 0"),
    (with_tables(SHIFT.format("saturday", "20:00", "02:30")), "priority_lines.ifo.shifts.1: sunday: 20:00-02:30 begins or ends in the h"),
    (planted(REAL, 'holidays = ["public", "de_facto"]', 'holidays = ["publik"]'),
     "hours.holidays.0: Input should be 'public' or 'de_facto'"),
    (planted(REAL, 'holidays = ["public", "de_facto"]', 'holidays = "public"'), "hours.holidays: Input should be a valid frozenset"),
    (planted(REAL, 'entry = "menu"', 'entry = "menu"\nhours = { weekly = { monday = ["12:00-08:00"] } }'),
     "lines.main.hours.weekly.monday: 12:00-08:00 ends before it begins"),
    (planted(REAL, 'entry = "menu"', 'entry = "menu"\nhours = { weekly = { monday = [] } }'),
     "lines.main.hours: no day has opening hours."),
    (with_tables(SECOND_LINE),
     "priority_lines.other.topic: topic 'concern' belongs to priority_lines.ifo already. Keep one"),
    (planted(REAL, 'extension = "2900"', 'extension = "2100"'),
     "priority_lines.ifo.extension: 2100 stands 2 times: Bygglov, IFO jour. Give"),
    (planted(REAL, 'topic = "concern"\nstaffed', 'topic = "streets"\nstaffed'),
     "referrals.streets: is missing. State who takes it when nobody of"),
    (planted(REAL, "[topics]", '[texts]\nmenu = ["sv Hej"]\n[topics]'), "texts.menu.0: String should match pattern"),
    (planted(REAL, "[topics]", '[texts]\nwelcome = ["sv: Hej"]\n[topics]'),
     "texts.welcome: is no text that anybody plays. Name one of dialplan/prompts/catalogue.toml."),
    (planted(REAL, "[topics]", '[menus.more]\n1 = { topic = "care" }\n[texts]\nmenu-mor = ["sv: Hej"]\n[topics]'),
     "texts.menu-mor: is no text that anybody plays. Name one of dialplan/prompts/catalogue.toml, or menu-NAME of one of menus: more."),
    (planted(REAL, "[topics]", '[menus.more]\n1 = { topic = "care" }\n[topics]'),
     "texts.menu-more: is missing: menus.more would be silent."),
    (planted(OREBRO, "closed-keys = ", "closed = ", "closed = ", "goodbye = "),
     "texts.closed-keys: is missing, and the shared text tells of lekeberg. Say it in the municipality's own words."),
])  # fmt: skip
def test_what_is_planted_is_refused_by_its_key_with_reason_and_remedy(tmp_path: Path, text: str, said: str) -> None:
    problems = found(tmp_path, text)
    assert any(problem.startswith(said) for problem in problems), problems


@pytest.mark.parametrize("shift", [
    ("friday", "17:00", "08:00"), ("sunday", "20:00", "08:00"), ("monday", "17:00", "08:00"), ("sunday", "03:00", "02:00"),
    ("saturday", "02:30", "12:00"), ("monday", "02:15", "02:45"),
])  # fmt: skip
def test_shifts_that_only_meet_are_good(tmp_path: Path, shift: tuple[str, str, str]) -> None:
    path = tmp_path / "good.toml"
    path.write_text(with_tables(SHIFT.format(*shift)), encoding="utf-8")
    assert load(path)


def test_a_ring_of_menus_is_found_with_the_keys_that_go_round(tmp_path: Path) -> None:
    ring = '[menus.more]\n1 = { action = "menu", menu = "most" }\n[menus.most]\n2 = { action = "menu", menu = "more" }\n'
    texts = '[texts]\nmenu-more = ["sv: Mer: ett."]\nmenu-most = ["sv: Mest: två."]\n'
    text = planted(REAL, '3 = { topic = "education" }', '3 = { action = "menu", menu = "more" }', "[topics]", f"{ring}{texts}[topics]")
    problems = found(tmp_path, text)
    assert any(problem.startswith("menu, open, keys 3: goes round for ever with 1 2") for problem in problems), problems


def test_a_second_menu_that_nothing_speaks_is_a_dead_end_with_its_keys(tmp_path: Path) -> None:
    problems = found(tmp_path, planted(OREBRO, "menu-education = ", "goodbye = "))
    assert "menu, open, keys 3: prompt 'menu-education' does not exist. Lead it to what exists, or add that." in problems


def test_a_line_that_nobody_is_on_duty_for_now_is_refused(tmp_path: Path) -> None:
    start, end = OREBRO.index("[[priority_lines"), OREBRO.index("[referrals.concern]")
    text = OREBRO[:start] + planted(OREBRO[end:], "", "")
    (problem,) = found(tmp_path, planted(text, 'title = "Social jour"', 'title = "Social jour"\nshifts = []'))
    assert problem.startswith("priority_lines.social.shifts: nobody is on duty now, 20")
    assert "Give the shift to somebody" in problem


def test_all_that_is_wrong_is_told_at_once(tmp_path: Path) -> None:
    text = planted(REAL, 'stand_ins = ["2011"]', 'stand_ins = ["2019"]', "[queues.guides]", '[queues.guides]\noverflow_to = "guides"')
    assert [problem.partition(": ")[0] for problem in found(tmp_path, text)] == [
        "functions.building_permits.stand_ins", "queues.guides.overflow_to",
    ]  # fmt: skip


def test_placeholders_and_what_nothing_leads_to_are_told_and_not_refused(tmp_path: Path) -> None:
    more = '[menus.more]\n1 = { topic = "care" }\n[texts]\nmenu-more = ["sv: Mer."]\n[topics]'
    spare = '[priority_lines.ifo.people]\nspare = { title = "Jour 3", number = "+46701740664" }'
    result = checked(tmp_path, planted(REAL, "[topics]", more, "[priority_lines.ifo.people]", spare))
    assert result.exit_code == 0
    for key in ("people.first.number", "people.second.number", "reception.number", "head.number"):
        assert f"priority_lines.ifo.{key}: is a placeholder. State the real number before service." in result.output
    assert "referrals.concern.number: is a placeholder" in result.output
    assert "priority_lines.ifo.people.spare: is in no shift. Name the person in a shift" in result.output
    assert "priority_lines.ifo.people.first: is in no shift" not in result.output
    assert "menus.more: no key leads to it" in result.output


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_every_file_that_ships_passes(path: Path) -> None:
    result = CliRunner().invoke(app, ["check", str(path)])
    assert (result.exit_code, result.exception) == (0, None)
    assert f"{path}: {load(path).title} can be served." in result.output


def test_all_that_ship_can_be_served_side_by_side() -> None:
    assert [*load_served(SHIPPED)] == ["angelholm", "lekeberg", "orebro"]
    series = [series for municipality in load_served(SHIPPED).values() for series in municipality.number_series]
    assert not any(one != other and one.startswith(other) for one in series for other in series)
    assert len({*series}) == len(series) == 3


def test_a_number_that_two_served_municipalities_claim_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "other.toml"
    path.write_text(OREBRO.replace("+46701740620", "+4658548700"), encoding="utf-8")
    with pytest.raises(MunicipalityError, match=r"other.toml: \+4658548700: stands in municipalities/lekeberg.toml, too"):
        load_served([FOLDER / "lekeberg.toml", path])
