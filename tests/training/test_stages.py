"""Stages: one file, a folder each, every stage from what the one before left."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from safetensors.numpy import load_file

from derain.cli.main import run
from derain.errors import ConfigError
from derain.settings import read_toml
from derain.training.stages import load_stages

COMMON = """
include = "common.toml"
out = "{root}/runs/mine"
seed = 5
[[stages]]
name = "first"
steps = 2
optimizer = {{ schedule = "constant" }}
[[stages]]
name = "second"
steps = 3
network = {{ mirrors = 2 }}
"""

INCLUDED = """
batch = 2
patch = 32
preset = "fast"
network = { channels = 8, rain_blocks = 1, detail_blocks = 1, pool_window = 6 }
precision = "no"
device = "cpu"
steps = 99
[data]
validation_share = 0.3
[[data.pairs]]
name = "pairs"
path = "pairs"
layout = "side-by-side"
"""


@pytest.fixture
def config(data_root: Path) -> Path:
    (data_root / "common.toml").write_text(INCLUDED)
    path = data_root / "mine.toml"
    path.write_text(COMMON.format(root=data_root))
    return path


def test_through_all_stages(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["train", str(config), f"data.root={config.parent}"]
    assert run(command) == 0
    first, second = (config.parent / "runs" / "mine" / name for name in ("first", "second"))
    told = json.loads((second / "config.json").read_text())
    assert told["init"] == f"{first}/network.safetensors"
    assert (told["seed"], told["steps"], told["network"]["mirrors"]) == (6, 3, 2)
    assert json.loads((second / "started.json").read_text())["config"] == config.as_posix()
    weights = [load_file(folder / "network.safetensors") for folder in (first, second)]
    assert any((weights[0][name] != weights[1][name]).any() for name in weights[0])
    capsys.readouterr()
    assert run(command) == 0
    assert capsys.readouterr().out.count("finished before") == 2


def test_a_constant_stage_may_end_earlier_or_later(config: Path, capsys) -> None:
    command = ["train", str(config), f"data.root={config.parent}"]
    assert run([*command, "stages.first.steps=1", "stages.second.steps=1"]) == 0
    assert run(command) == 13  # the second's rate came down to its end
    told = "finished before, with 1 steps instead of 2; remove its scores.json to go on"
    assert told in capsys.readouterr().out
    assert run([*command, "stages.second.steps=1"]) == 0


def test_a_stage_whose_start_was_trained_on_is_not_finished(config: Path, capsys) -> None:
    command = ["train", str(config), f"data.root={config.parent}"]
    assert run(command) == 0
    (config.parent / "runs" / "mine" / "first" / "scores.json").unlink()
    capsys.readouterr()
    assert run([*command, "stages.first.steps=4"]) == 13
    said = capsys.readouterr().err
    assert "second holds a finished run that began with another file (init)" in said


def test_a_stage_whose_start_changed_does_not_go_on(config: Path, capsys) -> None:
    """What came of it would be of neither start."""
    command = ["train", str(config), f"data.root={config.parent}"]
    assert run([*command, "stages.second.time_limit=1e-6"]) == 0
    first = config.parent / "runs" / "mine" / "first"
    (first / "scores.json").unlink()
    assert run([*command, "stages.first.steps=4"]) == 13
    assert "second holds a run that began with another file (init)" in capsys.readouterr().err


def test_weights_of_an_earlier_stage(config: Path) -> None:
    third = """
[[stages]]
name = "third"
init = "@first"
blend = { init = "@second", share = 0.5 }
real = { paths = ["@photos"], short = 0, helpers = ["base", "@first"] }
"""
    config.write_text(config.read_text() + third)
    *_, stage = load_stages(config)
    root = f"{config.parent}/runs/mine"
    assert stage.init == f"{root}/first/network.safetensors"
    assert stage.blend and stage.blend.init == f"{root}/second/network.safetensors"
    assert stage.real and stage.real.helpers == ("base", stage.init)
    assert stage.real.paths == ("@photos",)
    with pytest.raises(ConfigError, match="stage 'second': there is no stage 'third' before it"):
        load_stages(config, ("stages.second.init='@third'",))


def test_values_of_one_stage_on_the_command_line(config: Path) -> None:
    stages = load_stages(config, ("stages.second.steps=7", "patch=36"))
    assert [stage.steps for stage in stages] == [2, 7]
    assert [stage.patch for stage in stages] == [36, 36]
    with pytest.raises(ConfigError, match="third"):
        load_stages(config, ("stages.third.steps=7",))


def test_values_on_the_command_line_are_over_every_stage() -> None:
    """Also where a stage of the file has another one; the other stage's start stays its own."""
    path = Path(__file__).parents[2] / "configs" / "base.toml"
    words = ("steps=7", "optimizer.rate=1e-5", "real.batch=3", "seed=900", "out=elsewhere")
    before, stages = load_stages(path), load_stages(path, (*words, "stages.home.steps=8"))
    assert [stage.steps for stage in stages if Path(stage.out).name != "home"] == (
        len(stages) - 1
    ) * [7]
    assert {stage.optimizer.rate for stage in stages} == {1e-5}
    assert {stage.real.batch for stage in stages if stage.real} == {3}
    assert [bool(stage.real) for stage in stages] == [bool(stage.real) for stage in before]
    assert {Path(stage.out).parent for stage in stages} == {Path("elsewhere")}
    assert stages[1].init == "elsewhere/detail/network.safetensors"
    first, second, *_ = load_stages(path, ("init=fast", "init_branches=['rain']"))
    assert (first.init, first.init_branches) == ("fast", ("rain",))
    assert second.init == before[1].init


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("seed='5'",), "seed must be a whole number"),
        (("stages=3",), "stages.NAME.key=value"),
        (("stages.second=3",), "stages.NAME.key=value"),
    ],
)
def test_words_that_are_no_values_of_stages(
    words: tuple[str, ...], told: str, config: Path
) -> None:
    with pytest.raises(ConfigError, match=told):
        load_stages(config, words)


def test_one_table_is_no_list_of_stages(config: Path) -> None:
    config.write_text(config.read_text().replace("[[stages]]", "[stages]", 1).split("[[")[0])
    with pytest.raises(ConfigError, match=r"headed \[\[stages\]\]"):
        load_stages(config)


def test_what_is_wrong_is_told_before_anything_runs(config: Path) -> None:
    whole = config.read_text()
    for wrong, named in (
        (whole.replace("steps = 3", "stops = 3"), "stops"),
        (whole.replace('"second"', '"first"'), "a name of its own"),
        (whole.replace('name = "second"', ""), "a name of its own"),
        (whole.replace("common.toml", "none.toml"), "none.toml"),
        (whole.replace("common.toml", "mine.toml"), "includes itself"),
        (whole.replace("out =", "# out ="), "out is missing"),
    ):
        config.write_text(wrong)
        with pytest.raises(ConfigError, match=named):
            load_stages(config)
    assert not (config.parent / "runs").exists()


def test_included_files_go_below(tmp_path: Path) -> None:
    (tmp_path / "one.toml").write_text('a = 1\nb = 1\n[[list]]\nname = "x"\nc = 1\nd = 1')
    (tmp_path / "two.toml").write_text("a = 2\ne = 2")
    path = tmp_path / "own.toml"
    path.write_text('include = ["one.toml", "two.toml"]\nb = 3\n[[list]]\nname = "x"\nc = 3')
    own = {"name": "x", "c": 3, "d": 1}
    assert read_toml(path) == {"a": 2, "b": 3, "e": 2, "list": [own]}


def test_a_stage_includes_what_others_share(config: Path) -> None:
    (config.parent / "shared.toml").write_text("patch = 64\nbatch = 3\n")
    shared = 'name = "second"\ninclude = "shared.toml"\nbatch = 4'
    config.write_text(config.read_text().replace('name = "second"', shared))
    first, second = load_stages(config)
    assert (first.patch, first.batch) == (32, 2)
    assert (second.patch, second.batch) == (64, 4)
    config.write_text(config.read_text().replace("shared.toml", "mine.toml"))
    with pytest.raises(ConfigError, match="includes itself"):
        load_stages(config)
