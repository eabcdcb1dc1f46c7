"""The web application: health, metrics and the API, behind the guard. It wires routes and holds no rule."""

from __future__ import annotations

import os
import time
from collections.abc import Awaitable, Callable
from importlib.metadata import version
from typing import Annotated, Any

from fastapi import Body, Depends, FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from redis.exceptions import RedisError
from starlette.exceptions import HTTPException

import access.api
import callbacks.api
import callbacks.links_api
import ivr.activation
import ivr.closure
import ivr.crisis
import ivr.dialling
import ivr.handlers
import ivr.presence_api
import ivr.rota
import ivr.transfers
import metrics.api
from access.guard import Guard, check_routes
from access.refusal import Refusal, Refused
from callbacks.dialler import TelephoneAway
from callbacks.store import NotDurable, StoreAway
from ivr.conversation import now
from ivr.explain import Explained, Moment, Question, explain
from ivr.scrape import scrape
from ivr.service import Service
from metrics.engine import Engine
from routing.file import MunicipalityError, NotServed, chosen


def create(service: Service) -> FastAPI:
    """The application over a running controller. Raises access.routes.RouteMismatch when a route is not in the table."""
    engine, program = service.engine, version("kontaktcenter")
    engine.built(program, os.environ.get("KC_REVISION", ""))
    guard = Guard(service.tokens.find, lambda reason: engine.auth_failures.labels(reason).inc())
    app = FastAPI(
        title="Kontaktcenter", version=program, openapi_url=None, docs_url=None, redoc_url=None, dependencies=[Depends(guard)],
        responses={status: {"model": Refusal} for status in (400, 401, 403, 404, 409, 422, 503)},
    )  # fmt: skip
    # its description has a route of its own below, so that it stands in the table like every other
    app.middleware("http")(counting(engine))
    for kind in REFUSED:
        app.add_exception_handler(kind, refuse)
    _health(app, service)
    app.include_router(access.api.router(service.audit))
    app.include_router(callbacks.api.router(service.callbacks, service.audit, service.streams, service.number_of))
    app.include_router(callbacks.links_api.router(service.promises.answers))
    app.include_router(metrics.api.router(service.books.ledger, service.municipalities))
    app.include_router(ivr.activation.router(service.activation, service.acting))
    app.include_router(ivr.crisis.router(service.crisis, service.municipalities, service.acting))
    app.include_router(ivr.closure.router(service.closures, service.municipalities, service.acting))
    app.include_router(ivr.dialling.router(service.dialling, service.municipalities, service.acting))
    app.include_router(ivr.presence_api.router(service.presence, service.municipalities))
    app.include_router(ivr.rota.router(service.rota, service.municipalities))
    app.include_router(ivr.transfers.router(service.exchange, service.municipalities))
    app.include_router(ivr.handlers.router(service.exchange, service.municipalities, now))
    _routing(app, service)
    check_routes(app)
    return app


def _health(app: FastAPI, service: Service) -> None:
    @app.get("/healthz", summary="Whether the program runs", tags=["health"])
    async def healthz() -> dict[str, str]:
        return {"status": "ok"}

    not_ready: dict[int | str, dict[str, Any]] = {503: {"description": "Not ready; the same body says why"}}

    @app.get(
        "/readyz", summary="Whether Asterisk is connected and callbacks may be promised, and why not", tags=["health"], responses=not_ready
    )
    async def readyz(response: Response) -> dict[str, object]:
        durability = await service.store.durable()
        connected = service.session is not None
        response.status_code = 200 if connected and durability.ok else 503
        return {
            "asterisk": connected,
            "acting": bool(service.session and service.session.acting),
            "conversations": service.session.conversations if service.session else 0,
            "store": durability.ok,
            "why": durability.reason,
        }

    @app.get("/metrics", summary="Figures for Prometheus", tags=["health"])
    async def figures() -> Response:
        return Response(await scrape(service), media_type="text/plain; version=0.0.4")

    @app.get("/api/openapi.json", include_in_schema=False)
    async def openapi() -> JSONResponse:
        return JSONResponse(app.openapi())


def _routing(app: FastAPI, service: Service) -> None:
    @app.post("/api/routing/explain", summary="What would happen to a call, without a call", tags=["routing"])
    async def explained(question: Annotated[Question, Body(default_factory=Question)]) -> Explained:
        municipality = chosen(service.municipalities, question.municipality)[0]
        slug = municipality.slug
        moment = Moment(question.at or now(), service.closures.until(slug), service.activation.rota[slug])
        return explain(municipality, moment, question.number, question.keys, question.line)


REFUSED = (
    Refused, MunicipalityError, StoreAway, NotDurable, TelephoneAway, RedisError, NotServed, RequestValidationError, HTTPException,
)  # fmt: skip
FRAMEWORKS_OWN = {400: "invalid", 404: "unknown_route", 405: "wrong_method"}
"""The words for what is refused before any route of ours is reached."""
Next = Callable[[Request], Awaitable[Response]]


def counting(engine: Engine) -> Callable[[Request, Next], Awaitable[Response]]:
    """Counts requests by route, never by address: what is no route of ours is `other`."""

    async def count(request: Request, go_on: Next) -> Response:
        began, status = time.perf_counter(), 500
        try:
            response = await go_on(request)
            status = response.status_code
            return response
        finally:
            route = getattr(request.scope.get("route"), "path", "other")
            method = request.method if route != "other" else "other"
            engine.http_requests.labels(method, route, str(status)).inc()
            engine.http_seconds.labels(method, route).observe(time.perf_counter() - began)

    return count


async def refuse(request: Request, error: Exception) -> JSONResponse:
    """Each error as a stable word, and a sentence with its reason and remedy."""
    match error:
        case Refused(status=status, error=word, sentence=sentence):
            headers = {"WWW-Authenticate": "Bearer"} if status == 401 else {}
            return JSONResponse({"error": word, "detail": sentence}, status, headers)
        case MunicipalityError(problems=found):
            said = {"error": "municipality_refused", "detail": "Nothing was changed. Mend what is named, and activate again."}
            return JSONResponse(said | {"problems": [vars(one) for one in found]}, 422)
        case NotServed():
            return JSONResponse({"error": "not_served", "detail": str(error)}, 404)
        case RequestValidationError():
            places = [f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors()]
            return JSONResponse({"error": "invalid", "detail": "; ".join(places)}, 422)
        case HTTPException(status_code=status, detail=sentence):
            return JSONResponse({"error": FRAMEWORKS_OWN.get(status, "refused"), "detail": sentence}, status)
        case TelephoneAway():
            sentence = "Asterisk cannot be asked now: nobody's phone was rung. What was taken for it stays taken. Try again soon."
            return JSONResponse({"error": "asterisk_away", "detail": sentence}, 503)
        case _:
            return JSONResponse({"error": "store_away", "detail": "The store does not answer. Try again soon; nothing is lost."}, 503)
