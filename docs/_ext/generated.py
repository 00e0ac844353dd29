"""Pages that are written from the code when the site is built: nothing here can go stale.

- ``generated/command-line.md`` from the commands themselves (cyclopts' own generator),
- ``generated/NAME.md`` from the card of each shipped model, ``models.md`` and ``scores.md`` from
  all of them, ``speed.md`` from what ``benchmarks/speed.py`` measured last,
- ``generated/presets.md`` from the presets of rain,
- ``generated/metrics.md`` from the metrics,
- ``generated/configuration.md`` from the dataclasses of a training run.

Links that leave the folder lead to a file on a forge; the site names the file instead.
"""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args, get_type_hints

import docstring_parser
from cyclopts.docs import generate_markdown_docs
from docstring_parser import DocstringStyle
from sphinx.application import Sphinx

from derain.cli.main import app as commands
from derain.metrics import METRICS
from derain.rain import PRESETS, RainPreset
from derain.training import TrainConfig
from derain.zoo import ModelCard, card_markdown, load_gate, load_model, model_names

_OUTSIDE = re.compile(r"\[([^\]]+)\]\(\.\./([^)#]+)[^)]*\)")


def setup(app: Sphinx) -> dict[str, Any]:
    """What Sphinx calls."""
    app.connect("builder-inited", write_pages)
    app.connect("source-read", name_files_outside)
    return {"parallel_read_safe": True}


def write_pages(app: Sphinx) -> None:
    """Write what has changed, so that an unchanged page is not built again."""
    folder = Path(app.srcdir) / "generated"
    folder.mkdir(exist_ok=True)
    cards = [load_model(name).card for name in model_names()]
    speed = json.loads((Path(app.srcdir).parent / "benchmarks" / "speed.json").read_text())
    pages = {
        "speed": speed_table(speed),
        "models": models_table(cards),
        "scores": scores_table(cards),
        "command-line": generate_markdown_docs(commands, no_root_title=True, generate_toc=False),
        "presets": presets_table(),
        "metrics": metrics_table(),
        "configuration": configuration(),
        **{card.name: card_markdown(card) for card in (*cards, load_gate().card)},
    }
    for name, text in pages.items():
        path = folder / f"{name}.md"
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")


def name_files_outside(_app: Sphinx, _page: str, source: list[str]) -> None:
    """``[the journal](../research/x.md)`` -> the journal (``research/x.md`` in the repository)."""
    source[0] = _OUTSIDE.sub(r"\1 (`\2` in the repository)", source[0])


def models_table(cards: list[ModelCard]) -> str:
    """What each model is and costs."""
    rows = ["| model | parameters | MMAC a pixel | what it is |", "|---|---|---|---|"]
    rows += [
        f"| [`{c.name}`](generated/{c.name}.md) | {c.parameters / 1e6:.2f} M "
        f"| {c.mmac_per_pixel:.3f} | {c.summary} |"
        for c in cards
    ]
    return "\n".join(rows) + "\n"


def scores_table(cards: list[ModelCard]) -> str:
    """PSNR on the held-out sources on which all models were measured, on as many pictures."""
    names = " | ".join(f"`{card.name}`" for card in cards)
    rows = [f"| held-out source | n | input | {names} |", "|---|---|---|" + "---|" * len(cards)]
    for source, first in cards[0].scores.items():
        if any(card.scores.get(source, {}).get("n") != first["n"] for card in cards):
            continue
        before = "-" if source == "rain-free" else f"{first['input/matlab-y']:.2f}"
        after = " | ".join(f"{card.scores[source]['psnr/matlab-y']:.2f}" for card in cards)
        rows.append(f"| {source} | {first['n']:.0f} | {before} | {after} |")
    return "\n".join(rows) + "\n"


def speed_table(measured: dict[str, Any]) -> str:
    """Every run of the benchmark, and the machine."""
    rows = [
        f"Measured on {measured['machine']}, one run each.",
        "",
        "| model | backend | megapixels | s | MP/s | of the ceiling | peak MB |",
        "|---|---|---|---|---|---|---|",
    ]
    rows += [
        f"| `{r['model']}` | {r['backend']} | {r['megapixels']:g} | {r['seconds']:g} "
        f"| {r['mp_per_s']:g} | {r['of_ceiling']:.0%} | {r['peak_mb']} |"
        for r in measured["runs"]
    ]
    return "\n".join(rows) + "\n"


def presets_table() -> str:
    """One row a preset: what falls, and what else is done to the picture."""
    rows = ["| preset | families of rain | recipes | also |", "|---|---|---|---|"]
    for name, preset in PRESETS.items():
        families = sorted({style.family for r in preset.recipes for style in r.styles})
        rows.append(
            f"| `{name}` | {', '.join(families) or 'none'} | {len(preset.recipes)} "
            f"| {', '.join(_also(preset)) or '-'} |"
        )
    return "\n".join(rows) + "\n"


def _also(preset: RainPreset) -> Iterator[str]:
    told = {
        "veil": preset.weather_share and preset.veil[1],
        "exposure": preset.weather_share and preset.gamma != (1.0, 1.0),
        "sensor noise": preset.weather_share and preset.noise[1],
        "JPEG": preset.jpeg_share,
        "drawn look-alikes": preset.lookalikes or preset.strokes,
    }
    yield from (name for name, there in told.items() if there)


_BETTER = {"higher": "higher", "lower": "lower", "zero": "near 0", None: "tells of the set"}


def metrics_table() -> str:
    """One row a metric, in the order of the reports' columns."""
    rows = ["| score | unit | better | ground truth | what it is |", "|---|---|---|---|---|"]
    for metric in METRICS.values():
        asked = f" (`--extra {metric.word}`)" if metric.on_request else ""
        better = ", ".join(f"{kind}: {_BETTER[way]}" for kind, way in metric.better.items())
        rows.append(
            f"| `{metric.score('PROTOCOL')}`{asked} | {metric.unit or '-'} | {better} "
            f"| {'needed' if metric.needs_truth else 'not needed'} | {metric.help} |"
        )
    return "\n".join(rows) + "\n"


def configuration() -> str:
    """A table of keys for each dataclass of a run, from the outermost inwards."""
    lines = []
    for path, kind in _nested(TrainConfig):
        told = docstring_parser.parse(kind.__doc__ or "", DocstringStyle.GOOGLE)
        text = "\n\n".join(filter(None, (told.short_description, told.long_description)))
        lines += [f"## `{path}`" if path else "## A run", "", _plain(text), ""]
        lines += ["| key | default | what it is |", "|---|---|---|"]
        fields = {field.name: _default(field) for field in dataclasses.fields(kind)}
        for attribute in told.params:  # one line may be of several keys: "rate, beta1, beta2"
            names = attribute.arg_name.split(", ")
            defaults = ", ".join(fields.pop(name) for name in names)
            meaning = _plain(attribute.description)
            lines.append(f"| `{attribute.arg_name}` | {defaults} | {meaning} |")
        for name, default in fields.items():
            meaning = "a table of its own, below" if default == "-" else "see above"
            lines.append(f"| `{name}` | {default} | {meaning} |")
        lines.append("")
    return "\n".join(lines)


def _nested(kind: type) -> list[tuple[str, type]]:
    """``kind`` and all dataclasses within its fields, each once, with the key they stand under."""
    found: dict[type, str] = {}
    left = [("", kind)]
    while left:
        path, current = left.pop(0)
        if current in found:
            continue
        found[current] = path
        for name, hint in get_type_hints(current).items():
            key = f"{path}.{name}" if path else name
            left += [(key, part) for part in _parts(hint) if dataclasses.is_dataclass(part)]
    return [(path, current) for current, path in found.items()]


def _parts(hint: Any) -> Iterator[type]:
    if isinstance(hint, type) and not get_args(hint):
        yield hint
    for argument in get_args(hint):
        yield from _parts(argument)


def _default(field: dataclasses.Field[Any]) -> str:
    """As TOML has it."""
    if field.default is None:
        return "none"
    if field.default is not dataclasses.MISSING:
        return f"`{json.dumps(field.default)}`"
    return "-" if field.default_factory is not dataclasses.MISSING else "needed"


def _plain(text: str | None) -> str:
    """A docstring's text as one paragraph of Markdown each: roles become code."""
    text = re.sub(r":\w+:`~?([^`]+)`", r"`\1`", text or "")
    return "\n\n".join(" ".join(part.split()) for part in text.split("\n\n"))
