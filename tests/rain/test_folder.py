"""``derain synthesize`` on a folder."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from derain.cli.main import run
from derain.data import open_pairs
from derain.data.pairs import read_rgb
from derain.errors import ConfigError
from derain.metrics import psnr
from derain.rain import rain_preset
from derain.rain.folder import without


def test_pairs_and_sheet(
    tmp_path: Path, save: Callable[..., Path], photos: list[NDArray[np.uint8]], capsys
) -> None:
    save("clean/a.png", photos[0])
    save("clean/sub/b.png", photos[1])
    (tmp_path / "clean" / "bad.jpg").write_bytes(b"no picture")
    arguments = ["synthesize", str(tmp_path / "clean"), str(tmp_path / "out"), "--preset", "light"]
    assert run([*arguments, "--copies", "2"]) == 1
    printed = capsys.readouterr().out
    assert "bad.jpg" in printed
    assert "4 pairs" in printed
    pairs = open_pairs(tmp_path / "out", "folders")
    assert len(pairs) == 4
    scores = []
    for pair in pairs:
        rainy, clean = pair.load()
        rain = read_rgb(Path(str(pair.rainy).replace("/rainy/", "/rain/")))
        assert np.array_equal(np.clip(rainy.astype(int) - clean, 0, 255), rain)
        scores.append(psnr(rainy, clean))
    assert f"{np.mean(scores):.2f} dB" in printed
    assert read_rgb(tmp_path / "out" / "sheet.png").shape[1] == 3 * (256 + 6) + 6
    assert run(arguments) == 7
    before = (tmp_path / "out" / "rainy" / "a-0.png").read_bytes()
    assert run([*arguments, "--copies", "2", "--overwrite"]) == 1
    assert (tmp_path / "out" / "rainy" / "a-0.png").read_bytes() == before
    capsys.readouterr()
    assert run([*arguments, "--overwrite"]) == 7  # both sets would be one
    assert "12 pictures that this run does not replace" in capsys.readouterr().err
    assert not (tmp_path / "out" / "rainy" / "a.png").exists()


def test_photographs_are_never_replaced(
    tmp_path: Path, save: Callable[..., Path], photos: list[NDArray[np.uint8]]
) -> None:
    """``clean/`` inside the output folder is the natural mistake."""
    path = save("set/clean/a.png", photos[0])
    before = path.read_bytes()
    command = ["synthesize", str(path.parent), str(tmp_path / "set"), "--overwrite"]
    assert run(command) == 7
    assert path.read_bytes() == before
    save("two/a.png", photos[0])
    save("two/a.jpg", photos[1])
    assert run(["synthesize", str(tmp_path / "two"), str(tmp_path / "out")]) == 7
    assert not (tmp_path / "out").exists()


def test_pairs_do_not_become_photographs(
    save: Callable[..., Path], photo: NDArray[np.uint8]
) -> None:
    folder = save("clean/a.png", photo[:64, :64]).parent
    for out in (folder, folder / "pairs"):
        assert run(["synthesize", str(folder), str(out), "--preset", "light"]) == 7
    assert [p.name for p in folder.iterdir()] == ["a.png"]


def test_errors(tmp_path: Path, capsys) -> None:
    assert run(["synthesize", str(tmp_path / "none"), str(tmp_path / "out")]) == 14
    assert run(["synthesize", str(tmp_path), str(tmp_path / "out"), "--copies", "0"]) == 2
    assert run(["synthesize", str(tmp_path), str(tmp_path / "out"), "--preset", "snow"]) == 13
    assert "Traceback" not in capsys.readouterr().err


def test_what_cannot_be_is_told_before_anything_is_drawn(tmp_path: Path, capsys) -> None:
    photos, blocked = str(tmp_path / "photos"), tmp_path / "a_file"
    blocked.touch()
    (tmp_path / "photos").mkdir()
    words = ["synthesize", photos, str(tmp_path / "pairs"), "--device", "tpu"]
    for command, code, said in (
        (words, 12, "device 'tpu' is not present; there is: cpu"),
        (["bank", str(blocked / "x.safetensors")], 7, "a file stands where a folder is needed"),
        (["evidence", str(blocked / "x"), photos], 7, "a file stands where a folder is needed"),
        (["evidence", str(tmp_path / "x"), photos, "--held", "nan"], 2, "--held must be above 0"),
    ):
        assert run(command) == code, capsys.readouterr()
        assert said in capsys.readouterr().err


def test_recipes_without_layers_are_left_out() -> None:
    whole = rain_preset("wide")
    drawn = without(whole, "rendered", "extracted")
    assert 3 < len(drawn.recipes) < len(without(whole, "extracted").recipes) < len(whole.recipes)
    with pytest.raises(ConfigError):
        without(rain_preset("rendered"), "rendered")
