"""The bench's pure parts: figures, the search, the pairing of the two ends' traces, rows and their table."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta

import pytest

from bench import promises
from bench.comparison import compare, table
from bench.containers import ROOT, StackError, only_run
from bench.figures import Goal, Search, percentile, row
from bench.load import Span
from bench.measure import Measured
from bench.municipality import accounts, municipality_file
from bench.trace import RING_SECONDS, Pair, Press, Ring, caller, pair, presses, rings
from routing.file import parse
from simulation.sipp import Message

FOLDER = ROOT / "bench"
START = datetime(2026, 3, 2, 10, tzinfo=UTC)


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def press(number: str, seconds: float) -> Press:
    return Press(number, at(seconds), is_ended=True)


def ring(number: str, seconds: float) -> Ring:
    return Ring(number, at(seconds), f'"Omsorg {number}" <sip:0@127.0.0.1>')


def message(seconds: float, sent: bool, start: str, call: str, shown: str = "") -> Message:
    return Message(at(seconds), sent, f"{start}\nFrom: {shown}\nCall-ID: {call}\n")


@pytest.mark.parametrize(("share", "value"), [(0.0, 1.0), (0.5, 50.0), (0.99, 99.0), (1.0, 100.0)])
def test_a_percentile_is_a_value_that_was_measured(share: float, value: float) -> None:
    """Nearest rank."""
    assert percentile([float(one) for one in range(100, 0, -1)], share) == value


def test_nothing_has_no_percentile() -> None:
    """A span without a good call gives no figure."""
    with pytest.raises(ValueError, match="no values"):
        percentile([], 0.5)


def test_a_row_tells_the_median_round_and_the_spread_of_all() -> None:
    """Ratios are made within rounds, not from the medians."""
    made = row("latency", "twin", "ms", [(4.0, 2.0), (9.0, 3.0), (4.0, 4.0)])
    assert (made["ours"], made["theirs"], made["ratio"], made["spread"]) == (4.0, 3.0, 2.0, (1.0, 3.0))


def test_a_goal_has_a_side() -> None:
    """Latencies at most, rates at least."""
    assert Goal(1.25).is_reached(1.25) and not Goal(1.25).is_reached(1.26)
    assert Goal(0.9, at_least=True).is_reached(0.9) and not Goal(0.9, at_least=True).is_reached(0.89)


@pytest.mark.parametrize("limit", [0, 20, 30, 59, 60])
def test_the_search_finds_the_highest_rate_that_passes(limit: float) -> None:
    """For every place of the limit, the ends included."""
    search, rates = Search((20.0, 30.0, 40.0, 50.0, 60.0)), []
    while (rate := search.next()) is not None:
        rates.append(rate)
        search.tell(passed=rate <= limit)
    assert search.best == max((rate for rate in (20.0, 30.0, 40.0, 50.0, 60.0) if rate <= limit), default=0.0)
    assert search.is_at_limit == (limit == 60) and len(rates) <= 6


def test_a_rate_that_fails_once_is_tried_again() -> None:
    """Other work on the machine may fail a call."""
    search = Search((20.0, 30.0, 40.0))
    asked = []
    for passed in (False, True, False, False):
        asked.append(search.next())
        search.tell(passed=passed)
    assert asked == [30.0, 30.0, 40.0, 40.0] and search.best == 30.0 and search.next() is None


def test_a_key_is_paired_with_the_next_ring_of_its_number() -> None:
    """Also when the same number calls again."""
    first, second, other = press("0701740610", 0), press("0701740610", 5), press("0701740611", 0.1)
    pairs = pair([second, first, other], [ring("0701740610", 5.02), ring("0701740610", 0.01), ring("0701740611", 0.2)])
    assert [(one.press, round(one.seconds, 3)) for one in pairs] == [(first, 0.01), (other, 0.1), (second, 0.02)]


def test_a_ring_before_the_key_belongs_to_another_call() -> None:
    """And a key without a ring has none."""
    assert [pair([press("0701740610", 0)], rung)[0].fault("") for rung in ([ring("0701740610", -1)], [])] == ["no phone rang"] * 2


def test_a_key_may_be_stamped_a_little_late() -> None:
    """SIPp stamps after sending; the ring may be there already."""
    assert pair([press("0701740610", 1), press("0701740610", 5)], [ring("0701740610", 0.9), ring("0701740610", 4.9)])[1].ring is not None


def test_a_good_call_rings_in_time_by_the_right_way_and_ends() -> None:
    """Everything else says what was wrong."""
    good = Pair(press("0701740610", 0), ring("0701740610", 0.01))
    assert good.fault("Omsorg") == ""
    assert "another way" in good.fault("Skola")
    assert "3.1 s" in Pair(press("0701740610", 0), ring("0701740610", RING_SECONDS + 0.1)).fault("Omsorg")
    assert "did not arrive" in Pair(Press("0701740610", at(0), is_ended=False), ring("0701740610", 0.01)).fault("Omsorg")


def test_a_complaint_names_each_reason_once() -> None:
    """With the number of its calls."""
    assert Span((0.1,), ("no phone rang", "no phone rang"), 0, 0).complaint == "2 of 3 calls failed (2 times: no phone rang)"


def test_the_next_call_of_a_number_keeps_its_ring() -> None:
    """A call without a ring does not take that of the number's next call."""
    pairs = pair([press("0701740610", 0), press("0701740610", 1)], [ring("0701740610", 1.005)])
    assert [one.ring is None for one in pairs] == [True, False]


def test_the_traces_give_first_sendings_and_ends() -> None:
    """A repeated INFO or INVITE counts once, by the first."""
    shown = "<sip:0701740610@127.0.0.1>"
    citizens = [
        message(0, True, "INFO sip:a SIP/2.0", "c1", shown),
        message(0.5, True, "INFO sip:a SIP/2.0", "c1", shown),
        message(1, False, "BYE sip:c SIP/2.0", "c1"),
        message(2, True, "INFO sip:a SIP/2.0", "c2", "<sip:+46701740611@127.0.0.1>"),
    ]
    assert presses(citizens) == [Press("0701740610", at(0), True), Press("+46701740611", at(2), False)]
    name = '"Omsorg 0701740610" <sip:0701740605@127.0.0.1>'
    phones = [message(0.01, False, "INVITE sip:g SIP/2.0", "g1", name), message(0.6, False, "INVITE sip:g SIP/2.0", "g1", name)]
    assert rings(phones) == [Ring("0701740610", at(0.01), name)]


@pytest.mark.parametrize(
    ("shown", "number"),
    [
        ('"Omsorg 0046701740610" <sip:0701740605@127.0.0.1>', "0046701740610"),
        ('"Citizen" <sip:+46701740699@127.0.0.1>', "+46701740699"),
        ("<sip:0701740605@127.0.0.1>", ""),
    ],
)
def test_a_caller_is_found_in_name_or_address(shown: str, number: str) -> None:
    """The product shows the number in the name, beside the line's own; plain dialplan in the address."""
    assert caller(shown) == number


def span(latency: float, asterisk: float, controller: float) -> Span:
    return Span((latency,) * 10, (), asterisk, controller)


def measured(highest: list[tuple[float, float]]) -> Measured:
    both = (span(0.005, 0.2, 0.05), span(0.004, 0.1, 0.0))
    return Measured([both], [both], highest)


def test_a_comparison_gives_the_verdict_on_its_goal() -> None:
    """The controller is held against the twin's Asterisk, which is the cheaper one."""
    told = {one.row["name"]: one for one in compare(measured([(80.0, 100.0)]))}
    latency, cpu = told["key to ring, median, 10 calls/s"], told["controller's CPU per call : Asterisk's, 10 calls/s"]
    assert (latency.row["ratio"], latency.verdict) == (1.25, "reached")
    assert (cpu.row["ours"], cpu.row["theirs"], cpu.verdict) == (5.0, 10.0, "not reached")
    assert told["key to ring, p99, 10 calls/s"].verdict == ""
    assert told["highest rate without a failed call"].verdict == "not reached"


def test_the_table_has_a_line_for_each_comparison() -> None:
    """With ratio, spread, goal and verdict."""
    lines = table(compare(measured([(95.0, 100.0)]))).splitlines()
    assert len(lines) == 1 + 9
    assert lines[-1].split()[-6:] == ["calls/s", "0.95", "0.95..0.95", ">=", "0.9", "reached"]


def test_what_was_not_measured_is_no_row() -> None:
    """The quick run does not look for the highest rate."""
    assert len(compare(measured([]))) == 8


def test_one_run_keeps_a_second_one_out() -> None:
    """Until it has ended."""
    lock = only_run(FOLDER)
    try:
        with pytest.raises(StackError, match="another run"):
            only_run(FOLDER)
    finally:
        os.close(lock)
    os.close(only_run(FOLDER))


def test_the_bench_has_the_real_menu_and_as_many_guides_as_it_wants() -> None:
    """And its own slug, number and hours; no function that would ring back."""
    real = (ROOT / "municipalities" / "lekeberg.toml").read_text(encoding="utf-8")
    made, model = (parse(text, "bench") for text in (municipality_file(real, 300), real))
    guides_own = {name: topic.model_copy(update={"callbacks_by": None}) for name, topic in model.topics.items()}
    assert made.menu == model.menu and made.topics == guides_own
    assert [f"{made.slug}-{guide.extension}" for guide in made.guides] == accounts(300)
    assert made.main_number == "+46701740605" and len(made.hours.weekly) == 7


def test_promises_are_held_against_jobs_and_a_million_against_a_thousand() -> None:
    """A rate has to be higher, a claim's p99 at most twice as long."""
    verbs = {"requests": 900.0, "claims": 800.0, "settlements": 700.0}
    few = promises.Measured([(300.0, 100.0)], [(300.0, 10.0)], [verbs], [0.001] * 10)
    many = promises.Measured([(200.0, 100.0)], [], [{name: rate / 3 for name, rate in verbs.items()}], [0.002] * 10)
    told = {one.row["name"]: one for one in promises.compare(few, many)}
    assert told["request, claim, settlement, 1 000 000 open"].verdict == "not reached"
    assert told["p99 of a claim, 1 000 000 open"].verdict == "reached"
    assert told["claims, 1 000 000 open"].verdict == "not reached"
    assert [one.verdict for one in promises.compare(few, many)[:2]] == ["reached", "reached"]
