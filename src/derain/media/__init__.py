"""Pictures in and out: orientation, colour profile, alpha, bit depth, metadata, atomic writes."""

from derain.media.formats import FORMATS, SUFFIXES, Format, check_written, format_of
from derain.media.picture import Metadata, Picture
from derain.media.read import (
    PictureFile,
    Probe,
    decode_picture,
    read_file,
    read_picture,
    read_stream,
    too_large,
)
from derain.media.write import check_fits, encode_picture, left_out, lost_in, write_picture

__all__ = [
    "FORMATS",
    "SUFFIXES",
    "Format",
    "Metadata",
    "Picture",
    "PictureFile",
    "Probe",
    "check_fits",
    "check_written",
    "decode_picture",
    "encode_picture",
    "format_of",
    "left_out",
    "lost_in",
    "read_file",
    "read_picture",
    "read_stream",
    "too_large",
    "write_picture",
]
