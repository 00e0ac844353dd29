"""The page's files, as ``npm run build`` leaves them in ``page/`` beside this file."""

from __future__ import annotations

import mimetypes
import os
from pathlib import Path

from starlette.datastructures import Headers
from starlette.responses import FileResponse, Response
from starlette.staticfiles import NotModifiedResponse, StaticFiles
from starlette.types import Scope

from derain.serve.order import weight

FOLDER = Path(__file__).parent / "page"

_CODINGS = (("br", ".br"), ("gzip", ".gz"))
# Systems' own tables lack them, or have others: with nosniff, a script must be one.
_MEDIA_TYPES = {
    ".js": "text/javascript",
    ".mjs": "text/javascript",
    ".wasm": "application/wasm",
    ".webmanifest": "application/manifest+json",
}
_HASHED = "assets"  # where Vite puts files that have a hash in their name


class Page(StaticFiles):
    """Static files, compressed ahead where the client takes it."""

    def __init__(self, folder: Path) -> None:
        super().__init__(directory=folder, html=True)

    def file_response(
        self,
        full_path: str | os.PathLike[str],
        stat_result: os.stat_result,
        scope: Scope,
        status_code: int = 200,
    ) -> Response:
        """A file, or its compressed form beside it; or that the client has it already."""
        path, headers = Path(full_path), Headers(scope=scope)
        accepted = _accepted(headers.get("accept-encoding", ""))
        coded = ((coding, path.with_name(path.name + end)) for coding, end in _CODINGS)
        there = {coding: file for coding, file in coded if file.is_file()}
        coding = next((coding for coding in there if coding in accepted), None)
        response = FileResponse(
            there[coding] if coding else path,
            status_code,
            media_type=_MEDIA_TYPES.get(path.suffix) or mimetypes.guess_type(path.name)[0],
            stat_result=there[coding].stat() if coding else stat_result,
        )
        hashed = path.parent.name == _HASHED
        lasts = "public, max-age=31536000, immutable" if hashed else "no-cache"
        response.headers["Cache-Control"] = lasts
        if there:
            response.headers["Vary"] = "Accept-Encoding"
        if coding:
            response.headers["Content-Encoding"] = coding
        if self.is_not_modified(response.headers, headers):
            return NotModifiedResponse(response.headers)
        return response


def _accepted(header: str) -> set[str]:
    """The codings that an ``Accept-Encoding`` names, but for those with ``q=0``."""
    parts = (part.partition(";") for part in header.lower().split(","))
    return {name.strip() for name, _, rest in parts if weight(rest) > 0}
