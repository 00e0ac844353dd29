"""Text that a terminal shows, whatever is in a file's name."""

from __future__ import annotations

import re

_UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def printable(text: str) -> str:
    """Text without what a terminal would take for a command, or cannot show."""
    return _UNSAFE.sub(lambda found: found[0].encode("unicode_escape").decode(), text)
