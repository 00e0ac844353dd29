"""Answers: a file, or one line of JSON for everything that goes wrong."""

from __future__ import annotations

import logging
from contextlib import ExitStack
from http import HTTPStatus
from pathlib import PureWindowsPath
from typing import Any
from urllib.parse import quote

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from derain.errors import DerainError, DiskFullError, InvalidImageError, OutOfMemoryError
from derain.serve.order import Order
from derain.serve.workshop import Result

_PIECE = 1 << 16
_STATUS: dict[type[DerainError], int] = {
    InvalidImageError: 422,
    OutOfMemoryError: 503,
    DiskFullError: 507,
}
_TOLD = {
    404: "nothing is here; /openapi.json tells what there is",
    405: "this address takes another method; /openapi.json tells which",
}
_PHRASES = {HTTPStatus(status).phrase for status in _TOLD}  # what Starlette says by itself
_LONGEST = 200
_logger = logging.getLogger("uvicorn.error")


class FileAnswer(Response):
    """A file, sent in pieces, so that a slow reader is noticed between two of them.

    Args:
        result: What was made.
        order: What was asked for.
        name: What the client calls the picture, or nothing.
        until_sent: Is closed when nobody needs the file any more.
    """

    def __init__(self, result: Result, order: Order, name: str, until_sent: ExitStack) -> None:
        super().__init__(
            result.data,
            media_type=result.format.media_type,
            headers={
                "Content-Disposition": attachment(
                    name or "picture", order.rain, result.format.suffixes[0]
                ),
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


def attachment(name: str, rain: bool, suffix: str) -> str:
    """A header by which browsers save a result.

    Args:
        name: What the client calls the file that it sent.
        rain: Whether the result is what was taken away.
        suffix: Of the result.
    """
    stem = PureWindowsPath(name).stem[:_LONGEST]  # "/" divides there, too
    ending = ("rain" if rain else "derained") + suffix
    return f"attachment; filename*=UTF-8''{quote(f'{stem}.{ending}', errors='replace')}"


async def _refused(request: Request, error: HTTPException) -> Response:
    told = _TOLD.get(error.status_code) if error.detail in _PHRASES else None
    return JSONResponse({"error": told or error.detail}, error.status_code, error.headers)


async def _failed(request: Request, error: DerainError) -> Response:
    status = next((_STATUS[kind] for kind in type(error).__mro__ if kind in _STATUS), 500)
    if status == 500:
        _logger.error("%s", error)
    headers = {"Retry-After": "5"} if status == 503 else None
    return JSONResponse({"error": str(error)}, status, headers)


async def _left(request: Request, error: ClientDisconnect) -> Response:
    return Response(status_code=499)  # as nginx counts it; nobody is there to read it


async def _unforeseen(request: Request, error: Exception) -> Response:
    # Starlette raises it again, so that the log has all of it.
    return JSONResponse({"error": "internal error; the server's log tells more"}, 500)


HANDLERS: dict[Any, Any] = {
    HTTPException: _refused,
    DerainError: _failed,
    ClientDisconnect: _left,
    Exception: _unforeseen,
}
"""Exceptions -> answers, as Starlette wants them."""
