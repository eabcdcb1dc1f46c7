"""Which calls the transfers' demonstration makes, what it says of them, and that it can say "lost"."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from metrics.story import CallRecord, Return, Transfer
from proof.transfers import outcome, results, table
from proof.transfers.calls import Call, Phone
from proof.transfers.cases import CITIZENS, HANDLERS, Case, draw, every_kind
from proof.transfers.matters import MATTERS, lost_by_rates, lost_by_weight
from proof.transfers.municipality import SLUG, guides, municipality_file, phones
from routing.file import parse

PHONE = Phone("2101", "+46701740680", True)
ROW = CallRecord(call_id="1.1", municipality=SLUG, line="main", started=100.0, ended=130.0, outcome="answered", number="0701740605")


def call(case: Case = Case(0, "transfer", "rings", "waits"), **seen: object) -> Call:  # noqa: B008  a case is frozen
    return replace(Call(case, PHONE, "0701740605", 100.0), **seen)  # type: ignore[arg-type]


def test_the_same_seed_draws_the_same_calls_and_handlers_answer_at_their_rates() -> None:
    cases = draw(6000, 1)
    assert cases == draw(6000, 1) != draw(6000, 2)
    transfers = [one for one in cases if one.entrance == "transfer"]
    assert sum(one.handler == "answers" for one in transfers) / len(transfers) == pytest.approx(1 - lost_by_weight(), abs=0.02)
    assert Counter(one.matter for one in cases).most_common(1)[0][0] == max(range(len(MATTERS)), key=lambda place: MATTERS[place].hours)


def test_the_baselines_are_those_of_the_pre_study() -> None:
    assert (len(MATTERS), round(lost_by_rates(), 2)) == (25, 0.63)


def test_a_dozen_calls_have_every_way_of_a_handler_and_of_a_citizen() -> None:
    cases = every_kind()
    assert (len(cases), {one.handler for one in cases}, {one.citizen for one in cases}) == (12, set(HANDLERS), set(CITIZENS))


def test_the_demonstration_s_municipality_is_one() -> None:
    real = Path("municipalities/lekeberg.toml").read_text(encoding="utf-8")
    written = parse(municipality_file(real, 3, 4, date(2026, 3, 2)), "lekeberg")
    assert [f"{SLUG}-{guide.extension}" for guide in written.guides] == guides(3)
    assert [(one.extension, one.number) for one in written.handlers] == [(one.extension, one.number) for one in phones()]
    assert written.staffing.transfer_ring_seconds == 4


@pytest.mark.parametrize(("row", "came"), [
    (None, "lost"),
    (ROW, "lost"),
    (ROW.model_copy(update={"returns": (Return(source="transfer", outcome="answered"),)}), "guide"),
    (ROW.model_copy(update={"returns": (Return(source="transfer", outcome="hung_up"),)}), "lost"),
    (ROW.model_copy(update={"callback_id": "kept"}), "callback"),
    (ROW.model_copy(update={"callback_id": "nowhere"}), "lost"),
    (ROW.model_copy(update={"transfers": (Transfer(administration="executive", to="2101", outcome="answered"),)}), "lost"),
])  # fmt: skip
def test_nobody_is_saved_by_a_word_alone(row: CallRecord | None, came: str) -> None:
    assert outcome.ours(call(), row, {"kept": "2101"}) == came


def test_who_was_left_in_the_lurch_or_hung_up_on_is_lost() -> None:
    saved = ROW.model_copy(update={"returns": (Return(source="transfer", outcome="answered"),)})
    assert outcome.ours(call(stranded=True), saved, {}) == "lost"
    assert (outcome.plain(call()), outcome.plain(call(hung_up=True)), outcome.plain(call(guides=1))) == ("lost", "hung_up", "guide")


def test_the_row_of_a_call_is_the_first_of_its_number_since() -> None:
    rows = [ROW.model_copy(update={"started": started}) for started in (40.0, 99.5, 160.0)]
    assert outcome.row_of(call(), rows) == rows[1]


def test_the_table_has_both_baselines_beside_what_was_lost() -> None:
    cases = [Case(0, "transfer", "rings", "waits"), Case(0, "diverted", "diverts", "waits")]
    said = table(results(cases, ["lost", "guide"], ["guide", "guide"]))
    assert all(share in said for share in ("100.0%", "0.0%", "33.0%", "63.3%"))
