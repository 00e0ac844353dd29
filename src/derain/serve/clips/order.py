"""What a request asks for of a clip."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from starlette.exceptions import HTTPException

from derain.clips.formats import WRITTEN
from derain.errors import UsageError
from derain.serve.order import read_model, read_options, read_rain, read_strength, read_whole

OPTIONS = ("model", "strength", "format", "codec", "crf", "save")


@dataclass(frozen=True)
class ClipOrder:
    """What is to be made of a clip.

    Attributes:
        model: One of those that are served.
        strength: 0 to 1.
        suffix: Of the container that was asked for; None to keep the clip's own.
        codec: As ``--codec``; None for the clip's own.
        crf: As ``--crf``; None for what is usual.
        rain: Whether what was taken away is wanted, instead of the clean clip.
    """

    model: str
    strength: float
    suffix: str | None = None
    codec: str | None = None
    crf: int | None = None
    rain: bool = False


def read_clip_order(
    query: Sequence[tuple[str, str]], models: Collection[str], default: str
) -> ClipOrder:
    """The order in the parts of a query.

    Raises:
        HTTPException: 400 for an option or a value that is not known.
    """
    from derain.clips.codecs import WORST

    values = read_options(query, OPTIONS)
    return ClipOrder(
        read_model(values, models, default),
        read_strength(values),
        _suffix(values.get("format")),
        _codec(values.get("codec")),
        read_whole(values, "crf", 0, WORST),
        read_rain(values),
    )


def _suffix(word: str | None) -> str | None:
    if word is None:
        return None
    suffix = f".{word.lower()}"
    if suffix not in WRITTEN:
        known = ", ".join(suffix[1:] for suffix in WRITTEN)
        raise HTTPException(400, f"format must be one of {known}, not {word!r}")
    return suffix


def _codec(word: str | None) -> str | None:
    from derain.clips.codecs import FAMILIES, codec_named

    if word is None:
        return None
    try:
        return codec_named(word)
    except UsageError:
        known = ", ".join(FAMILIES)
        raise HTTPException(400, f"codec must be one of {known}, not {word!r}") from None
