"""Show for one municipality that no call ends nowhere: the menu and the callback conversation as they are, the dialplan as it is rendered.

Called by `ivr check` and at the service's start. Pure but for the catalogue, the templates and the sound files it reads.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path

from callbacks import conversation as offer
from dialplan.prompts.catalogue import LONGEST_ESTIMATE, LONGEST_POSITION
from dialplan.prompts.lengths import lengths, prompt_lengths
from dialplan.proof.walk import walk
from dialplan.render import Ports, Trunk, render
from ivr.conversation import OFFER_SECONDS, own_numbers
from routing import menu
from routing.dialogue import Ask, GiveUp, Move, Register
from routing.graph import Longest
from routing.hours import HORIZON_DAYS
from routing.municipality import Municipality
from routing.problem import Problem
from routing.proof import KEYS, WORLDS, After, Finding, Proof, World, longest_service, openings_said, prove, prove_menu, seconds, spell

A_CALLER = "0701740605"
"""One of the numbers that the Swedish authority keeps for fiction."""
KEYED = (A_CALLER, "0900123456", "112", "0044207946000", "9" * 16)
"""One of each kind that a number can be of: ours to ring, premium, short, foreign, malformed and as long as can be keyed."""
OFFERED = Ask((f"queue-position-{LONGEST_POSITION}", f"queue-minutes-{LONGEST_ESTIMATE}", "queue-offer"), timeout=OFFER_SECONDS)
"""What is asked at a queue's limit, at its longest."""


def prove_municipality(municipality: Municipality, today: date, sounds: Path | None = None) -> list[Proof]:
    """All walks of one municipality's calls. `sounds` is the folder of the built prompts; without it their lengths are estimated."""
    spoken = prompt_lengths(municipality, sounds)
    callbacks = [_callback(municipality, shown, spoken) for shown in (A_CALLER, "")]
    longest = max((proof.longest for proof in callbacks), key=lambda way: way.seconds)
    offered = Longest(seconds(OFFERED, "9", spoken) + longest.seconds, ("9", *longest.keys))
    after = After(Longest(longest.seconds, longest.keys), offered)
    menus = [_menu(municipality, world, spoken, after, today) for world in WORLDS]
    files = render([municipality], ports=Ports(), trunk=Trunk(), phone_seed="", today=today)
    return [*menus, *callbacks, _closing_time(municipality, today), *walk(municipality, files, lengths(municipality, sounds))]


def problems(file: str, proofs: Iterable[Proof]) -> tuple[Problem, ...]:
    """What the walks found, as problems of the municipality's file."""
    return tuple(Problem(file, finding.where, finding.reason, finding.remedy) for proof in proofs for finding in proof.findings)


def sentence(proof: Proof) -> str:
    """What one walk showed, for a person."""
    keys = f" ({spell(proof.longest.keys)})" if proof.longest.keys else ""
    end = "no end is shown" if math.isinf(proof.longest.seconds) else f"an end after at most {proof.longest.seconds:.0f} s{keys}"
    counts = ((proof.situations, "situations"), (proof.sequences, "sequences of keys"))
    return f"{proof.where}: {', '.join([*(f'{many} {what}' for many, what in counts if many), end])}."


def _menu(municipality: Municipality, world: World, spoken: Mapping[str, float], after: After, today: date) -> Proof:
    said = openings_said(municipality.hours, today)
    longest = max(said, key=lambda prompts: sum(spoken.get(prompt, math.inf) for prompt in prompts), default=())
    return prove_menu(municipality, world, spoken, after, opening=longest, start=menu.start, answer=menu.answer)


def _callback(municipality: Municipality, shown: str, spoken: Mapping[str, float]) -> Proof:
    """Keyed numbers are walked one of each kind; whoever gives up is back in the queue, or hears the closed referral."""

    def judge(move: Move) -> Longest | str:
        return Longest(0.0) if isinstance(move, Register | GiveUp) else f"the callback conversation cannot end with {move}"

    def tried(ask: Ask) -> Iterable[str]:
        return KEYS if ask.max_digits == 1 else (*KEYS, *KEYED, *sorted(own_numbers(municipality)))

    where = f"callback, number {'shown' if shown else 'withheld'}"
    return prove(where, offer.start(shown, own_numbers(municipality)), offer.answer, judge, spoken, tried)


def _closing_time(municipality: Municipality, today: date) -> Proof:
    """Waiting in a queue counts as an end because closing time ends it."""
    where = "waiting in a queue, closing time and the quarter of an hour after it included"
    if (bound := longest_service(municipality.hours, today)) is not None:
        return Proof(where, 0, 0, Longest(bound.total_seconds()))
    reason = f"never closes in {HORIZON_DAYS} days, so that waiting has no end"
    return Proof(where, 0, 0, Longest(math.inf), (Finding("hours.weekly", reason, "Close once a day, if only for half an hour."),))
