"""``python -m research ablate STUDY``: a study in, a table out."""

from __future__ import annotations

import sys
from pathlib import Path

from cyclopts import App

from derain.cli.main import run

app = App(name="python -m research", help="Studies of this project, from the root of a clone.")


@app.command
def ablate(
    study: Path, /, *, data: str = "", out: str = "", jobs: int = 1, plot: bool = False
) -> int:
    """Train every variant of a study with every seed and write a table with intervals.

    Run the same command again to go on after a stop: finished runs are passed over. The table is
    written as often as a run finishes, into the study's folder (table.md, table.json).

    Parameters
    ----------
    study
        A TOML file, such as research/studies/both/study.toml.
    data
        Where the sources' paths start, in place of the file's run.data.root.
    out
        Folder of the runs, in place of the file's.
    jobs
        Runs at once; the cores are shared among them.
    plot
        Draw quality against cost, too (cost.svg).
    """
    from derain.errors import UsageError
    from research.ablation import load_study, plot_cost, run_study, write_tables

    if jobs < 1:
        raise UsageError(f"--jobs must be at least 1, not {jobs}")
    loaded = load_study(study, data, out)

    def report(line: str) -> None:
        print(line, flush=True)
        write_tables(loaded)

    whole = run_study(loaded, jobs, report)
    print(write_tables(loaded))
    if plot:
        print(f"wrote {plot_cost(loaded)}")
    return 0 if whole else 1


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:], app))
