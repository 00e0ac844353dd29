"""The public surface is frozen, light to import, and the wheel holds what it must."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
import tarfile
import zipfile
from email.parser import Parser
from pathlib import Path

import pytest

import derain

ROOT = Path(__file__).parents[1]


def test_public_names_are_frozen() -> None:
    assert sorted(derain.__all__) == [
        "Backend", "BackendUnavailableError", "CorruptModelError", "DamagedClipError",
        "DerainError", "Derainer", "InputNotFoundError", "InvalidImageError", "Model",
        "ModelCard", "ModelNotFoundError", "NonFiniteError", "OutOfMemoryError",
        "PermissionDeniedError", "Separation", "UsageError", "VideoDerainer", "__version__",
        "load_model", "load_torch", "model_names", "video",
    ]  # fmt: skip
    for name in derain.__all__:
        assert getattr(derain, name) is not None


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="nonsense"):
        derain.nonsense  # noqa: B018


def _modules_after(code: str) -> set[str]:
    script = f"import sys\n{code}\nprint('\\n'.join(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    return set(done.stdout.split())


def test_a_photo_is_derained_without_torch() -> None:
    code = (
        "import numpy as np\nfrom derain import Derainer\n"
        "Derainer('fast', backend='onnxruntime')(np.zeros((40, 50, 3), np.uint8))"
    )
    assert not _modules_after(code) & {"torch", "accelerate", "openvino", "onnx", "torchvision"}


def test_the_command_line_starts_without_heavy_modules() -> None:
    heavy = {"torch", "numpy", "PIL", "onnxruntime", "rich.progress"}
    assert not _modules_after("import derain.cli.main") & heavy


def test_every_room_keeps_its_place() -> None:
    """The contracts of import-linter hold."""
    done = subprocess.run(["lint-imports"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def _modules_named(path: Path) -> set[str]:
    """What a file imports, by statement or by a name in a string."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add(node.module or "")
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            names.add(node.value)
    return {name.partition(".")[0] for name in names}


def test_nothing_needs_torchvision() -> None:
    for path in ROOT.glob("src/**/*.py"):
        assert "torchvision" not in _modules_named(path), path
    for path in (ROOT / "pyproject.toml", ROOT / "constraints.txt"):
        assert not re.search(r"^\W*torchvision\b", path.read_text(), re.MULTILINE), path


@pytest.mark.parametrize(
    "line",
    [
        "import torchvision",
        "from torchvision.transforms import functional",
        "def late():\n    import torch, torchvision.ops as ops",
        "importlib.import_module('torchvision.io')",
    ],
)
def test_that_check_sees_what_it_is_for(line: str, tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(line)
    assert "torchvision" in _modules_named(tmp_path / "a.py")
    (tmp_path / "a.py").write_text("# torchvision is not needed\nimport torch")
    assert "torchvision" not in _modules_named(tmp_path / "a.py")


def test_wheel(tmp_path: Path) -> None:
    """The wheel carries the typing marker, the models, the terms of both code and weights, and
    nothing of the tests; at most 30 MB, of which the page, where it is built, is more than half."""
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "-o", str(tmp_path)]
    environ = {**os.environ, "HATCH_BUILD_NO_HOOKS": "true"}  # npm would ask the network
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True, env=environ)
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        (told,) = (n for n in names if n.endswith(".dist-info/METADATA"))
        metadata = Parser().parsestr(archive.read(told).decode())
    assert "derain/py.typed" in names
    for model in derain.model_names():
        for suffix in ("onnx", "safetensors", "json", "md"):
            assert f"derain/zoo/models/{model}.{suffix}" in names
    assert metadata["License-Expression"] == "Apache-2.0 AND LicenseRef-derain-weights"
    for terms in metadata.get_all("License-File", []):
        assert f"{told.rpartition('/')[0]}/licenses/{terms}" in names
    assert metadata.get_all("License-File") == ["LICENSE", "WEIGHTS-LICENSE.md"]
    assert all(name.startswith(("derain/", "derain-")) for name in names)
    page = ROOT / "src" / "derain" / "serve" / "page" / "index.html"
    assert ("derain/serve/page/index.html" in names) == page.is_file()
    assert wheel.stat().st_size <= 30_000_000


def test_sdist(tmp_path: Path) -> None:
    """The source archive holds what its own tests read, and nothing that was built or trained."""
    command = [sys.executable, "-m", "build", "--sdist", "--no-isolation", "-o", str(tmp_path)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (path,) = tmp_path.glob("*.tar.gz")
    with tarfile.open(path) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    for name in ("README.ja.md", "WEIGHTS-LICENSE.md", "docs/conf.py", "research/README.md",
                 "configs/own.toml", "examples/rainy.jpg", "tests/conftest.py", "hatch_build.py",
                 "Dockerfile", "compose.yaml"):  # fmt: skip
        assert name in names
    folders = {n.partition("/")[0] for n in names if "/" in n}
    assert folders - {"web"} == {
        "benchmarks", "configs", "docs", "examples", "research", "src", "tests",
    }  # fmt: skip
    assert ("web" in folders) == (ROOT / "web").is_dir()
    built = ("docs/_build", "docs/generated", "research/runs/", "src/derain/serve/page/",
             "web/node_modules")  # fmt: skip
    assert not [n for n in names if n.startswith(built)]
    assert path.stat().st_size <= 25_000_000
