"""Settings from TOML files: read, included, merged, checked against frozen dataclasses."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeGuard, TypeVar

from pydantic import ConfigDict, TypeAdapter, ValidationError

from derain.errors import ConfigError

if sys.version_info >= (3, 11):
    import tomllib
else:  # pragma: no cover
    import tomli as tomllib

STRICT = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)
"""For the dataclasses of settings: nothing unknown, no type bent into another."""

_UNKNOWN = "unexpected_keyword_argument"

T = TypeVar("T")
Values = dict[str, Any]


def read_toml(path: Path) -> Values:
    """Plain values of a TOML file over those of the files it includes.

    ``include = "data.toml"``, or a list, relative to the file: what comes later goes over what was
    before (:func:`merge`), and the file's own values over all of them.

    Raises:
        ConfigError: A file is missing or no TOML, or includes itself.
    """
    return _read(path, ())


def over_included(own: Values, path: Path) -> Values:
    """A table of ``path`` over the files that the table itself includes, as :func:`read_toml` does.

    Raises:
        ConfigError: As :func:`read_toml`.
    """
    return _over_included(own, path, (path.resolve(),))


def _read(path: Path, readers: tuple[Path, ...]) -> Values:
    if path.resolve() in readers:
        raise ConfigError(f"{path}: includes itself, by way of {readers[-1].name}")
    try:
        own = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror})") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: not valid TOML ({error})") from error
    return _over_included(own, path, (*readers, path.resolve()))


def _over_included(own: Values, path: Path, readers: tuple[Path, ...]) -> Values:
    names = own.get("include", [])
    names = [names] if isinstance(names, str) else names
    if not all(isinstance(name, str) for name in names):
        raise ConfigError(f"{path}: include must be a file's name, or a list of them")
    values: Values = {}
    for name in names:
        values = merge(values, _read(path.parent / name, readers))
    return merge(values, {key: value for key, value in own.items() if key != "include"})


def parse_overrides(assignments: Sequence[str]) -> Values:
    """``("steps=10", "optimizer.rate=1e-3", "out=runs/a")`` -> nested values.

    The right side is read as TOML, and as a plain string where it is none.
    """
    values: Values = {}
    for text in assignments:
        key, equals, value = text.partition("=")
        if not equals or not key:
            raise ConfigError(f"{text!r} is not of the form key=value")
        try:
            parsed = tomllib.loads(f"value = {value}")["value"]
        except tomllib.TOMLDecodeError:
            parsed = value
        target = values
        *path, last = key.split(".")
        for part in path:
            target = target.setdefault(part, {})
            if not isinstance(target, dict):
                raise ConfigError(f"{text!r}: {part} is set to a single value already")
        target[last] = parsed
    return values


def merge(base: Values, over: Values) -> Values:
    """``base`` with the values of ``over`` put over it, table by table.

    Lists of tables that bear names, such as data sources, are merged name by name; every other list
    is replaced.
    """
    merged = dict(base)
    for key, value in over.items():
        before = merged.get(key)
        if isinstance(value, dict) and isinstance(before, dict):
            merged[key] = merge(before, value)
        elif _named(value) and _named(before):
            tables = {table["name"]: table for table in before}
            for table in value:
                tables[table["name"]] = merge(tables.get(table["name"], {}), table)
            merged[key] = list(tables.values())
        else:
            merged[key] = value
    return merged


def _named(value: Any) -> TypeGuard[Sequence[Values]]:
    whole = isinstance(value, list | tuple) and len(value) > 0
    return whole and all(isinstance(v, dict) and "name" in v for v in value)


def build(kind: type[T], values: Values, origin: str) -> T:
    """A frozen dataclass of pydantic's from plain values.

    Types are not bent: "3" is no number. An unknown key, a wrong type and a value outside its range
    are refused.

    Raises:
        ConfigError: Names ``origin`` and the key.
    """
    try:
        # By way of JSON, whose lists are tuples and whose numbers are what TOML's are.
        return TypeAdapter(kind).validate_json(json.dumps(values), strict=True)
    except ValidationError as error:
        # A mistyped key is also a missing one; the former says more.
        errors = error.errors(include_url=False)
        first = next((e for e in errors if e["type"] == _UNKNOWN), errors[0])
        raise ConfigError(f"{origin}: {_explain(first['loc'], first['type'], first)}") from error
    except (ConfigError, TypeError) as error:  # a date is a type that JSON has not
        raise ConfigError(f"{origin}: {error}") from error


def _explain(place: tuple[int | str, ...], kind: str, error: Any) -> str:
    key = ".".join(map(str, place))
    if kind == _UNKNOWN:
        return f"unknown key {key}"
    given = "" if isinstance(error["input"], dict | list) else f", not {error['input']!r}"
    message = error["msg"][0].lower() + error["msg"][1:]
    return f"{key}: {message.removeprefix('input ')}{given}"
