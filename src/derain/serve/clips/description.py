"""The addresses of clips in ``/openapi.json``."""

from __future__ import annotations

from derain.clips.formats import WRITTEN
from derain.serve.clips.jobs import Clips
from derain.serve.clips.routes import MEDIA_TYPES
from derain.serve.schema import (
    FILE,
    STRENGTH,
    TEXT,
    Schema,
    answers,
    body,
    get,
    header,
    query,
    record,
)
from derain.serve.workshop import Workshop

_COUNT: Schema = {"type": "integer", "minimum": 0}
_SECONDS: Schema = {"type": ["number", "null"], "minimum": 0}
_HOW: Schema = {"$ref": "#/components/schemas/Clip"}

CLIP: Schema = record(
    {
        "id": TEXT,
        "status": {"enum": ["waiting", "working", "done", "failed", "cancelled"]},
        "ahead": {**_COUNT, "description": "Clips before it"},
        "frames_done": _COUNT,
        "frames": {"type": ["integer", "null"], "description": "About how many there are"},
        "frames_per_second": {"type": ["number", "null"], "minimum": 0},
        "seconds_left": {**_SECONDS, "description": "Of work, by the pace so far"},
        "partial": {"type": "boolean", "description": "Parts of the clip could not be read"},
        "problem": {"type": ["string", "null"], "description": "What is missing, in one line"},
        "notes": {"type": "array", "items": TEXT, "description": "What was not kept"},
        "seconds_kept": {
            **_SECONDS,
            "description": "Until it is removed; null till it ends, or a server stops",
        },
    }
)


def clip_paths(workshop: Workshop, clips: Clips, common: set[int]) -> Schema:
    """Address -> what can be done there; ``common`` are refusals of all addresses."""
    from derain.clips.codecs import FAMILIES, WORST

    options: list[tuple[str, Schema, str]] = [
        ("model", {"enum": list(workshop.models), "default": workshop.default}, "Which network"),
        ("strength", STRENGTH, "How much of the change is applied"),
        ("format", {"enum": [suffix[1:] for suffix in WRITTEN]},
         "Container of the result; by default the clip's own, or mkv where it is only read"),
        ("codec", {"enum": list(FAMILIES)}, "By default the clip's own, where it is one of these"),
        ("crf", {"type": "integer", "minimum": 0, "maximum": WORST},
         "Constant rate factor; by default one at which losses are hardly seen"),
        ("save", {"enum": ["clean", "rain"], "default": "clean"},
         "The clean clip, or what was taken away"),
    ]  # fmt: skip
    kinds = [*MEDIA_TYPES.values(), "application/octet-stream"]
    limits = f"At most {clips.most_bytes} bytes and {clips.most_pixels} pixels a frame"
    begin = {
        "operationId": "begin",
        "summary": "Send a clip, whose rain is then removed",
        "parameters": query(options),
        "requestBody": body(limits, "clip", kinds),
        "responses": {
            "202": {
                "description": "It waits for its turn",
                "content": {"application/json": {"schema": _HOW}},
                "headers": {"Location": header(TEXT, "Where to ask for it")},
            },
            **answers({400, 408, 413, 415, 422, 429, 503, 507} | common),
        },
    }
    made = {kind: {"schema": FILE} for kind in MEDIA_TYPES.values()}
    headers = {
        "Content-Disposition": header(TEXT, "A name for the file"),
        "Derain-Model": header(TEXT, "The network that was used, percent-encoded"),
    }
    fetch = {
        "operationId": "result",
        "summary": "The result of a clip",
        "responses": {
            "200": {"description": "The result", "content": made, "headers": headers},
            "206": {
                "description": "A range of it", "content": made,
                "headers": {**headers, "Content-Range": header(TEXT, "Which one, of how much")},
            },
            **answers({404, 409, 416} | common),
        },
    }  # fmt: skip
    remove = {
        "operationId": "remove",
        "summary": "End the work on a clip, and remove it",
        "responses": {"204": {"description": "It is gone"}, **answers({404} | common)},
    }
    one = {
        "name": "id", "in": "path", "required": True, "schema": {"type": "string", "minLength": 1},
        "description": "As it was told when the clip was sent",
    }  # fmt: skip
    return {
        "/v1/clips": {"post": begin},
        "/v1/clips/{id}": {
            "parameters": [one],
            "get": get("How a clip is", "application/json", _HOW, {404} | common),
            "delete": remove,
        },
        "/v1/clips/{id}/result": {"parameters": [one], "get": fetch},
    }
