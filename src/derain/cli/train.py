"""``derain train``: a configuration in, weights out."""

from __future__ import annotations

import os
from pathlib import Path


def train(config: Path, /, *overrides: str) -> int:
    """Train a network through all stages; run the same command again to go on after a stop.

    Parameters
    ----------
    config
        A TOML file, such as configs/base.toml.
    overrides
        Values over the file's, as key=value, such as steps=100, data.root=../data, or
        stages.NAME.steps=100 for one stage.
    """
    from derain.training.stages import load_stages, run_stages

    stages = load_stages(config, overrides)
    finished, signalled = run_stages(stages, print, config.as_posix())
    if finished and os.environ.get("RANK", "0") == "0":  # one of several processes speaks
        last = stages[-1].out
        print(f"finished: {last}; next: derain export {last} --name NAME --out FOLDER")
    # As the shell reports a process that a signal ended; a time limit was asked for.
    return 128 + signalled if signalled else 0
