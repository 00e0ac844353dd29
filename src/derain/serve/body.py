"""The picture in a request's body, read within limits of size, memory and pace."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator
from dataclasses import dataclass

import anyio
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request

from derain.serve.memory import Hold

PATIENCE = 10.0
"""Seconds that a client may keep us waiting."""
PACE = 8192
"""Bytes a second that a client must send on the average, when its patience is used up."""

_LATER = {"Retry-After": "5"}


@dataclass(frozen=True)
class Upload:
    """A picture that was sent.

    Attributes:
        data: The file.
        name: What the client calls it, or nothing.
    """

    data: bytes
    name: str = ""


async def read_upload(request: Request, most: int, hold: Hold) -> Upload:
    """The picture of a request: its whole body, or the field ``picture`` of a form.

    Args:
        request: Not read so far.
        most: Bytes a body may have.
        hold: Takes the bytes from the server's memory as they come.

    Raises:
        HTTPException: 400 a form that is none, 408 too slow, 413 too long, 415 no picture, 429 no
            memory at the moment.
        ClientDisconnect: The client left.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if coding := request.headers.get("content-encoding"):
        raise HTTPException(415, f"Content-Encoding {coding}: send the picture's file as it is")
    if not (kind in ("", "application/octet-stream") or kind.startswith(("image/", "multipart/"))):
        raise HTTPException(
            415, f"{kind}: send a picture (image/...) or a form (multipart/form-data)"
        )
    if int(request.headers.get("content-length", 0)) > most:
        raise _too_long(most)
    chunks = _chunks(request, most, hold)
    if kind.startswith("multipart/"):
        if kind != "multipart/form-data":
            raise HTTPException(415, f"{kind}: a form is multipart/form-data")
        return await _read_form(request, chunks)
    data = bytearray()
    async for chunk in chunks:
        data += chunk
    return Upload(bytes(data))


async def _chunks(request: Request, most: int, hold: Hold) -> AsyncGenerator[bytes, None]:
    stream, began = request.stream(), time.monotonic()
    while True:
        spent = time.monotonic() - began
        left = min(PATIENCE, PATIENCE + hold.size / PACE - spent)
        with anyio.move_on_after(left) as waiting:
            chunk = await anext(stream, None)
        if waiting.cancelled_caught:
            told = "the picture came too slowly; send it faster, or a smaller one"
            raise HTTPException(408, told, {"Connection": "close"})
        if chunk is None:
            return
        if hold.size + len(chunk) > most:
            raise _too_long(most)
        if not hold.take(len(chunk)):
            raise HTTPException(429, "too many pictures at once; come again later", _LATER)
        yield chunk


def _too_long(most: int) -> HTTPException:
    return HTTPException(413, f"the picture's file has more than the {most} bytes allowed here")


class _InMemory(MultiPartParser):
    """Writes nothing to the disk: the chunks are limited already."""

    spool_max_size = 1 << 40


async def _read_form(request: Request, chunks: AsyncGenerator[bytes, None]) -> Upload:
    wanted = "a form must hold one file, in its field picture"
    try:
        form = await _InMemory(request.headers, chunks, max_files=1, max_fields=0).parse()
    except MultiPartException as error:
        raise HTTPException(400, f"{wanted} ({error.message})") from None
    try:
        field = form.get("picture")
        if not isinstance(field, UploadFile):
            raise HTTPException(400, wanted)
        return Upload(field.file.read(), field.filename or "")
    finally:
        await form.close()
