"""What a request asks for: options of the query, and the format by content negotiation."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from PIL import Image
from starlette.exceptions import HTTPException

from derain.errors import UsageError
from derain.media import FORMATS, SUFFIXES, Format
from derain.restore.strength import FULL, check_strength

OPTIONS = ("model", "strength", "format", "quality", "save")


@dataclass(frozen=True)
class Order:
    """What is to be made of a picture.

    Attributes:
        model: One of those that are served.
        strength: 0 to 1.
        format: The format that was asked for; None to find one by ``accept``.
        quality: 1 to 100; None for what is usual.
        rain: Whether what was taken away is wanted, instead of the clean picture.
        accept: Types that the client takes.
    """

    model: str
    strength: float
    format: Format | None
    quality: int | None
    rain: bool
    accept: str

    def result(self, own: str) -> Format:
        """The format of the result.

        Args:
            own: Pillow's name of the format of the picture.

        Raises:
            HTTPException: 406 where there is none that the client takes.
        """
        if self.format:
            return self.format
        own = "PNG" if self.rain else own
        if not FORMATS[own].written and _quality(self.accept, FORMATS[own].media_type):
            raise HTTPException(406, f"{own} is read, but not written; add format=jpg, say")
        return negotiated(self.accept, FORMATS[own])


def read_order(
    query: Sequence[tuple[str, str]], accept: str, models: Collection[str], default: str
) -> Order:
    """The order in the parts of a query.

    Raises:
        HTTPException: 400 for an option or a value that is not known.
    """
    values = read_options(query, OPTIONS)
    return Order(
        read_model(values, models, default),
        read_strength(values),
        _format(values.get("format")),
        read_whole(values, "quality", 1, 100),
        read_rain(values),
        accept,
    )


def read_options(query: Sequence[tuple[str, str]], known: Collection[str]) -> dict[str, str]:
    """The parts of a query by name.

    Raises:
        HTTPException: 400 for one that is not known, or stands twice.
    """
    values = dict(query)
    if len(values) < len(query):
        raise HTTPException(400, "an option stands twice; give each once")
    if unknown := [name for name in values if name not in known]:
        raise HTTPException(400, f"unknown option {unknown[0]!r}; known: {', '.join(known)}")
    return values


def read_model(values: Mapping[str, str], models: Collection[str], default: str) -> str:
    """The option ``model``; 400 where it names none."""
    model = values.get("model", default)
    if model not in models:
        raise HTTPException(400, f"unknown model {model!r}; known: {', '.join(models)}")
    return model


def read_strength(values: Mapping[str, str]) -> float:
    """The option ``strength``; 400 where it is none."""
    text = values.get("strength")
    if text is None:
        return FULL
    try:
        return check_strength(float(text))
    except (ValueError, UsageError):
        raise HTTPException(400, f"strength must be a number from 0 to 1, not {text!r}") from None


def read_rain(values: Mapping[str, str]) -> bool:
    """Whether the option ``save`` wants what was taken away; 400 where it is none."""
    save = values.get("save", "clean")
    if save not in ("clean", "rain"):
        raise HTTPException(400, f"save must be clean or rain, not {save!r}")
    return save == "rain"


def read_whole(values: Mapping[str, str], name: str, least: int, most: int) -> int | None:
    """An option that is a whole number of at most three digits; 400 where it is none."""
    text = values.get(name)
    if text is None:
        return None
    digits = text.isascii() and text.isdecimal() and len(text) < 4
    if not digits or not least <= int(text) <= most:
        told = f"{name} must be a whole number from {least} to {most}, not {text!r}"
        raise HTTPException(400, told)
    return int(text)


def written_formats() -> list[Format]:
    """The formats that results can have here."""
    Image.init()
    return [entry for entry in FORMATS.values() if entry.written and entry.name in Image.SAVE]


def negotiated(accept: str, own: Format) -> Format:
    """The format a client likes best (RFC 9110, 12.5.1); its own, where that is liked as well.

    Raises:
        HTTPException: 406 where it takes none.
    """
    kinds = sorted(written_formats(), key=lambda kind: kind is not own)
    best = max(kinds, key=lambda kind: _quality(accept, kind.media_type))
    if not _quality(accept, best.media_type):
        known = ", ".join(kind.media_type for kind in kinds)
        raise HTTPException(406, f"Accept names no format that can be made; known: {known}")
    return best


def _quality(accept: str, media_type: str) -> float:
    """How much a client likes a type, from 0 to 1: the most specific range decides."""
    general = f"{media_type.partition('/')[0]}/*"
    liked: dict[str, float] = {}
    for part in (accept or "*/*").split(","):
        name, _, parameters = part.partition(";")
        liked[name.strip().lower()] = weight(parameters)
    return next((liked[name] for name in (media_type, general, "*/*") if name in liked), 0)


def weight(parameters: str) -> float:
    """How much a client likes what these parameters stand behind, by their ``q``."""
    for parameter in parameters.split(";"):
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "q":
            try:
                return min(1.0, max(0.0, float(value)))
            except ValueError:
                return 0
    return 1


def _format(word: str | None) -> Format | None:
    if word is None:
        return None
    found = SUFFIXES.get(f".{word.lower()}")
    if found is None or found not in written_formats():
        known = ", ".join(entry.suffixes[0][1:] for entry in written_formats())
        raise HTTPException(400, f"format must be one of {known}, not {word!r}")
    return found
