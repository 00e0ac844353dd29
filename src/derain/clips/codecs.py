"""Which encoder a result gets, which pixels it takes and how good it is."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass, field

from derain.clips.colour import depth_of, has_alpha, is_rgb
from derain.clips.formats import MUXERS
from derain.clips.library import av
from derain.errors import UsageError


@dataclass(frozen=True)
class Family:
    """A codec we write.

    Attributes:
        encoder: FFmpeg's name of the encoder.
        crf: Its usual constant rate factor; None where it has none.
        worst: The largest one.
        options: What else it is asked for.
        even: Whether its pictures of subsampled chroma need even sides.
    """

    encoder: str
    crf: int | None = None
    worst: int = 51
    options: Mapping[str, str] = field(default_factory=dict)
    even: bool = False


FAMILIES: Mapping[str, Family] = {
    # x264's macroblock tree gives other frames each time on processors with AVX-512.
    "h264": Family("libx264", 16, options={"preset": "medium", "mbtree": "0"}, even=True),
    "hevc": Family("libx265", 18, options={"x265-params": "log-level=error"}, even=True),
    "vp8": Family("libvpx", 10, 63, {"b": "50M", "deadline": "good", "cpu-used": "2"}),
    "vp9": Family("libvpx-vp9", 20, 63, {"b": "0", "cpu-used": "4", "row-mt": "1"}),
    "av1": Family("libsvtav1", 20, 63, {"preset": "8"}),
    "prores": Family("prores_ks"),
    "mjpeg": Family("mjpeg", options={"qmin": "1", "qmax": "2", "huffman": "optimal"}),
    "ffv1": Family("ffv1", options={"level": "3", "slicecrc": "1"}),
    "png": Family("png"),
    "qtrle": Family("qtrle"),
}
"""By FFmpeg's name of the codec. ``vp8`` takes ``crf`` as the worst quality within its bit rate."""

_CHROMA = ("", "4:2:0", "4:2:2", "4:4:4")

WORST = max(family.worst for family in FAMILIES.values())
"""The largest constant rate factor of any codec."""


@dataclass(frozen=True)
class Encoding:
    """How frames are encoded.

    Attributes:
        codec: A key of :data:`FAMILIES`.
        pix_fmt: The pixels handed to the encoder.
        options: All options of the encoder.
    """

    codec: str
    pix_fmt: str
    options: Mapping[str, str]

    @property
    def encoder(self) -> str:
        """FFmpeg's name of the encoder."""
        return FAMILIES[self.codec].encoder


def codec_named(word: str) -> str:
    """The codec that ``--codec`` names.

    Raises:
        UsageError: None that is written.
    """
    name = {"h265": "hevc", "x264": "h264", "x265": "hevc", "avc": "h264"}.get(word, word)
    if name not in FAMILIES:
        raise UsageError(f"--codec must be one of {', '.join(FAMILIES)}, not {word}")
    return name


def choose_encoding(
    source: str,
    pix_fmt: str,
    size: tuple[int, int],
    asked: str | None,
    crf: int | None,
    suffix: str,
) -> tuple[Encoding, list[str]]:
    """The encoding of a clip's result, and what a person should know of it.

    Args:
        source: FFmpeg's name of the clip's codec.
        pix_fmt: Of its frames.
        size: (width, height) of what is written.
        asked: The codec that is wanted instead of the clip's own.
        crf: The constant rate factor that is wanted instead of the usual one.
        suffix: Of the result's file.

    Raises:
        UsageError: A codec or a rate factor that does not go with the rest, or with the container.
    """
    notes: list[str] = []
    codec = asked or source
    if codec not in FAMILIES:
        codec = "vp9" if suffix == ".webm" else "h264"
        notes.append(f"{source} is read, but not written; the result is {codec} (see --codec)")
    family = FAMILIES[codec]
    try:
        encoder = av.codec.Codec(family.encoder, "w")
    except ValueError as error:
        raise UsageError(
            f"--codec {codec}: this PyAV has no {family.encoder}; give another, such as h264"
        ) from error
    if not _holds(suffix, family.encoder):
        raise UsageError(f"{suffix[1:]} does not hold {codec}; give --codec or -o NAME.mkv")
    options = dict(family.options)
    if crf is not None and family.crf is None:
        raise UsageError(f"--crf: {codec} has no constant rate factor; leave it out")
    if crf is not None and not 0 <= crf <= family.worst:
        raise UsageError(f"--crf of {codec} must be from 0 to {family.worst}, not {crf}")
    if family.crf is not None:
        options["crf"] = str(family.crf if crf is None else crf)
    formats = [known.name for known in encoder.video_formats or ()]
    taken = _nearest(pix_fmt, formats, size, family.even)
    if has_alpha(pix_fmt) and not has_alpha(taken):
        raise UsageError(
            f"{codec} holds no transparency, which this clip has; add --codec prores or --codec "
            "ffv1 and -o NAME.mov or NAME.mkv"
        )
    if depth_of(taken) < depth_of(pix_fmt):
        notes.append(
            f"{codec} gets {depth_of(taken)} bits a sample of the clip's {depth_of(pix_fmt)}"
        )
    if _samples(taken) < _samples(pix_fmt) and not pix_fmt.startswith(("gray", "mono")):
        notes.append(
            f"{codec} gets colours at {_CHROMA[_samples(taken)]} of the clip's "
            f"{_CHROMA[_samples(pix_fmt)]}"
        )
    if codec == "prores":
        options["profile"] = "4" if has_alpha(taken) or "444" in taken else "3"
    return Encoding(codec, taken, options), notes


def _holds(suffix: str, encoder: str) -> bool:
    with av.open(io.BytesIO(), "w", format=MUXERS[suffix]) as container:
        try:
            container.add_stream(encoder, rate=25)
        except ValueError:
            return False
    return True


def _nearest(pix_fmt: str, formats: list[str], size: tuple[int, int], even: bool) -> str:
    """The format nearest to the clip's that the encoder takes and that fits the size."""
    plain = {"yuvj420p": "yuv420p", "yuvj422p": "yuv422p", "yuvj444p": "yuv444p"}
    names = [pix_fmt, plain.get(pix_fmt, pix_fmt)]

    def fits(name: str) -> bool:
        return not (even and any(side % 2 for side in size) and _subsampled(name))

    for name in names:
        if name in formats and fits(name) and not av.VideoFormat(name, 2, 2).has_palette:
            return name
    alpha, deep, colours = has_alpha(pix_fmt), depth_of(pix_fmt), _samples(pix_fmt)

    def distance(name: str) -> tuple[bool, bool, bool, int, int, int]:
        depth = depth_of(name)
        return (
            alpha != has_alpha(name),
            depth < min(deep, 10) if deep > 8 else depth != 8,
            not is_rgb(pix_fmt) and is_rgb(name),
            max(0, colours - _samples(name)),
            abs(depth - deep),
            _samples(name),
        )

    known = [name for name in formats if fits(name) and _is_software(name)]
    if not known:
        raise UsageError("--codec: the encoder takes none of this clip's pixels; give another")
    return min(known, key=distance)


def _is_software(name: str) -> bool:
    return not name.startswith(("cuda", "vaapi", "qsv", "d3d", "nv", "gray", "mono", "pal"))


def _subsampled(name: str) -> bool:
    return "420" in name or "422" in name or "411" in name or "410" in name or name == "nv12"


def _samples(name: str) -> int:
    """How many chroma samples, as a rank; see :data:`_CHROMA`."""
    return 3 if not _subsampled(name) else 2 if "422" in name else 1
