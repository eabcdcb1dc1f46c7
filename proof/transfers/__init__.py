"""The same transfers and diverted calls, once through a plain transfer dialplan and once through the product: in ours nobody is lost."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any

from redis.asyncio import Redis

from bench.containers import ROOT, StackError
from callbacks.store import CallbackStore
from dialplan.render import phone_password
from metrics.ledger import Ledger
from metrics.story import CallRecord
from proof.stack import PORTS, Stack
from proof.transfers import outcome, plain
from proof.transfers.calls import Call, Scene, Town
from proof.transfers.cases import Case, draw
from proof.transfers.matters import LOST_BY_SURVEY, lost_by_rates, lost_by_weight
from proof.transfers.municipality import SLUG, guides, municipality_file, phones
from proof.transfers.outcome import OUTCOMES, Outcome

COUNT, SEED = 300, 2019
AT_ONCE = 12
GUIDES = 2 * AT_ONCE
"""One for each call, and one for who comes back meanwhile: nobody waits, and the table is about transfers alone."""
RING_SECONDS = 4
"""How long a handler's phone rings here; the product's own 15 s would show the same in an hour."""
MAIN, PLAIN = "058548700", "0701740699"
"""What citizens dial: the product's main number, and the plain dialplan's."""
GUIDE_KEY = "0"
SETTLED_SECONDS = 30.0
WORDS: Mapping[Outcome, str] = {
    "answered": "answered by the handler",
    "guide": "returned, answered by a guide",
    "callback": "callback by that handler ordered",
    "hung_up": "hung up by own choice",
    "lost": "lost",
}


async def run(say: Callable[[str], None]) -> dict[str, Any]:
    """Make the calls; the figures. Raises AssertionError when somebody was lost in ours."""
    cases = draw(COUNT, SEED)
    real = (ROOT / "municipalities" / "lekeberg.toml").read_text(encoding="utf-8")
    async with Stack({SLUG: municipality_file(real, GUIDES, RING_SECONDS, date.today())}, {}) as stack:
        for line in plain.lines(PLAIN, f"{SLUG}-guides", phones(), RING_SECONDS):
            if "added" not in (said := stack.asterisk(line)):
                raise StackError(f"the plain dialplan was not taken: {said.strip()}")
        calls, _ = await _made(stack, cases, PLAIN, "", say)
        theirs = [outcome.plain(call) for call in calls]
        calls, returned = await _made(stack, cases, MAIN, GUIDE_KEY, say)
        async with Redis(port=PORTS["KC_REDIS_PORT"], password=stack.settings.redis_password, decode_responses=True) as redis:
            ours = await judged(redis, SLUG, calls)
    told = results(cases, theirs, [one for one, _ in ours])
    lost = [f"{call.case} at {call.phone}: {row}" for call, (came, row) in zip(calls, ours, strict=True) if came == "lost"]
    assert not lost, "\n".join(("lost:", *lost))
    assert returned >= told["ours"]["guide"], f"{told['ours']['guide']} came back to a guide, but the guides' phones saw {returned}"
    return told


async def _made(stack: Stack, cases: Sequence[Case], number: str, key: str, say: Callable[[str], None]) -> tuple[list[Call], int]:
    """The calls, and the talks of guides whose phone showed a returned call."""
    passwords = {account: phone_password(stack.settings.phone_seed, account) for account in guides(GUIDES)}
    scene = Scene(stack.address, PORTS["KC_TRUNK_OUT_PORT"], number, key, passwords, phones())
    begun = time.monotonic()
    async with Town(scene) as town:
        made = await town.carry_out(cases, AT_ONCE)
    await stack.calm()
    say(f"{len(made)} calls to {number} in {time.monotonic() - begun:.0f} s")
    return made, town.returned


async def judged(redis: Redis, slug: str, calls: Sequence[Call]) -> list[tuple[Outcome, CallRecord | None]]:
    """What became of calls through the product, each with its row, once the ledger has them all."""
    ledger, kept = Ledger(redis), dict[str, CallRecord]()
    deadline = time.monotonic() + SETTLED_SECONDS
    rows: list[CallRecord | None] = []
    while time.monotonic() < deadline:
        kept = {row.call_id: row for row in await ledger.latest(slug, 2 * len(calls))}
        rows = [outcome.row_of(call, kept.values()) for call in calls]
        if None not in rows:
            break
    owners = {one.id: one.owner for one in await CallbackStore(redis).listed(slug, ("queue/guides",), 10 * len(calls))}
    return [(outcome.ours(call, row, owners), row) for call, row in zip(calls, rows, strict=True)]


def results(cases: Sequence[Case], theirs: Sequence[Outcome], ours: Sequence[Outcome]) -> dict[str, Any]:
    """The figures for programs: calls by outcome, all and transfers alone, and the baselines as shares."""
    transfers = [case.entrance == "transfer" for case in cases]
    told: dict[str, Any] = {"calls": len(cases), "transfers": sum(transfers), "seed": SEED, "ring_seconds": RING_SECONDS}
    for name, came in (("plain", theirs), ("ours", ours)):
        told[name] = outcome.count(came)
        told[f"{name}_transfers"] = outcome.count([one for one, counts in zip(came, transfers, strict=True) if counts])
    told |= {"lost_by_survey": LOST_BY_SURVEY, "lost_by_rates": lost_by_rates(), "lost_by_weight": lost_by_weight()}
    return {name: round(value, 3) if isinstance(value, float) else value for name, value in told.items()}


def table(told: Mapping[str, Any]) -> str:
    """The figures for people."""
    kinds = f"{told['transfers']} transferred by guides, the others diverted to the main number"
    lines = [f"{told['calls']} calls (seed {told['seed']}): {kinds}"]
    lines += ["", f"{'':36}{'plain dialplan':>16}{'ours':>8}"]
    lines += [f"{WORDS[one]:36}{told['plain'][one]:16}{told['ours'][one]:8}" for one in OUTCOMES]
    shares = [told[name]["lost"] / told["transfers"] for name in ("plain_transfers", "ours_transfers")]
    lines += [f"{'lost, of those transferred':36}{shares[0]:16.1%}{shares[1]:8.1%}"]
    lines += ["", "What Lekeberg lost of its transferred calls in 2019:"]
    lines += [f"{'by the national survey (KKiK)':36}{told['lost_by_survey']:16.1%}"]
    lines += [f"{'by the handlers’ answer rates':36}{told['lost_by_rates']:16.1%}   each matter once"]
    lines += [f"{'':36}{told['lost_by_weight']:16.1%}   weighed by hours, as the calls above are drawn"]
    return "\n".join(lines)
