"""What `make up` shows: a citizen and a guide who are simulated, on an installation without phones."""

from __future__ import annotations

from simulation import Phone
from tests.calls.stack import CITIZEN, ROOT, Stack


async def test_the_first_call_reaches_a_simulated_guide_and_its_story_is_told(stack: Stack, ready: float) -> None:
    told = await stack.run(str(ROOT / ".venv/bin/python"), "setup/first_call.py")
    assert f"the phone of Vägledare 1 rings and shows: Omsorg {CITIZEN}" in told
    assert "Outcome in the ledger: answered" in told
    assert (await stack.last_call(ready)).topic == "care"


async def test_no_test_call_is_made_where_a_phone_is_registered(stack: Stack, ready: float, guide: Phone) -> None:
    assert "no test call" in await stack.run(str(ROOT / ".venv/bin/python"), "setup/first_call.py")
    assert guide.rings == []
