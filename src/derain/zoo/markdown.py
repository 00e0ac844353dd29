"""A model card for people."""

from __future__ import annotations

import json

from derain.metrics import metric_of
from derain.zoo.card import ModelCard

_COLUMNS = ("input/matlab-y", "psnr/matlab-y", "input/rgb", "psnr/rgb", "ssim/matlab-y")


def card_markdown(card: ModelCard) -> str:
    """The card as Markdown."""
    training = card.training
    cost = training.get("cost", {})
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
        "| held-out source | n | input PSNR Y | PSNR Y | input PSNR RGB | PSNR RGB | SSIM Y |",
        "|---|---|---|---|---|---|---|",
    ]
    for source, scores in card.scores.items():
        dry = source == "rain-free"
        # What a photograph without rain scores against itself says nothing.
        shown = [
            "-" if dry and name.startswith("input/") else metric_of(name).format(scores[name])
            for name in _COLUMNS
        ]
        lines.append(f"| {source} | {scores['n']:.0f} | " + " | ".join(shown) + " |")
    lines += [
        "",
        "`rain-free`: clean photographs as they are; PSNR between input and output (higher is less "
        "change).",
        "",
        "## Training",
        "",
        f"- steps: {training.get('steps', '?')}, seed {training.get('seed', '?')}, commit "
        f"`{training.get('commit', '?')}`, configuration `{training.get('config', '?')}`",
        *(
            f"- {said} `{training[key]}`"
            for key, said in (("starts_from", "starts from"), ("taught_by", "taught by"))
            if training.get(key)
        ),
        f"- cost of this stage: {cost.get('seconds', 0) / 60:.0f} minutes on "
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
