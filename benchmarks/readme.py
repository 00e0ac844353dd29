"""Writes the figures of both READMEs and of first steps: scores and cost from the models' cards,
seconds from ``benchmarks/speed.json``.

    python -m benchmarks.readme

Run it after new weights, or after ``python -m benchmarks.speed``. ``tests/docs`` holds that the
figures are those of the cards and of the file.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

from derain.zoo import ModelCard, load_model

ROOT = Path(__file__).parents[1]
READMES = (ROOT / "README.md", ROOT / "README.ja.md")
FIRST_STEPS = ROOT / "docs" / "first-steps.md"
MODELS = ("fast", "base")
ENGINES = ("onnxruntime", "openvino")


def scores_row(card: ModelCard) -> str:
    """Parameters, arithmetic and scores of one model."""
    scores = card.scores
    cells = (
        f"`{card.name}`",
        f"{card.parameters / 1e6:.2f} M",
        f"{card.mmac_per_pixel * 256**2 / 1000:.1f}",
        f"{scores['rain800']['psnr/rgb']:.2f}",
        f"{scores['rain100L']['psnr/matlab-y']:.2f}",
        f"{scores['rain-free']['psnr/matlab-y']:.2f}",
    )
    return "| " + " | ".join(cells) + " |"


def seconds() -> Iterator[list[float]]:
    """Seconds of each model for 12 megapixels, engine by engine."""
    runs = json.loads((ROOT / "benchmarks" / "speed.json").read_text())["runs"]
    for engine in ENGINES:
        yield [
            run["seconds"]
            for model in MODELS
            for run in runs
            if run["model"] == model
            and run["backend"].startswith(engine)
            and round(run["megapixels"]) == 12
        ]


def with_scores(text: str) -> str:
    """A README's table beside the peers, with the cards' figures in the models' rows."""
    for name in MODELS:
        row = scores_row(load_model(name).card)
        text, count = re.subn(rf"^\| `{name}` \| [\d.]+ M \|.*$", row, text, flags=re.MULTILINE)
        if count != 1:
            raise SystemExit(f"the table has {count} rows of {name}, not one")
    return text


def with_seconds(text: str, digits: int) -> str:
    """The rows that end in one cell of seconds for each model, engine by engine."""
    rows = list(re.finditer(r"\|( [\d.]+ s \|){2}$", text, flags=re.MULTILINE))
    if len(rows) != len(ENGINES):
        raise SystemExit(f"{len(rows)} rows of seconds, not {len(ENGINES)}")
    for row, values in reversed([*zip(rows, seconds(), strict=True)]):
        cells = "".join(f" {value:.{digits}f} s |" for value in values)
        text = f"{text[: row.start()]}|{cells}{text[row.end() :]}"
    return text


if __name__ == "__main__":
    for path in READMES:
        path.write_text(with_seconds(with_scores(path.read_text(encoding="utf-8")), 1), "utf-8")
    FIRST_STEPS.write_text(with_seconds(FIRST_STEPS.read_text(encoding="utf-8"), 0), "utf-8")
