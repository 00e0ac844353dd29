"""What is told of a clip that was derained, of whatever kind it is."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class ClipResult:
    """What became of a clip.

    Attributes:
        frames: How many were written.
        width, height: As they are seen.
        resumed: How many of them an earlier run had made.
        notes: What a person should know, a line each.
        damage: What could not be read, in words; empty where all could.
        changed: Whether any frame differs from that of the clip; of those of an earlier run nobody
            looked, and they are taken to.
    """

    frames: int
    width: int
    height: int
    resumed: int = 0
    notes: list[str] = field(default_factory=list)
    damage: str = ""
    changed: bool = True

    def told_damage(self, source: Path | str, target: Path | str) -> str:
        """What could not be read, and where what could be is, in one line."""
        return f"{source}: damaged: {self.damage}; {self.frames} frames are in {target}"
