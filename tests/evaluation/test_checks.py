"""What is refused before any work: no method is loaded, no picture is made."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path

import pytest

from derain.cli.main import run
from derain.errors import OutputConflictError, PermissionDeniedError, UsageError
from derain.evaluation import open_testset, read_entries
from derain.evaluation.checks import check_folder


@pytest.mark.parametrize(
    "name", ["", ".", "..", "../x", "/x", "a/b", "a\\b", "a\0b"], ids=ascii
)  # fmt: skip
def test_names_that_lead_elsewhere(name: str, workplace: Path) -> None:
    with pytest.raises(UsageError, match="is not of the form NAME=PATH; a name holds no slash"):
        open_testset(f"{name}=pairs", "pairs")
    with pytest.raises(UsageError, match="is not of the form MODEL or LABEL=MODEL"):
        read_entries([f"{name}=input"])


@pytest.mark.parametrize("word", ["x", "x=", "=x", "="])
def test_names_and_paths_that_lack(word: str) -> None:
    with pytest.raises(UsageError, match="NAME=PATH"):
        open_testset(word, "pairs")


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["input", "--data", "../../x=pairs"], 2, "a name holds no slash"),
        (["../x=input", "--data", "x=pairs"], 2, "a name holds no slash"),
        (["input", "--data", "x=pairs", "--real", "x=real"], 2, "two data sets have one name"),
        (["input", "--data", "x=pairs", "-o", "pairs/clean/0.png"], 7, "a file stands where"),
        (["input", "--data", "x=pairs", "-o", "callables.py/a/b"], 7, "a file stands where"),
        (["callables:darker", "--data", "x=pairs", "--verify"], 17, "no model here has a card"),
        (["fast", "--data", "x=pairs", "--verify"], 17, "no model here has a card"),
    ],
)
def test_the_command_refuses_before_work(
    arguments: list[str],
    code: int,
    message: str,
    workplace: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    before = sorted(workplace.rglob("*"))
    assert run(["evaluate", *arguments]) == code
    error = capsys.readouterr().err
    assert message in error and len(error.splitlines()) == 1
    assert sorted(workplace.rglob("*")) == before


@pytest.mark.parametrize("library", ["jinja2", "matplotlib"])
def test_a_library_of_the_report_that_is_missing(
    library: str,
    workplace: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    find = importlib.util.find_spec
    monkeypatch.setattr(
        "derain.evaluation.checks.find_spec", lambda name: None if name == library else find(name)
    )
    assert run(["evaluate", "input", "--data", "x=pairs", "-o", "out"]) == 12
    assert f"the report needs {library}: pip install" in capsys.readouterr().err
    assert not Path("out").exists()


def test_folders(tmp_path: Path) -> None:
    check_folder(tmp_path)
    check_folder(tmp_path / "new" / "folder")
    (tmp_path / "file").touch()
    for path in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(OutputConflictError, match="a file stands where a folder is needed"):
            check_folder(path)


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="needs the permissions of a Unix")
def test_a_folder_that_is_shut(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if os.geteuid() == 0:  # to whom nothing is shut
        monkeypatch.setattr(os, "access", lambda path, mode: False)
    tmp_path.chmod(0o555)
    with pytest.raises(PermissionDeniedError, match="permission denied"):
        check_folder(tmp_path / "out")
    tmp_path.chmod(0o755)
