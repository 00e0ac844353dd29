"""What is known about a model, as data: how to feed it, where it comes from, what it scores."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import PureWindowsPath
from typing import Any, Literal, get_args

from derain.errors import CorruptModelError, first_line

MOST_MULTIPLE = 256
"""A picture is padded to multiples of this at most: a thumbnail must not become a photograph."""
MOST_HALO = 4096

_TYPES: dict[type, tuple[str, ...]] = {
    str: ("name", "summary", "onnx", "weights", "channel_order", "licence"),
    int: ("size_multiple", "receptive_radius", "halo", "bytes_per_pixel", "parameters"),
    dict: ("sha256", "network", "training", "scores"),
}


Kind = Literal["picture", "gate"]
"""What a model is for: single pictures, or the gate of clips."""


@dataclass(frozen=True)
class ModelCard:
    """The card beside a model's files.

    Attributes:
        name: What ``--model`` calls it.
        summary: One line for people.
        onnx: File name of the exported network; input ``rainy`` (1, 3, H, W) float32, outputs
            ``rain`` and ``detail`` of the same shape. The skip is added outside, in float32. Of a
            gate: input ``evidence`` (1, 16, H, W), outputs ``weights`` (1, 4, H, W) and ``need``
            (1, 1, H, W).
        weights: File name of the trained weights (safetensors).
        sha256: File name -> sum, of both files.
        input_range: Range of the input values.
        channel_order: Order of the colour channels.
        size_multiple: Height and width must be multiples of this.
        receptive_radius: Reach of the convolutions in pixels.
        halo: Context a tile needs on each side, in pixels; a multiple of ``size_multiple``.
        bytes_per_pixel: Memory a run takes for each input pixel.
        parameters: Trained parameters.
        mmac_per_pixel: Million multiply-accumulates for each pixel after folding.
        network: The network's configuration.
        training: Configuration, data with terms, cost and machine of the run.
        scores: Source -> score -> value on held-out scenes; names carry the protocol.
        licence: Terms of the weights.
        kind: What it is for.
    """

    name: str
    summary: str
    onnx: str
    weights: str
    sha256: Mapping[str, str]
    size_multiple: int
    receptive_radius: int
    halo: int
    bytes_per_pixel: int
    parameters: int
    mmac_per_pixel: float
    network: Mapping[str, Any]
    input_range: tuple[float, float] = (0.0, 1.0)
    channel_order: str = "RGB"
    training: Mapping[str, Any] = field(default_factory=dict)
    scores: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    licence: str = ""
    kind: Kind = "picture"

    def to_json(self) -> str:
        """The card's file."""
        values = {f.name: getattr(self, f.name) for f in fields(self)}
        return json.dumps(values, indent=1) + "\n"

    @classmethod
    def from_json(cls, text: str | bytes, origin: str) -> ModelCard:
        """The inverse of :meth:`to_json`; anything else is a :class:`CorruptModelError`."""
        try:
            values = json.loads(text)
            values["input_range"] = tuple(values["input_range"])
            card = cls(**values)
        except (ValueError, TypeError, KeyError, RecursionError) as error:
            raise CorruptModelError(f"{origin}: not a model card ({first_line(error)})") from error
        _check_types(card, origin)
        if card.kind not in get_args(Kind):
            raise CorruptModelError(f"{origin}: a card of an unknown kind of model, {card.kind!r}")
        for name in (card.onnx, card.weights):
            check_file_name(name, f"{origin}: not a model card: ")
        if not (
            1 <= card.size_multiple <= MOST_MULTIPLE
            and 0 <= card.halo <= MOST_HALO
            and card.halo % card.size_multiple == 0
            and card.bytes_per_pixel >= 1
        ):
            raise CorruptModelError(
                f"{origin}: not a card of a model that can be run: impossible size_multiple, halo "
                "or bytes_per_pixel"
            )
        if card.input_range != (0.0, 1.0) or card.channel_order != "RGB":
            raise CorruptModelError(
                f"{origin}: a card of another kind: only RGB models with input in [0, 1] are known"
            )
        return card


def check_file_name(name: str, origin: str = "") -> None:
    """Raise :class:`CorruptModelError` for a name that leads out of its folder, on any system."""
    if name in ("", ".", "..") or PureWindowsPath(name).name != name or "/" in name:
        raise CorruptModelError(f"{origin}'{name}' is no name of a file in the same folder")


def _check_types(card: ModelCard, origin: str) -> None:
    for kind, names in _TYPES.items():
        for name in names:
            value = getattr(card, name)
            if type(value) is not kind:  # a bool is no number here
                raise CorruptModelError(
                    f"{origin}: not a model card: {name} is {type(value).__name__}, "
                    f"not {kind.__name__}"
                )
