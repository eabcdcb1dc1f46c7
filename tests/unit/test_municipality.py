"""The municipality's file: what is wrong is named with file, key, reason and remedy."""

from pathlib import Path

import pytest

from routing.file import MunicipalityError, load

REAL = Path("municipalities/lekeberg.toml").read_text(encoding="utf-8")


def problems(folder: Path, old: str, new: str) -> str:
    assert old in REAL
    path = folder / "lekeberg.toml"
    path.write_text(REAL.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(MunicipalityError) as refused:
        load(path)
    return str(refused.value)


def test_the_shipped_file_is_good() -> None:
    assert load(Path("municipalities/lekeberg.toml")).main_number == "+4658548700"


def test_an_unknown_key_is_named(tmp_path: Path) -> None:
    found = problems(tmp_path, "closing_days = []", "closing_day = []")
    assert "hours.closing_day: Extra inputs" in found
    assert "Remove the key" in found


def test_a_wrong_type_is_named(tmp_path: Path) -> None:
    assert "queues.guides.limit_seconds" in problems(tmp_path, "limit_seconds = 300", 'limit_seconds = "long"')


def test_a_queue_that_does_not_exist_is_named(tmp_path: Path) -> None:
    found = problems(tmp_path, 'level = 2, queue = "guides"', 'level = 2, queue = "guids"')
    assert "topics.care.queue" in found
    assert "name one of: guides" in found


def test_a_menu_key_that_stands_twice_is_named_with_its_line(tmp_path: Path) -> None:
    line = next(number for number, text in enumerate(REAL.splitlines(), 1) if text.startswith("3 = {"))
    found = problems(tmp_path, "3 = {", "1 = {")
    assert f"line {line}: this key or table stands a second time" in found


def test_overlapping_hours_are_named(tmp_path: Path) -> None:
    assert "overlaps" in problems(tmp_path, '"13:00-16:30"]', '"11:00-16:30"]')


def test_an_extension_that_stands_twice_is_named(tmp_path: Path) -> None:
    assert "1001 stands 2 times" in problems(tmp_path, 'extension = "1002"', 'extension = "1001"')


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(MunicipalityError, match="cannot be read"):
        load(tmp_path / "nowhere.toml")


@pytest.mark.parametrize("span", ["8-12", "25:00-26:00", "08:00-24:00", "12:00-08:00"])
def test_malformed_hours_are_named_with_their_day(tmp_path: Path, span: str) -> None:
    found = problems(tmp_path, 'tuesday = ["08:00-12:00"', f'tuesday = ["{span}"')
    assert "hours.weekly.tuesday" in found
    assert span in found


SUMMER, WINTER = ('[[hours.seasons]]\nname = "{}"\nfirst = "{}"\nlast = "{}"\nweekly = {{ {} }}\n'.format(*words) for words in (
    ("Sommar", "06-15", "08-15", 'monday = ["09:00-11:00"]'), ("Vinter", "12-01", "02-29", "monday = []"),
))  # fmt: skip


def hours_with(folder: Path, more: str) -> str:
    """What is said of hours that go on like this: tables behind the weekly hours."""
    return problems(folder, "[menu]", f"{more}\n[menu]")


@pytest.mark.parametrize(("line", "key", "reason", "remedy"), [
    ('eves = ["08:00-12:00", "11:00-13:00"]', "hours.eves", "11:00-13:00 overlaps 08:00-12:00", "Join the two"),
    ('eves = ["12:00-08:00"]', "hours.eves", "12:00-08:00 ends before it begins", "Let it end later"),
    ('eves = ["08:00-08:00"]', "hours.eves", "08:00-08:00 ends before it begins, or at once", "Let it end later"),
    ('eves = ["8-12"]', "hours.eves.0", "'8-12' is not two times of day", "Write it as 08:00-12:00"),
    ("eves = [8]", "hours.eves.0", "8 is not two times of day", "Write it as 08:00-12:00"),
    ('holidays = ["bank"]', "hours.holidays.0", "Input should be 'public' or 'de_facto'", "Correct the value"),
    ("public_holidays = true", "hours.public_holidays", "Extra inputs are not permitted", "Remove the key"),
    ('closing_days = ["2027-02-30"]', "hours.closing_days.0", "day value is outside expected range", "Write a day that exists"),
    ("closing_days = [2027-02-30]", "line ", "Invalid date", "Mend that line"),
    ("special_days = { 2027-02-30 = [] }", "hours.special_days.2027-02-30", "day value is outside", "Write a day that exists"),
    ('special_days = { 2027-03-28 = ["01:00-02:30"] }', "hours.special_days", "2027-03-28: 01:00-02:30 begins or ends in", "02:00"),
    ('special_days = { 2027-10-31 = ["02:15-08:00"] }', "hours.special_days", "2027-10-31: 02:15-08:00 begins or ends in", "02:00"),
    ('special_days = { 2027-05-03 = ["12:00-08:00"] }', "hours.special_days.2027-05-03", "12:00-08:00 ends before", "Let it end later"),
])  # fmt: skip
def test_days_of_their_own_are_refused_with_key_reason_and_remedy(tmp_path: Path, line: str, key: str, reason: str, remedy: str) -> None:
    name = line.partition(" = ")[0]
    old = next((text for text in REAL.splitlines() if text.startswith(f"{name} =")), "[hours]")
    found = problems(tmp_path, old, f"[hours]\n{line}" if old == "[hours]" else line)
    assert f"lekeberg.toml: {key}" in found
    assert f"{reason}" in found
    assert remedy in found


@pytest.mark.parametrize(("more", "key", "reason", "remedy"), [
    ('sunday = ["00:00-02:30"]', "hours.weekly", "sunday: 00:00-02:30 begins or ends in the hour", "Begin and end it at 02:00 or before"),
    (SUMMER.replace("06-15", "13-01"), "hours.seasons.0.first", "'13-01' is not a day of the year", "as 06-15"),
    (SUMMER.replace("08-15", "02-30"), "hours.seasons.0.last", "'02-30' is not a day of the year", "as 06-15"),
    (SUMMER.replace('"06-15"', "2026-06-15"), "hours.seasons.0.first", "is not a day of the year", "as 06-15"),
    (SUMMER.replace("weekly", "wekly"), "hours.seasons.0.wekly", "Extra inputs", "correct its spelling"),
    (SUMMER.replace("monday", "mondag"), "hours.seasons.0.weekly.mondag", "Input should be 'monday'", "Correct the key's name"),
    (SUMMER.replace("09:00-11:00", "11:00-09:00"), "hours.seasons.0.weekly.monday", "11:00-09:00 ends before", "Let it end later"),
    (SUMMER + SUMMER.replace("Sommar", "Juli"), "hours.seasons", "'Sommar' and 'Juli' overlap", "Let the one end before"),
    (SUMMER + SUMMER.replace("06-15", "01-01"), "hours.seasons", "overlap", "Let the one end before"),
    (SUMMER + SUMMER.replace("06-15", "08-15"), "hours.seasons", "overlap", "Let the one end before"),
    (WINTER + WINTER.replace("12-01", "02-29"), "hours.seasons", "overlap", "Let the one end before"),
])  # fmt: skip
def test_weekly_hours_and_seasons_are_refused_with_key_reason_and_remedy(
    tmp_path: Path, more: str, key: str, reason: str, remedy: str
) -> None:
    found = hours_with(tmp_path, more)
    assert f"lekeberg.toml: {key}: " in found
    assert reason in found
    assert remedy in found


@pytest.mark.parametrize("more", [
    'saturday = ["01:00-02:30"]', 'sunday = ["00:00-02:00", "02:00-03:00"]', SUMMER + WINTER,
    '[hours.special_days]\n2027-03-28 = ["00:00-02:00"]\n2027-03-21 = ["00:00-02:30"]\n2027-12-24 = []',
])  # fmt: skip
def test_unusual_hours_are_good(tmp_path: Path, more: str) -> None:
    path = tmp_path / "lekeberg.toml"
    path.write_text(REAL.replace("[menu]", f"{more}\n[menu]"), encoding="utf-8")
    assert load(path)


def test_hours_that_never_open_are_refused(tmp_path: Path) -> None:
    days = REAL[REAL.index("monday =") : REAL.index("[menu]")]
    assert "hours: no day has opening hours. State the hours" in problems(tmp_path, days, "monday = []\n\n")
    assert "no day has opening hours" in problems(tmp_path, days, f"monday = []\n\n{WINTER}\n")


def test_hours_of_one_season_only_are_good(tmp_path: Path) -> None:
    days = REAL[REAL.index("monday =") : REAL.index("[menu]")]
    path = tmp_path / "lekeberg.toml"
    path.write_text(REAL.replace(days, f"{SUMMER}\n"), encoding="utf-8")
    assert load(path).hours.seasons[0].name == "Sommar"


def test_a_weekday_that_does_not_exist_is_named(tmp_path: Path) -> None:
    found = problems(tmp_path, "monday =", "mondag =")
    assert "hours.weekly.mondag" in found
    assert "Correct the key's name" in found


def test_a_main_number_on_no_line_is_refused(tmp_path: Path) -> None:
    """It would count as nobody's, and could be ordered as a callback to ourselves."""
    assert "belongs to no line" in problems(tmp_path, 'numbers = ["+4658548700"]', 'numbers = ["+46701740601"]')


def test_a_topic_that_does_not_exist_is_named(tmp_path: Path) -> None:
    assert "topic 'cere' does not exist" in problems(tmp_path, 'topic = "care" }', 'topic = "cere" }')


def test_all_dangling_names_are_listed_at_once(tmp_path: Path) -> None:
    broken = REAL.replace('topic = "care" }', 'topic = "cere" }').replace('extension = "1002"', 'extension = "1001"')
    path = tmp_path / "lekeberg.toml"
    path.write_text(broken, encoding="utf-8")
    with pytest.raises(MunicipalityError) as refused:
        load(path)
    assert [problem.key for problem in refused.value.problems] == ["menu.1.topic", "guides.1001.extension"]
    assert all(problem.file == str(path) and problem.reason and problem.remedy for problem in refused.value.problems)


def test_who_answered_is_noted_only_where_it_is_used_and_never_of_what_is_protected() -> None:
    real = load(Path("municipalities/lekeberg.toml"))
    assert not real.remembers_guide("care")
    first = {name: queue.model_copy(update={"previous_guide_first": True}) for name, queue in real.queues.items()}
    used = real.model_copy(update={"queues": first})
    assert [topic for topic in (*used.topics, "gone") if used.remembers_guide(topic)] == [
        "care", "education", "streets", "building", "fault_report", "guide",
    ]  # fmt: skip
