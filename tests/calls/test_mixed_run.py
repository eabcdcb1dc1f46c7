"""A hundred mixed calls at once: SIPp's counts, Asterisk's queue_log and CEL, the ledger and Prometheus agree to the last call."""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import AsyncExitStack

import pytest

from metrics.cel import CelStories, parse
from metrics.ledger import Ledger
from metrics.story import CallRecord
from simulation import HangUp, LoadResult, Press, Step, Wait, WaitForBye, load
from tests.calls.stack import LEKEBERG, Stack, query, until

GROUPS: tuple[tuple[int, float, tuple[Step, ...]], ...] = (
    (40, 4.0, (Wait(1.5), HangUp())),
    (24, 0.6, (Wait(1.0), Press("3"), WaitForBye())),
    (20, 1.0, (Wait(1.0), Press("1"), Wait(3.0), HangUp())),
    (14, 0.5, (Wait(1.0), Press("5"), Wait(3.5), Press("9"), Wait(1.5), Press("1"), WaitForBye())),
    (10, 0.5, (Wait(1.0), Press("7"), Wait(1.5), Press("7"), Wait(4.0), HangUp())),
)
"""Callers of one kind: how many, how many a second, what they do. A guide who answers ends the talk after a second."""


async def ring_all(stack: Stack) -> list[LoadResult]:
    """All groups at once, with three guides on duty."""
    async with AsyncExitStack() as on_duty:
        for extension in ("1001", "1002", "1003"):
            await on_duty.enter_async_context(stack.phone(extension, answers_after=0.3, talk=1.0))
        address = ("127.0.0.1", stack.sip)
        return await asyncio.gather(*(load(address, LEKEBERG, steps, rate=rate, count=count) for count, rate, steps in GROUPS))


def logged_calls(stack: Stack) -> dict[str, CallRecord]:
    """The calls as Asterisk's CEL alone tells them."""
    rows = (row for line in stack.file("/var/log/asterisk/cel-custom/Master.csv").splitlines() if (row := parse(line)))
    return {record.call_id: record for record in CelStories().feed(rows)}


def queue_log(stack: Stack) -> dict[str, set[str]]:
    """Call ids by verb, as Asterisk's queue_log alone tells them."""
    calls: dict[str, set[str]] = {}
    for line in stack.file("/var/log/asterisk/queue_log").splitlines():
        _, call_id, _, _, verb, *_ = line.split("|")
        calls.setdefault(verb, set()).add(call_id)
    return calls


def finished(stack: Stack) -> Counter[str]:
    """Outcomes by the controller's counters."""
    return Counter({outcome: int(total) for outcome, total in stack.by_label("ivr_calls_finished_total", "outcome", "lekeberg").items()})


@pytest.mark.timeout(300)
async def test_all_books_agree_on_a_hundred_calls(stack: Stack, ready: float) -> None:
    before, total = finished(stack), sum(count for count, _, _ in GROUPS)
    results = await ring_all(stack)
    assert (sum(r.created for r in results), sum(r.answered for r in results), sum(r.failed for r in results)) == (total, total, 0)

    async with stack.redis() as redis:

        async def entered() -> list[CallRecord] | None:
            rows = [row for row in await Ledger(redis).latest("lekeberg", 1000) if row.started >= ready]
            return rows if len(rows) >= total else None

        ledger = {row.call_id: row for row in await until(entered, 30, f"{total} calls in the ledger")}
    logged = {call_id: record for call_id, record in logged_calls(stack).items() if record.started >= ready}
    outcomes = Counter(row.outcome for row in ledger.values())
    verbs = queue_log(stack)
    table = {
        "SIPp": total, "CEL": len(logged), "ledger": len(ledger), "metrics": (finished(stack) - before).total(),
        "outcomes": dict(outcomes), "queue_log": {verb: len(calls & ledger.keys()) for verb, calls in verbs.items()},
    }  # fmt: skip
    print(table)
    assert {call_id: row.outcome for call_id, row in ledger.items()} == {call_id: row.outcome for call_id, row in logged.items()}, table
    assert {row.source for row in ledger.values()} == {"events"}
    assert finished(stack) - before == outcomes
    queued = {call_id for call_id, row in ledger.items() if row.queue != "none"}
    assert verbs["ENTERQUEUE"] & ledger.keys() == queued
    assert verbs["CONNECT"] & ledger.keys() == {call_id for call_id, row in ledger.items() if row.outcome == "answered"}
    assert outcomes["answered"] > 20
    assert outcomes["menu_hangup"] == 40

    async def scraped() -> bool:
        by_outcome = query('sum by (outcome) (ivr_calls_finished_total{municipality="lekeberg"})')
        return Counter({str(one["metric"]["outcome"]): int(one["value"][1]) for one in by_outcome}) - before == outcomes

    await until(scraped, 30, "the same counts in Prometheus")
