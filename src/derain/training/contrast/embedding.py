"""From patches to position-free embeddings: one interface, two ways."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from derain.errors import ConfigError, first_line
from derain.training.contrast.losses import supervised_contrast

DIMENSIONS = 64


class Embedder(nn.Module, ABC):
    """Turns standardised patches into unit vectors. Its own weights get no gradient from anchors.

    Attributes:
        dimensions: Length of the vectors.
    """

    dimensions: int

    @abstractmethod
    def embed(self, patches: Tensor) -> Tensor:
        """(N, 3, S, S) -> (N, D) of unit length; gradients flow to the patches alone."""

    @abstractmethod
    def learn(self, alike: Tensor, unlike: Tensor, temperature: float) -> Tensor | None:
        """Loss of the embedder itself on patches whose kind is known; None when it is fixed.

        Args:
            alike: (N, 3, S, S) of one kind.
            unlike: (M, 3, S, S) of any other.
        """

    @abstractmethod
    def trainable(self) -> Iterator[nn.Parameter]:
        """What its own loss trains."""

    @abstractmethod
    def follow(self, decay: float) -> None:
        """Let the slow copy follow, after a step."""


def _encoder() -> nn.Sequential:
    layers: list[nn.Module] = []
    for inputs, outputs in ((3, 32), (32, 64), (64, 96)):
        layers += [nn.Conv2d(inputs, outputs, 3, stride=2, padding=1), nn.LeakyReLU(0.2)]
    # The mean over places makes it position-free.
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(96, DIMENSIONS))


class MomentumEncoder(Embedder):
    """A small encoder trained along on synthetic samples, and a slow copy that judges (OURS).

    Rain and clean are known there, so the encoder learns what tells them apart; the derainer is
    then held to it on real photographs, through the slow copy (a momentum, as MoCo). Since
    anchors never train the encoder, both cannot agree on a trivial answer.
    """

    dimensions = DIMENSIONS

    def __init__(self) -> None:
        super().__init__()
        self.quick, self.slow = _encoder(), _encoder()
        self.slow.load_state_dict(self.quick.state_dict())
        self.slow.requires_grad_(False)

    def embed(self, patches: Tensor) -> Tensor:
        return F.normalize(self.slow(patches), dim=1)

    def learn(self, alike: Tensor, unlike: Tensor, temperature: float) -> Tensor | None:
        if len(alike) < 2 or not len(unlike):
            return None
        vectors = F.normalize(self.quick(torch.cat([alike, unlike]).detach()), dim=1)
        near, far = vectors[: len(alike)], vectors[len(alike) :]
        half = len(near) // 2
        return supervised_contrast(near[:half], near[half:], far, temperature).mean()

    def trainable(self) -> Iterator[nn.Parameter]:
        yield from self.quick.parameters()

    @torch.no_grad()
    def follow(self, decay: float) -> None:
        for slow, quick in zip(self.slow.parameters(), self.quick.parameters(), strict=True):
            slow.lerp_(quick, 1 - decay)


# Convolutions of VGG19 up to relu3_1; "M" is a pool. Numbers are output channels.
_VGG = (64, 64, "M", 128, 128, "M", 256)
_MEAN, _DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


class VggEmbedder(Embedder):
    """Mean features of VGG19's relu1_1, relu2_1 and relu3_1 from a file the user gives; fixed.

    Layers as AECR-Net chose them, up to the third; pooled over places, since unpaired pictures
    must not be compared place by place (OURS).

    Args:
        path: A state dictionary of VGG19 with the usual names (``features.0.weight`` ...), as
            safetensors or as PyTorch wrote it.

    Raises:
        ConfigError: The file is missing, or its weights are of another shape.
    """

    dimensions = 64 + 128 + 256

    def __init__(self, path: Path) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        channels = 3
        for item in _VGG:
            if isinstance(item, int):
                layers += [nn.Conv2d(channels, item, 3, padding=1), nn.ReLU()]
                channels = item
            else:
                layers.append(nn.MaxPool2d(2))
        self.features = nn.Sequential(*layers)
        self._load(path)
        self.requires_grad_(False)

    def _load(self, path: Path) -> None:
        wanted = {f"features.{k}": v for k, v in self.features.state_dict().items()}
        state = _read_state(path)
        for name, tensor in wanted.items():
            if name not in state:
                raise ConfigError(f"{path}: not VGG19's weights (no {name})")
            if state[name].shape != tensor.shape:
                there, here = tuple(state[name].shape), tuple(tensor.shape)
                raise ConfigError(f"{path}: {name} is {there}, VGG19's is {here}")
        self.features.load_state_dict(
            {k: state[f"features.{k}"] for k in self.features.state_dict()}
        )

    def embed(self, patches: Tensor) -> Tensor:
        mean, deviation = (patches.new_tensor(v).view(1, 3, 1, 1) for v in (_MEAN, _DEVIATION))
        x, taken = (patches + 0.5 - mean) / deviation, []
        for index, layer in enumerate(self.features):
            x = layer(x)
            if index in (1, 6, 11):  # relu1_1, relu2_1, relu3_1
                taken.append(F.normalize(x.mean(dim=(2, 3)), dim=1))
        return F.normalize(torch.cat(taken, dim=1), dim=1)

    def learn(self, alike: Tensor, unlike: Tensor, temperature: float) -> Tensor | None:
        return None

    def trainable(self) -> Iterator[nn.Parameter]:
        yield from ()

    def follow(self, decay: float) -> None:
        """Nothing to follow: it is fixed."""


def _read_state(path: Path) -> dict[str, Tensor]:
    try:
        if path.suffix == ".safetensors":
            from safetensors.torch import load_file

            return load_file(path)
        state = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        raise ConfigError(f"{path}: cannot be read as weights ({first_line(error)})") from error
    if not isinstance(state, dict):
        raise ConfigError(f"{path}: holds no weights by name")
    return {str(k): v for k, v in state.items() if isinstance(v, Tensor)}
