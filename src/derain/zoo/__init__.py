"""The shipped models: manifest, weights and cards; loading and checking them."""

from derain.zoo.card import ModelCard, check_file_name
from derain.zoo.markdown import card_markdown
from derain.zoo.store import DEFAULT, GATE, SHIPPED, Model, load_gate, load_model, model_names

__all__ = [
    "DEFAULT",
    "GATE",
    "SHIPPED",
    "Model",
    "ModelCard",
    "card_markdown",
    "check_file_name",
    "load_gate",
    "load_model",
    "model_names",
]
