"""Clips in and out: frames with their times, sound and subtitles copied, work gone on with."""
