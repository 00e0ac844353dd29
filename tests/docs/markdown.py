"""What the tests read in Markdown: blocks of code, links, headings, tables."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
SITE = sorted(ROOT.glob("docs/*.md"))
DOORS = [ROOT / "README.md", ROOT / "README.ja.md"]
RULES = [ROOT / name for name in ("CONTRIBUTING.md", "SECURITY.md", "CODE_OF_CONDUCT.md")]
JOURNAL = sorted(ROOT.glob("research/**/*.md"))

_BLOCK = re.compile(r"^(`{3,})([^\n`]*)\n(.*?)^\1[ ]*$", re.DOTALL | re.MULTILINE)
_LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")


@dataclass(frozen=True)
class Block:
    """A fenced block: its language, its text, and the line it begins at."""

    language: str
    text: str
    line: int


def blocks(path: Path, language: str) -> list[Block]:
    """The fenced blocks of one language."""
    text = path.read_text(encoding="utf-8")
    found = []
    for match in _BLOCK.finditer(text):
        if match[2].strip() == language:
            found.append(Block(language, match[3], text.count("\n", 0, match.start()) + 2))
    return found


def prose(path: Path) -> str:
    """The text without its blocks of code."""
    return _BLOCK.sub("", path.read_text(encoding="utf-8"))


def links(path: Path) -> list[str]:
    """Targets of links and pictures, those within code left out."""
    return _LINK.findall(re.sub(r"`[^`\n]*`(?!\])", "", prose(path)))


def anchors(path: Path) -> set[str]:
    """What a forge and the site call the headings."""
    headings = re.findall(r"^#+ +(.*?) *$", prose(path), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", h.lower()).replace(" ", "-") for h in headings}


def rows(path: Path) -> Iterator[list[str]]:
    """The rows of all tables, each a list of cells."""
    for line in prose(path).splitlines():
        if line.startswith("|"):
            yield [cell.strip() for cell in line.strip().strip("|").split("|")]


def commands(path: Path, language: str = "bash") -> list[str]:
    """The lines of shell blocks, without comments."""
    lines = (line for block in blocks(path, language) for line in block.text.splitlines())
    return [line for line in (re.sub(r"(^|\s+)#.*", "", text).strip() for text in lines) if line]
