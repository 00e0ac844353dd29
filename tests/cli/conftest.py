"""One model for all tests of the command line."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from derain import Derainer


@pytest.fixture(autouse=True)
def one_derainer(monkeypatch: pytest.MonkeyPatch, fast: Derainer) -> Iterator[None]:
    """Loading once for all tests; the model and backend are the real ones."""
    import derain.restore

    made = derain.restore.Derainer

    def make(model: str, **options: object) -> Derainer:
        usual = options["backend"] == "onnxruntime" and options["strength"] == 1
        plain = model == "fast" and usual and not options.get("tile")
        return fast if plain else made(model, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(derain.restore, "Derainer", make)
    return
