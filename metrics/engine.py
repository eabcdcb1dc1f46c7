"""Counters of this process, which start anew with it: the manager connection, the store, the web. Names as in the catalogue."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5)
"""Buckets of what a caller may have to wait for: milliseconds are usual, a second is the limit."""

REFUSALS = ("no_token", "unknown_token", "role")

disable_created_metrics()  # type: ignore[no-untyped-call]  # a second series for each one, which nobody reads


class Engine:
    """One process's counters in a registry of their own."""

    def __init__(self) -> None:
        own = self.registry = CollectorRegistry()
        self.ami_connected = Gauge("ivr_ami_connected", "1 while logged in to Asterisk's manager interface.", registry=own)
        self.ami_reconnects = Counter("ivr_ami_reconnects", "Connections to Asterisk that ended, each followed by a new one.", registry=own)
        self.ami_events = Counter("ivr_ami_events", "Events from Asterisk.", ["event"], registry=own)
        self.ami_actions = Counter("ivr_ami_actions", "Actions sent to Asterisk.", ["action", "result"], registry=own)
        self.ami_action_seconds = Histogram("ivr_ami_action_seconds", "Action to response.", ["action"], buckets=SECONDS, registry=own)
        self.event_loop_lag = Gauge("ivr_event_loop_lag_seconds", "How late a timer of one second last fired.", registry=own)
        self.store_seconds = Histogram("ivr_store_operation_seconds", "Time in the store.", ["operation"], buckets=SECONDS, registry=own)
        self.store_errors = Counter("ivr_store_errors", "Operations of the store that failed.", ["operation"], registry=own)
        self.http_requests = Counter("ivr_http_requests", "Requests to the web.", ["method", "route", "status"], registry=own)
        self.http_seconds = Histogram("ivr_http_request_seconds", "Request to answer.", ["method", "route"], buckets=SECONDS, registry=own)
        self.auth_failures = Counter("ivr_auth_failures", "Requests that the guard refused.", ["reason"], registry=own)
        self.priority_unanswered = Counter(
            "ivr_priority_unanswered", "Calls to a priority line that nobody took so far.", ["municipality", "line"], registry=own
        )
        build = Gauge("ivr_build_info", "The running program.", ["version", "revision"], registry=own)
        self._build = build
        for operation in ("register", "settle"):
            self.store_errors.labels(operation)
            self.store_seconds.labels(operation)
        for reason in REFUSALS:
            self.auth_failures.labels(reason)

    def built(self, version: str, revision: str) -> None:
        """Say which program this is."""
        self._build.labels(version, revision).set(1)

    def acted(self, action: str, result: str, seconds: float) -> None:
        """One action towards Asterisk: `result` is ok, failed, late or lost."""
        self.ami_actions.labels(action, result).inc()
        self.ami_action_seconds.labels(action).observe(seconds)

    @contextmanager
    def storing(self, operation: str) -> Iterator[None]:
        """Time one operation of the store, and count its failure."""
        began = time.perf_counter()
        try:
            yield
        except Exception:
            self.store_errors.labels(operation).inc()
            raise
        finally:
            self.store_seconds.labels(operation).observe(time.perf_counter() - began)
