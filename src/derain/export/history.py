"""What a run's weights were trained on: its own stage, and those before it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

NEEDED = ("config.json", "split.json", "started.json")


@dataclass(frozen=True)
class Stage:
    """One finished run of a chain.

    Attributes:
        folder: Where it lies.
        config: Its configuration, as plain values.
        trained_on: Source -> pictures trained on.
        started: Where and from which file it was started.
    """

    folder: Path
    config: dict[str, Any]
    trained_on: dict[str, int]
    started: dict[str, Any]

    @property
    def sources(self) -> Iterator[dict[str, Any]]:
        """Rows of the card: a source, its pictures, its share of a batch and its terms."""
        kinds = ("pairs", "synthesis", "evidence")
        given = [source for kind in kinds for source in self.config["data"].get(kind, ())]
        total = sum(source["weight"] for source in given)
        lent = {name for source in given for name in source.get("lenders", ())}
        for source in given:
            # Others of weight 0 were held out whole.
            if source["weight"] or source["name"] in lent:
                yield self._row(source["name"], source["weight"] / total, source["terms"])
        if real := self.config.get("real"):
            # On top of the synthetic batch.
            yield self._row("real", real["batch"] / self.config["batch"], real["terms"])

    def _row(self, name: str, share: float, terms: str) -> dict[str, Any]:
        pictures = self.trained_on[name]
        return {"name": name, "pictures": pictures, "share": round(share, 4), "terms": terms}


def stages_of(run: Path) -> list[Stage]:
    """The run and those whose weights it started from, as far as their folders are there.

    Args:
        run: A finished run's folder.

    Returns:
        The first stage first, ``run`` last.
    """
    stages: list[Stage] = []
    folder: Path | None = run
    while folder is not None and folder not in [stage.folder for stage in stages]:
        if stages and not all((folder / name).is_file() for name in NEEDED):
            break  # weights of elsewhere
        config, split, started = (json.loads((folder / name).read_text()) for name in NEEDED)
        stages.insert(0, Stage(folder, config, split["trained_on"], started))
        folder = Path(config["init"]).parent if config["init"] else None
    return stages


def training_of(run: Path, cost: dict[str, Any]) -> dict[str, Any]:
    """The part of a card that says how the weights came about.

    A source of an earlier stage that the last one leaves out stays on the card, with the share it
    had when it was trained on last.
    """
    stages = stages_of(run)
    last = stages[-1].config
    data = {row["name"]: row for stage in stages for row in stage.sources}
    blends = [stage.config["blend"] for stage in stages if stage.config.get("blend")]
    return {
        "config": stages[-1].started.get("config", ""),
        "starts_from": stages[0].config["init"],
        "mixed_with": ", ".join(f"{b['init']} ({b['share']:.0%})" for b in blends),
        "taught_by": last.get("teacher", ""),
        "stages": [{"name": s.folder.name, "steps": s.config["steps"]} for s in stages],
        "steps": sum(stage.config["steps"] for stage in stages),
        "batch": last["batch"],
        "patch": last["patch"],
        "seed": last["seed"],
        "commit": stages[-1].started["commit"],
        "cost": cost,
        "data": list(data.values()),
    }
