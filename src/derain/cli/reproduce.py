"""``derain reproduce``: a manifest in, models out."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter


def reproduce(
    manifest: Path, /, *, out: Annotated[Path, Parameter(name=["--out", "-o"])], data: str = ""
) -> int:
    """Train all runs of a manifest in order and export its models.

    Run the same command again to go on after a stop: finished runs are passed over.

    Parameters
    ----------
    manifest
        A TOML file, such as configs/release.toml.
    out
        Folder that receives the models.
    data
        Where the sources' paths start, in place of each run's data.root.
    """
    from derain.export import load_manifest
    from derain.export import reproduce as carry_out

    signalled = carry_out(*load_manifest(manifest, data), out, print)
    return 128 + signalled if signalled else 0
