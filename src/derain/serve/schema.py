"""Pieces of the OpenAPI document that several addresses share."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

Schema = dict[str, Any]

NUMBER: Schema = {"type": "integer", "minimum": 1}
TEXT: Schema = {"type": "string"}
FILE: Schema = {"type": "string", "format": "binary"}
STRENGTH: Schema = {"type": "number", "minimum": 0, "maximum": 1, "default": 1}
_ERROR: Schema = {"$ref": "#/components/schemas/Error"}
_LATER = {"Retry-After": {"description": "Seconds", "required": True, "schema": NUMBER}}
ERRORS = {
    400: "An option, its value or the form is not such as described here",
    401: "The token is missing or wrong",
    403: "The request comes from another site's page",
    404: "There is no such clip, or none any more",
    406: "Neither the format nor Accept names one that can be made",
    408: "The file came too slowly",
    409: "The clip has no result, or none so far",
    413: "The file is longer than the limit",
    415: "The body is declared as something else",
    416: "The range lies beyond the result",
    422: "The file is damaged, unsafe, too large, or cannot be kept intact",
    429: "Too many at once",
    503: "Not ready, about to stop, out of memory, or the deadline has passed",
    507: "The disk is full",
}


def get(summary: str, kind: str, schema: Schema, errors: Collection[int] = ()) -> Schema:
    """A GET that answers 200 with one type."""
    return {
        "summary": summary,
        "responses": {
            "200": {"description": summary, "content": {kind: {"schema": schema}}},
            **answers(errors),
        },
    }


def answers(errors: Collection[int]) -> Schema:
    """Refusals of these kinds."""
    return {
        str(status): {
            "description": ERRORS[status],
            "content": {"application/json": {"schema": _ERROR}},
            **({"headers": _LATER} if status in (429, 503) else {}),
        }
        for status in sorted(errors)
    }


def query(options: Iterable[tuple[str, Schema, str]]) -> list[Schema]:
    """Options: (name, schema, what it does) each."""
    return [
        {"name": name, "in": "query", "schema": schema, "description": text}
        for name, schema, text in options
    ]


def body(limits: str, field: str, kinds: Iterable[str]) -> Schema:
    """A file, as it is or in the field of a form."""
    form = {
        "type": "object", "properties": {field: FILE}, "required": [field],
        "additionalProperties": False,
    }  # fmt: skip
    return {
        "required": True,
        "description": limits,
        "content": {
            **{kind: {"schema": FILE} for kind in kinds},
            "multipart/form-data": {"schema": form},
        },
    }


def header(schema: Schema, text: str) -> Schema:
    """A header that every answer of its kind has."""
    return {"description": text, "required": True, "schema": schema}


def record(properties: Schema, optional: Schema | None = None) -> Schema:
    """An object."""
    both = properties | (optional or {})
    return {"type": "object", "properties": both, "required": list(properties)}
