"""Controlled comparisons of training runs: one change each, equal budget, several seeds."""

from research.ablation.plot import plot_cost
from research.ablation.run import run_study
from research.ablation.study import Study, Variant, load_study
from research.ablation.table import write_tables

__all__ = ["Study", "Variant", "load_study", "plot_cost", "run_study", "write_tables"]
