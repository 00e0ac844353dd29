"""The application: routes, and an answer of one line for everything that goes wrong."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from http import HTTPStatus
from pathlib import PureWindowsPath
from urllib.parse import quote

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import Receive, Scope, Send

from derain.errors import DerainError, InvalidImageError, OutOfMemoryError
from derain.serve.body import read_upload
from derain.serve.guard import Guard
from derain.serve.metrics import MEDIA_TYPE, Metrics
from derain.serve.openapi import describe
from derain.serve.order import Order, read_order, written_formats
from derain.serve.page import FOLDER, Page
from derain.serve.workshop import Result, Visit, Workshop

_PIECE = 1 << 16
_STATUS: dict[type[DerainError], int] = {InvalidImageError: 422, OutOfMemoryError: 503}
_TOLD = {
    404: "nothing is here; /openapi.json tells what there is",
    405: "this address takes another method; /openapi.json tells which",
}
_PHRASES = {HTTPStatus(status).phrase for status in _TOLD}  # what Starlette says by itself
_LONGEST = 200
_logger = logging.getLogger("uvicorn.error")


def make_app(workshop: Workshop, metrics: Metrics) -> Starlette:
    """The application over a workshop.

    Args:
        workshop: Does the work; is warmed up when the application starts.
        metrics: What the workshop tells its doings.
    """

    async def derain(request: Request) -> Response:
        workshop.check_open()
        order = read_order(
            request.query_params.multi_items(), request.headers.get("accept", ""),
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
        return JSONResponse(describe(workshop))

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        warming = asyncio.create_task(_warm(workshop))
        yield
        warming.cancel()
        workshop.close()

    routes: list[BaseRoute] = [
        Route("/v1/derain", derain, methods=["POST"]),
        Route("/v1/models", models),
        Route("/healthz", healthz),
        Route("/readyz", readyz),
        Route("/metrics", numbers),
        Route("/openapi.json", openapi),
    ]
    if FOLDER.is_dir():
        routes.append(Mount("/", Page(FOLDER)))
    return Starlette(
        routes=routes,
        middleware=[Middleware(Guard, metrics=metrics, token=workshop.settings.token)],
        exception_handlers={
            HTTPException: _refused,
            DerainError: _failed,
            ClientDisconnect: _left,
            Exception: _unforeseen,
        },
        lifespan=lifespan,
    )


def catalogue(workshop: Workshop) -> dict[str, object]:
    """What the server can do, for the page and other clients."""
    cards = [model.card for model in workshop.models.values()]
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
        "limits": {"bytes": workshop.most_bytes, "pixels": workshop.most_pixels},
        "formats": [entry.suffixes[0][1:] for entry in written_formats()],
        "clips": False,
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


class FileAnswer(Response):
    """A file, sent in pieces, so that a slow reader is noticed between two of them.

    Args:
        result: What was made.
        order: What was asked for.
        name: What the client calls the picture, or nothing.
        until_sent: Is closed when nobody needs the file any more.
    """

    def __init__(self, result: Result, order: Order, name: str, until_sent: ExitStack) -> None:
        stem = PureWindowsPath(name).stem[:_LONGEST] or "picture"  # "/" divides there, too
        ending = ("rain" if order.rain else "derained") + result.format.suffixes[0]
        file_name = quote(f"{stem}.{ending}", errors="replace")
        super().__init__(
            result.data,
            media_type=result.format.media_type,
            headers={
                "Content-Disposition": f"attachment; filename*=UTF-8''{file_name}",
                "Derain-Model": quote(order.model),
                "Derain-Seconds": f"{result.seconds:.3f}",
                "Derain-Notes": quote("; ".join(result.notes)),
            },
        )
        self._until_sent = until_sent

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it; an ASGI application."""
        with self._until_sent:
            start = {"type": "http.response.start", "status": 200, "headers": self.raw_headers}
            await send(start)
            for at in range(0, len(self.body), _PIECE):
                piece = self.body[at : at + _PIECE]
                await send({"type": "http.response.body", "body": piece, "more_body": True})
            await send({"type": "http.response.body"})


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    told = _TOLD.get(error.status_code) if error.detail in _PHRASES else None
    return JSONResponse({"error": told or error.detail}, error.status_code, error.headers)


async def _failed(request: Request, error: Exception) -> Response:
    status = next((_STATUS[kind] for kind in type(error).__mro__ if kind in _STATUS), 500)
    if status == 500:
        _logger.error("%s", error)
    headers = {"Retry-After": "5"} if status == 503 else None
    return JSONResponse({"error": str(error)}, status, headers)


async def _left(request: Request, error: Exception) -> Response:
    return Response(status_code=499)  # as nginx counts it; nobody is there to read it


async def _unforeseen(request: Request, error: Exception) -> Response:
    # Starlette raises it again, so that the log has all of it.
    return JSONResponse({"error": "internal error; the server's log tells more"}, 500)
