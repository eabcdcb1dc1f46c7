"""The web application: health, metrics and the API, behind the guard. It wires routes and holds no rule."""

from __future__ import annotations

import os
import time
from collections.abc import Awaitable, Callable
from importlib.metadata import version
from typing import Annotated

from fastapi import Body, Depends, FastAPI, Request, Response
from fastapi.responses import JSONResponse
from redis.exceptions import RedisError

import callbacks.api
import metrics.api
from access.guard import Guard, check_routes
from callbacks.store import StoreAway
from ivr.conversation import now
from ivr.explain import Explained, Question, explain
from ivr.scrape import scrape
from ivr.service import Service
from metrics.engine import Engine
from routing.file import NotServed, chosen


def create(service: Service) -> FastAPI:
    """The application over a running controller. Raises access.routes.RouteMismatch when a route is not in the table."""
    engine, program = service.engine, version("kontaktcenter")
    engine.built(program, os.environ.get("KC_REVISION", ""))
    guard = Guard(service.tokens.find, lambda reason: engine.auth_failures.labels(reason).inc())
    app = FastAPI(
        title="Kontaktcenter", version=program, openapi_url=None, docs_url=None, redoc_url=None, dependencies=[Depends(guard)]
    )  # its own route below, so that it stands in the table like every other
    app.middleware("http")(counting(engine))
    app.add_exception_handler(StoreAway, _store_away)
    app.add_exception_handler(RedisError, _store_away)
    app.add_exception_handler(NotServed, _not_served)
    _health(app, service)
    app.include_router(callbacks.api.router(service.store, service.municipalities, now))
    app.include_router(metrics.api.router(service.books.ledger, service.municipalities))
    _routing(app, service)
    check_routes(app)
    return app


def _health(app: FastAPI, service: Service) -> None:
    @app.get("/healthz", summary="Whether the program runs", tags=["health"])
    async def healthz() -> dict[str, str]:
        return {"status": "ok"}

    @app.get("/readyz", summary="Whether Asterisk is connected and callbacks may be promised, and why not", tags=["health"])
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
        return explain(municipality, question.at or now(), question.number, question.keys)


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


async def _store_away(request: Request, error: Exception) -> JSONResponse:
    return JSONResponse({"detail": "The store does not answer. Try again soon; nothing is lost."}, status_code=503)


async def _not_served(request: Request, error: Exception) -> JSONResponse:
    return JSONResponse({"detail": str(error)}, status_code=404)
