"""What a training run is: frozen dataclasses, TOML over them, unknown keys refused."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import field
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field
from pydantic.dataclasses import dataclass

from derain.errors import ConfigError, UsageError
from derain.metrics import check_degrees, check_factor
from derain.nn import GateConfig, NetworkConfig, preset
from derain.rain.presets import rain_preset
from derain.settings import STRICT, build, merge, parse_overrides, read_toml

Count = Annotated[int, Field(ge=1)]
Some = Annotated[int, Field(ge=0)]
Share = Annotated[float, Field(ge=0, le=1)]
Weight = Annotated[float, Field(ge=0)]
Decay = Annotated[float, Field(ge=0, lt=1)]
Positive = Annotated[float, Field(gt=0)]


@dataclass(frozen=True, config=STRICT)
class ViewConfig:
    """How pictures are shown: see :mod:`derain.training.views`. All shares in 0..1.

    Attributes:
        resized: Share of patches shown at another size than their own.
        sizes: That size, as a range of factors; every octave alike.
        turned: Share of patches turned by any angle.
        defocused: Share of patches shown out of focus.
    """

    resized: Share = 0.0
    sizes: tuple[float, float] = (0.25, 4.0)
    turned: Share = 0.0
    defocused: Share = 0.0

    def __post_init__(self) -> None:
        if not 0 < self.sizes[0] <= self.sizes[1]:
            raise ConfigError(f"view.sizes must be a range above 0, not {self.sizes}")


@dataclass(frozen=True, config=STRICT)
class PairSource:
    """Pairs on disk.

    Attributes:
        name: How the source is called in logs, splits and the model's card.
        path: A folder, or a table for the layout ``csv``.
        layout: ``side-by-side``, ``folders``, ``csv``, ``mixed`` or ``nested``; ``auto`` looks
            which it is (see :func:`derain.data.open_pairs`).
        root: Where a table's paths start; empty for the table's own folder.
        weight: Share of a batch, relative to the other sources.
        terms: Origin and terms of use, for the model's card.
        view: How its pictures are shown.
    """

    name: str
    path: str
    layout: str = "auto"
    root: str = ""
    weight: Weight = 1.0
    terms: str = ""
    view: ViewConfig = field(default_factory=ViewConfig)


@dataclass(frozen=True, config=STRICT)
class SynthesisSource:
    """Clean photographs that get synthesised rain, or none with ``preset = "dry"``.

    Attributes:
        name: How the source is called in logs, splits and the model's card.
        paths: Folders of clean photographs.
        preset: A rain preset (see :mod:`derain.rain.presets`).
        streaks: Folder of rendered streak layers, where the preset needs them.
        lenders: Sources of pairs that lend the rain layers of what they train on, where the preset
            needs such. They must be grey and added, as Rain100L's are.
        bank: File of rain layers that ``derain bank`` made of the preset, relative to the working
            folder; without it they are drawn one by one, which may cost more than the training.
        weight: Share of a batch, relative to the other sources.
        terms: Origin and terms of use, for the model's card.
        view: How its photographs are shown before it rains on them.
    """

    name: str
    paths: tuple[str, ...]
    preset: str = "broad"
    streaks: str = ""
    lenders: tuple[str, ...] = ()
    bank: str = ""
    weight: Weight = 1.0
    terms: str = ""
    view: ViewConfig = field(default_factory=ViewConfig)

    def __post_init__(self) -> None:
        try:  # now, and not when all sources before it have been read
            rain_preset(self.preset)
        except ConfigError as error:
            raise ConfigError(f"data.synthesis '{self.name}': {error}") from None


@dataclass(frozen=True, config=STRICT)
class EvidenceSource:
    """What a gate of clips is trained on (see :mod:`derain.training.evidence`).

    Attributes:
        name: How the source is called in logs and the gate's card.
        path: A file that ``derain evidence`` wrote, relative to the working folder.
        weight: Share of a batch, relative to the other sources.
        terms: Origin and terms of its photographs, for the card.
    """

    name: str
    path: str
    weight: Weight = 1.0
    terms: str = ""


Source = PairSource | SynthesisSource | EvidenceSource


@dataclass(frozen=True, config=STRICT)
class DataConfig:
    """Where the pictures come from.

    Attributes:
        root: Folder the sources' paths start at; relative to the working folder.
        pairs: Sources of pairs.
        synthesis: Sources of clean photographs.
        evidence: Sources of evidence, for gates of clips and for nothing else.
        validation_share: Share of scenes held out.
        split_seed: Which scenes are held out.
        limit: At most this many pictures of each source, 0 for all (for trial runs).
        memory: MiB of decoded pictures that are kept; 0 for a quarter of what is free, at most 512.
            It changes no batch.
    """

    root: str = "."
    pairs: tuple[PairSource, ...] = ()
    synthesis: tuple[SynthesisSource, ...] = ()
    evidence: tuple[EvidenceSource, ...] = ()
    validation_share: Annotated[float, Field(gt=0, lt=1)] = 0.08
    split_seed: int = 0
    limit: Some = 0
    memory: Some = 0


@dataclass(frozen=True, config=STRICT)
class LossConfig:
    """Weights of the loss terms.

    ``coarse * L1(O - R) + clean * L1(B)`` is the release's loss (CODE: 0.1 and 1); ``ssim``,
    ``psnr``, ``frequency`` and ``teacher`` are OURS (see :mod:`derain.training.objectives`). The
    frequency term is off, since it rewards change where there is little rain; that of PSNR weighs
    a picture in light rain as much as one in heavy rain, and gates of clips need it. ``psnr_best``
    is the PSNR, in dB, that is as good as equal.
    """

    coarse: Weight = 0.1
    clean: Weight = 1.0
    ssim: Weight = 0.1
    psnr: Weight = 0.0
    psnr_best: Positive = 50.0
    frequency: Weight = 0.0
    teacher: Weight = 1.0


@dataclass(frozen=True, config=STRICT)
class OptimizerConfig:
    """Adam (CODE) or Muon (OURS), warmed up linearly.

    Attributes:
        kind: ``adam``, or ``muon``: that for the hidden convolutions, at the same rate, and Adam
            for the rest (see :mod:`derain.training.optimizers`).
        rate, beta1, beta2: Adam's. CODE: 1e-3, 0.9, 0.999.
        warmup: Steps up to the full rate.
        schedule: ``cosine`` (OURS), ``drops``, by a fifth at 30, 50 and 80 of 150 epochs (CODE), or
            ``constant``, which a later stage's schedule brings to an end (OURS).
        final_share: Of the rate, at the end of the cosine.
        clip: Largest norm of the gradient.
        ema: Decay of the averaged weights, which are validated and kept; 0 for the last weights.
        shares: By branch, the share of the rate at which it learns, where that is not 1: a branch
            that has learned goes slower than one that has only begun (OURS).
    """

    kind: Literal["adam", "muon"] = "adam"
    rate: Positive = 1e-3
    beta1: Decay = 0.9
    beta2: Decay = 0.99
    warmup: Some = 200
    schedule: Literal["cosine", "drops", "constant"] = "cosine"
    final_share: Share = 0.01
    clip: Positive = 1.0
    ema: Decay = 0.999
    shares: dict[str, Annotated[float, Field(gt=0, le=1)]] = field(default_factory=dict)


@dataclass(frozen=True, config=STRICT)
class ValidationConfig:
    """How often and how much is validated while training runs.

    Attributes:
        every: Steps between validations; the last step is always followed by one.
        images: At most this many held-out pictures of each source, 0 for all.
        final: The same for the last validation, whose scores are kept.
        samples: Sample pictures of each source that are written.
        viewed: Sources of which enlarged and turned views are scored, too; ``rain-free`` stands
            for all held-out clean photographs.
        enlarged: Factors.
        turned: Degrees.
    """

    every: Count = 1000
    images: Some = 8
    final: Some = 0
    samples: Some = 2
    viewed: tuple[str, ...] = ()
    enlarged: tuple[float, ...] = ()
    turned: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        try:
            for factor in self.enlarged:
                check_factor(factor)
            for degrees in self.turned:
                check_degrees(degrees)
        except UsageError as error:
            raise ConfigError(f"validation: {error}") from error


@dataclass(frozen=True, config=STRICT)
class RealConfig:
    """Real photographs without ground truth: the semi-supervised part. All weights are OURS.

    Attributes:
        paths: Folders of real rainy photographs; relative to ``data.root``.
        terms: Their terms, for the card.
        batch: Patches of them in a step.
        start: Step from which they take part.
        ramp: Steps over which the terms' weights rise.
        rain, background: Weights of the dual contrast.
        remix: Weight of L1 on clean pictures under rain the teacher took from photographs.
        pseudo: Weight of L1 to the teacher's own clean pictures.
        helpers: Other networks that help the teacher: shipped models' names or weight files. Of
            all their clean pictures the darkest is taken at each pixel, since rain is light:
            what one of them leaves, another may see.
        augmented: Whether samples are enlarged in number and mixed.
        patches, side: Patches a picture and their side, for the contrast.
        bank: Positives kept.
        temperature: Of the contrast.
        mix: Range of lambda in B + lambda R.
        embedding: ``own``, trained along, or ``vgg``.
        weights: VGG19's weight file.
        embedding_rate, momentum: Of the own embedding.
        prepare: Steps the own embedding learns alone, before the first step of the run.
        short: Photographs are shrunk to this short side, 0 for as they are.
    """

    paths: tuple[str, ...] = ()
    terms: str = ""
    batch: Count = 2
    start: Some = 0
    ramp: Some = 500
    rain: Weight = 0.01
    background: Weight = 0.01
    remix: Weight = 0.5
    pseudo: Weight = 0.0
    helpers: tuple[str, ...] = ()
    augmented: bool = True
    patches: Count = 6
    side: Annotated[int, Field(ge=8)] = 32
    bank: Count = 512
    temperature: Positive = 0.2
    mix: tuple[float, float] = (0.5, 1.0)
    embedding: Literal["own", "vgg"] = "own"
    weights: str = ""
    embedding_rate: Positive = 1e-3
    momentum: Decay = 0.99
    prepare: Some = 300
    short: Some = 480

    def __post_init__(self) -> None:
        if not 0 <= self.mix[0] <= self.mix[1] <= 1:
            raise ConfigError(f"real.mix must be a range within 0 and 1, not {self.mix}")
        if self.embedding == "vgg" and not self.weights:
            raise ConfigError("real.embedding='vgg' needs real.weights, a file of VGG19's weights")
        if not self.paths:
            raise ConfigError("real.paths: name at least one folder of photographs")


@dataclass(frozen=True, config=STRICT)
class BlendConfig:
    """Weights to start from, mixed with those of another training of the same branches.

    Weights that were fine-tuned on other rain, brought back part of the way, keep most of what they
    learned and most of what they knew (Wortsman et al., CVPR 2022).

    Attributes:
        init: The other weights: a shipped model's name or a weight file.
        share: Of them in the mixture.
        branches: Which branches are mixed.
    """

    init: str
    share: Share = 0.5
    branches: tuple[str, ...] = ("rain",)


@dataclass(frozen=True, config=STRICT)
class TrainConfig:
    """One run. See configs/ for those that were made.

    Attributes:
        out: Folder of the run.
        seed: Fixes the initial weights and every batch.
        steps: Optimiser steps.
        batch: Patches a step, for each process.
        patch: Side of a patch in pixels; a multiple of the network's unshuffle.
        preset: Network preset; single options of it may be changed under ``network``.
        network: Changes to the preset.
        init: A shipped model's name or a weight file (safetensors) to start from; empty for fresh
            weights.
        init_branches: Which branches are taken from it.
        init_blocks: Branch -> which of its residual blocks are taken, by index, for a network with
            fewer of them; all of a branch that is not named.
        blend: Other weights that are mixed into what was taken.
        frozen: Branches that are not trained.
        partial: Share of the pictures in a batch of which a frozen rain branch's layer is taken
            away only in part (see :mod:`derain.training.partial`).
        dimmed: Share of the pictures in a batch whose rain is dimmed, down to a twelfth (see
            :mod:`derain.training.dimmed`).
        teacher: A shipped model's name or a weight file of a network whose clean pictures are
            learned, too (distillation).
        first: Another derainer in the place of the rain branch, as ``FILE.onnx`` or
            ``module:function``: only a detail branch is trained, to repair what it gives.
        precision: ``no`` (float32), ``bf16``, or ``auto``: bfloat16 where the machine multiplies
            in it, float32 elsewhere, where bfloat16 is emulated and ten times as slow.
        device: ``auto`` or ``cpu``.
        compile: Compile the network's forward pass.
        max_bad_steps: Steps with a non-finite loss or gradient in a row before the run is ended.
        checkpoint_every: Steps between checkpoints.
        keep: Checkpoints kept.
        log_every: Steps between log lines.
        time_limit: Minutes after which the run saves and stops, 0 for none.
        real: Real photographs; without them the run is supervised.
    """

    out: str
    seed: int = 0
    steps: Count = 10_000
    batch: Count = 8
    patch: Count = 96
    preset: str = "base"
    network: dict[str, Any] = field(default_factory=dict)
    init: str = ""
    init_branches: tuple[str, ...] = ("rain", "detail")
    init_blocks: dict[str, tuple[int, ...]] = field(default_factory=dict)
    blend: BlendConfig | None = None
    frozen: tuple[str, ...] = ()
    partial: Share = 0.0
    dimmed: Share = 0.0
    teacher: str = ""
    first: str = ""
    precision: Literal["no", "bf16", "auto"] = "auto"
    device: Literal["auto", "cpu"] = "auto"
    compile: bool = False
    max_bad_steps: Some = 20
    checkpoint_every: Count = 500
    keep: Count = 2
    log_every: Count = 20
    time_limit: Annotated[float, Field(ge=0)] = 0.0
    data: DataConfig = field(default_factory=DataConfig)
    real: RealConfig | None = None
    loss: LossConfig = field(default_factory=LossConfig)
    optimizer: OptimizerConfig = field(default_factory=OptimizerConfig)
    validation: ValidationConfig = field(default_factory=ValidationConfig)

    def __post_init__(self) -> None:
        network = self.network_config
        named = {"init_branches": self.init_branches, "frozen": self.frozen}
        named["init_blocks"] = tuple(self.init_blocks)
        named["optimizer.shares"] = tuple(self.optimizer.shares)
        if self.blend:
            named["blend.branches"] = self.blend.branches
            if lacking := set(self.blend.branches) - set(self.init_branches if self.init else ()):
                raise ConfigError(f"blend: the branch {sorted(lacking)[0]!r} is not taken over")
        for name, branches in named.items():
            # A branch that a network could have and has not is no mistake.
            known = {"rain", "detail", *network.parts}
            if unknown := set(branches) - known:
                raise ConfigError(f"{name}: there is no branch {sorted(unknown)[0]!r}")
        if not set(network.parts) - set(self.frozen):
            raise ConfigError("frozen: leaves nothing to train")
        learns_from_coarse = "rain" in self.frozen and not self.real and not self.teacher
        if self.partial and not (learns_from_coarse and {"rain", "detail"} <= set(network.parts)):
            raise ConfigError("partial: needs a frozen rain branch, and neither real nor teacher")
        if self.first and (self.real or self.init or self.frozen):
            raise ConfigError("first: cannot go with real, init or frozen")
        if not self.first and network.parts == ("detail",):
            raise ConfigError("network.rain_blocks = 0 needs first, a derainer to stand behind")
        if self.real and self.real.side > self.patch:
            raise ConfigError(f"real.side must be at most the patch's {self.patch}")
        if self.real and 0 < self.real.short < self.patch:
            raise ConfigError(f"real.short must be at least the patch's {self.patch}, or 0")
        if self.patch % network.patch_multiple:
            raise ConfigError(f"patch must be a multiple of {network.patch_multiple}")
        if self.frozen and self.patch % network.size_multiple:
            raise ConfigError(
                f"patch must be a multiple of {network.size_multiple}, not {self.patch}: a frozen "
                "branch works as at inference, in whole windows"
            )
        pictures: list[Source] = [*self.data.pairs, *self.data.synthesis]
        if pictures and self.data.evidence:
            raise ConfigError("data.evidence: is for gates of clips, and goes with no pictures")
        if bool(self.data.evidence) != isinstance(network, GateConfig):
            raise ConfigError("data.evidence: is for networks of the preset 'gate', which need it")
        if self.dimmed and self.data.evidence:
            raise ConfigError("dimmed: is for pictures, and goes with no gate of clips")
        sources = [*pictures, *self.data.evidence]
        if not sources:
            raise ConfigError("no data: name at least one [[data.pairs]] or [[data.synthesis]]")
        if len({source.name for source in sources}) < len(sources):
            raise ConfigError("two data sources have one name")
        lent = {name for source in self.data.synthesis for name in source.lenders}
        if unknown := lent - {source.name for source in self.data.pairs}:
            raise ConfigError(f"lenders: there are no pairs {sorted(unknown)[0]!r}")
        scored = {source.name for source in sources} | {"rain-free"}
        if unknown := set(self.validation.viewed) - scored:
            raise ConfigError(f"validation.viewed: there is no source {sorted(unknown)[0]!r}")
        if not sum(source.weight for source in sources):
            raise ConfigError("the sources' weights must not all be 0")

    @property
    def network_config(self) -> NetworkConfig:
        """The preset with this run's changes."""
        named = preset(self.preset)
        network = type(named).from_dict({**named.to_dict(), **self.network})
        return network.behind_another() if self.first else network

    def to_dict(self) -> dict[str, Any]:
        """Plain values, fit for JSON and TOML."""
        return dataclasses.asdict(self)


def load_config(path: Path, overrides: Sequence[str] = ()) -> TrainConfig:
    """Read a run's TOML file and put ``key=value`` assignments over it.

    Raises:
        ConfigError: The file is missing or no TOML, or a key or value is wrong; names the key.
    """
    return config_from_dict(merge(read_toml(path), parse_overrides(overrides)), str(path))


def config_from_dict(values: Mapping[str, Any], origin: str = "configuration") -> TrainConfig:
    """Typed and checked configuration from plain values."""
    return build(TrainConfig, dict(values), origin)
