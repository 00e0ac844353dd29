"""Train what is missing of a study, a process for each run."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path
from typing import Any

from derain.ablation.study import Study


def run_study(study: Study, jobs: int, report: Callable[[str], None] = lambda _: None) -> bool:
    """Train and measure every variant with every seed; finished runs are passed over.

    Runs go by seed first, so that a study that is stopped early has whole rounds. A run that was
    stopped goes on where it was, as ``derain train`` does.

    Args:
        study: What to run.
        jobs: Runs at once; the cores are shared among them.
        report: Receives one line for each finished run.

    Returns:
        False when it was stopped before its end.

    Raises:
        DerainError: A run failed; those that finished are kept.
    """
    cells = [(variant, seed) for seed in study.seeds for variant in study.variants]
    missing = [cell for cell in cells if not (study.folder(*cell) / "real.json").is_file()]
    report(f"{len(cells)} runs, {len(cells) - len(missing)} of them finished before")
    threads = max(1, (os.cpu_count() or 1) // jobs)
    root = Path(study.run.get("data", {}).get("root", "."))
    real = [str(root / folder) for folder in study.real]
    whole = True
    # A process for each run: compiled code and memory of one are no matter of the next.
    with ProcessPoolExecutor(
        jobs, multiprocessing.get_context("spawn"), max_tasks_per_child=1
    ) as pool:
        futures = {
            pool.submit(
                _one, study.config(variant, seed).to_dict(), real, study.photos, threads
            ): f"{variant.name}, seed {seed}"
            for variant, seed in missing
        }
        try:
            for future in as_completed(futures):
                finished = future.result()
                whole = whole and finished
                report(f"{futures[future]}: {'finished' if finished else 'stopped'}")
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return whole


def _one(values: dict[str, Any], real: list[str], photos: int, threads: int) -> bool:
    os.environ["OMP_NUM_THREADS"] = str(threads)
    import torch

    from derain.ablation.real import measure_real
    from derain.files import atomic_write
    from derain.training import Trainer
    from derain.training.config import config_from_dict

    torch.set_num_threads(threads)
    folder = Trainer(config_from_dict(values)).run()
    if folder is None:
        return False
    if real:
        measure_real(folder, [Path(path) for path in real], photos)
    else:
        atomic_write(folder / "real.json", b"{}")
    return True
