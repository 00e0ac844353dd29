"""A clip opened: what it is, and whether its frames can be derained and come back as they were."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from derain.clips.colour import (
    WITHOUT_MARKS,
    Samples,
    depth_of,
    has_alpha,
    matrix_of,
    place_of,
)
from derain.clips.frames import Turn
from derain.clips.library import av
from derain.errors import InputNotFoundError, InvalidImageError, first_line
from derain.files import explain_os_error

_HDR = {16: "PQ", 18: "HLG"}  # AVColorTransferCharacteristic

# Those that hold all there is to see. Others, such as playlists, make FFmpeg open what they name:
# any file of this machine, for whoever hands us a clip, or an address.
_WHOLE = "mov,matroska,avi,mpeg,mpegvideo,mpegts,asf,flv,ogg"
_ONLY_THIS_FILE = {"format_whitelist": _WHOLE, "protocol_whitelist": "file"}


@dataclass(frozen=True)
class ClipInfo:
    """What is known of a clip's picture before it is worked on.

    Attributes:
        path: The file.
        width, height: Of frames as they are stored.
        codec, tag: FFmpeg's name of the codec; the container's of it.
        pix_fmt: FFmpeg's name of the frames' format.
        time_base, rate: Of times; frames a second on the average.
        aspect: Sample aspect ratio, None where it is not said.
        colorspace, primaries, transfer, range: H.273 code points and FFmpeg's range, 2 is full.
        matrix: swscale's number of the YUV matrix that frames are decoded with.
        display: FFmpeg's display matrix, None where there is none.
        frames: How many there are, as far as the container says; 0 if it does not.
        seconds: How long the clip is, likewise.
        notes: What of it is not decoded.
        container: FFmpeg's name of the format, or names.
        most_pixels: Of a frame that is decoded; None for any number.
    """

    path: Path
    width: int
    height: int
    codec: str
    tag: str
    pix_fmt: str
    time_base: Fraction
    rate: Fraction
    aspect: Fraction | None
    colorspace: int
    primaries: int
    transfer: int
    range: int
    matrix: int
    display: tuple[int, ...] | None
    frames: int
    seconds: float
    notes: tuple[str, ...] = ()
    container: str = ""
    most_pixels: int | None = None

    @property
    def turn(self) -> Turn:
        """How frames lie."""
        return Turn.of(self.display)

    @property
    def seen_size(self) -> tuple[int, int]:
        """(width, height) of frames as they are seen."""
        size = self.width, self.height
        return size[::-1] if self.turn.transposed else size

    @property
    def full(self) -> bool:
        """Whether samples use their whole range."""
        return self.range == 2 or self.pix_fmt.startswith("yuvj")

    @property
    def samples(self) -> Samples:
        """How its samples stand for colours."""
        range_ = 2 if self.full else self.range
        return Samples(self.matrix, self.full, self.colorspace, range_, place_of(self.codec))

    @property
    def expected(self) -> int:
        """About how many frames there are, 0 if that is not known."""
        return self.frames or round(self.seconds * float(self.rate))

    @property
    def deep(self) -> bool:
        """Whether samples have more than 8 bits."""
        return depth_of(self.pix_fmt) > 8

    @property
    def alpha(self) -> bool:
        """Whether frames hold transparency."""
        return has_alpha(self.pix_fmt)


def open_clip(path: Path, most_pixels: int | None = None) -> av.container.InputContainer:
    """Open a clip for reading; close it after use.

    Args:
        path: The file; no other one is opened, whatever it says.
        most_pixels: Of a frame that is decoded to find out what the clip is.

    Raises:
        InputNotFoundError, PermissionDeniedError, InvalidImageError: There is none that can be.
    """
    try:
        if path.is_file() and path.stat().st_size == 0:
            raise InvalidImageError(f"{path}: the file is empty")
        options = _ONLY_THIS_FILE | _decoding(most_pixels)
        return av.open(str(path), metadata_errors="replace", options=options)
    except FileNotFoundError:
        raise InputNotFoundError(f"{path}: no such file") from None
    except av.FFmpegError as error:
        if isinstance(error, PermissionError):
            raise explain_os_error(error, path) from error
        raise InvalidImageError(
            f"{path}: no clip, or one whose beginning or index is missing ({error.strerror})"
        ) from error
    except OSError as error:
        raise explain_os_error(error, path) from error


def picture_stream(container: av.container.InputContainer, path: Path) -> av.VideoStream:
    """The video stream that is derained: the best one that is no cover picture.

    Raises:
        InvalidImageError: There is none.
    """
    covers = av.stream.Disposition.attached_pic
    streams = [s for s in container.streams.video if not s.disposition & covers]
    if not streams:
        kinds = " ".join(sorted({s.type for s in container.streams})) or "nothing"
        raise InvalidImageError(f"{path}: has no video track (only {kinds})")
    best = container.streams.best("video")
    return best if best in streams else streams[0]


def limit_pixels(stream: av.VideoStream, most: int | None) -> None:
    """Let a stream's decoder, before it is used, refuse frames of many more pixels."""
    context = stream.codec_context
    if most is not None and context is not None:
        context.options = _decoding(most)


def _decoding(most_pixels: int | None) -> dict[str, str]:
    # Decoders count whole blocks, which reach beyond what is seen.
    return {} if most_pixels is None else {"max_pixels": str(2 * most_pixels + (1 << 16))}


def probe(path: Path, most_pixels: int | None = None) -> ClipInfo:
    """Look at a clip and its first frame.

    Args:
        path: The file.
        most_pixels: Clips whose frames have more are refused, before one is decoded.

    Raises:
        InvalidImageError: No frame can be had, or its frames cannot come back as they were:
            interlaced or HDR footage; says which. Or they are too large.
    """
    with open_clip(path, most_pixels) as container:
        stream = picture_stream(container, path)
        context = stream.codec_context
        if context is None or stream.time_base is None:
            raise InvalidImageError(f"{path}: its video track is of an unknown kind")
        _check_pixels(path, context.width, context.height, most_pixels)
        limit_pixels(stream, most_pixels)
        codec = context.codec.canonical_name
        # Asked before the first frame, by which the decoder replaces them.
        said = context.colorspace, context.color_primaries, context.color_trc, context.color_range
        frame = _first_frame(container, stream, path)
        _check_pixels(path, frame.width, frame.height, most_pixels)
        colorspace, primaries, transfer, range_ = _marks(codec, frame, said)
        if frame.interlaced_frame:
            raise InvalidImageError(
                f"{path}: is interlaced, and two half pictures in a frame would be taken for one; "
                "deinterlace it first (ffmpeg -i IN -vf bwdif OUT)"
            )
        if transfer in _HDR:
            raise InvalidImageError(
                f"{path}: is HDR footage ({_HDR[transfer]}), which the networks were not made for; "
                "convert it to SDR first"
            )
        rate = stream.average_rate or stream.guessed_rate or Fraction(25)
        seconds = (
            float(stream.duration * stream.time_base)
            if stream.duration
            else (container.duration or 0) / av.time_base
        )
        return ClipInfo(
            path, frame.width, frame.height, codec, stream.codec_tag,
            frame.format.name, stream.time_base, Fraction(rate),
            stream.sample_aspect_ratio or None,
            colorspace, primaries, transfer, range_,
            matrix_of(frame.colorspace, frame.width, frame.height), _display_matrix(frame),
            stream.frames, max(0.0, seconds), _not_decoded(stream, frame), container.format.name,
            most_pixels,
        )  # fmt: skip


def _check_pixels(path: Path, width: int, height: int, most: int | None) -> None:
    if most is not None and width * height > most:
        raise InvalidImageError(
            f"{path}: frames of {width}x{height} have more than {most / 1e6:g} megapixels; "
            "shrink it"
        )


def _not_decoded(stream: av.VideoStream, frame: av.VideoFrame) -> tuple[str, ...]:
    if stream.metadata.get("alpha_mode") == "1" and not has_alpha(frame.format.name):
        return ("its transparency is not decoded; the result is opaque",)
    return ()


def _marks(
    codec: str, frame: av.VideoFrame, said: tuple[int, int, int, int]
) -> tuple[int, int, int, int]:
    """Matrix, primaries, transfer and range: the frames' own marks, else the container's."""
    matrix, primaries, transfer, range_ = said
    if codec in WITHOUT_MARKS:
        return matrix, primaries, transfer, range_ or frame.color_range
    return (
        frame.colorspace if frame.colorspace != 2 else matrix,
        frame.color_primaries if frame.color_primaries != 2 else primaries,
        frame.color_trc if frame.color_trc != 2 else transfer,
        frame.color_range or range_,
    )


def _first_frame(
    container: av.container.InputContainer, stream: av.VideoStream, path: Path
) -> av.VideoFrame:
    reason = "it holds none"
    try:
        for packet in container.demux(stream):
            try:
                for frame in packet.decode():
                    return frame
            except av.FFmpegError as error:
                reason = error.strerror or first_line(error)
    except av.FFmpegError as error:
        reason = error.strerror or first_line(error)
    raise InvalidImageError(f"{path}: no frame can be read ({reason})")


def _display_matrix(frame: av.VideoFrame) -> tuple[int, ...] | None:
    known: Any = frame.side_data  # its stub knows one kind only
    found = known.get("DISPLAYMATRIX")
    return struct.unpack("=9i", bytes(found)[:36]) if found is not None else None
