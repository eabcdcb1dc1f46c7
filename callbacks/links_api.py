"""The pages behind the links of a mail: what a link would do, and one button that does it. Nothing personal stands on them.

Mail scanners open every link: GET changes nothing. Who holds the link acts as the owner whom it was sent to.
"""

from __future__ import annotations

import hashlib
from base64 import b64encode
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from html import escape

import structlog
from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from callbacks.model import Outcome, Request
from callbacks.notices.letter import TITLES, moment
from callbacks.notices.links import Deed, Expired, Forged, Link, read
from callbacks.notices.memory import Memory
from callbacks.store import Act, Answer, CallbackStore, StoreAway
from routing.municipality import Municipality

log = structlog.get_logger()

WHY = "by mail link"
OUTCOMES: Mapping[Deed, Outcome] = {"done": "solved", "not_reached": "not_reached"}

STYLE = (
    "body{font:1.1rem/1.5 sans-serif;max-width:34rem;margin:3rem auto;padding:0 1rem}"
    "button{font:inherit;padding:.7rem 1.4rem;min-height:44px}"
)
HEADERS = {
    "Content-Security-Policy": (
        f"default-src 'none'; style-src 'sha256-{b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()}'; "
        "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    ),
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex",
}


@dataclass(frozen=True)
class Page:
    """What is shown. `button` is the title of the one button, "" without one."""

    status: int
    title: str
    text: str
    button: str = ""


FORGED = Page(404, "Länken gäller inte", "Öppna den direkt ur mejlet, eller gör det i Kontaktcenter.")
EXPIRED = Page(410, "Länken är för gammal", "Länkar gäller i tre dygn. Ta den ur ett nyare mejl, eller gör det i Kontaktcenter.")
AWAY = Page(503, "Det gick inte just nu", "Försök igen om en stund. Det görs bara en gång, hur ofta du än trycker.")
DONE_ALREADY = Page(200, "Redan gjort", "Länken har använts. Du behöver inte göra något mer här.")
CLOSED_ALREADY = Page(200, "Redan avslutat", "Återuppringningen är redan avslutad. Du behöver inte göra något.")
MOVED = Page(409, "Den ligger inte hos dig längre", "Någon annan tar hand om återuppringningen. Inget har ändrats.")
RINGING = Page(409, "Ett samtal pågår", "Någon ringer upp just nu. Inget har ändrats. Försök igen när samtalet är över.")
TALKED = Page(409, "Samtalet är redan ringt", "Inget har ändrats. Ange i Kontaktcenter hur det gick.")
THANKS: Mapping[Deed, Page] = {
    "done": Page(200, "Tack, det är klart", "Återuppringningen är avslutad."),
    "not_reached": Page(200, "Tack, det är noterat", "Återuppringningen är avslutad: ni nåddes inte."),
    "take_over": Page(200, "Den är din", "Återuppringningen ligger hos dig. Numret finns i Kontaktcenter."),
}
QUESTIONS: Mapping[Deed, str] = {
    "done": "Du har talat med den som väntade, och det är klart.",
    "not_reached": "Du har ringt och inte nått den som väntade. Återuppringningen avslutas.",
    "take_over": "Du tar återuppringningen och ringer själv.",
}


class Answers:
    """What a link shows and does. Each does its work once, however often its button is pressed."""

    def __init__(
        self, store: CallbackStore, memory: Memory, municipalities: Mapping[str, Municipality], key: bytes, now: Callable[[], datetime]
    ) -> None:
        self._store = store
        self._memory = memory
        self._municipalities = municipalities
        self._key = key
        self._now = now

    async def show(self, token: str) -> Page:
        """What the link would do. Raises Forged, Expired and StoreAway, as `do`."""
        link, request = await self._found(token)
        if refusal := await self._refusal(link, request):
            return refusal
        return Page(200, f"Återuppringning senast {moment(request.due)}", QUESTIONS[link.deed], TITLES[link.deed])

    async def do(self, token: str) -> Page:
        """Do it, once."""
        link, request = await self._found(token)
        if refusal := await self._refusal(link, request):
            return refusal
        page = outcome(link, await self._done(link, request))
        if page is THANKS[link.deed]:
            await self._memory.use(link.municipality, link.digest)
            log.info("link.used", municipality=link.municipality, request=link.request_id, deed=link.deed, by=link.extension)
        return page

    async def _found(self, token: str) -> tuple[Link, Request]:
        link = read(token, self._key, self._now())
        request = await self._store.find(link.municipality, link.request_id) if link.municipality in self._municipalities else None
        if request is None:
            raise Expired("the request is kept no longer")
        return link, request

    async def _refusal(self, link: Link, request: Request) -> Page | None:
        if await self._memory.is_used(link.municipality, link.digest):
            return DONE_ALREADY
        if request.state == "closed":
            return CLOSED_ALREADY
        return MOVED if request.owner != link.extension else None

    async def _done(self, link: Link, request: Request) -> Answer:
        """A person who states an outcome has taken the request before; what was talked about already is only closed."""
        if link.deed == "take_over":
            return await self._take(link, request)
        if request.state in ("waiting", "taken"):
            answer = await self._take(link, request)
            if answer.word != "ok":
                return answer
            request = answer.standing
        act = self._act(link, "close", request)
        return await self._store.close(link.municipality, link.request_id, OUTCOMES[link.deed], act, from_=link.extension)

    async def _take(self, link: Link, request: Request) -> Answer:
        until = self._now() + timedelta(hours=self._municipalities[link.municipality].callbacks.kept_hours)
        act = self._act(link, "take", request)
        return await self._store.take(link.municipality, link.request_id, link.extension, act, until)

    def _act(self, link: Link, verb: str, request: Request) -> Act:
        # pressed twice at once it is one operation; after a refusal, once the request has moved on, another one
        stands = f"{request.state}-{request.token}-{request.held_by}"
        return Act(self._now(), by=link.extension, operation=f"link-{link.digest}-{verb}-{stands}", why=WHY)


def outcome(link: Link, answer: Answer) -> Page:
    """The page for what the store said."""
    match answer.word:
        case "ok" | "closed":
            return THANKS[link.deed]
        case "taken_by":
            return MOVED
        case "unknown":
            return EXPIRED
    match answer.standing.state:
        case "closed":
            return CLOSED_ALREADY
        case "dialling" | "talking":
            return RINGING
    return TALKED


def html(page: Page) -> str:
    """A page whole in itself: no script, nothing from elsewhere."""
    form = f'<form method="post"><button>{escape(page.button)}</button></form>' if page.button else ""
    return (
        f'<!doctype html><html lang="sv"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>{escape(page.title)}</title><style>{STYLE}</style></head>"
        f"<body><main><h1>{escape(page.title)}</h1><p>{escape(page.text)}</p>{form}</main></body></html>"
    )


def router(answers: Answers) -> APIRouter:
    """The routes of /svar."""
    api = APIRouter(prefix="/svar", tags=["links"], default_response_class=HTMLResponse)

    @api.get("/{token}", summary="What a link of a mail would do; changes nothing")
    async def shown(token: str) -> HTMLResponse:
        return await _page(answers.show, token)

    @api.post("/{token}", summary="Do what a link of a mail is for, once")
    async def done(token: str) -> HTMLResponse:
        return await _page(answers.do, token)

    return api


async def _page(answer: Callable[[str], Awaitable[Page]], token: str) -> HTMLResponse:
    try:
        page = await answer(token)
    except Forged:
        page = FORGED
    except Expired:
        page = EXPIRED
    except StoreAway:
        page = AWAY
    return HTMLResponse(html(page), page.status, HEADERS)
