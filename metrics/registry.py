"""What Prometheus reads of calls and callbacks: totals that survive restarts and the figures of this moment, gathered at each scrape.

Names as in the catalogue; it holds no count of its own. A series that is known is there from the start, as zero.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric

from metrics.ledger import BUCKETS
from metrics.story import OUTCOMES, PRIORITY_OUTCOMES, RETURN_OUTCOMES, RETURN_SOURCES, TRANSFER_OUTCOMES

FALLBACK = "fallback"
"""The queue that the dialplan serves by itself, beside those of the file."""
ENTRIES = ("menu", "concern", "fault_report", "internal", "diverted")
EXITS = ("answered", "abandoned", "limit", "key", "overflow", "closed")
CALLBACK_STATES = ("waiting", "taken", "dialling", "talking", "talked", "unknown")
CALLBACK_OUTCOMES = ("solved", "new_matter", "not_reached", "wrong_number", "invalid_number", "cancelled", "called_in", "merged")
RESULTS = ("answered", "voicemail", "busy", "no_answer", "guide_missed", "congestion", "failed", "unknown")
REJECTIONS = ("open_per_number",)
DENIALS = ("number_a_day", "an_hour")
ERASED = ("number", "row")
SOURCES = ("queue_key", "queue_limit", "handler_no_answer", "chain_failed", "closed", "guide")
MENU_WORDS = ("english", "callback", "repeat", "invalid", "timeout")
REPAIRS = ("call_from_log", "callback_index")

Values = Mapping[str, float]
"""`name|label|label` to value, as the stores keep totals."""


@dataclass(frozen=True)
class Moment:
    """One municipality as it is now. Keys are queues, or queue and state; times are epoch seconds, 0 for none."""

    queues: tuple[str, ...]
    topics: tuple[str, ...]
    priority_lines: tuple[str, ...] = ()
    administrations: tuple[str, ...] = ()
    totals: Values = field(default_factory=dict)
    is_open: bool = False
    waiting: Mapping[str, int] = field(default_factory=dict)
    oldest_joined: Mapping[str, float] = field(default_factory=dict)
    agents: Mapping[tuple[str, str], int] = field(default_factory=dict)
    estimated_wait: Mapping[str, float] = field(default_factory=dict)
    callbacks_open: Mapping[tuple[str, str], int] = field(default_factory=dict)
    callbacks_overdue: Mapping[str, int] = field(default_factory=dict)
    callbacks_oldest_due: Mapping[str, float] = field(default_factory=dict)
    retention: float = 0.0
    rota_gaps: Mapping[str, float] = field(default_factory=dict)
    """By priority line."""


@dataclass(frozen=True)
class Scrape:
    """All that one scrape shows. `moments` is empty while the store is away: figures that are not known are absent, not zero."""

    moments: Mapping[str, Moment]
    calls_live: int
    store_up: bool
    store_durable: bool
    config_reload_success: bool
    bounds: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    """The buckets of a histogram, by its name, where they are not the ledger's."""


@dataclass(frozen=True)
class Family:
    """A counter read from totals: its labels behind `municipality`, and the series that are there from the start."""

    name: str
    help: str
    labels: tuple[str, ...]
    zeros: Callable[[Moment], Iterable[tuple[str, ...]]]


COUNTERS = (
    Family("calls_received", "Calls that entered.", ("entry",), lambda m: ((entry,) for entry in ENTRIES)),
    Family("calls_finished", "Calls that ended, by the first queue joined.", ("queue", "outcome"),
           lambda m: ((queue, outcome) for queue in (*m.queues, FALLBACK, "none") for outcome in OUTCOMES)),
    Family("queue_exits", "Ways out of a queue.", ("queue", "reason"),
           lambda m: ((queue, reason) for queue in (*m.queues, FALLBACK) for reason in EXITS)),
    Family("menu_selections", "Choices in the menu.", ("menu", "choice"),
           lambda m: (("main", choice) for choice in (*m.topics, *MENU_WORDS))),
    Family("callbacks_requested", "Callbacks promised.", ("queue", "source"),
           lambda m: ((queue, source) for queue in m.queues for source in SOURCES)),
    Family("callbacks_rejected", "Callbacks that were not promised.", ("queue", "reason"),
           lambda m: ((queue, reason) for queue in m.queues for reason in REJECTIONS)),
    Family("callback_attempts", "Attempts to ring back that have ended.", ("queue", "result"),
           lambda m: ((queue, result) for queue in m.queues for result in RESULTS)),
    Family("callbacks_closed", "Callbacks that ended, by their one outcome.", ("queue", "outcome"),
           lambda m: ((queue, outcome) for queue in m.queues for outcome in CALLBACK_OUTCOMES)),
    Family("callback_lease_expired", "Callbacks that somebody had taken and let lie.", ("queue",),
           lambda m: ((queue,) for queue in m.queues)),
    Family("callback_fenced_writes", "Writes that came too late and were refused.", (), lambda m: ((),)),
    Family("dial_denied", "Numbers that the dial guard kept from being dialled.", ("reason",), lambda m: ((reason,) for reason in DENIALS)),
    Family("retention_deleted", "What was erased in time.", ("kind",), lambda m: ((kind,) for kind in ERASED)),
    Family("priority_calls", "Calls to a priority line.", ("line", "outcome"),
           lambda m: ((line, outcome) for line in m.priority_lines for outcome in PRIORITY_OUTCOMES)),
    Family("transfers", "Transfers to a handler or a function.", ("administration", "outcome"),
           lambda m: ((administration, outcome) for administration in m.administrations for outcome in TRANSFER_OUTCOMES)),
    Family("returned_calls", "Calls that came back from an extension.", ("source", "outcome"),
           lambda m: ((source, outcome) for source in RETURN_SOURCES for outcome in RETURN_OUTCOMES)),
    Family("fallback_calls", "Calls that the dialplan took to a person by itself.", (), lambda m: ((),)),
    Family("reconcile_repairs", "Entries mended from the records that are the truth.", ("kind",), lambda m: ((kind,) for kind in REPAIRS)),
)  # fmt: skip

HISTOGRAMS = (
    Family("menu_seconds", "From the first ring to the choice.", ("menu",), lambda m: (("main",),)),
    Family("answer_seconds", "From the first ring to a person.", ("queue",), lambda m: ((queue,) for queue in (*m.queues, FALLBACK))),
    Family("queue_wait_seconds", "From the first join to the end of the wait.", ("queue", "outcome"),
           lambda m: ((queue, outcome) for queue in (*m.queues, FALLBACK) for outcome in ("answered", "abandoned"))),
    Family("priority_answer_seconds", "From the first ring, or the transfer there, to somebody on duty, else to the guide.", ("line",),
           lambda m: ((line,) for line in m.priority_lines)),
    Family("talk_seconds", "From a person's answer to the end.", ("queue",), lambda m: ((queue,) for queue in (*m.queues, FALLBACK))),
    Family("callback_age_at_close_seconds", "From order to close.", ("queue", "outcome"),
           lambda m: ((queue, outcome) for queue in m.queues for outcome in CALLBACK_OUTCOMES)),
)  # fmt: skip


def exposition(scrape: Scrape, engine: CollectorRegistry) -> bytes:
    """The text of one scrape, with the process's own counters behind it."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Collector(scrape))
    return generate_latest(registry) + generate_latest(engine)


class _Collector:
    def __init__(self, scrape: Scrape) -> None:
        self._scrape = scrape

    def collect(self) -> Iterator[Metric]:
        for family in COUNTERS:
            yield self._counter(family)
        for family in HISTOGRAMS:
            yield self._histogram(family)
        yield from self._queues()
        yield from self._agents()
        yield from self._callbacks()
        yield self._retention()
        yield self._rota_gaps()
        yield GaugeMetricFamily("ivr_calls_live", "Calls that are going on.", value=self._scrape.calls_live)
        yield GaugeMetricFamily("ivr_store_up", "1 while Redis answers.", value=self._scrape.store_up)
        yield GaugeMetricFamily("ivr_store_durable", "1 while a promise survives a power cut.", value=self._scrape.store_durable)
        yield GaugeMetricFamily(
            "ivr_config_reload_success", "1 while Asterisk runs the configuration that is wanted.", value=self._scrape.config_reload_success
        )

    def _counter(self, family: Family) -> Metric:
        metric = CounterMetricFamily(f"ivr_{family.name}", family.help, labels=("municipality", *family.labels))
        for municipality, moment in self._scrape.moments.items():
            series = dict.fromkeys(family.zeros(moment), 0.0) | _named(moment.totals, family.name)
            for labels, value in series.items():
                metric.add_metric((municipality, *labels), value)
        return metric

    def _histogram(self, family: Family) -> Metric:
        metric = HistogramMetricFamily(f"ivr_{family.name}", family.help, labels=("municipality", *family.labels))
        bounds = self._scrape.bounds.get(family.name, BUCKETS)
        for municipality, moment in self._scrape.moments.items():
            sums = dict.fromkeys(family.zeros(moment), 0.0) | _named(moment.totals, f"{family.name}_sum")
            counts = _named(moment.totals, f"{family.name}_bucket")
            for labels, total in sums.items():
                metric.add_metric((municipality, *labels), buckets=list(_cumulated(counts, labels, bounds)), sum_value=total)
        return metric

    def _queues(self) -> Iterator[Metric]:
        def by_queue(name: str, help: str, value: Callable[[Moment, str], float], *more: str) -> Metric:
            metric = GaugeMetricFamily(f"ivr_{name}", help, labels=("municipality", "queue"))
            for municipality, moment in self._scrape.moments.items():
                for queue in (*moment.queues, *more):
                    metric.add_metric((municipality, queue), value(moment, queue))
            return metric

        yield by_queue("queue_calls_waiting", "Callers in the queue.", lambda m, q: m.waiting.get(q, 0), FALLBACK)
        yield by_queue("queue_oldest_call_joined_timestamp_seconds", "When the first of the waiting joined; 0 for none.",
                       lambda m, q: m.oldest_joined.get(q, 0.0), FALLBACK)  # fmt: skip
        yield by_queue("queue_open", "1 within opening hours.", lambda m, q: m.is_open)
        yield by_queue("callbacks_overdue", "Promises past their time.", lambda m, q: m.callbacks_overdue.get(q, 0))
        yield by_queue("callback_oldest_due_timestamp_seconds", "The earliest promise that is open; 0 for none.",
                       lambda m, q: m.callbacks_oldest_due.get(q, 0.0))  # fmt: skip

    def _agents(self) -> Iterator[Metric]:
        agents = GaugeMetricFamily("ivr_queue_agents", "Guides who are logged in.", labels=("municipality", "queue", "state"))
        wait = GaugeMetricFamily("ivr_queue_estimated_wait_seconds", "For the last who waits.", labels=("municipality", "queue"))
        for municipality, moment in self._scrape.moments.items():
            for labels, count in moment.agents.items():
                agents.add_metric((municipality, *labels), count)
            for queue, seconds in moment.estimated_wait.items():
                wait.add_metric((municipality, queue), seconds)
        yield agents
        yield wait

    def _callbacks(self) -> Iterator[Metric]:
        metric = GaugeMetricFamily("ivr_callbacks_open", "Open promises.", labels=("municipality", "queue", "state"))
        for municipality, moment in self._scrape.moments.items():
            series = {(queue, state): 0 for queue in moment.queues for state in CALLBACK_STATES} | dict(moment.callbacks_open)
            for labels, value in series.items():
                metric.add_metric((municipality, *labels), value)
        yield metric

    def _retention(self) -> Metric:
        help = "When everything was last erased that had to be; 0 for never."
        metric = GaugeMetricFamily("ivr_retention_last_success_timestamp_seconds", help, labels=("municipality",))
        for municipality, moment in self._scrape.moments.items():
            metric.add_metric((municipality,), moment.retention)
        return metric

    def _rota_gaps(self) -> Metric:
        help = "When nobody is on duty next, within four weeks; 0 for never."
        metric = GaugeMetricFamily("ivr_rota_gap_timestamp_seconds", help, labels=("municipality", "line"))
        for municipality, moment in self._scrape.moments.items():
            for line, begins in moment.rota_gaps.items():
                metric.add_metric((municipality, line), begins)
        return metric


def _named(totals: Values, name: str) -> dict[tuple[str, ...], float]:
    return {tuple(field.split("|")[1:]): value for field, value in totals.items() if field.split("|", 1)[0] == name}


def _cumulated(
    counts: Mapping[tuple[str, ...], float], labels: tuple[str, ...], bounds: tuple[int, ...]
) -> Iterator[tuple[str, float]]:
    seen = 0.0
    for bound in (*map(str, bounds), "+Inf"):
        seen += counts.get((*labels, bound), 0.0)
        yield (bound if bound == "+Inf" else f"{float(bound)}"), seen
