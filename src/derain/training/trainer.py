"""The run: build, resume, step, validate, save."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from contextlib import nullcontext
from datetime import timedelta
from pathlib import Path
from typing import Any

import torch
from accelerate import Accelerator, PartialState
from torch import Tensor
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from derain.adapters import foreign_derainer
from derain.errors import ConfigError, TrainingError
from derain.locks import held_alone
from derain.nn import Layers, Network, save_network
from derain.training.batches import BatchSource, step_generator
from derain.training.checkpoint import State, load_checkpoint, save_checkpoint
from derain.training.clock import Clock
from derain.training.config import TrainConfig
from derain.training.dataset import Loaded, load_data
from derain.training.log import RunLog
from derain.training.objectives import Batch, Terms, objectives_of
from derain.training.optimizers import optimizers_of
from derain.training.partial import partly_derained
from derain.training.record import record_end, record_start
from derain.training.repair import coarse_pictures
from derain.training.resume import refuse_other_run
from derain.training.schedule import learning_rate
from derain.training.signals import stop_signals
from derain.training.start import (
    precision_of,
    processor,
    refuse_wrong_gradients,
    start_network,
)
from derain.training.validation import mean_scores, validate

_PATIENCE = timedelta(hours=6)  # of the other processes, while one validates


class Trainer:
    """One run. Resumes by itself from the newest whole checkpoint in its folder.

    On the CPU a run that was stopped and resumed gives, bit for bit, the weights of one that was
    not: batches and learning rate are functions of the step, and everything else is saved.

    Args:
        config: The run.
        report: Receives one-line messages for people.
        origin: Where the configuration came from, for the record.

    Raises:
        ConfigError: The folder holds a run with another configuration.
    """

    def __init__(
        self,
        config: TrainConfig,
        report: Callable[[str], None] = lambda _: None,
        origin: str = "",
    ) -> None:
        self.config, self._report, self._origin = config, report, origin
        self.folder = Path(config.out)
        if (self.folder / "checkpoints").exists() and (self.folder / "config.json").exists():
            refuse_other_run(config)
        self._machine = PartialState(cpu=config.device == "cpu", timeout=_PATIENCE)
        if config.real and self._machine.num_processes > 1:
            raise ConfigError(
                "[real] trains in one process, in which its contrasts learn along; start it "
                "without torchrun"
            )
        device, rates = self._machine.device, config.optimizer
        state = load_checkpoint(self.folder / "checkpoints", device, self._tell)
        self.precision = precision_of(config, device, state and state["trainer"])
        refuse_wrong_gradients(config, self.precision, device)
        self.accelerator = Accelerator(mixed_precision=self.precision, cpu=config.device == "cpu")
        torch.manual_seed(config.seed)
        fresh = start_network(config)
        self.network = fresh.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.ema = AveragedModel(
            self.network,
            multi_avg_fn=get_ema_multi_avg_fn(rates.ema),  # type: ignore[no-untyped-call]
            use_buffers=True,
        ).eval()
        for branch in config.frozen:
            self.network.part(branch).requires_grad_(False)
        self._optimizers = optimizers_of(self.network, rates)
        self.step = self.skipped = self.bad_in_a_row = 0
        self.seconds = 0.0
        self._stop = False
        self.signalled: int | None = None
        self._resumed = state is not None
        self.objectives = objectives_of(config, device, self.accelerator.process_index)
        self._first = foreign_derainer(config.first) if config.first else None
        if state is not None:
            self._resume(state)
        model = torch.compile(self.network) if config.compile else self.network
        self._model, *self._prepared = self.accelerator.prepare(model, *self._optimizers)

    def run(self) -> Path | None:
        """Train to the end.

        Returns:
            The run's folder, with ``network.safetensors`` (the EMA weights) and ``scores.json`` in
            it, or None when the run was stopped (by a signal or its time limit) before its end:
            everything is saved then, and the same command goes on.

        Raises:
            DatasetError: The data cannot be read.
            OutputConflictError: Another process trains in the folder.
            TrainingError: Too many steps in a row were not finite.
        """
        # From the first moment on: whenever the signal comes, what there is is saved.
        main = self.accelerator.is_main_process
        held = held_alone(self.folder / ".lock", self.folder) if main else nullcontext()
        with stop_signals(self._end_after_step), held:
            loaded = load_data(self.config.data, self.accelerator.device, self._tell)
            log = self._start_log(loaded) if main else None
            try:
                self._loop(self._source(loaded), loaded, log)
            finally:
                if log:
                    log.close()
        # The next stage begins with what the first process has just written.
        self.accelerator.wait_for_everyone()
        if self.step < self.config.steps:
            self._tell(f"stopped at step {self.step}; run the same command again to go on")
            return None
        return self.folder

    def _source(self, loaded: Loaded) -> BatchSource:
        config, accelerator = self.config, self.accelerator
        return BatchSource(
            loaded.pools,
            config.batch,
            config.patch,
            config.seed,
            accelerator.device,
            accelerator.process_index,
            config.dimmed,
        )

    def _start_log(self, loaded: Loaded) -> RunLog:
        """Record what the run is and open its log."""
        counts = dict(loaded.counts)
        for objective in self.objectives.values():
            counts |= objective.counts()
        record_start(self.config, self._origin, loaded.split, counts, resumed=self.step > 0)
        return RunLog(self.folder, self.step)

    def _loop(self, source: BatchSource, loaded: Loaded, log: RunLog | None) -> None:
        config, clock = self.config, Clock(self.seconds)
        # What it goes on from is there already: written again, it could be torn by a second signal.
        began, saved = self.step, self.step if self._resumed else -1
        if self.step >= config.steps:
            self._finish(loaded, log)
        while self.step < config.steps and not self._stops():
            values = self.train_step(source)
            clock.count(config.batch * self.accelerator.num_processes)
            if log and self.step % config.log_every == 0:
                numbers = {name: float(value) for name, value in values.items()}
                log.write("train", self.step, {**numbers, "images_per_s": clock.pace()})
            if left := clock.due(self.step - began, config.steps - self.step):
                self._tell(f"step {self.step} of {config.steps}, {left}")
            self.seconds = clock.seconds()
            if config.time_limit and clock.here() > config.time_limit * 60:
                self._stop = True
            last = self.step == config.steps
            if last or self.step % config.checkpoint_every == 0:
                self._save()
                saved = self.step
            if last:
                self._finish(loaded, log)
            elif self.step % config.validation.every == 0:
                self._validate(loaded, log, config.validation.images)
                clock.skip()
        if saved != self.step:  # whenever the signal came
            self._save()

    def _stops(self) -> bool:
        """Whether any process is to stop: then all do after the same step, or one would wait."""
        if self.accelerator.num_processes == 1:
            return self._stop
        asked = torch.tensor([self._stop], device=self._machine.device)
        return bool(self.accelerator.gather(asked).any())

    def train_step(self, source: BatchSource) -> dict[str, Tensor | float]:
        """One optimiser step; a non-finite one changes nothing, is counted and passed over."""
        config = self.config
        rate = learning_rate(self.step, config.steps, config.optimizer)
        for group in (group for each in self._optimizers for group in each.param_groups):
            group["lr"] = rate * group["share"]
        counted = [buffer.clone() for buffer in self.network.buffers()]  # batch norm's
        loss, terms = self._loss(source)
        for optimizer in self._prepared:
            optimizer.zero_grad()
        self.accelerator.backward(loss)
        norm = self.accelerator.clip_grad_norm_(self.network.parameters(), config.optimizer.clip)
        assert norm is not None
        both = torch.stack([loss.detach().float(), norm.float()])
        finite = bool(self.accelerator.gather(both).isfinite().all())
        self.step += 1
        if finite:
            self.bad_in_a_row = 0
            for optimizer in self._prepared:
                optimizer.step()
            self.ema.update_parameters(self.network)
        else:
            for buffer, before in zip(self.network.buffers(), counted, strict=True):
                buffer.copy_(before)
            self.skipped += 1
            self.bad_in_a_row += 1
            if self.bad_in_a_row > config.max_bad_steps:
                raise TrainingError(
                    f"{self.folder}: {self.bad_in_a_row} steps in a row were not finite, up to "
                    f"step {self.step}; start a run in another out=FOLDER with a lower "
                    "optimizer.rate or precision=no; init=FILE takes weights along"
                )
        return {"loss": loss.detach(), **terms, "norm": norm, "rate": rate, "skipped": self.skipped}

    def _loss(self, source: BatchSource) -> tuple[Tensor, Terms]:
        """All objectives on one pass over the batch and what they ask for beside it."""
        if self.step == 0:
            for objective in self.objectives.values():
                objective.prepare(source)
        rainy, truth = source(self.step)
        self._model.train()
        for branch in self.config.frozen:
            self.network.part(branch).eval()  # its statistics rest, too
        with self.accelerator.autocast():
            coarse = self._coarse(rainy)
            batch = Batch(self.step, rainy, truth, coarse)
            inputs = [rainy, *(o.draw(batch, self._averaged()) for o in self.objectives.values())]
            seen = torch.cat(inputs).contiguous(memory_format=torch.channels_last)
            layers = self._model(seen, coarse)
        sizes = [len(part) for part in inputs]
        parts = [
            Layers(*each) for each in zip(*(layer.split(sizes) for layer in layers), strict=True)
        ]
        total, logged = rainy.new_zeros(()), Terms()
        for objective, own in zip(self.objectives.values(), parts[1:], strict=True):
            loss, terms = objective.loss(batch, parts[0], own)
            total, logged = total + loss, {**logged, **terms}
        return total, logged

    def _coarse(self, rainy: Tensor) -> Tensor | None:
        """What stands in for the rain branch's own picture, if anything does."""
        if self._first:
            return coarse_pictures(self._first, rainy)
        if not self.config.partial:
            return None
        generator = step_generator(
            self.config.seed, self.step, f"partial/{self.accelerator.process_index}", rainy.device
        )
        return partly_derained(self.network, rainy, self.config.partial, generator)

    def _averaged(self) -> Network:
        network = self.ema.module
        assert isinstance(network, Network)
        return network

    def _validate(self, loaded: Loaded, log: RunLog | None, limit: int) -> dict[str, Any]:
        network = self._averaged()
        if not self.accelerator.is_main_process or log is None:
            return {}
        config, device = self.config.validation, self.accelerator.device
        scored, shown = [], Counter[str]()
        for item in validate(network, loaded, limit, device, self._first, config):
            scored.append(item)
            shown[item.source] += 1
            if shown[item.source] <= config.samples:
                log.sample(self.step, item)
        for objective in self.objectives.values():
            for name, sheet in objective.sheets().items():
                log.sheet(self.step, name, sheet)
        table = mean_scores(scored)
        for source, scores in table.items():
            log.write(f"validation/{source}", self.step, scores)
            gain = scores["psnr/matlab-y"] - scores["input/matlab-y"]
            self._tell(
                f"step {self.step}  {source}: {scores['psnr/matlab-y']:.2f} dB luma"
                + (f" ({gain:+.2f})" if source != "rain-free" else "")
                + f", n = {scores['n']:.0f}"
            )
        return table

    def _finish(self, loaded: Loaded, log: RunLog | None) -> None:
        """Validate on everything held out and leave what export needs."""
        table = self._validate(loaded, log, self.config.validation.final)
        if self.accelerator.is_main_process:
            save_network(self._averaged(), self.folder / "network.safetensors")
            device = self.accelerator.device.type
            record_end(self.folder, table, self.seconds, device, self.skipped)

    def _resume(self, state: State) -> None:
        self.network.load_state_dict(state["network"])
        self.ema.load_state_dict(state["ema"])
        trainer = state["trainer"]
        for optimizer, saved in zip(self._optimizers, trainer["optimizers"], strict=True):
            optimizer.load_state_dict(saved)
        self.step, self.skipped = trainer["step"], trainer["skipped"]
        self.bad_in_a_row, self.seconds = trainer["bad_in_a_row"], trainer["seconds"]
        for name, state_ in trainer.get("objectives", {}).items():
            self.objectives[name].load(state_)
        self._tell(f"{self.folder}: going on from step {self.step}")

    def _save(self) -> None:
        if not self.accelerator.is_main_process:
            return
        trainer = {
            "optimizers": [optimizer.state_dict() for optimizer in self._optimizers],
            "step": self.step,
            "skipped": self.skipped,
            "bad_in_a_row": self.bad_in_a_row,
            "seconds": self.seconds,
            "precision": self.precision,
            "processor": processor(),
            "objectives": {name: each.save() for name, each in self.objectives.items()},
        }
        state = {
            "network": self.network.state_dict(),
            "ema": self.ema.state_dict(),
            "trainer": trainer,
        }
        save_checkpoint(self.folder / "checkpoints", self.step, state, self.config.keep)

    def _end_after_step(self, number: int) -> None:
        """A signal ends the run after the step at hand, saved."""
        self._stop, self.signalled = True, number

    def _tell(self, line: str) -> None:
        if self._machine.is_main_process:
            self._report(line)
