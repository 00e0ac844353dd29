"""A model card for people."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from derain.metrics import Metric, metric_of
from derain.zoo.card import ModelCard

_COLUMNS = {
    "input/matlab-y": "input PSNR Y",
    "psnr/matlab-y": "PSNR Y",
    "input/rgb": "input PSNR RGB",
    "psnr/rgb": "PSNR RGB",
    "ssim/matlab-y": "SSIM Y",
}
_COARSE = {"coarse/matlab-y": "PSNR Y without the detail layer"}


def card_markdown(card: ModelCard) -> str:
    """The card as Markdown."""
    training = card.training
    cost = training.get("cost", {})
    columns = _COLUMNS | (_COARSE if card.network.get("detail_blocks") else {})
    lines = [
        f"# {card.name}",
        "",
        card.summary,
        "",
        f"- parameters: {card.parameters:,}; {card.mmac_per_pixel:.3f} MMAC per pixel",
        f"- input: {card.channel_order} in [{card.input_range[0]:g}, {card.input_range[1]:g}], "
        f"height and width multiples of {card.size_multiple}",
        f"- receptive radius {card.receptive_radius} px, tile halo {card.halo} px",
        f"- network: `{json.dumps(dict(card.network))}`",
        f"- licence: {card.licence}",
        "",
        "## Scores",
        "",
        "Held-out scenes of the training sources (split by scene), 8-bit rounded output, mean over "
        "images. `matlab-y`: Matlab luma, peak 255, which reads 1.32 dB above full-range luma.",
        "",
        f"| held-out source | n | {' | '.join(columns.values())} |",
        "|---|---|" + "---|" * len(columns),
    ]
    for source, scores in card.scores.items():
        dry = source == "rain-free"
        # What a photograph without rain scores against itself says nothing.
        shown = [
            "-" if dry and name.startswith("input/") else _metric(name).format(scores[name])
            for name in columns
        ]
        lines.append(f"| {source} | {scores['n']:.0f} | " + " | ".join(shown) + " |")
    lines += [
        "",
        "`rain-free`: clean photographs as they are; PSNR between input and output (higher is less "
        "change).",
        "",
        "## Training",
        "",
        f"- steps: {training.get('steps', '?')}{_stages(training)}, seed "
        f"{training.get('seed', '?')}, commit `{training.get('commit', '?')}`, configuration "
        f"`{training.get('config', '?')}`",
        *(
            f"- {said} `{training[key]}`"
            for key, said in (
                ("starts_from", "starts from"),
                ("mixed_with", "mixed on the way with"),
                ("taught_by", "taught by"),
            )
            if training.get(key)
        ),
        f"- cost of the last stage: {cost.get('seconds', 0) / 60:.0f} minutes on "
        f"{cost.get('machine', '?')}; {cost.get('skipped_steps', 0)} non-finite steps skipped",
        "",
        "| source | pictures trained on | share of a batch | origin and terms |",
        "|---|---|---|---|",
    ]
    for source in training.get("data", []):
        lines.append(
            f"| {source['name']} | {source['pictures']} | {source['share']:.0%} "
            f"| {source['terms']} |"
        )
    return "\n".join(lines) + "\n"


def _stages(training: Mapping[str, Any]) -> str:
    stages = training.get("stages", ())
    told = ", ".join(f"{stage['name']} {stage['steps']}" for stage in stages)
    return f" ({told})" if len(stages) > 1 else ""


def _metric(score: str) -> Metric:
    return metric_of(score.replace("coarse/", "psnr/"))
