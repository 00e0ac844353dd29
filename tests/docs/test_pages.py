"""The documentation: links lead somewhere, examples run, commands are such as derain takes."""

from __future__ import annotations

import doctest
import re
import shlex
import shutil
from pathlib import Path

import pytest

from derain.cli.main import app
from derain.zoo import load_gate, load_model, model_names
from tests.docs.markdown import (
    DOORS,
    JOURNAL,
    ROOT,
    RULES,
    SITE,
    anchors,
    blocks,
    commands,
    links,
)

PAGES = [*DOORS, *RULES, *SITE]
TOLD = [
    page
    for page in (*PAGES, *(ROOT / "research" / f"{name}.md" for name in ("README", "reproduction")))
    if any("derain" in line for line in commands(page))
]
MAPS = [
    *(ROOT / "docs" / f"{name}.md" for name in ("architecture", "method")),
    *(ROOT / name for name in ("CONTRIBUTING.md", "WEIGHTS-LICENSE.md", "research/abstract.md")),
]
EXAMPLES = [page for page in SITE if blocks(page, "python")]


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("path", [*PAGES, *JOURNAL], ids=name_of)
def test_links_lead_somewhere(path: Path) -> None:
    for link in links(path):
        if re.match(r"[a-z]+:", link):
            assert link.startswith("https://"), link
            continue
        target, _, anchor = link.partition("#")
        file = (path.parent / target).resolve() if target else path
        if "generated" in Path(target).parts:  # written when the site is built
            continue
        assert file.exists(), link
        assert ROOT in file.parents, link
        if anchor:
            assert anchor in anchors(file), link


def test_every_page_is_in_the_contents() -> None:
    contents = [line for block in blocks(ROOT / "docs" / "index.md", "{toctree}")
                for line in block.text.split()]  # fmt: skip
    assert {page.stem for page in SITE} - {"index"} == {w for w in contents if w[0] != ":"} & {
        page.stem for page in SITE
    }


def test_every_model_has_its_page() -> None:
    (contents,) = blocks(ROOT / "docs" / "models.md", "{toctree}")
    assert {Path(w).name for w in contents.text.split() if "/" in w} == set(model_names())


@pytest.mark.parametrize("path", EXAMPLES, ids=name_of)
def test_examples_run(
    path: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """In order and in one namespace, in a folder where ``examples/`` is."""
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    runner = doctest.DocTestRunner(verbose=False)
    for block in blocks(path, "python"):
        if ">>>" in block.text:
            test = doctest.DocTestParser().get_doctest(
                block.text, names, path.name, str(path), block.line
            )
            runner.run(test, clear_globs=False)
            names.update(test.globs)
        else:
            exec(compile("\n" * block.line + block.text, str(path), "exec"), names)
    assert runner.summarize(verbose=False).failed == 0, capsys.readouterr().out


@pytest.mark.parametrize("path", TOLD, ids=name_of)
def test_commands_are_such_as_derain_takes(path: Path) -> None:
    """Each is read by the command line, which refuses unknown commands and options."""
    for line in commands(path):
        for part in re.split(r"&&|\|", line):
            words = shlex.split(part.partition(" > ")[0])
            if words[:1] != ["derain"]:
                continue
            words = ["./-" if word == "-" else word for word in words[1:]]
            app.parse_args(words, exit_on_error=False, print_error=False)
            for word in words:
                if re.match(r"(configs|examples|research|benchmarks)/", word):
                    assert word == "research/studies/NAME/study.toml" or (ROOT / word).exists()


def test_a_wrong_command_is_seen() -> None:
    """That the test above can fail."""
    for words in (["train"], ["photo.jpg", "--strenght", "1"], ["synthesize", "in", "out", "--x"]):
        with pytest.raises(Exception, match=r"(?i)unknown|missing|requires|did you mean"):
            app.parse_args(words, exit_on_error=False, print_error=False)


@pytest.mark.parametrize("path", MAPS, ids=name_of)
def test_places_in_the_code_are_there(path: Path) -> None:
    """Files, folders and tests that a page names: a move that forgets the page is found."""
    tests = "\n".join(file.read_text(encoding="utf-8") for file in ROOT.glob("tests/**/*.py"))
    package = ROOT / "src" / "derain"
    rooms = {entry.name for entry in package.iterdir()}
    named = re.findall(r"`([\w./-]+)`", path.read_text(encoding="utf-8"))
    places = [word for word in named if "/" in word and "NAME" not in word]
    assert places
    for word in places:
        first = word.partition("/")[0]
        if first in rooms:
            assert (package / word).exists(), word
        elif first == "derain":
            assert (ROOT / "src" / word).exists(), word
        elif first in ("src", "tests", "configs", "benchmarks", "examples", "research"):
            assert (ROOT / word).exists(), word
    for word in named:
        if word.startswith("test_"):
            assert f"def {word}(" in tests, word


def test_the_terms_of_the_weights_name_all_they_were_trained_on() -> None:
    """Every source on a shipped card, with its terms, and every file of weights."""
    text = (ROOT / "WEIGHTS-LICENSE.md").read_text(encoding="utf-8")
    for model in (*map(load_model, model_names()), load_gate()):
        assert model.card.name in text
        for source in model.card.training["data"]:
            assert f"| `{source['name']}` | {source['terms']} |" in text
