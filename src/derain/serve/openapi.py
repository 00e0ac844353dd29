"""``/openapi.json``: what the server takes and answers, true to its settings."""

from __future__ import annotations

from collections.abc import Collection

from derain import __version__
from derain.media import FORMATS
from derain.serve.access import Access
from derain.serve.clips.description import CLIP, clip_paths
from derain.serve.order import written_formats
from derain.serve.schema import (
    FILE,
    NUMBER,
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

_REFUSALS = {400, 406, 408, 413, 415, 422, 429, 503}


def describe(workshop: Workshop, access: Access | None) -> Schema:
    """The OpenAPI 3.1 document of a server."""
    common = {401, 403} if access else {403}
    paths: Schema = {
        "/v1/derain": {"post": _derain(workshop, _REFUSALS | common)},
        "/v1/models": {
            "get": get("Models, limits and formats", "application/json",
                        {"$ref": "#/components/schemas/Catalogue"}, common)
        },
        "/metrics": {
            "get": get("Prometheus metrics", "text/plain", TEXT, common)
        },
        "/openapi.json": {
            "get": get("This document", "application/json", {"type": "object"}, common)
        },
        "/healthz": {"get": get("The process is alive", "application/json", _status("alive"))},
        "/readyz": {
            "get": get("Pictures are taken", "application/json", _status("ready"), {503})
        },
    }  # fmt: skip
    components: Schema = {"schemas": {"Error": _error(), "Catalogue": _catalogue()}}
    if workshop.clips:
        paths |= clip_paths(workshop, workshop.clips, common)
        components["schemas"]["Clip"] = CLIP
    document: Schema = {
        "openapi": "3.1.0",
        "info": {"title": "derain", "version": __version__,
                 "description": "Removes rain streaks from photographs and clips."},
        "paths": paths,
        "components": components,
    }  # fmt: skip
    if access:
        paths["/v1/session"] = {"post": _session(common)}
        components["securitySchemes"] = {
            "token": {"type": "http", "scheme": "bearer"},
            "session": {"type": "apiKey", "in": "cookie", "name": access.cookie},
        }
        document["security"] = [{"token": []}, {"session": []}]
        for path in ("/healthz", "/readyz"):
            paths[path]["get"]["security"] = []
        for path in ("/metrics", "/openapi.json"):  # where the cookie does not come
            paths[path]["get"]["security"] = [{"token": []}]
    return document


def _derain(workshop: Workshop, errors: Collection[int]) -> Schema:
    words = [suffix[1:] for entry in written_formats() for suffix in entry.suffixes]
    options: list[tuple[str, Schema, str]] = [
        ("model", {"enum": list(workshop.models), "default": workshop.default}, "Which network"),
        ("strength", STRENGTH, "How much of the change is applied"),
        ("format", {"enum": words}, "Format of the result; by default Accept decides"),
        ("quality", {"type": "integer", "minimum": 1, "maximum": 100},
         "Of JPEG, WebP and AVIF; by default 95, and WebP without loss for pictures without"),
        ("save", {"enum": ["clean", "rain"], "default": "clean"},
         "The clean picture, or what was taken away"),
    ]  # fmt: skip
    sent = [entry.media_type for entry in FORMATS.values()] + ["application/octet-stream"]
    made = {entry.media_type: {"schema": FILE} for entry in written_formats()}
    return {
        "operationId": "derain",
        "summary": "Remove the rain from a picture",
        "parameters": query(options),
        "requestBody": body(
            f"At most {workshop.most_bytes} bytes and {workshop.most_pixels} pixels",
            "picture",
            sent,
        ),
        "responses": {
            "200": {
                "description": "The result",
                "content": made,
                "headers": {
                    "Content-Disposition": header(TEXT, "A name for the file"),
                    "Derain-Model": header(TEXT, "The network that was used, percent-encoded"),
                    "Derain-Seconds": header({"type": "number"}, "How long the work took"),
                    "Derain-Notes": header(TEXT, "What was not kept, percent-encoded"),
                },
            },
            **answers(errors),
        },
    }


def _session(errors: Collection[int]) -> Schema:
    return {
        "operationId": "session",
        "summary": "Let a browser come without the token until it is closed",
        "responses": {
            "204": {
                "description": "It has a cookie now",
                "headers": {"Set-Cookie": header(TEXT, "The session")},
            },
            **answers(errors),
        },
    }


def _status(word: str) -> Schema:
    return record({"status": {"const": word}})


def _error() -> Schema:
    return record({"error": {"type": "string", "description": "One line: what to do"}})


def _catalogue() -> Schema:
    model = {"name": TEXT, "sha256": TEXT, "description": TEXT, "macs_per_pixel": NUMBER}
    limits = {"bytes": NUMBER, "pixels": NUMBER}
    of_clips = {"clip_bytes": NUMBER, "clip_pixels": NUMBER}
    return record(
        {
            "default": TEXT,
            "models": {"type": "array", "items": record(model)},
            "limits": record(limits, of_clips),
            "formats": {"type": "array", "items": TEXT},
            "clips": {"type": "boolean"},
        }
    )
