"""What Prometheus gets of callbacks: the words of the callbacks' own model, there as zero from the start, true when something happened."""

from __future__ import annotations

from typing import get_args

import pytest
from prometheus_client import CollectorRegistry
from prometheus_client.parser import text_string_to_metric_families

from callbacks.model import OUTCOMES, RESULTS, STATES, Source
from callbacks.store import AGE_BUCKETS
from metrics import registry
from metrics.registry import Moment, Scrape, exposition

Series = dict[tuple[str, tuple[tuple[str, str], ...]], float]


def exposed(moment: Moment) -> Series:
    """Every series by its name and labels."""
    scrape = Scrape({"lekeberg": moment}, 0, True, True, True, bounds={"callback_age_at_close_seconds": AGE_BUCKETS})
    families = text_string_to_metric_families(exposition(scrape, CollectorRegistry()).decode())
    return {(one.name, tuple(sorted(one.labels.items()))): one.value for family in families for one in family.samples}


def at(series: Series, name: str, **labels: str) -> float:
    """The value of one series."""
    return series[f"ivr_{name}", tuple(sorted({"municipality": "lekeberg", **labels}.items()))]


def test_the_words_are_those_of_the_callbacks() -> None:
    assert (*registry.CALLBACK_STATES, "closed") == STATES
    assert registry.CALLBACK_OUTCOMES == OUTCOMES
    assert registry.RESULTS == RESULTS
    assert get_args(Source) == registry.SOURCES


@pytest.mark.parametrize(("name", "labels"), [
    ("callbacks_rejected_total", {"queue": "guides", "reason": "open_per_number"}),
    ("callback_attempts_total", {"queue": "guides", "result": "guide_missed"}),
    ("callbacks_closed_total", {"queue": "guides", "outcome": "not_reached"}),
    ("callbacks_open", {"queue": "guides", "state": "unknown"}),
    ("callback_age_at_close_seconds_bucket", {"queue": "guides", "outcome": "solved", "le": "604800.0"}),
    ("callback_lease_expired_total", {"queue": "guides"}),
    ("callback_fenced_writes_total", {}),
    ("dial_denied_total", {"reason": "number_a_day"}),
    ("dial_denied_total", {"reason": "an_hour"}),
    ("reconcile_repairs_total", {"kind": "call_from_log"}),
    ("reconcile_repairs_total", {"kind": "callback_index"}),
    ("retention_deleted_total", {"kind": "number"}),
    ("retention_deleted_total", {"kind": "row"}),
    ("retention_last_success_timestamp_seconds", {}),
])  # fmt: skip
def test_a_known_series_is_there_before_anything_has_happened(name: str, labels: dict[str, str]) -> None:
    assert at(exposed(Moment(("guides",), ("care",))), name, **labels) == 0


def test_the_age_at_close_has_bounds_of_its_own() -> None:
    totals = {"callback_age_at_close_seconds_bucket|guides|solved|300": 2.0, "callback_age_at_close_seconds_sum|guides|solved": 500.0}
    series = exposed(Moment(("guides",), ("care",), totals=totals))
    for le, count in (("60.0", 0), ("300.0", 2), ("+Inf", 2)):
        assert at(series, "callback_age_at_close_seconds_bucket", queue="guides", outcome="solved", le=le) == count
    assert at(series, "callback_age_at_close_seconds_sum", queue="guides", outcome="solved") == 500
    assert {key for key in series if key[0] == "ivr_answer_seconds_bucket" and ("le", "20.0") in key[1]}
