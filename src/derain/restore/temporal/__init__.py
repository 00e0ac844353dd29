"""Clips: a frame derained by what the frames around it show."""

from derain.restore.temporal.gate import BrighterGate, Evidence, Gate, MedianGate
from derain.restore.temporal.stream import RADIUS, VideoDerainer
from derain.restore.temporal.window import derain_window

__all__ = [
    "RADIUS",
    "BrighterGate",
    "Evidence",
    "Gate",
    "MedianGate",
    "VideoDerainer",
    "derain_window",
]
