"""What a text of the dialplan may become when Asterisk replaces `${…}` and `$[…]`: every possible value, and markers for what only
the living call knows. It must not decide what it cannot know: then both ways are possible.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from itertools import product

UNKNOWN = "\0"
"""Any text, also none."""
NUMBER = "\1"
"""Some number."""
BOTH = ("1", "0")

INNERMOST = re.compile(r"\$\{[^${}\[\]]*\}|\$\[[^$\[\]{}]*\]")
FUNCTION = re.compile(r"(?P<name>[A-Z_]+)\((?P<arguments>.*)\)(?::(?P<offset>-?\d+)(?::(?P<length>-?\d+))?)?")
VARIABLE = re.compile(r"(?P<name>\w+)(?::(?P<offset>-?\d+)(?::(?P<length>-?\d+))?)?")
CUT = re.compile(r"(\w+),(.),(\d+-?\d*)")
COMPARISON = re.compile(r'"?(?P<left>[^"]*?)"?\s*(?P<sign>!=|>=|<=|=|>|<)\s*"?(?P<right>[^"]*?)"?')
ARITHMETIC = re.compile(r"(\d+)\s*([+*-])\s*(\d+)")
SIGNS: Mapping[str, Callable[[int, int], bool]] = {
    ">": int.__gt__, "<": int.__lt__, ">=": int.__ge__, "<=": int.__le__, "=": int.__eq__, "!=": int.__ne__,
}  # fmt: skip
SUMS: Mapping[str, Callable[[int, int], int]] = {"+": int.__add__, "-": int.__sub__, "*": int.__mul__}

Values = Mapping[str, str]
"""What is known of the variables; any other may hold anything."""


def expand(text: str, values: Values) -> tuple[str, ...]:
    """Every text that this one may become."""
    waiting, done = [text], dict[str, None]()
    while waiting:
        current = waiting.pop()
        if match := INNERMOST.search(current):
            before, after = current[: match.start()], current[match.end() :]
            waiting += [f"{before}{value}{after}" for value in reversed(_replaced(match[0], values))]
        else:
            done[current] = None
    return tuple(done)


def is_known(text: str) -> bool:
    """Whether the text holds no marker."""
    return UNKNOWN not in text and NUMBER not in text


def _replaced(text: str, values: Values) -> tuple[str, ...]:
    inner = text[2:-1]
    if text.startswith("$["):
        return evaluate(inner)
    if match := FUNCTION.fullmatch(inner):
        results = _called(match["name"], match["arguments"], values)
    elif match := VARIABLE.fullmatch(inner):
        results = (NUMBER if match["name"] == "EPOCH" else values.get(match["name"], UNKNOWN),)
    else:
        return (UNKNOWN,)
    return tuple(_cut_out(result, match["offset"], match["length"]) for result in results)


def _cut_out(value: str, offset: str | None, length: str | None) -> str:
    if offset is None:
        return value
    if not is_known(value):
        return UNKNOWN
    first, many = int(offset), None if length is None else int(length)
    value = value[first:]
    return value if many is None else value[:many]


def _called(name: str, arguments: str, values: Values) -> tuple[str, ...]:
    match name:
        case "IF":
            condition, _, ways = arguments.partition("?")
            taken, _, otherwise = ways.partition(":")
            return tuple(taken if truth == "1" else otherwise for truth in truths(condition))
        case "CUT" if match := CUT.fullmatch(arguments):
            return (_fields(values.get(match[1], UNKNOWN), match[2], match[3]),)
        case "STRFTIME":
            return (NUMBER,)
    return (UNKNOWN,)


def _fields(value: str, separator: str, fields: str) -> str:
    if UNKNOWN in value:
        return UNKNOWN
    first, dash, last = fields.partition("-")
    parts = value.split(separator)
    return separator.join(parts[int(first) - 1 : (int(last) if last else None) if dash else int(first)])


def truths(condition: str) -> tuple[str, ...]:
    """ "1", "0", or both: a condition after its expressions were replaced holds unless it is empty or 0."""
    condition = condition.strip()
    return ("0",) if condition in ("", "0") else ("1",) if is_known(condition) else BOTH


def evaluate(text: str) -> tuple[str, ...]:
    """What `$[…]` may give: 1 or 0 for a condition, a number, or anything for what is not understood here."""
    for sign, wins in ((" | ", "1"), (" & ", "0")):
        if sign in text:
            parts = (truths_of(part) for part in text.split(sign))
            return tuple(dict.fromkeys(wins if wins in chosen else chosen[-1] for chosen in product(*parts)))
    text = text.strip()
    if match := COMPARISON.fullmatch(text):
        return _compared(match["left"].strip(), match["sign"], match["right"].strip())
    if match := ARITHMETIC.fullmatch(text):
        return (str(SUMS[match[2]](int(match[1]), int(match[3]))),)
    return (NUMBER,) if re.fullmatch(rf"[\d{NUMBER}\s*+-]+", text) else (text,) if is_known(text) else (UNKNOWN,)


def truths_of(part: str) -> tuple[str, ...]:
    """The truths of each value that a part of a condition may give."""
    return tuple(dict.fromkeys(truth for value in evaluate(part) for truth in truths(value)))


def _compared(left: str, sign: str, right: str) -> tuple[str, ...]:
    if not (is_known(left) and is_known(right)):
        if UNKNOWN not in left + right and sign in ("=", "!=") and "" in (left, right):
            return ("0",) if sign == "=" else ("1",)  # a text with a number in it is not empty
        return BOTH
    if left.isdecimal() and right.isdecimal():
        return ("1",) if SIGNS[sign](int(left), int(right)) else ("0",)
    order = (left > right) - (left < right)
    return ("1",) if SIGNS[sign](order, 0) else ("0",)
