"""The picture or clip in a request's body, read within limits of size, memory and pace."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import anyio
from starlette.datastructures import Headers, UploadFile
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request

from derain.files import explain_os_error
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
    form = _check_head(request, "picture", "image/", most)
    chunks = _chunks(request, "picture", most, hold)
    if form:
        parser = _InMemory(request.headers, chunks, max_files=1, max_fields=0)
        async with _sent_file(parser, "picture") as field:
            return Upload(field.file.read(), field.filename or "")
    data = bytearray()
    async for chunk in chunks:
        data += chunk
    return Upload(bytes(data))


async def save_upload(request: Request, most: int, hold: Hold, path: Path) -> str:
    """Write the clip of a request to a file as it comes: its whole body, or the field ``clip``.

    Args:
        request: Not read so far.
        most: Bytes a body may have.
        hold: Takes the bytes from the server's share of the disk as they come.
        path: The file.

    Returns:
        What the client calls it, or nothing.

    Raises:
        HTTPException, ClientDisconnect: As :func:`read_upload`; 429 no room on the disk.
        DiskFullError: The disk itself has none.
    """
    form = _check_head(request, "clip", "video/", most)
    chunks = _chunks(request, "clip", most, hold)
    try:
        if form:
            async with _sent_file(_ToDisk(request.headers, chunks, path), "clip") as field:
                return field.filename or ""
        async with await anyio.open_file(path, "wb") as file:
            async for chunk in chunks:
                await file.write(chunk)
    except OSError as error:
        raise explain_os_error(error, "the clip") from error
    return ""


def _check_head(request: Request, noun: str, kinds: str, most: int) -> bool:
    """Refuse by what is said of a body, before it is read; whether it is a form."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if coding := request.headers.get("content-encoding"):
        raise HTTPException(415, f"Content-Encoding {coding}: send the {noun}'s file as it is")
    if not (kind in ("", "application/octet-stream") or kind.startswith((kinds, "multipart/"))):
        raise HTTPException(
            415, f"{kind}: send a {noun} ({kinds}...) or a form (multipart/form-data)"
        )
    if int(request.headers.get("content-length", 0)) > most:
        raise _too_long(noun, most)
    if kind.startswith("multipart/") and kind != "multipart/form-data":
        raise HTTPException(415, f"{kind}: a form is multipart/form-data")
    return kind == "multipart/form-data"


async def _chunks(
    request: Request, noun: str, most: int, hold: Hold
) -> AsyncGenerator[bytes, None]:
    stream, began = request.stream(), time.monotonic()
    while True:
        spent = time.monotonic() - began
        left = min(PATIENCE, PATIENCE + hold.size / PACE - spent)
        with anyio.move_on_after(left) as waiting:
            chunk = await anext(stream, None)
        if waiting.cancelled_caught:
            told = f"the {noun} came too slowly; send it faster, or a smaller one"
            raise HTTPException(408, told, {"Connection": "close"})
        if chunk is None:
            return
        if hold.size + len(chunk) > most:
            raise _too_long(noun, most)
        if not hold.take(len(chunk)):
            raise HTTPException(429, f"too many {noun}s at once; come again later", _LATER)
        yield chunk


def _too_long(noun: str, most: int) -> HTTPException:
    return HTTPException(413, f"the {noun}'s file has more than the {most} bytes allowed here")


class _InMemory(MultiPartParser):
    """Writes nothing to the disk: the chunks are limited already."""

    spool_max_size = 1 << 40


class _ToDisk(MultiPartParser):
    """Writes the one file it takes where it is to lie, and nothing anywhere else."""

    def __init__(self, headers: Headers, chunks: AsyncGenerator[bytes, None], path: Path) -> None:
        super().__init__(headers, chunks, max_files=1, max_fields=0)
        self._path = path

    def on_headers_finished(self) -> None:
        super().on_headers_finished()
        if (field := self._current_part.file) is not None:
            field.file.close()
            file = self._path.open("wb+")
            field.file = file
            self._files_to_close_on_error.append(file)  # type: ignore[arg-type]


@asynccontextmanager
async def _sent_file(parser: MultiPartParser, name: str) -> AsyncIterator[UploadFile]:
    """The one file of a form, in its field ``name``."""
    wanted = f"a form must hold one file, in its field {name}"
    try:
        form = await parser.parse()
    except MultiPartException as error:
        raise HTTPException(400, f"{wanted} ({error.message})") from None
    except (LookupError, UnicodeError):
        raise HTTPException(400, f"{wanted}, with names in UTF-8") from None
    try:
        field = form.get(name)
        if not isinstance(field, UploadFile):
            raise HTTPException(400, wanted)
        yield field
    finally:
        await form.close()
