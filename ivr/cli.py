"""The command line `ivr`: thin over the modules, one clear sentence for each error."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from datetime import datetime, timedelta
from pathlib import Path

import structlog
import typer
import uvicorn
import uvloop
from pydantic import ValidationError
from redis.exceptions import RedisError

from access.model import Duty, Holder, Role
from access.refusal import Refused
from access.tokens import Tokens
from callbacks.store import StoreAway
from dialplan.prompts.own import text_problems
from dialplan.render import dialled_forms, phone_password
from ivr import callback_commands, rota_commands
from ivr.activation import load_all, slugs
from ivr.ami import AmiRefused
from ivr.compatibility import WrongAsterisk
from ivr.conversation import now
from ivr.explain import Moment, explain, lines
from ivr.health import main as ask_health
from ivr.proof import problems, prove_municipality, sentence
from ivr.remote import ControllerAway, ControllerRefused, ask
from ivr.server import Server
from ivr.service import Service, connect_store
from ivr.settings import Settings
from ivr.web import create
from routing.file import MunicipalityError, load
from routing.hours import ZONE
from routing.rota import rota_problems
from routing.soundness import warnings

SWITCH_SECONDS = 0.0002
"""How long the event loop may keep the manager's reader thread waiting; Python's own 5 ms is what a caller would hear as silence."""

app = typer.Typer(no_args_is_help=True, help="Kontaktcenter: answer, route, call back.", pretty_exceptions_enable=False)
app.add_typer(callback_commands.commands, name="callbacks")
app.add_typer(rota_commands.commands, name="rota")


@app.command()
def check(
    file: Path,
    sounds: Path | None = typer.Option(None, help="Folder of the built prompts (…/se): their lengths are measured, not estimated."),  # noqa: B008 - typer's way
) -> None:
    """Validate a municipality's file, walk every call through it, and name everything that is wrong."""
    municipality, moment = load(file), now()
    unmanned, soon = rota_problems(municipality, moment, file=str(file))
    for warning in (*warnings(str(file), municipality), *soon):
        typer.echo(warning)
    proofs = prove_municipality(municipality, moment.astimezone(ZONE).date(), sounds)
    for proof in proofs:
        typer.echo(f"{file}: {sentence(proof)}")
    if found := (*text_problems(str(file), municipality), *unmanned, *problems(str(file), proofs)):
        raise MunicipalityError(found)
    typer.echo(f"{file}: {municipality.title} can be served.")


@app.command("explain")
def explain_call(
    file: Path,
    at: str = typer.Option("", help="Local time, 2026-11-25 12:30; now when left out."),
    number: str = typer.Option("", "--from", help="The caller's number; withheld when left out."),
    line: str = typer.Option("main", help="Which of the file's lines is called."),
    key: list[str] = typer.Option([], help="A key, or a keyed number; given once for each question."),  # noqa: B008 - typer's way
) -> None:
    """Say what would happen to a call, without a call."""
    moment = local(at, "--at") if at else now()
    for told in lines(explain(load(file), Moment(moment), number, key, line)):
        typer.echo(told)


@app.command()
def phones(as_json: bool = typer.Option(False, "--json", help="Machine-readable.")) -> None:
    """The guides' SIP accounts."""
    settings = Settings()
    rows = [
        {"user": account, "password": phone_password(settings.phone_seed, account), "extension": guide.extension, "name": guide.name}
        for municipality in load_all(settings).values()
        for guide in municipality.guides
        for account in (f"{municipality.slug}-{guide.extension}",)
    ]
    typer.echo(json.dumps(rows, ensure_ascii=False, indent=1) if as_json else "\n".join(f"{r['user']}\t{r['name']}" for r in rows))


@app.command()
def token(
    role: list[Role] = typer.Option(..., help="What the holder works as; may be given several times."),  # noqa: B008 - typer's way
    duty: list[Duty] = typer.Option([], help="What is protected and shown to the holder all the same."),  # noqa: B008 - typer's way
    name: str = typer.Option("api", help="Who holds it; stands in the audit trail."),
    extension: str = typer.Option("", help="Whom it lets act: 1001, or lekeberg-1001 where several have that extension."),
    days: int = typer.Option(30, min=1, max=366, help="How long it is valid."),
) -> None:
    """Issue a token for the API and print it; it is shown this once."""
    settings = Settings()

    async def issued() -> str:
        moment = now()
        until = moment + timedelta(days=days)
        holder = Holder(name=name, roles=frozenset(role), duties=frozenset(duty), expires_at=until, extension=extension)
        async with connect_store(settings) as redis:
            return await Tokens(redis).issue(holder, moment)

    typer.echo(asyncio.run(issued()))


@app.command()
def health() -> None:
    """Whether the controller here is connected and acting; what the container's health check asks, too."""
    os.environ.setdefault("KC_WEB_PORT", str(Settings().web_port))
    raise typer.Exit(ask_health())


@app.command()
def where() -> None:
    """The addresses of this installation."""
    settings = Settings()
    at = settings.host
    for what, address in (
        ("Telephone", f"sip:NUMBER@{at}:{settings.sip_port}, {', '.join(numbers(settings))}"),
        ("Guides", f"ivr phones --json gives the accounts, registrar {at}:{settings.sip_port}"),
        ("API", f"http://{at}:{settings.web_port}/api/openapi.json, Authorization: Bearer TOKEN"),
        ("Health", f"http://{at}:{settings.web_port}/readyz"),
        ("Prometheus", f"http://{at}:{settings.prometheus_port}"),
        ("Asterisk", f"manager interface {at}:{settings.ami_port}"),
        ("Redis", f"{at}:{settings.redis_port}"),
    ):
        typer.echo(f"{what:<11} {address}")


def numbers(settings: Settings) -> list[str]:
    """The served numbers, as one dials them."""
    lines = (line for municipality in load_all(settings).values() for line in municipality.lines.values())
    return [dialled_forms(number)[0] for line in lines for number in line.numbers]


@app.command()
def activate(slug: str = typer.Argument("", help="A served municipality; all when left out.")) -> None:
    """Serve a municipality's edited file from now on, without dropping a call; with anything wrong in it nothing changes."""
    settings = Settings()
    for one in [slug] if slug else slugs(settings):
        activated = ask(settings, "POST", f"/api/municipalities/{one}/activate")
        typer.echo(f"{one} is served from its edited file; Asterisk runs version {activated['version']}.")


@app.command("close")
def close_in_an_emergency(
    slug: str = typer.Argument("", help="A served municipality; may be left out when there is one."),
    until: str = typer.Option(..., help="Local time at which it ends by itself, 2026-11-26 15:00; at most 7 days ahead."),
) -> None:
    """Close at once, whatever the hours say: callers hear it with the keys that still help, and who waits is told, too."""
    closed = ask(Settings(), "PUT", "/api/closure", {"municipality": slug or None, "until": local(until, "--until").isoformat()})
    typer.echo(f"{closed['municipality']} is closed until {until}. `ivr reopen {closed['municipality']}` ends it.")


@app.command()
def reopen(slug: str = typer.Argument("", help="A served municipality; may be left out when there is one.")) -> None:
    """End an emergency closure: the ordinary hours hold again."""
    opened = ask(Settings(), "DELETE", f"/api/closure{f'?municipality={slug}' if slug else ''}")
    typer.echo(f"{opened['municipality']}: the ordinary hours hold.")


def local(text: str, option: str) -> datetime:
    """A local time as it is written on the command line."""
    try:
        return datetime.fromisoformat(text).replace(tzinfo=ZONE)
    except ValueError as error:
        raise typer.BadParameter(f"{text!r} is no time: write 2026-11-25 12:30", param_hint=option) from error


@app.command()
def serve() -> None:
    """Run the controller and its web application until stopped."""
    processors: list[structlog.typing.Processor] = [
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.add_log_level,
        structlog.processors.format_exc_info,
        structlog.processors.JSONRenderer(ensure_ascii=False),
    ]
    structlog.configure(processors, cache_logger_on_first_use=True)
    sys.setswitchinterval(SWITCH_SECONDS)
    uvloop.run(_serve())


async def _serve() -> None:
    settings = Settings()
    service = Service(settings, connect_store(settings), connect_store(settings, waiting=True))
    config = uvicorn.Config(create(service), host="127.0.0.1", port=settings.web_port, log_level="warning", access_log=False)
    web = Server(config, before_shutdown=service.streams.end)
    running, serving = asyncio.create_task(service.run()), asyncio.create_task(web.serve())
    await asyncio.wait({running, serving}, return_when=asyncio.FIRST_COMPLETED)
    web.should_exit = True  # let it end in order, or its traceback hides our sentence
    running.cancel()
    for result in await asyncio.gather(running, serving, return_exceptions=True):
        if isinstance(result, Exception):
            raise result


def _fail(sentence: str) -> int:
    typer.echo(f"ivr: {sentence}", err=True)
    return 1


def main() -> None:
    """Entry point: translates what can go wrong into one sentence and a non-zero exit."""
    try:
        app()
    except Exception as error:
        if (words := remedy(error)) is None:
            raise
        sys.exit(_fail(words))


def remedy(error: BaseException) -> str | None:
    """What went wrong and what to do, for the errors that a user can meet; None for a fault of ours, whose traceback is wanted."""
    match error:
        case BaseExceptionGroup(exceptions=(first, *_)):
            return remedy(first)
        case MunicipalityError() | WrongAsterisk() | ControllerAway() | ControllerRefused() | Refused():
            return str(error)
        case ValidationError():
            wrong = (f"KC_{'__'.join(map(str, one['loc'])).upper()}: {one['msg']}" for one in error.errors())
            return f"settings: {'; '.join(wrong)}. Correct them; setup/secrets.sh makes the secrets."
        case AmiRefused():
            return "Asterisk refused the manager login: KC_AMI_SECRET differs from the one in its manager.conf. Give both the same."
        case StoreAway() | RedisError():
            return f"Redis does not answer: {error}. Start it, or correct KC_REDIS_PORT and KC_REDIS_PASSWORD."
    return None
