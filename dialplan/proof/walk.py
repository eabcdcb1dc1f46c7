"""Walk the rendered dialplan itself, for a controller that is away: every key at every question, open and closed.

Each way has to end in a queue with members, a dialled number or spoken words, and may go round only while time passes and closing time
ends it. What only the living call knows goes both ways. Past the rendered days the fallback counts as open, so nothing closes there:
that waiting ends with a guide or the caller's own hang-up. A press while one waits in a queue begins a walk of its own.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

from dialplan.proof.applications import CLOSING, PAST, QUEUED, TEMPLATE, WAIT, Applications
from dialplan.proof.call import Call, Outcome
from dialplan.proof.expression import NUMBER
from dialplan.proof.extensions import Dialplan, Place, joined, members, parse, sections
from dialplan.proof.live import live, relevant, trimmed
from dialplan.render import ASK_TIMEOUT, dialled_forms
from routing.graph import Edge, Graph, Longest, explore
from routing.municipality import Municipality
from routing.proof import Finding, Proof

MOST_CALLS = 40_000
"""More situations than this mean a counter that nothing stops. The shipped dialplans have about ten thousand."""
MIDDLES = {
    "ask": ("s", "T"), "fallback": ("s",), "step": ("queue", "promised", "end"), "keys": ("9",), "previous": ("i",),
    "people": (), "nobody": (), "inside": (), "priority-extensions": (),
}  # fmt: skip
"""Where a call may come from elsewhere than the dialplan: sent by the controller (`ivr/conversation.py`), timed out, or with a key
pressed in a queue. What of it does not exist is found; other extensions of these contexts are walked, too."""
TALKED = ("people", "nobody", "priority-extensions")
"""Whoever comes there was in a talk with a guide."""
INSIDE = (*TALKED, "inside")
"""Nothing there depends on the topic; whoever comes back from there is walked with each topic from where he is asked."""
PHONES = ("guide-codes", "guide-told")
"""What a guide's phone dials, and what it hears when the controller rings it."""
CALLBACKS = ("stand-in", "own-phone", "citizen-first", "callback-one", "citizen-queue")
"""Where the controller begins to ring back. Whoever is there has been spoken to, or nobody is."""


def walk(municipality: Municipality, files: Mapping[str, str], lengths: Mapping[str, float]) -> list[Proof]:
    """Proofs for open, closed and past the rendered days, the findings with the first.

    `files` are the texts that are rendered for this municipality, by name, `lengths` seconds by the file names that Asterisk plays.
    """
    dialplan = parse(files["extensions.conf"])
    answering = Counter(members(files["queues.conf"]))
    answering.update(joined(dialplan))
    rules = Applications(dialplan, answering, sections(files["pjsip.conf"]), lengths, relevant(dialplan))
    wanted = live(rules)
    outcomes: dict[Call, Outcome] = {}

    def ways(call: Call) -> list[Edge[Call]]:
        outcomes[call] = rules.carry_out(call)
        return [edge if (to := trimmed(edge.to, wanted)) is edge.to else replace(edge, to=to) for edge in outcomes[call].ways]

    numbers = [number for line in municipality.lines.values() for number in line.numbers]
    coming = [Call(Place("trunk-in", form)) for number in numbers for form in dialled_forms(number)]
    others = (*dialled(dialplan, municipality), *ringing_back(dialplan, municipality))
    graph = explore([*coming, *begun(dialplan, municipality), *others], ways, MOST_CALLS)
    findings = tuple(_findings(graph, outcomes, dialplan))
    return [_proof(clock, coming, graph, outcomes, findings if clock == "open" else ()) for clock in ("open", "closed", PAST)]


def begun(dialplan: Dialplan, municipality: Municipality) -> Iterator[Call]:
    """Calls in the midst of things, about each topic: redirected by the controller, timed out, or with 9 pressed in a queue."""
    slug = municipality.slug
    referrals = tuple(f"referral-{topic}" for topic in municipality.referrals if not municipality.priority_line(topic))
    # a line's next round is for who was looked for there before: its own topic
    rounds = {f"chain-more-{name}": (line.topic,) for name, line in municipality.priority_lines.items()}
    chains = tuple(f"chain-{name}" for name in municipality.priority_lines)
    for kind, always in MIDDLES.items():
        needed = (*always, *referrals, *chains, *rounds) if kind == "step" else always
        for exten in dict.fromkeys((*needed, *dialplan.contexts.get(f"{slug}-{kind}", ()))):
            timer = 0 if kind in ("keys", *INSIDE) or exten == "T" else ASK_TIMEOUT  # the question's absolute timeout may still run
            topics = rounds.get(exten, (*municipality.topics, *([""] if kind in ("ask", "fallback") else [])))
            for topic in ("guide",) if kind in INSIDE else topics:
                state = f"1/{slug}/{NUMBER}/{topic}/{NUMBER}/{NUMBER}"
                # who presses a key in a queue, or comes from a talk, has been spoken to
                yield Call(Place(f"{slug}-{kind}", exten), (("KC", state),), timer=timer, spoken=kind in ("keys", *TALKED))


def dialled(dialplan: Dialplan, municipality: Municipality) -> Iterator[Call]:
    """Calls of the guides' own phones."""
    for context in (f"{municipality.slug}-{kind}" for kind in PHONES):
        yield from (Call(Place(context, exten)) for exten in dialplan.contexts.get(context, ()))


def ringing_back(dialplan: Dialplan, municipality: Municipality) -> Iterator[Call]:
    """The legs of attempts to ring a citizen back."""
    for context in (f"{municipality.slug}-{kind}" for kind in CALLBACKS):
        for exten in dialplan.contexts.get(context, ()):
            state = f"1/{municipality.slug}/{NUMBER}/guide/{NUMBER}/{NUMBER}"
            yield Call(Place(context, exten), (("KC", state), ("KC_TOPIC", "guide"), ("KC_WHOSE", "NONE")), spoken=True)


def spelled(graph: Graph[Call], to: Call) -> str:
    """The shortest way there: places, priorities in a row as one, keys in brackets."""
    steps = [(call.at, edge.key) for call, edge in graph.way(to)]
    return _written([*steps, (to.at, None)])


def _written(steps: Sequence[tuple[Place, str | None]]) -> str:
    words: list[str] = []
    row: list[Place] = []
    for place, key in steps:
        if row and place != row[-1].following:
            words.append(_span(row))
            row = []
        row.append(place)
        if key is not None:
            words += [_span(row), f"[{key or 'silence'}]"]
            row = []
    return " ".join([*words, *([_span(row)] if row else [])])


def _span(row: list[Place]) -> str:
    return str(row[0]) if len(row) == 1 else f"{row[0]}-{row[-1].priority}"


def _findings(graph: Graph[Call], outcomes: Mapping[Call, Outcome], dialplan: Dialplan) -> Iterator[Finding]:
    for number, line in dialplan.unread:
        remedy = "Write it as exten or same, or teach dialplan/proof/extensions.py what it means."
        yield Finding(f"dialplan: extensions.conf line {number}", f"{line!r} cannot be read", remedy)
    found: dict[tuple[Place, str], Finding] = {}
    for call, outcome in outcomes.items():
        for reason, remedy in outcome.faults:
            found.setdefault((call.at, reason), Finding(f"dialplan: {spelled(graph, call)}", reason, remedy))
    yield from found.values()
    yield from _unheard(graph, outcomes)
    yield from _loops(graph)


def _unheard(graph: Graph[Call], outcomes: Mapping[Call, Outcome]) -> Iterator[Finding]:
    """Questions whose answer nothing looks at."""
    heard = {place for outcome in outcomes.values() for place in outcome.heard}
    asked: dict[Place, Call] = {}
    for call in outcomes:
        for _, place in call.asked:
            asked.setdefault(place, call)
    for place in asked.keys() - heard:
        way = spelled(graph, asked[place])
        yield Finding(f"dialplan: {way}", f"nothing looks at the key that {place} asks for", TEMPLATE)


def _loops(graph: Graph[Call]) -> Iterator[Finding]:
    if graph.unfinished:
        where = f"dialplan: {spelled(graph, graph.unfinished)[:300]} …"
        yield Finding(where, f"no end is found in {MOST_CALLS} situations", TEMPLATE)
        return
    kinds: tuple[tuple[str, Callable[[Edge[Call]], bool]], ...] = (
        ("goes round without waiting", lambda edge: WAIT not in edge.marks),
        ("goes round, and closing time does not end it", lambda edge: not edge.marks & {CLOSING, PAST}),
    )
    for reason, follow in kinds:
        if around := graph.cycle(follow):
            way = _written([(call.at, None) for call in around])
            yield Finding(f"dialplan: {spelled(graph, around[0])}", f"{reason}: {way}", TEMPLATE)
            return


def _proof(clock: str, coming: list[Call], graph: Graph[Call], outcomes: Mapping[Call, Outcome], findings: tuple[Finding, ...]) -> Proof:
    """The longest time from the first ring to where somebody waits for a guide, or the call has ended."""
    where = f"dialplan without the controller, {'past the rendered days' if clock == PAST else clock}"
    situations = sum(call.clock in ("", clock) for call in graph.edges)
    if graph.unfinished or graph.cycle(_before_a_queue):
        return Proof(where, situations, 0, Longest(math.inf), findings)
    best = graph.longest(lambda call: outcomes[call].end if call.clock == clock else None, _before_a_queue)
    longest = max((best[call] for call in coming if call in best), key=lambda way: way.seconds, default=Longest(math.inf))
    return Proof(where, situations, 0, longest, findings)


def _before_a_queue(edge: Edge[Call]) -> bool:
    return QUEUED not in edge.marks
