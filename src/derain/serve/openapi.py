"""``/openapi.json``: what the server takes and answers, true to its settings."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from derain import __version__
from derain.media import FORMATS
from derain.serve.order import written_formats
from derain.serve.workshop import Workshop

Schema = dict[str, Any]

_NUMBER: Schema = {"type": "integer", "minimum": 1}
_TEXT: Schema = {"type": "string"}
_FILE: Schema = {"type": "string", "format": "binary"}
_ERROR: Schema = {"$ref": "#/components/schemas/Error"}
_LATER = {
    "Retry-After": {"description": "Seconds", "required": True, "schema": _NUMBER}
}  # fmt: skip
_ERRORS = {
    400: "An option, its value or the form is not such as described here",
    401: "The token is missing or wrong",
    403: "The request comes from another site's page",
    406: "Neither the format nor Accept names one that can be made",
    408: "The picture came too slowly",
    413: "The file is longer than the limit",
    415: "The body is declared as something that is no picture",
    422: "The picture is damaged, unsafe, too large, or cannot be kept intact",
    429: "Too many pictures at once",
    503: "Not ready, about to stop, out of memory, or the deadline has passed",
}


def describe(workshop: Workshop) -> Schema:
    """The OpenAPI 3.1 document of a server."""
    secured = workshop.settings.token is not None
    common = {401, 403} if secured else {403}
    paths: Schema = {
        "/v1/derain": {"post": _derain(workshop, set(_ERRORS) - {401} | common)},
        "/v1/models": {
            "get": _get("Models, limits and formats", "application/json",
                        {"$ref": "#/components/schemas/Catalogue"}, common)
        },
        "/metrics": {
            "get": _get("Prometheus metrics", "text/plain", _TEXT, common)
        },
        "/openapi.json": {
            "get": _get("This document", "application/json", {"type": "object"}, common)
        },
        "/healthz": {"get": _get("The process is alive", "application/json", _status("alive"))},
        "/readyz": {
            "get": _get("Pictures are taken", "application/json", _status("ready"), {503})
        },
    }  # fmt: skip
    components: Schema = {"schemas": {"Error": _error(), "Catalogue": _catalogue()}}
    document: Schema = {
        "openapi": "3.1.0",
        "info": {"title": "derain", "version": __version__,
                 "description": "Removes rain streaks from photographs."},
        "paths": paths,
        "components": components,
    }  # fmt: skip
    if secured:
        components["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
        document["security"] = [{"token": []}]
        for path in ("/healthz", "/readyz"):
            paths[path]["get"]["security"] = []
    return document


def _derain(workshop: Workshop, errors: Collection[int]) -> Schema:
    words = [suffix[1:] for entry in written_formats() for suffix in entry.suffixes]
    options: list[tuple[str, Schema, str]] = [
        ("model", {"enum": list(workshop.models), "default": workshop.default}, "Which network"),
        ("strength", {"type": "number", "minimum": 0, "maximum": 1, "default": 1},
         "How much of the change is applied"),
        ("format", {"enum": words}, "Format of the result; by default Accept decides"),
        ("quality", {"type": "integer", "minimum": 1, "maximum": 100},
         "Of JPEG, WebP and AVIF; by default 95, and WebP without loss for pictures without"),
        ("save", {"enum": ["clean", "rain"], "default": "clean"},
         "The clean picture, or what was taken away"),
    ]  # fmt: skip
    form = {
        "type": "object", "properties": {"picture": _FILE}, "required": ["picture"],
        "additionalProperties": False,
    }  # fmt: skip
    sent = [entry.media_type for entry in FORMATS.values()] + ["application/octet-stream"]
    made = {entry.media_type: {"schema": _FILE} for entry in written_formats()}
    return {
        "operationId": "derain",
        "summary": "Remove the rain from a picture",
        "parameters": [
            {"name": name, "in": "query", "schema": schema, "description": text}
            for name, schema, text in options
        ],
        "requestBody": {
            "required": True,
            "description": f"At most {workshop.most_bytes} bytes and {workshop.most_pixels} pixels",
            "content": {
                **{kind: {"schema": _FILE} for kind in sent},
                "multipart/form-data": {"schema": form},
            },
        },
        "responses": {
            "200": {
                "description": "The result",
                "content": made,
                "headers": {
                    "Content-Disposition": _header(_TEXT, "A name for the file"),
                    "Derain-Model": _header(_TEXT, "The network that was used, percent-encoded"),
                    "Derain-Seconds": _header({"type": "number"}, "How long the work took"),
                    "Derain-Notes": _header(_TEXT, "What was not kept, percent-encoded"),
                },
            },
            **_answers(errors),
        },
    }


def _get(summary: str, kind: str, schema: Schema, errors: Collection[int] = ()) -> Schema:
    return {
        "summary": summary,
        "responses": {
            "200": {"description": summary, "content": {kind: {"schema": schema}}},
            **_answers(errors),
        },
    }


def _answers(errors: Collection[int]) -> Schema:
    return {
        str(status): {
            "description": _ERRORS[status],
            "content": {"application/json": {"schema": _ERROR}},
            **({"headers": _LATER} if status in (429, 503) else {}),
        }
        for status in sorted(errors)
    }


def _header(schema: Schema, text: str) -> Schema:
    return {"description": text, "required": True, "schema": schema}


def _status(word: str) -> Schema:
    return _record({"status": {"const": word}})


def _error() -> Schema:
    return _record({"error": {"type": "string", "description": "One line: what to do"}})


def _catalogue() -> Schema:
    model = {"name": _TEXT, "sha256": _TEXT, "description": _TEXT, "macs_per_pixel": _NUMBER}
    limits = {"bytes": _NUMBER, "pixels": _NUMBER}
    return _record(
        {
            "default": _TEXT,
            "models": {"type": "array", "items": _record(model)},
            "limits": _record(limits),
            "formats": {"type": "array", "items": _TEXT},
            "clips": {"type": "boolean"},
        }
    )


def _record(properties: Schema) -> Schema:
    return {"type": "object", "properties": properties, "required": list(properties)}
