"""Controlled comparisons of training runs: one change each, equal budget, several seeds."""

from derain.ablation.plot import plot_cost
from derain.ablation.run import run_study
from derain.ablation.study import Study, Variant, load_study
from derain.ablation.table import write_tables

__all__ = ["Study", "Variant", "load_study", "plot_cost", "run_study", "write_tables"]
