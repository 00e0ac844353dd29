"""Pictures in and out: orientation, colour profile, alpha, bit depth, metadata, atomic writes."""

from derain.media.formats import FORMATS, SUFFIXES, Format, format_of
from derain.media.picture import Metadata, Picture
from derain.media.read import decode_picture, read_picture
from derain.media.write import encode_picture, write_picture

__all__ = [
    "FORMATS",
    "SUFFIXES",
    "Format",
    "Metadata",
    "Picture",
    "decode_picture",
    "encode_picture",
    "format_of",
    "read_picture",
    "write_picture",
]
