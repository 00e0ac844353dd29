"""Evidence for gates: made of clips, read back, trained on."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from skimage import data

from derain.errors import ConfigError, DatasetError
from derain.nn import GateNet, load_network
from derain.training.config import load_config
from derain.training.evidence import Evidence, _divided, make_evidence
from derain.training.trainer import Trainer

GATE = Path(__file__).parents[2] / "configs" / "gate.toml"


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("photos")
    pictures = [data.astronaut(), data.chelsea(), data.coffee(), data.rocket()]
    for number, picture in enumerate([*pictures, *(p[:, ::-1] for p in pictures)]):
        Image.fromarray(np.ascontiguousarray(picture)).save(folder / f"{number}.png")
    return folder


@pytest.fixture(scope="module")
def made(photos: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("evidence") / "clips.safetensors"
    assert make_evidence(path, [photos], 3, 96, 0.4, lambda frame: frame, 5) == 12
    return path


def test_it_holds_what_the_gate_reads_and_the_truth(made: Path) -> None:
    evidence = Evidence(made)
    assert len(evidence) == 12 and evidence.held == 4
    for index in range(len(evidence)):
        seen, truth = evidence[index]
        assert seen.shape == (19, 96, 96) and truth.shape == (3, 96, 96)
        np.testing.assert_array_equal(seen[:3], seen[16:])  # the network here changes nothing
        # The frame shows the truth, under rain.
        a, b = (np.asarray(part, float).mean(0).ravel() for part in (seen[:3], truth))
        assert np.corrcoef(a, b)[0, 1] > 0.3 or np.ptp(b) < 40
        low, median, high = (np.asarray(seen[i : i + 3], int) for i in (9, 6, 12))
        assert (low <= high).all() and (median <= high + 1).all()


def test_the_same_arguments_give_the_same_bytes(made: Path, photos: Path, tmp_path: Path) -> None:
    again = tmp_path / "again.safetensors"
    make_evidence(again, [photos], 3, 96, 0.4, lambda frame: frame, 5)
    assert again.read_bytes() == made.read_bytes()


def test_a_gate_learns_from_it(made: Path, tmp_path: Path) -> None:
    source = f'data.evidence=[{{name="clips", path="{made}"}}]'
    config = load_config(
        GATE,
        [source, f"out={tmp_path / 'run'}", "steps=40", "patch=64", "batch=4", "device=cpu"],
    )
    trainer = Trainer(config)
    folder = trainer.run()
    assert folder is not None
    network = load_network(folder / "network.safetensors")
    assert isinstance(network, GateNet)
    lines = (folder / "log.jsonl").read_text()
    assert "validation/clips" in lines and "NaN" not in lines


@pytest.mark.parametrize(
    ("clips", "side"), [(1, 96), (3, 97), (3, 16), (3, 1000)], ids=["clips", "odd", "low", "high"]
)
def test_what_cannot_be_made_is_refused(
    photos: Path, tmp_path: Path, clips: int, side: int
) -> None:
    with pytest.raises(ConfigError, match="even side"):
        make_evidence(tmp_path / "x", [photos], clips, side, 0.1, lambda frame: frame, 0)


def nobody(_frame: np.ndarray) -> np.ndarray:
    raise AssertionError("work had begun")


def test_a_damaged_photograph_is_named_before_any_work(photos: Path, tmp_path: Path) -> None:
    shutil.copytree(photos, tmp_path / "photos")
    cut = tmp_path / "photos" / "3.png"
    cut.write_bytes(cut.read_bytes()[:2000])
    with pytest.raises(DatasetError, match=r"3\.png"):
        make_evidence(tmp_path / "x", [tmp_path / "photos"], 3, 96, 0.4, nobody, 0)


def test_all_pictures_of_a_scene_are_on_one_side(photos: Path, tmp_path: Path) -> None:
    for name in "abc":
        shutil.copytree(photos, tmp_path / name)
    kept, held = _divided([tmp_path / name for name in "abc"], 0.3, 0, print)
    assert len(kept) + len(held) == 24 and held
    assert not {path.name for path in kept} & {path.name for path in held}


def test_something_is_left_to_train_on(photos: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="all 2 clips would be held out"):
        make_evidence(tmp_path / "x", [photos], 2, 96, 0.8, nobody, 0)
    for number in range(9):
        shutil.copy(photos / "0.png", tmp_path / f"{number}.png")
    with pytest.raises(ConfigError, match="9 photographs of 1 scenes"):
        make_evidence(tmp_path / "x", [tmp_path], 3, 96, 0.4, nobody, 0)


def test_damage_is_told(made: Path, tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="derain evidence"):
        Evidence(tmp_path / "nothing")
    cut = tmp_path / "cut.safetensors"
    cut.write_bytes(made.read_bytes()[:-1000])
    with pytest.raises(DatasetError, match="no whole file"):
        Evidence(cut)


def test_gates_and_pictures_do_not_mix(made: Path) -> None:
    source = f'data.evidence=[{{name="clips", path="{made}"}}]'
    with pytest.raises(ConfigError, match="preset 'gate'"):
        load_config(GATE, [source, "preset=fast"])
    pairs = 'data.pairs=[{name="a", path="b"}]'
    with pytest.raises(ConfigError, match="no pictures"):
        load_config(GATE, [source, pairs])
