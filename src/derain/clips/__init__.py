"""Clips in and out: frames with their times, sound and subtitles copied, work gone on with.

Only video files need PyAV (``derain[video]``): ``container``, ``work`` and what they use import it.
"""

from derain.clips.stream import video

__all__ = ["video"]
