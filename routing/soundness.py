"""Judge a municipality's file that can be read: does every name lead somewhere, and is what must be one's own nobody else's?

Pure: it yields Problems and knows neither the clock nor how a file is read. What is wrong is refused; `warnings` only tells.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from routing.municipality import Keys, Municipality
from routing.problem import Problem

FIXED_TOPICS = ("guide", "concern")
"""Topics that the menu itself needs: silence leads to a guide, and a report of concern has a way of its own."""

SPOKEN_REFERRALS = ("concern", "fault_report")
"""Topics that the closed text offers, so somebody has to take them out of hours."""

Found = Iterator[tuple[str, str, str]]
"""Key, reason and remedy of what is wrong."""


def refusals(file: str, m: Municipality) -> tuple[Problem, ...]:
    """All that keeps the file from being served. What spoken texts lack is judged where the catalogue is known (`dialplan.prompts.own`)."""
    judges = (_names, _menus, _referrals, _priority_lines, _overflows, _nobody, _stand_twice)
    return tuple(Problem(file, *found) for judge in judges for found in judge(m))


def warnings(file: str, m: Municipality) -> tuple[Problem, ...]:
    """What can be served and should be looked at before: placeholders, and names that nothing leads to."""
    return tuple(Problem(file, *found) for judge in (_placeholders, _unused, _unowned) for found in judge(m))


def menus(m: Municipality) -> dict[str, Keys]:
    """Every menu by its key in the file."""
    return {"menu": m.menu} | {f"menus.{name}": keys for name, keys in m.menus.items()}


def _names(m: Municipality) -> Found:
    yield from _missing("queue", "queues", m.queues, (
        *((f"topics.{name}.queue", topic.queue) for name, topic in m.topics.items()),
        *((f"guides.{guide.extension}.queues", queue) for guide in m.guides for queue in guide.queues),
        *((f"queues.{name}.overflow_to", queue.overflow_to) for name, queue in m.queues.items() if queue.overflow_to),
    ))  # fmt: skip
    yield from _missing("administration", "administrations", m.administrations, (
        *((f"topics.{name}.administration", topic.administration) for name, topic in m.topics.items()),
        *((f"handlers.{handler.extension}.administration", handler.administration) for handler in m.handlers),
        *((f"functions.{name}.administration", function.administration) for name, function in m.functions.items()),
    ))  # fmt: skip
    yield from _missing("topic", "topics", m.topics, (
        *((f"{menu}.{key}.topic", entry.topic) for menu, keys in menus(m).items() for key, entry in keys.items()),
        *((f"referrals.{name}", name) for name in m.referrals),
        *((f"lines.{name}.topic", line.topic) for name, line in m.lines.items()),
        *((f"priority_lines.{name}.topic", line.topic) for name, line in m.priority_lines.items()),
        *(("topics", name) for name in FIXED_TOPICS),
    ))  # fmt: skip
    yield from _missing("function", "functions", m.functions, (
        (f"topics.{name}.callbacks_by", topic.callbacks_by) for name, topic in m.topics.items() if topic.callbacks_by
    ))  # fmt: skip
    for name, function in m.functions.items():
        for kind, extensions in (("handlers", function.handlers), ("stand_ins", function.stand_ins)):
            for extension in extensions:
                if extension not in (known := [handler.extension for handler in m.handlers]):
                    remedy = f"Add [[handlers]] with this extension or name one of: {', '.join(known)}."
                    yield f"functions.{name}.{kind}", f"handler {extension} does not exist", remedy
    for name, line in m.priority_lines.items():
        of_shifts = (
            (f"priority_lines.{name}.shifts.{number}.people", one) for number, shift in enumerate(line.shifts) for one in shift.people
        )
        yield from _missing("person", f"priority_lines.{name}.people", line.people, of_shifts)


def _missing(kind: str, table: str, known: Mapping[str, object], named: Iterable[tuple[str, str]]) -> Found:
    for key, name in named:
        if name not in known:
            yield key, f"{kind} {name!r} does not exist", f"Add [{table}.{name}] or name one of: {', '.join(known)}."


def _menus(m: Municipality) -> Found:
    for menu, keys in menus(m).items():
        for key, entry in keys.items():
            if entry.action == "menu" and entry.menu not in m.menus:
                known = f"or name one of: {', '.join(m.menus)}" if m.menus else "and name it here"
                name = "no menu is named" if entry.menu is None else f"menu {entry.menu!r} does not exist"
                yield f"{menu}.{key}.menu", name, f"Add [menus.{entry.menu or 'NAME'}] {known}."
            if entry.action == "english" and "en" not in m.languages:
                yield (
                    f"{menu}.{key}.action",
                    "leads to English, which is none of the languages",
                    'Add "en" to languages, or take the key out.',
                )


def _referrals(m: Municipality) -> Found:
    for name in SPOKEN_REFERRALS:
        if name in m.topics and name not in m.referrals:
            yield f"referrals.{name}", "is missing", "State who takes this out of hours: the closed text offers it."
    for name, line in m.priority_lines.items():
        if line.topic in m.topics and line.topic not in (*m.referrals, *SPOKEN_REFERRALS):
            yield f"referrals.{line.topic}", "is missing", f"State who takes it when nobody of priority_lines.{name} answers."


def _priority_lines(m: Municipality) -> Found:
    chains: dict[str, str] = {}
    for name, chain in m.priority_lines.items():
        if (first := chains.setdefault(chain.topic, name)) != name:
            reason = f"topic {chain.topic!r} belongs to priority_lines.{first} already"
            yield f"priority_lines.{name}.topic", reason, "Keep one of them: a report must know its chain."
    for name, line in m.lines.items():
        if line.entry == "priority" and line.topic not in chains:
            remedy = f"Name the topic of one: {', '.join(chains)}." if chains else "Add [priority_lines.NAME] with this topic."
            yield f"lines.{name}.topic", f"no priority line has the topic {line.topic!r}", remedy


def _overflows(m: Municipality) -> Found:
    """A ring of overflows would carry those who wait round and round."""
    told: set[str] = set()
    for name in m.queues:
        way: list[str] = [name]
        while (queue := m.queues.get(way[-1])) and queue.overflow_to and queue.overflow_to not in way:
            way.append(queue.overflow_to)
        if queue and queue.overflow_to == name and name not in told:
            told |= set(way)
            reason = "overflows into itself" if len(way) == 1 else f"goes round: {' → '.join([*way, name])}"
            yield f"queues.{name}.overflow_to", reason, "Let the last of them overflow nowhere."


def _nobody(m: Municipality) -> Found:
    for name in m.queues:
        if not any(name in guide.queues for guide in m.guides):
            yield f"queues.{name}", "nobody answers it", "Name it in the queues of at least one guide."
    if not any(m.main_number in line.numbers for line in m.lines.values()):
        remedy = "Name it in the numbers of a line; else no call to it is ours, and it could be ordered as a callback."
        yield "main_number", f"{m.main_number} belongs to no line", remedy


def _stand_twice(m: Municipality) -> Found:
    """Extensions and numbers that two would share: nobody could say whose phone rings."""
    extensions = [(f"guides.{guide.extension}.extension", guide.extension, guide.name) for guide in m.guides]
    extensions += [(f"handlers.{handler.extension}.extension", handler.extension, handler.name) for handler in m.handlers]
    extensions += [(f"functions.{name}.extension", function.extension, function.title) for name, function in m.functions.items()]
    extensions += [
        (f"priority_lines.{name}.extension", line.extension, line.title) for name, line in m.priority_lines.items() if line.extension
    ]
    numbers = [(f"lines.{name}.numbers", number, f"line {name}") for name, line in m.lines.items() for number in line.numbers]
    numbers += [(f"handlers.{handler.extension}.number", handler.number, handler.name) for handler in m.handlers]
    numbers += [(f"functions.{name}.number", function.number, function.title) for name, function in m.functions.items() if function.number]
    for stated in (extensions, numbers):
        owners: dict[str, list[tuple[str, str]]] = {}
        for key, value, owner in stated:
            owners.setdefault(value, []).append((key, owner))
        for value, found in owners.items():
            if len(found) > 1:
                reason = f"{value} stands {len(found)} times: {', '.join(owner for _, owner in found)}"
                yield found[-1][0], reason, "Give each one of its own."


def _placeholders(m: Municipality) -> Found:
    marked = [(f"lines.{name}.numbers", line.placeholder) for name, line in m.lines.items()]
    for name, chain in m.priority_lines.items():
        people = [(f"people.{person}", on_call) for person, on_call in chain.people.items()]
        chairs = [*people, ("reception", chain.reception), ("head", chain.head)]
        marked += [(f"priority_lines.{name}.{chair}.number", on_call.placeholder) for chair, on_call in chairs if on_call]
    marked += [(f"referrals.{name}.number", referral.placeholder) for name, referral in m.referrals.items()]
    for key, placeholder in marked:
        if placeholder:
            yield key, "is a placeholder", "State the real number before service."


def _unused(m: Municipality) -> Found:
    for name, chain in m.priority_lines.items():
        for person in chain.people.keys() - {one for shift in chain.shifts for one in shift.people}:
            yield f"priority_lines.{name}.people.{person}", "is in no shift", "Name the person in a shift, or take the person out."
    led_to = {entry.menu for keys in menus(m).values() for entry in keys.values() if entry.action == "menu"}
    for name in m.menus:
        if name not in led_to:
            yield f"menus.{name}", "no key leads to it", f'Add a key with action = "menu", menu = "{name}", or take the menu out.'


def _unowned(m: Municipality) -> Found:
    for name, topic in m.topics.items():
        if topic.protected and not topic.callbacks_by:
            reason = "is protected, and no function rings back about it: its callbacks wait for anybody with the duty"
            yield f"topics.{name}.callbacks_by", reason, "Name the function that does, so that somebody is reminded."
