"""Pictures are looked at once, and what was seen is remembered or seen again."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from derain.data import perceptual_hash
from derain.errors import DatasetError
from derain.training import facts as facts_room
from derain.training.facts import FactStore, Part
from derain.training.pictures import PictureCache, Pictures
from derain.training.split import divide, survey

Pixels = NDArray[np.uint8]


class Counting(Pictures):
    """Notes what is decoded."""

    def __init__(self) -> None:
        super().__init__(PictureCache(0))
        self.decoded: list[str] = []

    def read(self, path: Path) -> Pixels:
        self.decoded.append(path.name)
        return super().read(path)


@pytest.fixture
def parts(save: Callable[..., Path], photos: list[Pixels]) -> list[Part]:
    whole = [Part(save(f"{i}.png", photo)) for i, photo in enumerate(photos)]
    both = save("both.png", np.concatenate(photos[:2], axis=1))
    return [*whole, Part(both, "left"), Part(both, "right")]


def decoded(parts: list[Part], database: Path) -> list[str]:
    """What a start decodes; its facts are right whatever is remembered."""
    pictures = Counting()
    with FactStore(database) as store:
        facts = survey(parts, pictures, store)
    assert list(facts) == parts or set(facts) == set(parts)
    for part, fact in facts.items():
        with Image.open(part.path) as image:
            assert fact.size == image.size[::-1]
            box = {"": (0, 256), "left": (0, 256), "right": (256, 512)}[part.half]
            assert fact.hash == perceptual_hash(np.asarray(image)[:, slice(*box)])
    return sorted(pictures.decoded)


def test_a_second_start_decodes_what_is_new_or_changed(
    parts: list[Part], save: Callable[..., Path], photos: list[Pixels], tmp_path: Path
) -> None:
    database = tmp_path / "cache" / "facts.sqlite"
    assert len(decoded(parts, database)) == len(parts)
    assert decoded(parts, database) == []
    save("1.png", photos[3])
    new = Part(save("new.png", photos[2]))
    assert decoded([*parts, new], database) == ["1.png", "new.png"]
    assert decoded([*parts, new], database) == []


@pytest.mark.parametrize("damage", ["no database", "torn", "another table", "a folder"])
def test_a_damaged_store_costs_time_alone(damage: str, parts: list[Part], tmp_path: Path) -> None:
    database = tmp_path / "facts.sqlite"
    decoded(parts, database)
    if damage == "no database":
        database.write_bytes(b"nonsense" * 1000)
    elif damage == "torn":
        data = database.read_bytes()
        database.write_bytes(data[:4096] + b"\xff" * (len(data) - 4096))
    elif damage == "another table":
        database.unlink()
        with sqlite3.connect(database) as other:
            other.execute("CREATE TABLE facts (something TEXT)")
        other.close()
    else:
        database.unlink()
        database.mkdir()
    assert len(decoded(parts, database)) == len(parts)
    again = decoded(parts, database)
    assert again == [] if damage in ("no database", "torn") else len(again) == len(parts)


def test_a_store_that_cannot_be_written_is_no_error(
    parts: list[Part], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    assert len(decoded(parts, tmp_path / "file" / "facts.sqlite")) == len(parts)
    # Another run has it.
    monkeypatch.setattr(facts_room, "_PATIENCE", 0.0)
    database = tmp_path / "facts.sqlite"
    decoded(parts[:2], database)
    other = sqlite3.connect(database)
    other.execute("BEGIN EXCLUSIVE")
    assert len(decoded(parts, database)) == len(parts)
    other.close()
    assert len(decoded(parts, database)) == len(parts) - 2


def test_damage_is_named_and_what_was_seen_before_it_is_kept(
    parts: list[Part], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("derain.training.split._CHUNK", 2)
    whole = parts[3].path.read_bytes()
    parts[3].path.write_bytes(whole[: len(whole) // 2])
    database = tmp_path / "facts.sqlite"
    with pytest.raises(DatasetError, match=r"3\.png"):
        decoded(parts, database)
    parts[3].path.write_bytes(whole)
    assert decoded(parts, database) == ["2.png", "3.png", "both.png", "both.png"]
    parts[0].path.unlink()
    with pytest.raises(DatasetError, match=r"0\.png: cannot be read"):
        decoded(parts, database)


def test_the_store_lies_in_the_users_cache(
    parts: list[Part], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(facts_room, "user_cache_path", lambda name: tmp_path / "cache" / name)
    with FactStore() as store:
        survey(parts[:1], Counting(), store)
    assert [p.parent.name for p in (tmp_path / "cache").rglob("*.sqlite")] == ["derain"]


def test_both_sides_need_pictures() -> None:
    assert divide("x", ["c", "a", "b"], {"a", "z"}) == (["c", "b"], ["a"])
    for held in (set(), {"a", "b"}):
        with pytest.raises(DatasetError, match=r"x: .*validation_share"):
            divide("x", ["a", "b"], held)
