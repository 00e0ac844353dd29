"""report.html, report.md and report.json."""

from __future__ import annotations

import json
import os
import platform
import re
from dataclasses import asdict
from pathlib import Path

from derain import __version__
from derain.errors import BackendUnavailableError
from derain.evaluation.kept import gains_kept
from derain.evaluation.report.cases import choose_cases
from derain.evaluation.report.players import make_players
from derain.evaluation.report.plots import LEFT, RIGHT, draw_plots
from derain.evaluation.report.tables import (
    Table,
    clip_tables,
    cross_domain_table,
    kept_table,
    score_tables,
)
from derain.evaluation.run import Results
from derain.evaluation.summary import Row
from derain.files import atomic_write
from derain.metrics import protocol_named


def write_report(
    results: Results, rows: list[Row], protocols: tuple[str, ...], command: str
) -> list[Path]:
    """Write the report of a comparison into its folder.

    Args:
        results: What was computed.
        rows: Its summary.
        protocols: Under which protocols, explained in the report.
        command: How it was made.

    Returns:
        The page, the Markdown and the JSON.

    Raises:
        BackendUnavailableError: jinja2 or matplotlib is not installed; Markdown and JSON, which
            need neither, are written first.
    """
    across = cross_domain_table(rows, results)
    kept = gains_kept(results)
    tables = (
        score_tables(rows) + clip_tables(results) + [t for t in (kept_table(kept), across) if t]
    )
    machine = f"{platform.machine()}, {os.cpu_count()} cores, {platform.system()}"
    page, text, data = (results.folder / f"report.{kind}" for kind in ("html", "md", "json"))
    values = {
        "derain": __version__,
        "machine": machine,
        "command": command,
        "methods": {label: asdict(method) for label, method in results.methods.items()},
        "protocols": {name: protocol_named(name).formula for name in protocols},
        "rows": [
            {**asdict(row), "scores": {k: m._asdict() for k, m in row.scores.items()}}
            for row in rows
        ],
        "gains kept": [{**asdict(k), "percent": k.percent} for k in kept],
        "pictures": [asdict(record) for record in results.records],
    }
    atomic_write(data, (json.dumps(values, indent=1, allow_nan=False) + "\n").encode())
    atomic_write(text, _bytes(_markdown(tables, results, protocols, machine, command)))
    try:
        from jinja2 import Environment, PackageLoader
    except ImportError:
        raise BackendUnavailableError(
            "the page needs jinja2: pip install 'derain[evaluate]' (report.md is written)"
        ) from None
    loader = PackageLoader("derain.evaluation.report", "")
    template = Environment(loader=loader, autoescape=True).get_template("page.html.j2")
    html = template.render(
        version=__version__,
        machine=machine,
        command=command,
        methods=results.methods,
        tables=tables,
        failures=results.failures,
        protocols=[protocol_named(name) for name in protocols],
        plots=draw_plots(results),
        players=make_players(results),
        axes={"left": LEFT, "right": RIGHT},
        cases=choose_cases(results),
    )
    atomic_write(page, _bytes(html))
    return [page, text, data]


def _markdown(
    tables: list[Table], results: Results, protocols: tuple[str, ...], machine: str, command: str
) -> str:
    lines = ["# Rain removal, measured", ""]
    lines += [f"derain {__version__}, {machine}: {_plain(command)}", ""]
    lines += [_plain(f"- {label}: {method.about}") for label, method in results.methods.items()]
    for table in tables:
        lines += ["", f"## {_plain(table.title)}", ""]
        lines += [_row(table.head), _row(["---"] * len(table.head))]
        lines += [*map(_row, table.rows), "", table.note]
    if results.failures:
        lines += ["", "## Failures", ""]
        lines += [_plain(f"- {r.model}: {r.dataset}/{r.name}: {r.error}") for r in results.failures]
    lines += ["", "## Protocols", ""]
    for protocol in map(protocol_named, protocols):
        lines.append(f"- {protocol.name}: {protocol.formula} ({protocol.source}; {protocol.reads})")
    return "\n".join(lines) + "\n"


def _row(cells: list[str]) -> str:
    return "| " + " | ".join(_plain(text).replace("|", "\\|") for text in cells) + " |"


def _plain(text: str) -> str:
    """Text that Markdown shows as it is: a picture may be called ``<img onerror=...>``."""
    return re.sub(r"([`*_<>\\]|\](?=[(\[:]))", r"\\\1", text.replace("\n", " "))


def _bytes(text: str) -> bytes:
    """UTF-8; file names of other encodings have letters that it lacks."""
    return text.encode("utf-8", "backslashreplace")
