"""Where clips are sent, asked for, fetched and removed."""

from __future__ import annotations

import re
from urllib.parse import quote

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from derain.serve.answers import attachment
from derain.serve.body import save_upload
from derain.serve.clips.job import Job
from derain.serve.clips.jobs import Clips
from derain.serve.clips.order import read_clip_order
from derain.serve.workshop import Workshop

MEDIA_TYPES = {
    ".mp4": "video/mp4",
    ".m4v": "video/x-m4v",
    ".mov": "video/quicktime",
    ".mkv": "video/x-matroska",
    ".webm": "video/webm",
}
_RANGE = re.compile(r"bytes=(?P<first>\d{1,18})-(?P<last>\d{0,18})|bytes=-(?P<end>\d{1,18})")


class _Answer(FileResponse):
    """A result, or a range of it, kept while it is sent."""

    def __init__(self, clips: Clips, job: Job) -> None:
        super().__init__(
            job.target,
            media_type=MEDIA_TYPES[job.suffix],
            stat_result=job.target.stat(),
            headers={
                "Content-Disposition": attachment(job.name or "clip", job.order.rain, job.suffix),
                "Derain-Model": quote(job.order.model),
            },
        )
        self._clips, self._job = clips, job

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with self._clips.reading(self._job):
            await super().__call__(scope, receive, send)


def clip_routes(workshop: Workshop) -> list[Route]:
    """The addresses of clips; all answer 501 where none are taken."""

    def opened() -> Clips:
        if workshop.clips is None:
            raise HTTPException(501, workshop.no_clips)
        return workshop.clips

    async def begin(request: Request) -> Response:
        clips = opened()
        clips.check_open()
        query = request.query_params.multi_items()
        order = read_clip_order(query, workshop.models, workshop.default)
        with clips.coming(order) as job:
            job.name = await save_upload(request, clips.most_bytes, job.hold, job.source)
            if await request.is_disconnected():
                raise ClientDisconnect  # nobody would learn its id
            await clips.add(job)
        return JSONResponse(clips.told(job), 202, {"Location": f"/v1/clips/{job.id}"})

    async def one(request: Request) -> Response:
        clips = opened()
        job = clips.find(request.path_params["id"])
        if request.method == "DELETE":
            clips.remove(job)
            return Response(status_code=204)
        return JSONResponse(clips.told(job))

    async def result(request: Request) -> Response:
        clips = opened()
        job = clips.find(request.path_params["id"])
        if job.status != "done":
            why = f" ({job.problem})" if job.problem else ""
            raise HTTPException(409, f"the clip is {job.status}{why}; there is no result")
        _heed_range(request.scope, request.headers.get("range"), job.target.stat().st_size)
        return _Answer(clips, job)

    return [
        Route("/v1/clips", begin, methods=["POST"]),
        Route("/v1/clips/{id}", one, methods=["GET", "DELETE"]),
        Route("/v1/clips/{id}/result", result),
    ]


def _heed_range(scope: Scope, asked: str | None, size: int) -> None:
    """Leave a single range to Starlette; others, and broken ones, mean the whole file (RFC 9110).

    Raises:
        HTTPException: 416 where it lies beyond the file.
    """
    if asked is None:
        return
    found = _RANGE.fullmatch(asked.strip())
    if found is None or (found["last"] and int(found["last"]) < int(found["first"])):
        scope["headers"] = [entry for entry in scope["headers"] if entry[0] != b"range"]
    elif int(found["first"] or 0) >= size or (found["end"] and not int(found["end"])):
        told = f"the result has {size} bytes; ask for a range within"
        raise HTTPException(416, told, {"Content-Range": f"bytes */{size}"})
