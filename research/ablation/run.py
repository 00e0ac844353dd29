"""Train what is missing of a study, a process for each run."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import torch

from derain.data import list_images
from derain.errors import DerainError, TrainingError
from derain.training import TrainConfig, Trainer
from derain.training.config import config_from_dict
from derain.training.resume import is_finished
from derain.training.signals import stop_signals
from research.ablation.real import is_measured, measure_real
from research.ablation.study import Study

FINISHED, STOPPED = "finished", "stopped"


def run_study(study: Study, jobs: int, report: Callable[[str], None] = lambda _: None) -> bool:
    """Train and measure every variant with every seed; finished runs are passed over.

    Runs go by seed first, so that a study that is stopped early has whole rounds. SIGTERM and
    SIGINT stop it as they stop ``derain train``: every run that is under way saves and ends, and
    the same study goes on from there.

    Args:
        study: What to run.
        jobs: Runs at once; the cores are shared among them.
        report: Receives one line for each finished run.

    Returns:
        False when it was stopped before its end.

    Raises:
        DatasetError: A folder of real photographs is missing or holds none.
        ConfigError: A folder of the study holds a run with another configuration.
        TrainingError: A run failed, after the others that were under way ended; what is finished
            is kept.
    """
    for folder in study.real_folders:
        list_images(folder)  # a wrong one is told now, not after the first run
    cells = [
        (f"{variant.name}, seed {seed}", study.config(variant, seed))
        for seed in study.seeds
        for variant in study.variants
    ]
    missing = [cell for cell in cells if not _is_whole(cell[1], study)]
    report(f"{len(cells)} runs, {len(cells) - len(missing)} of them finished before")
    work = [(name, config.to_dict()) for name, config in missing]
    threads = max(1, torch.get_num_threads() // jobs)
    return _Jobs(jobs, (study.real_folders, study.photos, threads), report).run(work)


def _is_whole(config: TrainConfig, study: Study) -> bool:
    """Trained and measured."""
    return is_finished(config) and is_measured(Path(config.out), study.real_folders, study.photos)


class _Jobs:
    """A few processes at once, one for each run: what one compiled is no matter of the next."""

    def __init__(self, most: int, common: tuple[Any, ...], report: Callable[[str], None]) -> None:
        self._most, self._common, self._report = most, common, report
        self._context = multiprocessing.get_context("spawn")
        self._running: dict[Connection, tuple[str, BaseProcess]] = {}
        self._stop = False

    def run(self, work: list[tuple[str, dict[str, Any]]]) -> bool:
        """True when all of it was finished."""
        waiting, whole, failure = list(work), True, ""
        with stop_signals(lambda _: self._halt()):
            while self._running or (waiting and not self._stop):
                while waiting and not self._stop and len(self._running) < self._most:
                    self._start(*waiting.pop(0))
                for pipe in wait(list(self._running), timeout=1):
                    assert isinstance(pipe, Connection)
                    name, told = self._end(pipe)
                    self._report(f"{name}: {told}")
                    whole = whole and told == FINISHED
                    if told not in (FINISHED, STOPPED):
                        failure = failure or f"{name}: {told}"
                        self._halt()
        if failure:
            raise TrainingError(failure)
        return whole and not waiting

    def _start(self, name: str, values: dict[str, Any]) -> None:
        ours, theirs = self._context.Pipe(duplex=False)
        process = self._context.Process(target=_one, args=(theirs, values, *self._common))
        process.start()
        theirs.close()  # so that the end of the process closes the pipe
        self._running[ours] = name, process

    def _end(self, pipe: Connection) -> tuple[str, str]:
        name, process = self._running.pop(pipe)
        try:
            told = str(pipe.recv())
        except EOFError:
            told = ""
        process.join()
        return name, told or f"its process died ({process.exitcode}); is there memory for --jobs?"

    def _halt(self) -> None:
        self._stop = True
        for _, process in self._running.values():
            process.terminate()


def _one(
    pipe: Connection, values: dict[str, Any], real: list[Path], photos: int, threads: int
) -> None:
    """Train and measure one run; tells the end in a word, or why it failed."""
    torch.set_num_threads(threads)
    config = config_from_dict(values)
    try:
        folder = Path(config.out)
        if not (folder / "scores.json").is_file() and Trainer(config).run() is None:
            pipe.send(STOPPED)
            return
        measure_real(folder, real, photos)
    except (DerainError, OSError) as error:
        pipe.send(str(error))
        return
    pipe.send(FINISHED)
