"""``derain manifest``: what became of the pictures of a run."""

from __future__ import annotations

import json as json_
from typing import TYPE_CHECKING, Annotated

from cyclopts import App, Parameter

from derain.cli.exit_codes import PARTIAL
from derain.errors import DerainError, InputNotFoundError

if TYPE_CHECKING:
    from derain.batch import Manifest, Row

app = App(name="manifest", help="What became of the pictures of derain run.")


@app.command
def summary(out: str, *, json: bool = False) -> int:
    """Count what is done and what failed.

    Args:
        out: The folder or bucket of the results.
        json: One JSON object instead of lines.
    """
    from derain.batch import summarise
    from derain.cli.console import say, say_json

    manifest, rows = _open(out)
    found = summarise(rows)
    if json:
        values = {key: value for key, value in vars(found).items() if key != "failures"}
        say_json({**values, "settings": manifest.settings})
        return 0
    say(f"{found.done} done, {found.failed} failed")
    if found.seconds:
        say(f"{found.pixels / 1e6:.1f} megapixels in {found.seconds:.0f} s of work")
    for key, value in (manifest.settings or {}).items():
        say(f"{key}: {json_.dumps(value)}")
    return 0


@app.command
def failed(out: str, *, json: bool = False) -> int:
    """List the pictures that failed and were not done later, with what went wrong.

    Args:
        out: The folder or bucket of the results.
        json: The rows as JSON.
    """
    from derain.batch import summarise
    from derain.cli.console import say, say_json

    _, rows = _open(out)
    for row in summarise(rows).failures:
        if json:
            say_json(row.kept())
        else:
            say(row.error)
    return 0


@app.command
def verify(out: str, *, quiet: Annotated[bool, Parameter(name=["--quiet", "-q"])] = False) -> int:
    """Read every result again, and tell which are missing or not what was written.

    Those that are missing are noted as failed, so that the next run makes them again.

    Args:
        out: The folder or bucket of the results.
        quiet: Tell only what is wrong.
    """
    from derain.batch import Row, open_store
    from derain.batch.once import sha256_of
    from derain.cli.console import say

    store, wrong, missing = open_store(out), 0, list[Row]()
    manifest, rows = _open(out)
    results = {row.target: row for row in rows if row.sha256}
    for name, row in results.items():
        try:
            if sha256_of(store, name) == row.sha256:
                continue
            told = f"{store.shown(name)}: is not what was written"
        except DerainError as error:
            told = str(error)
            if isinstance(error, InputNotFoundError):
                missing.append(row.lost(told))
        wrong += 1
        say(told)
    if not quiet:
        say(f"{len(results) - wrong} of {len(results)} results are what was written")
    if missing:
        _note(manifest, missing)
        say(f"{len(missing)} missing: the next run makes them again")
    return PARTIAL if wrong else 0


def _note(manifest: Manifest, rows: list[Row]) -> None:
    try:
        manifest.open((0, 1))
        for row in rows:
            manifest.append(row)
    finally:
        manifest.close()


def _open(out: str) -> tuple[Manifest, list[Row]]:
    from derain.batch import Manifest, open_store

    manifest = Manifest(open_store(out))
    rows = sorted(manifest.rows(), key=lambda row: row.time)  # of all shards together
    if manifest.settings is None:
        raise InputNotFoundError(f"{out}: holds no manifest; derain run writes one")
    return manifest, rows
