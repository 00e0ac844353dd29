"""Hatchling's hook: npm builds the page of ``derain serve`` before a wheel is made."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class PageBuildHook(BuildHookInterface[Any]):
    """Builds the page where its sources are and it is not built yet.

    Not compressed ahead, which takes over a minute: whoever publishes a wheel runs ``just page``.
    The server works without it, so what is missing is told and nothing fails; ``just page`` builds
    it by hand. ``HATCH_BUILD_NO_HOOKS=true`` leaves it out.
    """

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Before a wheel, or an editable install, is put together."""
        sources = Path(self.root, "web")
        page = Path(self.root, "src", "derain", "serve", "page")
        if (page / "index.html").is_file() or not (sources / "package.json").is_file():
            return
        npm = shutil.which("npm")
        if npm is None:
            self.app.display_warning("npm is not installed: derain serve will have no page")
            return
        for words in (["ci"], ["run", "build"]):
            command = [npm, "--prefix", str(sources), *words]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode:
                why = (done.stderr.strip() or done.stdout.strip() or "no reason given").splitlines()
                self.app.display_warning(
                    f"npm {' '.join(words)} failed ({why[-1]}): derain serve will have no page"
                )
                return
