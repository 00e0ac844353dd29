"""Installs the one wheel of a folder into a fresh environment, and derains a picture there.

    python tests/smoke.py dist

No PyTorch, no development tools: what a user has after ``pip install derain``. Then the type
checkers read, from there, how the package is used.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
EXAMPLES = ROOT / "examples"
CONSTRAINTS = ROOT / "constraints.txt"
USAGE = ROOT / "tests" / "typed" / "usage.py"

CHECK = """
import importlib.util
import sys
from pathlib import Path

import derain
from derain.metrics import psnr
from derain.media import read_picture

prefix, rainy, clean, made = sys.argv[1:]
assert Path(derain.__file__).is_relative_to(prefix), derain.__file__
for name in ("torch", "openvino", "matplotlib"):
    assert importlib.util.find_spec(name) is None, name
rainy, clean, made = (read_picture(Path(path)).colour for path in (rainy, clean, made))
gain = psnr(made, clean) - psnr(rainy, clean)
assert gain > 8, gain
print(f"derain {derain.__version__}: {gain:+.1f} dB on the example")
"""


def main(folder: Path) -> None:
    """Raises if anything of it fails."""
    (wheel,) = folder.resolve().glob("derain-*.whl")
    environ = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    with tempfile.TemporaryDirectory() as name:
        place = Path(name).resolve()
        venv.create(place / "environment", with_pip=True)
        scripts = place / "environment" / ("Scripts" if os.name == "nt" else "bin")
        python, derain = scripts / "python", scripts / "derain"
        clean, rainy, made = EXAMPLES / "clean.jpg", EXAMPLES / "rainy.jpg", place / "made.png"
        for command in (
            [python, "-m", "pip", "install", "--quiet", wheel],
            [derain, "--version"],
            [derain, "models"],
            [derain, rainy, "--out", made],
            [python, "-c", CHECK, place / "environment", rainy, clean, made],
            [python, "-m", "pip", "install", "--quiet", "-c", CONSTRAINTS, "mypy", "pyright"],
            [python, "-m", "mypy", "--strict", "--cache-dir", place / "cache", USAGE],
            [python, "-m", "pyright", "--pythonpath", python, USAGE],
        ):
            subprocess.run([str(word) for word in command], cwd=place, env=environ, check=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
