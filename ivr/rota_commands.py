"""`ivr rota`: the exceptions to a priority line's shifts, from the command line, through the running controller's API."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import typer

from access.model import Duty, Role
from ivr.remote import ask
from ivr.settings import Settings
from routing.hours import ZONE

commands = typer.Typer(no_args_is_help=True, help="Who is on duty for a priority line.")
Slug = typer.Option("", "--municipality", help="Where several municipalities have a line of that name.")
DAY = "%Y-%m-%d"


@commands.command()
def show(slug: str = Slug) -> None:
    """Who is on duty now, the coming four weeks, and what nobody has; numbers masked."""
    for row in _ask("GET", "", slug):
        for line in lines(row):
            typer.echo(line)


@commands.command("set")
def give(
    line: str = typer.Argument(help="The priority line's name in the file."),
    day: datetime = typer.Argument(formats=[DAY], help="The date on which the shifts begin: 2026-11-26."),  # noqa: B008 - typer's way
    people: list[str] = typer.Argument(help="Names of the line's people, in the order of ringing."),  # noqa: B008 - typer's way
    slug: str = Slug,
) -> None:
    """Give the shifts that begin on a date to others; Asterisk rings them from now on."""
    row = _ask("PUT", f"/{line}/rota/{day:{DAY}}", slug, {"people": people})
    typer.echo(f"{line} on {day:{DAY}}: {', '.join(row['overrides'][f'{day:{DAY}}'])}.")


@commands.command()
def clear(
    line: str = typer.Argument(help="The priority line's name in the file."),
    day: datetime = typer.Argument(formats=[DAY], help="The date on which the shifts begin: 2026-11-26."),  # noqa: B008 - typer's way
    slug: str = Slug,
) -> None:
    """Back to the shifts of the file on a date."""
    _ask("DELETE", f"/{line}/rota/{day:{DAY}}", slug)
    typer.echo(f"{line} on {day:{DAY}}: the file's shifts hold.")


def lines(row: dict[str, Any]) -> Iterator[str]:
    """One line of the API's answer, for a person at a terminal."""
    yield f"{row['municipality']}: {row['line']}, {row['title']}"
    rung = ", ".join(f"{one['title']} ({one['number']})" for one in row["chain"])
    yield f"  now: {rung or 'the number out of hours'}"
    for shift in row["shifts"]:
        begins, ends = _local(shift["begins"]), _local(shift["ends"])
        marked = " (exception)" if f"{begins:{DAY}}" in row["overrides"] else ""
        yield f"  {begins:%a %Y-%m-%d %H:%M}-{ends:%H:%M}  {', '.join(shift['people'])}{marked}"
    for gap in row["gaps"]:
        yield f"  NOBODY {_local(gap['begins']):%a %Y-%m-%d %H:%M} - {_local(gap['ends']):%a %Y-%m-%d %H:%M}"


def _local(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(ZONE)


def _ask(method: str, path: str, slug: str, body: object = None) -> Any:
    """As somebody with IFO's duty: who has the command line has the installation."""
    asked = f"/api/priority-lines{path}{f'?municipality={slug}' if slug else ''}"
    return ask(Settings(), method, asked, body, Role.TEAM_LEADER, [Duty.IFO])
