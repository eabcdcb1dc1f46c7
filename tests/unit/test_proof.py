"""The proof that no call ends nowhere: the shipped file passes, and each fault that is planted is found and named with its way."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import pytest
from typer.testing import CliRunner

from dialplan.prompts.lengths import lengths, prompt_lengths
from dialplan.proof.expression import NUMBER, UNKNOWN, expand
from dialplan.proof.walk import MIDDLES, walk
from dialplan.render import Ports, Trunk, render
from ivr.cli import app
from ivr.proof import problems, prove_municipality, sentence
from routing import menu
from routing.dialogue import Ask, Enter, Hangup
from routing.file import load
from routing.graph import Longest
from routing.hours import State
from routing.municipality import MenuKey, Municipality, Queue
from routing.opening_hours import OpeningHours
from routing.proof import KEYS, After, Proof, World, longest_service, openings_said, prove_menu

TODAY = date(2026, 3, 2)
FILE = Path("municipalities/lekeberg.toml")
LEKEBERG = load(FILE)
PLAYED = lengths(LEKEBERG)
SPOKEN = prompt_lengths(LEKEBERG)


def rendered(municipality: Municipality) -> Mapping[str, str]:
    return render([municipality], ports=Ports(), trunk=Trunk(), phone_seed="", today=TODAY)


SMALL = LEKEBERG.model_copy(update={
    "topics": {name: LEKEBERG.topics[name] for name in ("care", "fault_report", "concern", "guide")},
    "menu": {key: LEKEBERG.menu[key] for key in "1609"},
    "guides": LEKEBERG.guides[:1],
    "handlers": LEKEBERG.handlers[:1],
    "functions": {},
    "priority_lines": {name: line.model_copy(update={"rounds": 2}) for name, line in LEKEBERG.priority_lines.items()},
})  # fmt: skip
"""One of each kind of topic: what is planted is looked for in all ways of every topic, so fewer of a kind find the same sooner."""
RENDERED = rendered(SMALL)
NOTHING_AFTER = After(Longest(0.0), Longest(0.0))
OPEN = World("open")


def reasons(*proofs: Proof) -> str:
    return "\n".join(f"{finding.where}: {finding.reason}" for proof in proofs for finding in proof.findings)


def of_menu(municipality: Municipality, world: World = OPEN, spoken: Mapping[str, float] = SPOKEN) -> Proof:
    return prove_menu(municipality, world, spoken, NOTHING_AFTER, opening=("day-today", "time-0800"), start=menu.start, answer=menu.answer)


def with_queue(name: str, *queues: str) -> Municipality:
    """A topic whose queue is another one, and queues that nobody answers; the file's own check of names is passed by."""
    care = SMALL.topics["care"].model_copy(update={"queue": name})
    more = SMALL.queues | {queue: Queue() for queue in queues}
    return SMALL.model_copy(update={"topics": SMALL.topics | {"care": care}, "queues": more})


def test_the_shipped_file_passes_with_a_longest_time_for_each_state() -> None:
    proofs = prove_municipality(LEKEBERG, TODAY)
    assert reasons(*proofs) == ""
    assert all(0 < proof.longest.seconds < math.inf for proof in proofs)
    assert {"menu, open", "menu, open, nobody logged in", "menu, lunch", "menu, closed", "menu, holiday"} < {
        proof.where for proof in proofs
    }


def test_the_longest_time_is_what_its_own_sequence_of_keys_takes() -> None:
    proof = of_menu(LEKEBERG)
    turn, seconds = menu.start("open"), 0.0
    for key in proof.longest.keys:
        assert isinstance(turn.move, Ask)
        seconds += sum(SPOKEN[prompt] for prompt in turn.move.prompts) + turn.move.timeout
        turn = menu.answer(LEKEBERG, turn.state, key)
    assert not isinstance(turn.move, Ask)
    assert seconds == pytest.approx(proof.longest.seconds)


def test_nobody_logged_in_leads_to_the_offer_at_the_queues_limit() -> None:
    proof = of_menu(LEKEBERG, World("open", staffed=False))
    assert proof.longest.keys[-1] == "(waits 300 s)"
    assert proof.longest.seconds == pytest.approx(of_menu(LEKEBERG).longest.seconds + 300)


def test_a_key_to_a_queue_that_nobody_answers_is_named_with_the_key() -> None:
    found = reasons(of_menu(with_queue("empty", "empty")))
    assert "menu, open, keys 1: topic 'care' leads to queue 'empty', which nobody answers" in found


def test_names_that_do_not_exist_are_dead_ends() -> None:
    cere = LEKEBERG.model_copy(update={"menu": LEKEBERG.menu | {"7": MenuKey(topic="cere")}})
    assert "keys 7: topic 'cere' does not exist" in reasons(of_menu(cere))
    assert "queue 'nowhere', which does not exist" in reasons(of_menu(with_queue("nowhere")))
    no_referral = LEKEBERG.model_copy(update={"referrals": {}})
    assert "menu, closed, keys 2: topic 'concern' has no referral" in reasons(of_menu(no_referral, World("closed")))
    mute = {name: seconds for name, seconds in SPOKEN.items() if name != "after-social"}
    assert "keys 2: prompt 'after-social' does not exist" in reasons(of_menu(LEKEBERG, spoken=mute))


@dataclass(frozen=True)
class Turn:
    """A turn of a machine that is planted."""

    state: int
    move: Ask | Enter | Hangup


def planted(answer: Mapping[str, Turn], otherwise: Turn) -> Proof:
    def start(_why: State, _opening: tuple[str, ...]) -> Turn:
        return Turn(0, Ask(("menu",)))

    def answered(_m: Municipality, state: int, keys: str) -> Turn:
        turn = answer.get(keys, otherwise)
        return replace(turn, state=state + 1) if turn.state < 0 else turn

    return prove_menu(LEKEBERG, OPEN, SPOKEN, NOTHING_AFTER, start=start, answer=answered)


def test_a_planted_loop_is_named_with_the_keys_that_keep_it_going() -> None:
    proof = planted({"*": Turn(1, Ask(("wrong-key",))), "4": Turn(0, Ask(("menu",)))}, Turn(0, Enter("guide")))
    assert re.search(r"menu, open, keys .*: goes round for ever with (\* 4|4 \*|4|\*)$", reasons(proof))
    assert math.isinf(proof.longest.seconds)


def test_a_counter_that_nothing_stops_is_no_end() -> None:
    proof = planted({"*": Turn(-1, Ask(("menu",)))}, Turn(0, Enter("guide")))
    assert "menu, open, keys * * *" in reasons(proof)
    assert "no end is found" in reasons(proof)


def test_a_call_that_is_ended_without_a_word_is_found() -> None:
    assert "keys 5: the call is ended without a word" in reasons(planted({"5": Turn(0, Hangup(()))}, Turn(0, Enter("guide"))))


def test_hours_that_never_close_do_not_bound_a_wait() -> None:
    days = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
    always = {"weekly": {day: ["00:00-23:59"] for day in days}, "holidays": []}
    assert longest_service(OpeningHours.model_validate(always), TODAY) is None
    assert "never closes" in reasons(*prove_municipality(SMALL.model_copy(update={"hours": OpeningHours.model_validate(always)}), TODAY))
    assert longest_service(LEKEBERG.hours, TODAY) is not None


def test_all_that_is_said_of_openings_exists() -> None:
    said = openings_said(LEKEBERG.hours, TODAY)
    assert {prompt for prompts in said for prompt in prompts} <= SPOKEN.keys()
    assert ("day-0", "time-0800") in said


def test_no_length_is_estimated_shorter_than_words_at_the_catalogues_pace() -> None:
    assert SPOKEN["menu"] > 20
    assert SPOKEN["wrong-key"] == pytest.approx(4 * 0.4 + 0.4 + 0.7)


def edited(old: str, new: str, file: str = "extensions.conf") -> str:
    """What the walk finds in the rendered text with something planted."""
    text, times = re.subn(old, new, RENDERED[file], count=1, flags=re.MULTILINE)
    assert times == 1, f"{old} does not occur"
    return reasons(*walk(SMALL, dict(RENDERED) | {file: text}, PLAYED))


def test_the_rendered_dialplan_passes() -> None:
    proofs = walk(LEKEBERG, rendered(LEKEBERG), PLAYED)
    assert reasons(*proofs) == ""
    assert [proof.longest.seconds < 400 for proof in proofs] == [True, True, True]


CLOSED = r"^ same => n,Read\(KC_KEY,\$\{KC_CRISIS\}\$\{KC_SAY\}.*\n"
QUEUE = r"^ same => n,Queue\(lekeberg-fallback.*$"
FALLBACK = r"lekeberg-fallback,s,[\d-]+"


@pytest.mark.parametrize(("old", "new", "named"), [
    (r"\?open\)", "?opne)", r": leads to lekeberg-hours,s,opne, which does not exist"),
    (r"^exten => T,1,.*$", "exten => T,1,Goto(lekeberg-fallback,x,1)", r"lekeberg-ask,T,1: leads to lekeberg-fallback,x,1, which does not"),
    (r"^exten => T,1,.*\n", "", r"lekeberg-ask,s,[14-]+: is cut off after 6 s, and \[lekeberg-ask\] has no extension T"),
    (r"\?lekeberg-step,chain-ifo,1\)", "?lekeberg-step,chian-ifo,1)", r"\[2\] .*leads to lekeberg-step,chian-ifo,1"),
    (r"^( same => n,Playback\(kc/urgent-nobody\)\n) same => n,Hangup\(\)\n", r"\1", r"referral-fault_report,[\d-]+: nothing stands here"),
    (r"(Fact: closed,.*\n) same => n,Hangup\(\)\n", r"\1", "waits in a queue though it is closed[^$]*closing time does not end it"),
    (QUEUE, " same => n,NoOp()", "goes round without waiting: .*lekeberg-ask"),
    (QUEUE, " same => n(here),Goto(here)", "goes round without waiting: lekeberg-fallback-queue"),
    (CLOSED, r"\g<0> same => n,Goto(${KC_KEY},1)\n", rf"\[0\] {FALLBACK}: leads to lekeberg-fallback,0,1, which does not exist"),
    (CLOSED + r".*\n.*\n", " same => n,Read(KC_KEY,kc/fallback-closed,1,,1,5)\n", f"nothing looks at the key that {FALLBACK} asks for"),
    (CLOSED, r'\g<0> same => n,GotoIf($["${KC_KEY}" = "7"]?lekeberg-fallback,s,1)\n', "closing time does not end it"),
    (CLOSED, "", "ends the call without a word"),
    (QUEUE, " same => n,Queue(lekeberg-fallback)", "waits in a queue without a limit"),
    (QUEUE, " same => n,Queue(lekeberg-nobody,,,,60)", "waits in queue 'lekeberg-nobody', which does not exist"),
    (QUEUE, " same => n,Swift(hello)", "application 'Swift' is not known to the walk"),
    (QUEUE, " some => n,Queue(x)", r"extensions.conf line \d+: 'some => n,Queue\(x\)' cannot be read"),
    (r"@trunk,45\)", "@trnk,45)", r"dials 'PJSIP/\+?\d+@trnk', which is neither"),
    (r"@trunk,45\)\n", r"\g<0> same => n,Goto(referral-fault_report,5)\n", "goes round without waiting: lekeberg-step,referral"),
    (r"\(emergency\),Set\(KC_SAY=kc/emergency\)", "(emergency),Goto(open)", "waits in a queue though it is closed"),
    (r"^exten => end,1,.*\n", "", "lekeberg-step,end,1: nothing stands here"),
    (r"^exten => 9,1,", "exten => 8,1,", "lekeberg-keys,9,1: nothing stands here"),
    (r"^\[trunk-in\]", "[trunk-out]", r"trunk-in,\d+,1: nothing stands here"),
    (r"@trunk,45\)", "@trunk)", "rings without a limit"),
    (r"kc/fallback-closed", "kc/fallback-shut", "plays 'kc/fallback-shut', which does not exist"),
    (r"^ same => n,Set\(TIMEOUT\(absolute\)=6\)\n", "", "waits for the controller without an absolute timeout"),
    (r"(\[lekeberg-fallback\]\nexten => s,1,)Set.*", r"\1NoOp()", r"is cut off after 6 s, and \[lekeberg-fallback\] has no extension T"),
    (r"hangup_handler_push\)=lekeberg-hangup", "hangup_handler_push)=lekeberg-hungup", "leads to lekeberg-hungup,s,1, which"),
])  # fmt: skip
def test_a_fault_in_the_dialplan_is_found_with_its_way(old: str, new: str, named: str) -> None:
    found = edited(old, new)
    assert re.search(named, found), found


def test_every_step_that_the_controller_takes_is_walked() -> None:
    taken = re.findall(r'entry\.step\(\s*"(\w+)"', Path("ivr/conversation.py").read_text(encoding="utf-8"))
    assert {*taken} <= {*MIDDLES["step"]}


def test_a_queue_without_members_is_no_end() -> None:
    found = edited(r"(\[lekeberg-fallback\]\(kontaktcenter\)\nstrategy=.*\n)(member.*\n)+", r"\1", "queues.conf")
    assert "waits in queue 'lekeberg-fallback', which has no members" in found


def test_a_queue_that_no_code_on_a_phone_logs_in_to_is_no_end() -> None:
    files = rendered(with_queue("empty", "empty"))
    assert "waits in queue 'lekeberg-empty', which has no members" in reasons(*walk(SMALL, files, PLAYED))


def test_a_way_is_named_from_the_first_ring_with_its_keys() -> None:
    found = edited(r"\?lekeberg-step,chain-ifo,1\)", "?lekeberg-step,chian-ifo,1)")
    way = rf"trunk-in,\d+,1 lekeberg-entry,main,1-\d+ .*lekeberg-ask,s,1-2 .*{FALLBACK} \[2\] {FALLBACK}: leads"
    assert re.search(way, found), found


@pytest.mark.parametrize(("text", "values", "becomes"), [
    ("${CUT(KC,/,4)}", {"KC": "1/x/main/care/9/0"}, ("care",)),
    ("${CUT(KC,/,1-3)}/${CUT(KC,/,5-)}", {"KC": f"1/x/main//{NUMBER}/0"}, (f"1/x/main/{NUMBER}/0",)),
    ("${CUT(KC,/,4)}", {}, (UNKNOWN,)),
    ('${IF($["${A}" = "2"]?concern:guide)}', {"A": "2"}, ("concern",)),
    ('${IF($["${A}" = "2"]?concern:guide)}', {}, ("concern", "guide")),
    ('$["${A}" != ""]', {"A": NUMBER}, ("1",)),
    ("$[${A} + 1]", {"A": "3"}, ("4",)),
    ("$[${EPOCH} + 60]", {}, (NUMBER,)),
    ("$[${A} > 2 & ${B} < 1]", {"A": "1"}, ("0",)),
    ("$[${A} > 2 | ${B} < 1]", {"A": "3"}, ("1",)),
    ("${A:0:2}", {"A": "0701"}, ("07",)),
])  # fmt: skip
def test_what_a_text_may_become(text: str, values: dict[str, str], becomes: tuple[str, ...]) -> None:
    assert expand(text, values) == becomes


def test_check_prints_what_it_walked_and_names_what_fails(tmp_path: Path) -> None:
    good = CliRunner().invoke(app, ["check", str(FILE)])
    assert good.exit_code == 0
    assert re.search(r"menu, open: \d+ situations, \d+ sequences of keys, an end after at most \d+ s \(", good.output)
    days = "\n".join(f'{day} = ["00:00-23:59"]' for day in ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"))
    text = FILE.read_text(encoding="utf-8")
    start, end = text.index("[hours]"), text.index("[menu]")
    bad = tmp_path / "bad.toml"
    bad.write_text(f"{text[:start]}[hours]\nholidays = []\n[hours.weekly]\n{days}\n\n{text[end:]}", encoding="utf-8")
    refused = CliRunner().invoke(app, ["check", str(bad)])
    assert f"{bad}: hours.weekly: never closes in" in str(refused.exception)


def test_every_walk_is_told_in_one_sentence() -> None:
    assert (
        sentence(Proof("x", 2, 3, Longest(4.2, ("", "9")))) == "x: 2 situations, 3 sequences of keys, an end after at most 4 s (silence 9)."
    )
    assert problems("f", [Proof("x", 2, 0, Longest(math.inf))]) == ()
    assert len(KEYS) == 13
