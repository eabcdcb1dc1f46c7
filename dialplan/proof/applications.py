"""What each application of our templates does with a call that is walked: where it may go on, whether it ends well, what is wrong.

An application that is not named here is a fault: the walk would show nothing about it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache

from dialplan.proof.call import Call, Frame, Outcome
from dialplan.proof.expression import NUMBER, UNKNOWN, expand, is_known, truths
from dialplan.proof.extensions import Application, Dialplan, Place, application, assignments
from routing.graph import Edge, Longest
from routing.proof import KEYS

TEMPLATE = "Mend it in dialplan/templates/extensions.conf.j2."
WAIT, QUEUED, CLOSING, PAST = "wait", "queued", "closing", "past"
"""Marks of a way on: time passes; the caller stood in a queue; closing time ends it; the rendered days are over."""
CLOCK = r"\$\{EPOCH\} (?:>=|<|>|<=) \d+"
CLOCK_TEST = re.compile(rf"\$\[(?P<tests>{CLOCK}(?: & {CLOCK})*)\]\?(?P<target>[^:]+)")
CLOSURE_TEST = re.compile(r"\$\[0\$\{DB\(kc-[a-z]+/closure\)\} > \$\{EPOCH\}\]\?(?P<target>[^:]+)")
"""Whether an emergency closure stands: then it is closed."""
SOME_CLOCK_TEST = re.compile(CLOCK_TEST.pattern.replace(r"\{EPOCH", r"\{KC_NOW"))
"""Of hours that are somebody's own: they say nothing about whether the municipality is open."""
STATUSES = ("TIMEOUT", "WITHDRAW", "JOINEMPTY")
"""What QUEUESTATUS says of a caller whom nobody answered."""
CALLEE = re.compile(r"U\((?P<context>[^\^)]+)(?P<given>[^)]*)\)")
"""Dial's option: a Gosub on the phone that answers, with its arguments."""
LEG = re.compile(r"Local/(?P<exten>[^@]+)@(?P<context>[^/]+)(?:/n)?")
READ_SECONDS = 10.0
"""What `Read` waits by itself; Asterisk's default."""
MEMBERS = ("AddQueueMember", "PauseQueueMember", "RemoveQueueMember", "UnpauseQueueMember")
PASSING = ("Answer", "CELGenUserEvent", "NoOp", "Originate", "QueueLog", "SoftHangup", "UserEvent", "WaitForCondition", *MEMBERS)
"""They take no time worth counting and lead nowhere else; what is originated is no call of a citizen's, nor is
a leg that waits for its turn to ring."""
SETTING = ("MSet", "Set")


@dataclass(frozen=True)
class Applications:
    """The rules, with what the rendered files and the prompts hold. `lengths` are seconds by the file names that Asterisk plays."""

    dialplan: Dialplan
    members: Mapping[str, int]
    endpoints: frozenset[str]
    lengths: Mapping[str, float]
    relevant: frozenset[str]
    """Variables that can decide where a call goes; the others are not followed."""

    def carry_out(self, call: Call) -> Outcome:
        """All that may follow from the step where the call is."""
        step = self.dialplan.steps.get(call.at)
        if step is None:
            return _fault("nothing stands here: the call ends without Hangup, Queue or Dial")
        if clock := self._by_the_clock(call):
            return clock
        if step.name == "GotoIf" and (match := CLOSURE_TEST.fullmatch(step.arguments)):
            outcome = self._goto(replace(call, clock="closed"), match["target"])
            outcome.add(_to(call.on()))
            return outcome
        named = {name for name, _ in call.asked if re.search(rf"\b{name}\b", step.arguments)}
        looked = replace(call, asked=tuple(one for one in call.asked if one[0] not in named)) if named else call
        outcome = Outcome(heard={place for name, place in call.asked if name in named})
        for arguments in expand(step.arguments, dict(call.values)):
            outcome.add(self._apply(looked, Application(step.name, arguments)))
        return outcome

    def _apply(self, call: Call, step: Application) -> Outcome:
        if step.name in PASSING:
            return _to(call.on())
        if step.name in SETTING:
            return self._set(call, step)
        rules: Mapping[str, Callable[[Call, str], Outcome]] = {
            "AGI": self._agi, "Dial": self._dial, "ExecIf": self._exec_if, "Gosub": self._gosub, "Goto": self._goto,
            "GotoIf": self._goto_if, "Hangup": self._hangup, "Playback": self._playback, "Queue": self._queue, "Read": self._read,
            "Return": self._return, "Wait": self._wait,
        }  # fmt: skip
        if (rule := rules.get(step.name)) is None:
            return _fault(f"application {step.name!r} is not known to the walk", "Say in dialplan/proof/applications.py what it does.")
        return rule(call, step.arguments)

    def _by_the_clock(self, call: Call) -> Outcome | None:
        """Tests of the time against fixed moments, all that stand in a row, go both ways; what has an end is ended by closing time."""
        if somebodys := self._by_some_clock(call):
            return somebodys
        tests: dict[tuple[bool, str], Place] = {}
        at = call.at
        while tested := _clock_test(self.dialplan.steps.get(at)):
            tests.setdefault(tested, at)
            at = at.following
        if not tests:
            return None
        outcome = Outcome([Edge(replace(call, at=at, clock="closed"))])
        for (has_end, target), place in tests.items():
            passed = replace(call, at=place, clock="open" if has_end else PAST)
            outcome.add(self._goto(passed, target, {CLOSING if has_end else PAST}))
        return outcome

    def _by_some_clock(self, call: Call) -> Outcome | None:
        at, outcome = call.at, Outcome()
        while (step := self.dialplan.steps.get(at)) and step.name == "GotoIf" and (test := SOME_CLOCK_TEST.fullmatch(step.arguments)):
            if at == call.at:
                outcome.add(self._goto(call, test["target"]))
            at = at.following
        return replace(outcome, ways=[*outcome.ways, Edge(call.on(at))]) if at != call.at else None

    def _goto(self, call: Call, target: str, marks: Iterable[str] = ()) -> Outcome:
        *place, priority = (part.strip() for part in target.split(","))
        context, exten = (*(call.at.context, call.at.exten)[: 2 - len(place)], *place)
        if not is_known(context + priority):
            return _fault("leads to a place that only the living call knows")
        extens = [exten] if is_known(exten) else list(self.dialplan.contexts.get(context, {}))
        found = [at for one in extens if (at := self.dialplan.find(context, one, priority))]
        if not found:
            return _fault(f"leads to {','.join((context, readable(exten), priority))}, which does not exist")
        return Outcome([Edge(call.on(at), marks=frozenset(marks)) for at in found])

    def _goto_if(self, call: Call, arguments: str) -> Outcome:
        condition, _, targets = arguments.partition("?")
        taken, _, otherwise = targets.partition(":")
        outcome = Outcome()
        for truth in truths(condition):
            target = taken if truth == "1" else otherwise
            outcome.add(self._goto(call, target) if target else _to(call.on()))
        return outcome

    def _exec_if(self, call: Call, arguments: str) -> Outcome:
        condition, _, calls = arguments.partition("?")
        taken, _, otherwise = calls.partition("):")
        outcome = Outcome()
        for truth in truths(condition):
            text = (taken if not otherwise else f"{taken})") if truth == "1" else otherwise
            step = application(text) if text else Application("NoOp")
            outcome.add(self._apply(call, step) if step else _fault(f"{readable(text)!r} is no application"))
        return outcome

    def _gosub(self, call: Call, arguments: str) -> Outcome:
        target, _, given = arguments.removesuffix(")").partition("(")
        own = tuple(one for one in call.values if one[0].startswith("ARG"))
        others = tuple(one for one in call.values if one not in own)
        inside = replace(call, values=others, stack=(*call.stack, Frame(call.at.following, own)))
        for number, value in enumerate(given.split(",") if given else (), 1):
            inside = self._holding(inside, f"ARG{number}", value)
        return self._goto(inside, target)

    def _return(self, call: Call, _: str) -> Outcome:
        if not call.stack:
            return _fault("returns, though nothing called it")
        *stack, frame = call.stack
        if frame.back is None:
            return Outcome(end=Longest(0.0))
        kept = (*(one for one in call.values if not one[0].startswith("ARG")), *frame.arguments)
        return _to(replace(call, at=frame.back, stack=tuple(stack), values=tuple(sorted(kept))))

    def _set(self, call: Call, step: Application) -> Outcome:
        changed, handlers = call, Outcome()
        for name, value in assignments(step):
            if name == "CHANNEL(hangup_handler_push)":
                handlers.add(self._goto(Call(call.at, stack=(Frame(None),)), value))
            elif name == "TIMEOUT(absolute)" and value.isdecimal():
                changed = replace(changed, timer=int(value))
            else:
                changed = self._holding(changed, name, value)
        handlers.add(_to(changed.on()))
        return handlers

    def _agi(self, call: Call, _: str) -> Outcome:
        if not call.timer:
            return _fault("waits for the controller without an absolute timeout")
        return self._taking(call, [Edge(call.on())])

    def _queue(self, call: Call, arguments: str) -> Outcome:
        name, *more = arguments.split(",")
        limit = more[3] if len(more) > 3 else ""
        left = replace(call.on(), clock="")
        ways = [_waited(self._holding(left, "QUEUESTATUS", status), limit, QUEUED) for status in STATUSES]
        if len(more) > 0 and "c" in more[0]:  # goes on when the guide has ended the talk: round and round only by a guide's own hand
            ways.append(_waited(self._holding(replace(left, spoken=True), "QUEUESTATUS", "CONTINUE"), limit, QUEUED, CLOSING))
        outcome = self._taking(call, ways)
        outcome.end = Longest(0.0)
        if not self.members.get(name):
            reason = "has no members" if name in self.members else "does not exist"
            outcome.faults.append((f"waits in queue {readable(name)!r}, which {reason}", TEMPLATE))
        if not limit:
            outcome.faults.append(("waits in a queue without a limit", TEMPLATE))
        if call.clock == "closed":
            outcome.faults.append(("waits in a queue though it is closed", TEMPLATE))
        return outcome

    def _dial(self, call: Call, arguments: str) -> Outcome:
        targets, *more = arguments.split(",")
        limit = more[0] if more else ""
        outcome = self._taking(call, self._rung(call, limit, re.sub(r"\(.*", "", more[1]) if len(more) > 1 else ""))
        outcome.end = Longest(0.0)
        each = [target for target in targets.split("&") if is_known(target)]
        legs = [match for target in each if (match := LEG.fullmatch(target))]
        for leg in legs:
            outcome.add(self._goto(Call(call.at, spoken=True), f"{leg['context']},{leg['exten']},1"))
        if len(more) > 1 and (callee := CALLEE.search(more[1])):
            asked = Call(call.at, stack=(Frame(None),), spoken=True)
            for number, value in enumerate(callee["given"].split("^")[1:], 1):
                asked = self._holding(asked, f"ARG{number}", value)
            outcome.add(self._goto(asked, f"{callee['context']},s,1"))
        wrong = [target for target in each if not LEG.fullmatch(target) and not self._is_dialable(target)]
        outcome.faults += [(f"dials {target!r}, which is neither a number nor a phone of ours", TEMPLATE) for target in wrong]
        if not limit:
            outcome.faults.append(("rings without a limit", TEMPLATE))
        return outcome

    def _rung(self, call: Call, limit: str, options: str) -> list[Edge[Call]]:
        """The ways on after a Dial; with `g` it goes on after a talk, too, when the other side has ended that."""
        if "g" not in options:
            return [_waited(call.on(), limit), Edge(call.on())]  # a phone that is not there fails at once
        busy, silent, talked = (self._holding(call.on(), "DIALSTATUS", status) for status in ("BUSY", "NOANSWER", "ANSWER"))
        return [_waited(silent, limit), Edge(silent), Edge(busy), _waited(replace(talked, spoken=True), limit)]

    def _is_dialable(self, target: str) -> bool:
        match = re.fullmatch(r"PJSIP/(?:\+?\d+@)?([\w-]+)", target)
        return bool(match and match[1] in self.endpoints)

    def _read(self, call: Call, arguments: str) -> Outcome:
        variable, files, most, *more = (*arguments.split(","), "", "")
        limit = more[2] if len(more) > 2 and more[2] else str(READ_SECONDS)
        seconds, faults = self._played(files)
        asked = replace(call.on(), spoken=True, asked=(*(one for one in call.asked if one[0] != variable), (variable, call.at)))
        keys = KEYS if most == "1" else (*KEYS, UNKNOWN)
        ways = [replace(_waited(self._holding(asked, variable, key), limit), key=readable(key)) for key in keys]
        outcome = self._taking(call, [replace(way, seconds=way.seconds + seconds) for way in ways])
        outcome.faults += faults
        return outcome

    def _playback(self, call: Call, files: str) -> Outcome:
        seconds, faults = self._played(files)
        marks = frozenset({WAIT} if seconds else ())
        outcome = self._taking(call, [Edge(replace(call.on(), spoken=True), seconds=seconds, marks=marks)])
        outcome.faults += faults
        return outcome

    def _played(self, files: str) -> tuple[float, list[tuple[str, str]]]:
        known = [name for name in files.partition(",")[0].split("&") if is_known(name)]
        missing = [name for name in known if name not in self.lengths]
        faults = [(f"plays {name!r}, which does not exist", "Add it to dialplan/prompts/catalogue.toml.") for name in missing]
        return sum(self.lengths.get(name, 0.0) for name in known), faults

    def _wait(self, call: Call, arguments: str) -> Outcome:
        return self._taking(call, [_waited(call.on(), arguments)])

    def _hangup(self, call: Call, cause: str) -> Outcome:
        """A cause refuses a call that was not answered: an exchange or a phone tells its user."""
        return Outcome(end=Longest(0.0)) if call.spoken or cause else _fault("ends the call without a word")

    def _taking(self, call: Call, ways: list[Edge[Call]]) -> Outcome:
        """Where time passes, an absolute timeout that is set may fire."""
        if not call.timer:
            return Outcome(ways)
        if (late := self.dialplan.find(call.at.context, "T", "1")) is None:
            return Outcome(ways, faults=[(f"is cut off after {call.timer} s, and [{call.at.context}] has no extension T", TEMPLATE)])
        return Outcome([*ways, Edge(replace(call.on(late), timer=0, stack=()), seconds=float(call.timer), marks=frozenset({WAIT}))])

    def _holding(self, call: Call, name: str, value: str) -> Call:
        if name == "KC":  # how often a call has come back decides nothing, and would be counted without an end
            value = re.sub(r"/\d+$", f"/{NUMBER}", value)
        return call.holding(name, value) if name in self.relevant else call


def readable(text: str) -> str:
    """A text with what only the living call knows as three dots."""
    return text if is_known(text) else re.sub(r"[\0\1]", "…", text)


@cache
def _clock_test(step: Application | None) -> tuple[bool, str] | None:
    """Whether the test has an end in time, and where it leads; None for any other step."""
    if step is None or step.name != "GotoIf" or not (match := CLOCK_TEST.fullmatch(step.arguments)):
        return None
    return "<" in match["tests"], match["target"]


def _to(call: Call) -> Outcome:
    return Outcome([Edge(call)])


def _fault(reason: str, remedy: str = TEMPLATE) -> Outcome:
    return Outcome(faults=[(reason, remedy)])


def _waited(call: Call, limit: str, *marks: str) -> Edge[Call]:
    """A way on after so many seconds; a number that is not known counts as some time, and 0 as none."""
    seconds = float(limit) if re.fullmatch(r"\d+(\.\d+)?", limit) else 0.0
    passes = {WAIT} if seconds or not is_known(limit) else set[str]()
    return Edge(call, seconds=seconds, marks=frozenset(passes | set(marks)))
