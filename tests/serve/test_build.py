"""The build hook: npm where it is there, a word where it is not, nothing where all is built."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.skipif(os.name == "nt", reason="npm is a shell script here")


class Told:
    """Hatch's application, as far as the hook knows it."""

    def __init__(self) -> None:
        self.warnings: list[str] = []

    def display_warning(self, message: str) -> None:
        self.warnings.append(message)


def hook_module() -> ModuleType:
    spec = importlib.util.spec_from_file_location("hatch_build", ROOT / "hatch_build.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def built(root: Path) -> list[str]:
    """Run the hook in a project; what it told."""
    app: Any = Told()
    hook = hook_module().PageBuildHook(str(root), {}, None, None, "", "wheel", app)  # type: ignore[arg-type]
    hook.initialize("standard", {})
    return app.warnings


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with sources of a page, and nothing on the path."""
    (tmp_path / "web").mkdir()
    (tmp_path / "web" / "package.json").write_text("{}")
    (tmp_path / "src" / "derain" / "serve").mkdir(parents=True)
    (tmp_path / "bin").mkdir()
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    return tmp_path


def npm(project: Path, script: str) -> None:
    file = project / "bin" / "npm"
    file.write_text(f'#!/bin/sh\necho "$@" >> {project}/called\n{script}\n')
    file.chmod(0o755)


def test_it_is_built_once(project: Path) -> None:
    page = project / "src" / "derain" / "serve" / "page"
    npm(project, f'[ "$3" = ci ] || {{ /bin/mkdir {page}; echo hello > {page}/index.html; }}')
    assert built(project) == built(project) == []
    calls = (project / "called").read_text().splitlines()
    assert calls == [f"--prefix {project}/web ci", f"--prefix {project}/web run build"]


def test_without_npm(project: Path) -> None:
    assert built(project) == ["npm is not installed: derain serve will have no page"]


def test_npm_fails(project: Path) -> None:
    npm(project, "echo trouble >&2; exit 1")
    assert built(project) == ["npm ci failed (trouble): derain serve will have no page"]


def test_without_sources(project: Path) -> None:
    (project / "web" / "package.json").unlink()
    assert built(project) == []
