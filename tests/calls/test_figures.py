"""What Prometheus gets: the names of the catalogue, well formed, scraped by the stack's own Prometheus, true over a restart."""

from __future__ import annotations

import re
import subprocess

from simulation import HangUp, Phone, Press, Wait
from tests.calls.stack import ROOT, Stack, query, until


def exposed(text: str) -> set[str]:
    """The names in an exposition, counters with `_total`."""
    types = re.findall(r"^# TYPE (ivr_\w+) (\w+)$", text, re.MULTILINE)
    return {name if kind != "counter" or name.endswith("_total") else f"{name}_total" for name, kind in types}


def test_the_names_are_those_of_the_catalogue(stack: Stack) -> None:
    catalogue = set(re.findall(r"^\| `(ivr_\w+)`", (ROOT / "docs" / "metrics.md").read_text(encoding="utf-8"), re.MULTILINE))
    assert exposed(stack.metrics()) == catalogue


def test_promtool_finds_nothing_to_mend(stack: Stack) -> None:
    done = subprocess.run(
        ["docker", "exec", "-i", stack.container("prometheus"), "promtool", "check", "metrics"],
        input=stack.metrics(), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


async def test_a_call_reaches_prometheus_and_its_counter_survives_a_restart(stack: Stack, ready: float, guide: Phone) -> None:
    series = 'ivr_calls_finished_total{municipality="lekeberg",queue="guides",outcome="answered"}'
    assert (await stack.call("0701740632", Wait(1.0), Press("1"), Wait(3.0), HangUp())).answered
    await stack.last_call(ready)
    counted = stack.metric(series)
    stack.compose("restart", "controller")

    async def again() -> bool:
        return stack.ready()

    await until(again, 40, "a controller that acts")

    async def scraped() -> bool:
        found = query(series)
        return bool(found) and float(found[0]["value"][1]) == counted

    await until(scraped, 40, f"{counted} in Prometheus")
    assert stack.metric(series) == counted >= 1


async def test_known_series_are_there_before_the_first_call(stack: Stack) -> None:
    for series in (
        'ivr_calls_finished_total{municipality="closedville",outcome="error",queue="guides"}',
        'ivr_queue_exits_total{municipality="closedville",queue="guides",reason="limit"}',
        'ivr_callbacks_requested_total{municipality="closedville",queue="guides",source="guide"}',
        'ivr_answer_seconds_bucket{le="60.0",municipality="closedville",queue="guides"}',
        "ivr_ami_reconnects_total",
        "ivr_config_reload_success",
    ):
        assert series in stack.metrics()
