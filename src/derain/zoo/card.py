"""What is known about a model, as data: how to feed it, where it comes from, what it scores."""

from __future__ import annotations

import json
import ntpath
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from derain.errors import CorruptModelError, first_line

MOST = 2048
"""Pixels that a size multiple or a halo of a card may have."""


def check_file_name(name: str) -> str:
    """A plain name of a file beside a card, on every system.

    Raises:
        CorruptModelError: It has folders, or is none.
    """
    # The rules of Windows hold slashes, backslashes and drives for what they are.
    if not name or name in (".", "..") or ntpath.split(name)[1] != name or ":" in name:
        raise CorruptModelError(f"{name!r} is no name of a file beside the card")
    return name


@dataclass(frozen=True)
class ModelCard:
    """The card beside a model's files.

    Attributes:
        name: What ``--model`` calls it.
        summary: One line for people.
        onnx: File name of the exported network; input ``rainy`` (1, 3, H, W) float32, outputs
            ``rain`` and ``detail`` of the same shape. The skip is added outside, in float32.
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
        card._check(origin)
        if card.input_range != (0.0, 1.0) or card.channel_order != "RGB":
            raise CorruptModelError(f"{origin}: only RGB models with input in [0, 1] are known")
        return card

    def _check(self, origin: str) -> None:
        """Refuse a card whose values would break something later."""
        kinds: dict[str, type | tuple[type, ...]] = {
            **dict.fromkeys(("name", "summary", "onnx", "weights", "licence"), str),
            **dict.fromkeys(("sha256", "network", "training", "scores"), dict),
            "mmac_per_pixel": (int, float),
        }
        for key, kind in kinds.items():
            if not isinstance(getattr(self, key), kind):
                raise CorruptModelError(f"{origin}: not a model card ({key} is of a wrong type)")
        sizes = {
            "size_multiple": (1, MOST),
            "halo": (0, MOST),
            "receptive_radius": (0, None),
            "bytes_per_pixel": (1, None),
            "parameters": (0, None),
        }
        for key, (low, high) in sizes.items():
            value = getattr(self, key)
            whole = type(value) is int and value >= low and (high is None or value <= high)
            if not whole:
                raise CorruptModelError(f"{origin}: not a card of a model ({key} is {value!r})")
        if self.halo % self.size_multiple:
            raise CorruptModelError(f"{origin}: not a card of a model (halo does not fit)")
        for file in (self.onnx, self.weights):
            try:
                check_file_name(file)
            except CorruptModelError as error:
                raise CorruptModelError(f"{origin}: not a card of a model ({error})") from error
