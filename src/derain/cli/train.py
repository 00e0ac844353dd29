"""``derain train``: a configuration in, weights out."""

from __future__ import annotations

from pathlib import Path


def train(config: Path, /, *overrides: str) -> int:
    """Train a network; run the same command again to go on after a stop.

    Parameters
    ----------
    config
        A TOML file, such as configs/base.toml.
    overrides
        Values over the file's, as key=value, such as steps=100 data.root=../data.
    """
    from derain.training import Trainer, load_config

    trainer = Trainer(load_config(config, overrides), report=print)
    finished = trainer.run()
    if finished:
        print(f"finished: {finished}; next: derain export {finished} --name NAME --out FOLDER")
    # As the shell reports a process that a signal ended; a time limit was asked for.
    return 0 if finished or trainer.signalled is None else 128 + trainer.signalled
