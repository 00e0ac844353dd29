"""PyAV, which only this room imports, and only when a clip in a container is opened."""

from __future__ import annotations

import os

from derain.errors import BackendUnavailableError

try:
    import av
except ImportError as error:
    raise BackendUnavailableError("clips need PyAV: pip install 'derain[video]'") from error

# SVT-AV1 asks the environment alone whether it may talk.
os.environ.setdefault("SVT_LOG", "1")
# What FFmpeg says of damage is counted and told by us, with the clip's name.
av.logging.set_level(None)

__all__ = ["av"]
