"""`ivr callbacks`: callback requests from the command line, through the running controller's API.

Who has the command line leads; `--as` says in whose name something is taken, `--duty` shows what is protected.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any, get_args
from urllib.parse import urlencode

import typer

from access.model import Duty, Role
from callbacks.model import OUTCOMES, Urgency
from ivr.remote import ask
from ivr.settings import Settings
from routing.hours import ZONE

commands = typer.Typer(no_args_is_help=True, help="Callback requests.")

Id = typer.Argument(help="The request's id, as `list` shows it.")
As = typer.Option("", "--as", help="In whose name: a guide's or handler's extension.")
Duties = typer.Option([], "--duty", help="Also what is protected, for who has this duty.")
Slug = typer.Option("", "--municipality", help="Where several are served.")
Json = typer.Option(False, "--json", help="Machine-readable.")
MINUTE = "%Y-%m-%d %H:%M"
When = typer.Option(None, formats=[MINUTE], help='Local time, "2026-11-26 10:00", within opening hours.')


@commands.command("list")
def show_list(
    mine: bool = typer.Option(False, help="Only what the one named by --as works on."),
    pool: bool = typer.Option(False, help="Only what any guide may take."),
    overdue: bool = typer.Option(False, help="Only what should have been done by now."),
    owner: str = typer.Option("", help="Only what a handler or function has to do, by extension."),
    slug: str = Slug,
    as_: str = As,
    duty: list[Duty] = Duties,
    as_json: bool = Json,
) -> None:
    """Open requests, what is overdue first; numbers masked."""
    filters = {"mine": mine, "pool": pool, "overdue": overdue, "owner": owner, "municipality": slug}
    rows = _ask("GET", f"?{urlencode({name: value for name, value in filters.items() if value} | {'count': 1000})}", None, as_, duty)
    typer.echo(json.dumps(rows, ensure_ascii=False, indent=1) if as_json else "\n".join(map(line, rows)) or "Nobody waits for a call.")


@commands.command()
def show(id: str = Id, as_: str = As, duty: list[Duty] = Duties, as_json: bool = Json) -> None:
    """One request with its history; the number in full for who works on it, which the audit trail notes."""
    page = _ask("GET", f"/{id}", None, as_, duty)
    if as_json:
        return typer.echo(json.dumps(page, ensure_ascii=False, indent=1))
    typer.echo(line(page))
    for entry in page["history"]:
        said = " ".join(str(entry[name]) for name in ("result", "outcome", "reason", "why") if entry.get(name))
        typer.echo(f"  {_local(entry['at'])}  {entry['act']:<12}  {entry['state']:<9}  {entry['by']}  {said}".rstrip())


@commands.command()
def add(
    number: str = typer.Argument(help="The citizen's number."),
    topic: str = typer.Argument(help="The topic's name in the file."),
    owner: str = typer.Option("", help="Who rings back: a handler's or function's extension."),
    wanted: datetime | None = When,
    name: str = typer.Option("", help="The citizen's name, if given."),
    matter: str = typer.Option("", help="The matter, or the address it is about."),
    urgency: str = typer.Option("24h", help=", ".join(get_args(Urgency))),
    text: str = typer.Option("", help="At most 160 characters; kept for nothing that is protected."),
    slug: str = Slug,
    as_: str = As,
    duty: list[Duty] = Duties,
) -> None:
    """Enter a request for a citizen."""
    message = {"name": name, "matter": matter, "urgency": urgency, "text": text}
    new = {"number": number, "topic": topic, "owner": owner or None, "wanted": _iso(wanted), "message": message}
    promised = _ask("POST", f"?municipality={slug}" if slug else "", new, as_, duty)
    stands = "stood already" if promised["merged"] else "stored"
    typer.echo(f"{promised['request']['id'] if promised['request'] else 'The request'} is {stands}: due {_local(promised['due'])}.")


@commands.command()
def take(id: str = Id, as_: str = As, duty: list[Duty] = Duties) -> None:
    """Somebody (--as) works on it from now on."""
    _act(id, "take", None, as_, duty)


@commands.command()
def release(id: str = Id, as_: str = As, duty: list[Duty] = Duties) -> None:
    """Back to who waits, at its place, whoever has it."""
    _act(id, "release", None, as_, duty)


@commands.command()
def postpone(
    id: str = Id,
    wanted: datetime = typer.Argument(formats=[MINUTE], help='Local time, "2026-11-26 10:00", within opening hours.'),  # noqa: B008 - typer's way
    as_: str = As,
    duty: list[Duty] = Duties,
) -> None:
    """Ring at another time."""
    _act(id, "postpone", {"wanted": _iso(wanted)}, as_, duty)


@commands.command()
def cancel(id: str = Id, as_: str = As, duty: list[Duty] = Duties) -> None:
    """The citizen wants no call any more."""
    _act(id, "cancel", None, as_, duty)


@commands.command()
def outcome(
    id: str = Id,
    stated: str = typer.Argument(metavar="OUTCOME", help=", ".join(OUTCOMES)),
    again: bool = typer.Option(False, help="Not reached: ring again after the usual pause."),
    as_: str = As,
    duty: list[Duty] = Duties,
) -> None:
    """State how it ended."""
    _act(id, "outcome", {"outcome": stated, "again": again}, as_, duty)


@commands.command("hand-over")
def hand_over(
    id: str = Id, to: str = typer.Argument(help="A guide's, handler's or function's extension."), as_: str = As, duty: list[Duty] = Duties
) -> None:
    """To a guide, who has taken it then, or to the list of a handler or function."""
    _act(id, "hand-over", {"to": to}, as_, duty)


@commands.command()
def retry(id: str = Id, as_: str = As, duty: list[Duty] = Duties) -> None:
    """Ring again although nobody knows how the last attempt ended."""
    _act(id, "retry", None, as_, duty)


@commands.command()
def hold(slug: str = Slug) -> None:
    """Dial nobody from now on; promises are taken all the same, and people may ring back by themselves."""
    _dialling("PUT", slug)


@commands.command()
def resume(slug: str = Slug) -> None:
    """Dial again."""
    _dialling("DELETE", slug)


def line(row: dict[str, Any]) -> str:
    """One request, for a person at a terminal."""
    marks = [row["state"], row["held_by_called"], row["owner_called"] and f"for {row['owner_called']}", "OVERDUE" if row["overdue"] else ""]
    return f"{row['id']}  {_local(row['due'])}  {row['topic']:<12}  {row['number']}  {', '.join(filter(None, (*marks, row['outcome'])))}"


def _act(id: str, what: str, body: object, as_: str, duty: list[Duty]) -> None:
    typer.echo(line(_ask("POST", f"/{id}/{what}", body, as_, duty)))


def _dialling(method: str, slug: str) -> None:
    row = ask(Settings(), method, f"/api/dialling/hold{f'?municipality={slug}' if slug else ''}", None, Role.TEAM_LEADER)
    typer.echo(f"{row['municipality']}: callbacks are {'held' if row['held'] else 'dialled'}.")


def _ask(method: str, path: str, body: object, as_: str, duty: list[Duty]) -> Any:
    return ask(Settings(), method, f"/api/callbacks{path}", body, Role.TEAM_LEADER, duty, as_)


def _iso(local: datetime | None) -> str | None:
    return local.replace(tzinfo=ZONE).isoformat() if local else None


def _local(text: str) -> str:
    return f"{datetime.fromisoformat(text).astimezone(ZONE):{MINUTE}}"
