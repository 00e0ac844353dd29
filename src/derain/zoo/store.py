"""Finding models, and loading them only when they are what the manifest says."""

from __future__ import annotations

import difflib
import hashlib
import json
import os
from dataclasses import dataclass
from pathlib import Path

from derain.errors import CorruptModelError, ModelNotFoundError
from derain.zoo.card import Kind, ModelCard

# How protocol buffers write the key of the place of a tensor's data outside the file.
_LOCATION = b"\x0a\x08location"

SHIPPED = Path(__file__).parent / "models"
DEFAULT = "base"
GATE = "gate"


@dataclass(frozen=True)
class Model:
    """A card and the folder of the files it names."""

    card: ModelCard
    folder: Path

    def read_onnx(self) -> bytes:
        """The exported network, checked against the card.

        Raises:
            CorruptModelError: The file is missing, not the one the card describes, or has parts
                elsewhere.
        """
        data = self._read(self.card.onnx)
        if _LOCATION in data:
            raise CorruptModelError(
                f"{self.folder / self.card.onnx}: keeps weights in another file, which its card "
                "does not vouch for; save it whole"
            )
        return data

    def weights_path(self) -> Path:
        """The trained weights, checked against the card."""
        self._read(self.card.weights)
        return self.folder / self.card.weights

    def _read(self, name: str) -> bytes:
        path = self.folder / name
        try:
            if path.exists() and not path.is_file():
                raise CorruptModelError(f"{path}: is no regular file")
            data = path.read_bytes()
        except OSError as error:
            raise CorruptModelError(f"{path}: cannot be read ({error.strerror})") from error
        if hashlib.sha256(data).hexdigest() != self.card.sha256.get(name):
            raise CorruptModelError(f"{path}: is not the file its card describes; install again")
        return data


def model_names() -> list[str]:
    """Names of the shipped models."""
    return list(_manifest(SHIPPED))


def load_model(name: str | os.PathLike[str]) -> Model:
    """A shipped model by name, or one of your own by the path of its card (``.json``).

    The ``.onnx`` beside a card stands for the card.

    Raises:
        ModelNotFoundError: No such model; names the nearest.
        CorruptModelError: A card that is not what the manifest says, or of another kind.
    """
    return _load(name, SHIPPED, "picture")


def load_gate(name: str | os.PathLike[str] = GATE) -> Model:
    """A gate of clips, as :func:`load_model` finds pictures' models.

    Raises:
        ModelNotFoundError, CorruptModelError: As there.
    """
    return _load(name, SHIPPED / "gates", "gate")


def _load(name: str | os.PathLike[str], shipped: Path, kind: Kind) -> Model:
    name = os.fspath(name)
    path = Path(name)
    if path.suffix == ".onnx" and path.is_file():
        path = path.with_suffix(".json")
        if not path.is_file():
            raise ModelNotFoundError(
                f"{name}: its card {path.name} is not beside it; make one with derain export"
            )
    if path.suffix == ".safetensors" and path.is_file():
        raise ModelNotFoundError(
            f"{name}: holds weights for training; give its card {path.with_suffix('.json').name}"
        )
    if path.suffix == ".json":
        if not path.is_file():
            raise ModelNotFoundError(f"{path}: no such model card")
        card = ModelCard.from_json(path.read_bytes(), str(path))
        if card.kind != kind:
            raise CorruptModelError(f"{path}: the card of a {card.kind} model, not of a {kind} one")
        return Model(card, path.parent)
    manifest = _manifest(shipped)
    if name not in manifest:
        if path.is_dir():
            such = next((p for p in sorted(path.glob("*.json"))), path / "NAME.json")
            raise ModelNotFoundError(f"{name}: is a folder; give a card in it, such as {such}")
        near = difflib.get_close_matches(name, manifest, 1)
        hint = f"; did you mean '{near[0]}'?" if near else ""
        raise ModelNotFoundError(
            f"unknown model '{name}'; known: {', '.join(manifest)}, or the path of a card{hint}"
        )
    path = shipped / f"{name}.json"
    try:
        data = path.read_bytes()
    except OSError as error:
        raise CorruptModelError(f"{path}: cannot be read ({error.strerror})") from error
    if hashlib.sha256(data).hexdigest() != manifest[name]:
        raise CorruptModelError(f"{path}: is not the card that was shipped; install again")
    return Model(ModelCard.from_json(data, str(path)), shipped)


def _manifest(shipped: Path) -> dict[str, str]:
    """Name -> sha256 of its card, which holds the sums of the model's files."""
    path = shipped / "manifest.json"
    try:
        manifest: dict[str, str] = json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise CorruptModelError(f"{path}: cannot be read; install again ({error})") from error
    return manifest
