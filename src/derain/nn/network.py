"""What every architecture is to the rest: layers of a picture, and the facts of its geometry."""

from __future__ import annotations

import copy
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import (
    Any,
    ClassVar,
    Literal,
    NamedTuple,
    TypeVar,
    get_args,
    get_origin,
    get_type_hints,
)

from torch import Tensor, nn

from derain.errors import ConfigError
from derain.nn.blocks import Foldable
from derain.nn.mirrors import over_mirrors

C = TypeVar("C", bound="NetworkConfig")


class Layers(NamedTuple):
    """All layers of one prediction, each (N, 3, H, W) in units of the image.

    Attributes:
        rain: R, the predicted rain layer.
        coarse: O - R, the background before repair.
        detail: D, the details given back.
        clean: B = O - R + D, not clipped.
    """

    rain: Tensor
    coarse: Tensor
    detail: Tensor
    clean: Tensor


@dataclass(frozen=True)
class NetworkConfig(ABC):
    """Everything that decides a network's arithmetic. Saved with the weights.

    Attributes:
        mirrors: At inference layers are averaged over so many mirror images of the picture: 1, 2
            or 4, at so many times the cost (OURS, :mod:`derain.nn.mirrors`).
    """

    mirrors: Literal[1, 2, 4] = 1

    def __post_init__(self) -> None:
        for name, hint in get_type_hints(type(self)).items():
            known, value = get_args(hint), getattr(self, name)
            if get_origin(hint) is Literal and value not in known:
                listed = ", ".join(map(repr, known))
                raise ConfigError(f"network.{name} must be one of {listed}, not {value!r}")

    @property
    @abstractmethod
    def parts(self) -> tuple[str, ...]:
        """Names of the parts that can be trained, frozen or taken over by themselves."""

    @property
    @abstractmethod
    def size_multiple(self) -> int:
        """Height and width of an input must be multiples of this many pixels."""

    @property
    @abstractmethod
    def patch_multiple(self) -> int:
        """The same of a training patch."""

    @property
    @abstractmethod
    def receptive_radius(self) -> int:
        """Exact reach of the convolutions alone, in image pixels, from the centre to one side."""

    @property
    @abstractmethod
    def window(self) -> int:
        """Side in image pixels of what pooled gates look at; 0 without such."""

    @property
    @abstractmethod
    def bytes_per_pixel(self) -> int:
        """Memory of a run for each input pixel, about."""

    @property
    def wrong_in_bfloat16(self) -> str:
        """Why its gradients would be wrong in bfloat16 on the CPU; empty where they are right."""
        return ""

    def behind_another(self: C) -> C:
        """The same without what goes first, to stand behind another derainer.

        Raises:
            ConfigError: There would be nothing left.
        """
        raise ConfigError("first: this architecture has no part that repairs another's picture")

    def to_dict(self) -> dict[str, Any]:
        """Plain values, fit for JSON."""
        return {k: list(v) if isinstance(v, tuple) else v for k, v in asdict(self).items()}

    @classmethod
    def from_dict(cls: type[C], values: Mapping[str, Any]) -> C:
        """The inverse of :meth:`to_dict`; an unknown key is a :class:`ConfigError`."""
        if unknown := set(values) - {field.name for field in fields(cls)}:
            raise ConfigError(f"unknown network option {sorted(unknown)[0]!r}")
        fixed: dict[str, Any] = {
            k: tuple(v) if isinstance(v, list) else v for k, v in values.items()
        }
        return cls(**fixed)


class Network(nn.Module, ABC):
    """A derainer: B = O - R + D.

    Shape:
        (N, 3, H, W) in [0, 1] -> :class:`Layers`. In eval mode H and W must be multiples of
        ``config.size_multiple`` (see :func:`derain.nn.padding.pad_to_multiple`); in training mode
        of ``config.patch_multiple``. With another derainer's picture as ``coarse``, which one whose
        config is ``behind_another`` needs, R = O - coarse, and only the detail branch works.
    """

    config: NetworkConfig
    needs_coarse = False
    kind: ClassVar[Literal["picture", "gate"]] = "picture"
    planes: ClassVar[int] = 3
    """Of its input; the first three are the picture."""
    inference_planes: ClassVar[int] = 3
    inference_names: ClassVar[tuple[str, str, str]] = ("rainy", "rain", "detail")
    """Of the input and the two outputs of :meth:`inference`."""

    def forward(self, rainy: Tensor, coarse: Tensor | None = None) -> Layers:
        multiple = self.config.patch_multiple if self.training else self.config.size_multiple
        if rainy.shape[-2] % multiple or rainy.shape[-1] % multiple:
            height, width = rainy.shape[-2:]
            raise ValueError(f"{width}x{height} is not a multiple of {multiple}; pad it first")
        if rainy.shape[1] != self.planes:
            raise ValueError(f"{rainy.shape[1]} planes, not {self.planes}")
        if self.needs_coarse and coarse is None:
            raise ValueError("without a rain branch, another derainer's picture is needed")
        rain, detail = self.branches(*(p for p in (rainy, coarse) if p is not None))
        background = rainy[:, :3].float() - rain
        return Layers(rain, background, detail, background + detail)

    def branches(self, *pictures: Tensor) -> tuple[Tensor, Tensor]:
        """R and D of O, or of O and another derainer's picture; in eval mode over all mirrors.

        In float32, so that the skip is added in it whatever the branches' precision.
        """
        if self.training:
            return self.once(*pictures)
        return over_mirrors(self.once, pictures, self.config.mirrors)

    def inference(self, rainy: Tensor) -> tuple[Tensor, Tensor]:
        """What is exported: (N, inference_planes, H, W) -> its two outputs."""
        return self.branches(rainy)

    @abstractmethod
    def once(self, rainy: Tensor, coarse: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """R and D of one look at the picture, each (N, 3, H, W) float32."""

    def part(self, name: str) -> nn.Module:
        """One of ``config.parts``."""
        return self.get_submodule(name)

    def take_over(self, source: Network, part: str) -> None:
        """Start a part from another network's, in place.

        Raises:
            ConfigError: The other network is another one; says how.
        """
        if source.config != self.config or part not in self.config.parts:
            raise ConfigError("holds another network than this run trains")
        self.part(part).load_state_dict(source.part(part).state_dict())

    def thinned(self: N, part: str, keep: Sequence[int]) -> N:
        """A copy of which one part has only some of its residual blocks, in that order.

        Args:
            part: One of ``config.parts``.
            keep: Indices of its blocks, rising, from 0.

        Raises:
            ConfigError: The part has no such blocks.
        """
        raise ConfigError(f"its {part} branch has no blocks to choose from")

    def folded(self: N) -> N:
        """A copy in eval mode with everything composed that is linear, for inference and export.

        Exact: outputs differ from the network's own in eval mode by at most 1e-5 in float32.
        """
        folded = copy.deepcopy(self).eval()
        for module in list(folded.modules()):
            if isinstance(module, Foldable):
                module.fold()
        return folded.eval()


N = TypeVar("N", bound=Network)
