"""Clips made from photographs: camera, scene, rain with time, and the truth."""

from derain.rain.clips.camera import CAMERAS
from derain.rain.clips.make import Clip, ClipStyle, make_clip

__all__ = ["CAMERAS", "Clip", "ClipStyle", "make_clip"]
