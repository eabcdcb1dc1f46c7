"""Go over to a municipality's edited file while calls go on: all of it or nothing, and kept for the next start.

What is activated stands beside the rendered versions (`activated/SLUG.toml` on the volume that Asterisk's supervisor reads, too), so
that what Asterisk runs and what we serve are kept and lost together. The edited file may be half written at any time; this one never is.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import structlog
from fastapi import APIRouter
from pydantic import BaseModel

from access.guard import Current
from access.refusal import Refused
from dialplan import render
from ivr import overrides
from ivr.ami import Ami, Event
from ivr.judgement import NotJudged, judged
from ivr.settings import Settings
from routing.file import MunicipalityError, chosen, clashes, load, load_served, parse, read
from routing.hours import ZONE
from routing.municipality import Municipality
from routing.problem import Problem

log = structlog.get_logger()

JUDGE_AFTER_SECONDS = 60.0
"""How long after a start the served files are judged anew."""
RENDER_SECONDS = 3600.0
SUPERVISOR_SECONDS = 30.0
"""The supervisor looks twice a second, and three reloads take a second or two."""
LOOK_SECONDS = 0.2


def edited(settings: Settings, slug: str) -> Path:
    """The file that people edit."""
    return settings.municipality_folder / f"{slug}.toml"


def kept(settings: Settings, slug: str) -> Path:
    """The file as it was activated last."""
    return settings.rendered / "activated" / f"{slug}.toml"


def slugs(settings: Settings) -> list[str]:
    """The municipalities that are served."""
    return [slug.strip() for slug in settings.municipalities.split(",")]


def load_all(settings: Settings) -> Mapping[str, Municipality]:
    """The served municipalities by slug, as activated last, else as edited. Raises routing.file.MunicipalityError."""
    return load_served(_to_serve(settings, slug) for slug in slugs(settings))


def _to_serve(settings: Settings, slug: str) -> Path:
    return one if (one := kept(settings, slug)).exists() else edited(settings, slug)


@dataclass(frozen=True)
class Start:
    """What is served at start, by slug, and by slug what is wrong all the same."""

    served: dict[str, Municipality]
    alarms: dict[str, tuple[Problem, ...]] = field(default_factory=dict)


def start(settings: Settings) -> Start:
    """The last activated files; an edited one where there is none, or none that can still be read. Raises MunicipalityError without any."""
    paths: list[Path] = []
    alarms: dict[str, tuple[Problem, ...]] = {}
    for slug in slugs(settings):
        path = _to_serve(settings, slug)
        for one in dict.fromkeys((path, edited(settings, slug))):
            try:
                load(one)
            except MunicipalityError as error:
                alarms[slug] = (*alarms.get(slug, ()), *error.problems)
                path = edited(settings, slug) if one == path else path
        paths.append(path)
    return Start(load_served(paths), alarms)


class Activation:
    """The served municipalities, and the one way to change them. `take` is told of each that is changed."""

    def __init__(
        self, settings: Settings, now: Callable[[], datetime], acting: Callable[[], Ami], take: Callable[[Municipality], None]
    ) -> None:
        self._settings, self._now, self._acting, self._take = settings, now, acting, take
        begun = start(settings)
        self.served = begun.served
        self._alarms = begun.alarms
        self.rota = {slug: self._overrides(municipality) for slug, municipality in self.served.items()}
        self._texts: dict[str, str] = {}
        self._version = ""
        self._one_at_a_time = asyncio.Lock()
        self._hung_up = asyncio.Event()

    @property
    def is_well(self) -> bool:
        """Whether what is wanted is what Asterisk runs, and nothing was refused since."""
        return bool(self._version) and not self._alarms and render.activated(self._settings.rendered) == self._version

    async def run(self) -> None:
        """Render at once and each hour, judge what is served, and activate at each SIGHUP; until cancelled."""
        for slug in self.served:
            self._alarm(slug, self._alarms.get(slug, ()))
        self._keep_first()
        asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, self._hung_up.set)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._render_hourly())
            tasks.create_task(self._judge_all())
            tasks.create_task(self._activate_at_signals())

    def _keep_first(self) -> None:
        """What was never activated is, by being served at start."""
        for slug in self.served:
            if not kept(self._settings, slug).exists():
                keep(kept(self._settings, slug), edited(self._settings, slug).read_text(encoding="utf-8"))
            self._texts[slug] = kept(self._settings, slug).read_text(encoding="utf-8")

    async def _judge_all(self) -> None:
        """What is served has passed when it was activated; whether it would today can wait until those who ring have been taken up."""
        await asyncio.sleep(JUDGE_AFTER_SECONDS)
        for slug, municipality in list(self.served.items()):
            try:
                found = await judged(municipality, self._now(), self.rota[slug])
            except (NotJudged, OSError) as error:  # a fault of the proof must not stop the service
                log.error("municipality.not_judged", municipality=slug, reason=str(error))
            else:
                if self.served[slug] is municipality:  # another was activated meanwhile: what is wrong with this one is over
                    _say(slug, found)

    async def _render_hourly(self) -> None:
        """Write what Asterisk loads: the same content is the same version, so only a new day or another's activation changes anything."""
        while True:
            async with self._one_at_a_time:
                await self._follow()
                self._version = await asyncio.to_thread(self._rendered, self.served.values(), self.rota)
            log.info("dialplan.wanted", version=self._version)
            await asyncio.sleep(RENDER_SECONDS)

    async def begin(self, ami: Ami) -> None:
        """This controller begins to act: another one may have activated files meanwhile."""
        async with self._one_at_a_time:
            await self._follow()

    def take(self, event: Event) -> None:
        """No event tells of it."""

    async def _follow(self) -> None:
        for slug in self.served:
            text = await asyncio.to_thread(kept(self._settings, slug).read_text, encoding="utf-8")
            if text != self._texts[slug]:
                self._serve(parse(text, str(kept(self._settings, slug))), text)
            self.rota[slug] = await asyncio.to_thread(self._overrides, self.served[slug])

    def _overrides(self, municipality: Municipality) -> overrides.Lines:
        """What is kept of them. Those that cannot be followed are an alarm, and the file's shifts hold instead."""
        slug, path = municipality.slug, overrides.place(self._settings, municipality.slug)
        try:
            lines = overrides.read(path)
        except (OSError, ValueError) as error:
            self._alarm(slug, (Problem(str(path), "lines", str(error), "Make the exceptions to the shifts anew: `ivr rota set`."),))
            return {}
        if found := (*overrides.strangers(municipality, lines, self._now().astimezone(ZONE).date(), str(path)),):
            self._alarm(slug, found)
        return overrides.usable(municipality, lines)

    def _serve(self, municipality: Municipality, text: str) -> None:
        self.served[municipality.slug] = municipality
        self._texts[municipality.slug] = text
        self._take(municipality)

    async def _activate_at_signals(self) -> None:
        while True:
            await self._hung_up.wait()
            self._hung_up.clear()
            for slug in list(self.served):
                with contextlib.suppress(OSError, UnicodeDecodeError):  # then the activation says what is wrong with the file
                    if edited(self._settings, slug).read_text(encoding="utf-8") == self._texts[slug]:
                        continue
                try:
                    await self.activate(slug, by="SIGHUP")
                except (MunicipalityError, Refused):
                    continue  # said and counted where it was refused

    async def activate(self, slug: str, by: str) -> str:
        """Serve the edited file from now on; returns the version that Asterisk runs then.

        Raises MunicipalityError with every problem, or Refused when it could not be judged, or Asterisk is away, refuses it or is too slow;
        nothing is changed then.
        """
        async with self._one_at_a_time:
            try:
                version = await self._activate(slug)
            except MunicipalityError as error:
                self._alarm(slug, error.problems)
                raise
            except Refused as error:
                self._alarm(slug, (Problem(slug, "activation", error.error, error.sentence),))
                raise
        self._alarms.pop(slug, None)
        log.warning("municipality.activated", municipality=slug, version=version, by=by)
        return version

    async def _activate(self, slug: str) -> str:
        self._acting()
        file = edited(self._settings, slug)
        text = await asyncio.to_thread(read, file)
        candidate = parse(text, str(file))
        others = {str(edited(self._settings, other)): one for other, one in self.served.items() if other != slug}
        if found := (*_renamed(file, slug, candidate), *clashes({**others, str(file): candidate})):
            raise MunicipalityError(found)
        if found := await self._judged(candidate, self.rota[slug]):
            raise MunicipalityError(found)
        await self._go_over(self.served | {slug: candidate}, self.rota, kept(self._settings, slug), text)
        self._serve(candidate, text)
        return self._version

    async def override(self, slug: str, change: Callable[[overrides.Lines], overrides.Lines]) -> None:
        """Let what `change` makes of the exceptions hold from now on: when this returns, Asterisk runs it and it is kept.

        Raises what `change` raises, and Refused when Asterisk is away, refuses it or is too slow; nothing is changed then.
        """
        async with self._one_at_a_time:
            self._acting()
            lines = change(self.rota[slug])
            text = overrides.text(lines, self._now().astimezone(ZONE).date())
            await self._go_over(self.served, self.rota | {slug: lines}, overrides.place(self._settings, slug), text)
            self.rota[slug] = lines

    async def _go_over(self, served: Mapping[str, Municipality], rota: render.Rota, path: Path, text: str) -> None:
        """Let Asterisk run what these give, then keep the text that says so. Raises Refused, and nothing is changed then."""
        before = self._version
        self._version = await asyncio.to_thread(self._rendered, served.values(), rota)
        try:
            await self._until_it_runs()
            await asyncio.to_thread(keep, path, text)
        except BaseException as error:
            await asyncio.to_thread(render.want, self._settings.rendered, before)
            self._version = before
            if isinstance(error, OSError):
                raise Refused(
                    503, "not_kept", f"The file could not be kept ({error}); nothing was changed. Mend that and try again."
                ) from error
            raise

    async def _judged(self, candidate: Municipality, lines: overrides.Lines) -> tuple[Problem, ...]:
        try:
            return await judged(candidate, self._now(), lines)
        except (NotJudged, OSError) as error:
            sentence = f"The file could not be judged ({error}); nothing was changed. Try again, and look at the controller's log."
            raise Refused(503, "not_judged", sentence) from error

    async def _until_it_runs(self) -> None:
        """Raises Refused when the supervisor refuses the version, or says nothing in time."""
        try:
            async with asyncio.timeout(SUPERVISOR_SECONDS):
                while True:
                    result = await asyncio.to_thread(render.result, self._settings.rendered)
                    if result.version == self._version:
                        break
                    await asyncio.sleep(LOOK_SECONDS)
        except TimeoutError as error:
            sentence = (
                f"Asterisk's supervisor said nothing for {SUPERVISOR_SECONDS:.0f} s; nothing was changed. Look at its log and try again."
            )
            raise Refused(503, "asterisk_late", sentence) from error
        if not result.ok:
            raise Refused(502, "asterisk_refused", f"Asterisk does not load it ({result.message}); the version before stays.")

    def _rendered(self, municipalities: Iterable[Municipality], rota: render.Rota) -> str:
        settings = self._settings
        files = render.render(
            municipalities,
            ports=settings.ports,
            trunk=settings.carrier,
            phone_seed=settings.phone_seed,
            today=self._now().astimezone(ZONE).date(),
            rota=rota,
            bind=settings.host,
            ami_certificate=settings.ami_tls_certificate,
        )
        return render.write_version(files, settings.rendered)

    def _alarm(self, slug: str, found: tuple[Problem, ...]) -> None:
        if not found:
            return
        self._alarms[slug] = found
        _say(slug, found)


def _say(slug: str, found: Iterable[Problem]) -> None:
    for one in found:
        log.error("municipality.problem", municipality=slug, file=one.file, key=one.key, reason=one.reason, remedy=one.remedy)


def _renamed(file: Path, slug: str, candidate: Municipality) -> Iterable[Problem]:
    if candidate.slug != slug:
        yield Problem(str(file), "slug", f"is {candidate.slug!r}, and {slug!r} is served", f'Write slug = "{slug}".')


def keep(path: Path, text: str) -> None:
    """Write a file durably: after a power cut it holds this text or the one before. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_suffix(".new")
    with new.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    os.replace(new, path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


class Activated(BaseModel):
    """What is served now."""

    municipality: str
    version: str


def router(activation: Activation, acting: Callable[[], Ami]) -> APIRouter:
    """The route of activation. It raises Refused and routing.file.MunicipalityError."""
    api = APIRouter(prefix="/api/municipalities", tags=["municipalities"])

    @api.post("/{slug}/activate", summary="Serve the municipality's edited file from now on, if nothing is wrong with it")
    async def activate(slug: str, holder: Current) -> Activated:
        acting()
        chosen(activation.served, slug)
        return Activated(municipality=slug, version=await activation.activate(slug, by=holder.name))

    return api
