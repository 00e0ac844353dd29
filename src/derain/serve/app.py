"""The application: what is where."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from derain.errors import InvalidImageError
from derain.serve.access import Access
from derain.serve.answers import HANDLERS, FileAnswer
from derain.serve.body import read_upload
from derain.serve.clips.routes import clip_routes
from derain.serve.guard import Guard
from derain.serve.metrics import MEDIA_TYPE, Metrics
from derain.serve.openapi import describe
from derain.serve.order import read_order, written_formats
from derain.serve.static import FOLDER, Page
from derain.serve.workshop import Visit, Workshop

_logger = logging.getLogger("uvicorn.error")


def make_app(workshop: Workshop, metrics: Metrics) -> Starlette:
    """The application over a workshop.

    Args:
        workshop: Does the work; is warmed up when the application starts.
        metrics: What the workshop tells its doings.
    """

    token = workshop.settings.token
    access = None if token is None else Access(token)

    async def derain(request: Request) -> Response:
        workshop.check_open()
        order = read_order(
            request.query_params.multi_items(), ", ".join(request.headers.getlist("accept")),
            workshop.models, workshop.default,
        )  # fmt: skip
        with ExitStack() as until_sent:
            hold = until_sent.enter_context(workshop.pictures.hold())
            with workshop.uploads.hold() as taken:
                upload = await read_upload(request, workshop.most_bytes, taken)
                with workshop.visit() as visit, _watched(request, visit), _counted(metrics):
                    result = await workshop.derain(order, upload.data, hold)
            return FileAnswer(result, order, upload.name, until_sent.pop_all())

    async def models(request: Request) -> Response:
        return JSONResponse(catalogue(workshop))

    async def healthz(request: Request) -> Response:
        return JSONResponse({"status": "alive"})

    async def readyz(request: Request) -> Response:
        if workshop.ready:
            return JSONResponse({"status": "ready"})
        why = "is about to stop" if workshop.stopping else "is warming up"
        raise HTTPException(503, f"the server {why}; come again later", {"Retry-After": "1"})

    async def numbers(request: Request) -> Response:
        return Response(metrics.text(), media_type=MEDIA_TYPE)

    async def openapi(request: Request) -> Response:
        return JSONResponse(describe(workshop, access))

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        tasks = [asyncio.create_task(_warm(workshop))]
        if workshop.clips:
            tasks.append(asyncio.create_task(workshop.clips.run()))
        yield
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
        workshop.close()

    routes: list[BaseRoute] = [
        Route("/v1/derain", derain, methods=["POST"]),
        *clip_routes(workshop),
        Route("/v1/models", models),
        Route("/healthz", healthz),
        Route("/readyz", readyz),
        Route("/metrics", numbers),
        Route("/openapi.json", openapi),
        *([access.route] if access else []),
    ]
    app = Starlette(
        routes=routes,
        middleware=[Middleware(Guard, metrics=metrics, access=access)],
        exception_handlers=HANDLERS,
        lifespan=lifespan,
    )
    app.router.redirect_slashes = False  # to an address made of what the client calls this host
    if FOLDER.is_dir():
        app.router.default = _page_or(app.router.not_found)
    return app


def _page_or(not_found: ASGIApp) -> ASGIApp:
    """Files of the page where no route fits; a mount would take the routes' other methods, too."""
    page = Page(FOLDER)

    async def elsewhere(scope: Scope, receive: Receive, send: Send) -> None:
        reads = scope["type"] == "http" and scope["method"] in ("GET", "HEAD")
        await (page if reads else not_found)(scope, receive, send)

    return elsewhere


def catalogue(workshop: Workshop) -> dict[str, object]:
    """What the server can do, for the page and other clients."""
    cards = [model.card for model in workshop.models.values()]
    limits = {"bytes": workshop.most_bytes, "pixels": workshop.most_pixels}
    if clips := workshop.clips:
        limits |= {"clip_bytes": clips.most_bytes, "clip_pixels": clips.most_pixels}
    return {
        "default": workshop.default,
        "models": [
            {
                "name": card.name,
                "sha256": card.sha256[card.onnx],
                "description": card.summary,
                "macs_per_pixel": round(card.mmac_per_pixel * 1e6),
            }
            for card in cards
        ],
        "limits": limits,
        "formats": [entry.suffixes[0][1:] for entry in written_formats()],
        "clips": workshop.clips is not None,
    }


async def _warm(workshop: Workshop) -> None:
    try:
        await workshop.warm()
    except Exception:
        _logger.exception("the first run failed; the server does not become ready")


@contextmanager
def _watched(request: Request, visit: Visit) -> Iterator[None]:
    """End a visit when its client leaves; its body must have been read."""

    async def watch() -> None:
        while (await request.receive())["type"] != "http.disconnect":
            pass
        visit.end("left")

    watching = asyncio.create_task(watch())
    try:
        yield
    finally:
        watching.cancel()


@contextmanager
def _counted(metrics: Metrics) -> Iterator[None]:
    try:
        yield
    except Exception as error:
        theirs = isinstance(error, (HTTPException, InvalidImageError))
        metrics.pictures.labels("unusable" if theirs else "failed").inc()
        raise
