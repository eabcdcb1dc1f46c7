"""The alerts of the stack's own Prometheus: each fires when it should and is silent when it should be, and the rules are loaded."""

from __future__ import annotations

import json
import subprocess
import urllib.request

from tests.calls.stack import PORTS, ROOT, Stack


def test_each_alert_fires_when_it_should_and_only_then(stack: Stack) -> None:
    run = 'f=$(mktemp /tmp/rulesXXXXXX) && cat > "$f" && promtool test rules "$f"'
    done = subprocess.run(
        ["docker", "exec", "-i", stack.container("prometheus"), "sh", "-c", run],
        input=(ROOT / "tests" / "calls" / "rules.yml").read_text(encoding="utf-8"), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_rules_are_loaded(stack: Stack) -> None:
    with urllib.request.urlopen(f"http://127.0.0.1:{PORTS['KC_PROMETHEUS_PORT']}/api/v1/rules", timeout=5) as answer:
        groups = json.load(answer)["data"]["groups"]
    assert {rule["name"]: rule["labels"]["severity"] for group in groups for rule in group["rules"]} == {
        "PriorityCallUnanswered": "page", "RotaGap": "ticket", "CallbacksOverdue": "ticket", "CallbackOutcomeUnknown": "ticket",
        "DialGuardTripped": "page", "RetentionStalled": "ticket", "AsteriskDisconnected": "page",
    }  # fmt: skip
