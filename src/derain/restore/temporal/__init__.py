"""Clips: a frame derained by what the frames around it show."""

from derain.restore.temporal.gate import BrighterGate, Evidence, Fused, Gate, MedianGate
from derain.restore.temporal.learnt import LearntGate
from derain.restore.temporal.stream import RADIUS, VideoDerainer
from derain.restore.temporal.window import derain_window

__all__ = [
    "RADIUS",
    "BrighterGate",
    "Evidence",
    "Fused",
    "Gate",
    "LearntGate",
    "MedianGate",
    "VideoDerainer",
    "derain_window",
]
