"""The Markdown of this repository: its fenced blocks and its links."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

from tests.house import REPOSITORY

_FENCE = re.compile(r"^```([^\n]+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#+ +(.+)$", re.MULTILINE)


class Block(NamedTuple):
    """A fenced block: where it stands, its language, what follows the language, its text."""

    page: Path
    line: int
    language: str
    note: str
    text: str

    def __str__(self) -> str:
        return f"{self.page.relative_to(REPOSITORY)}:{self.line}"


def written() -> list[Path]:
    """The pages that people read: README, CONTRIBUTING, docs and the examples'."""
    folders = (file for name in ("docs", "examples") for file in sorted((REPOSITORY / name).rglob("*.md")))
    return [REPOSITORY / "README.md", REPOSITORY / "CONTRIBUTING.md", *folders]


def blocks(*languages: str) -> list[Block]:
    """The fenced blocks in one of some languages."""
    found = []
    for page in written():
        text = page.read_text(encoding="utf-8")
        for match in _FENCE.finditer(text):
            language, _, note = match[1].partition(" ")
            if language in languages:
                found.append(Block(page, text.count("\n", 0, match.start()) + 2, language, note, match[2]))
    return found


def links(page: Path) -> list[str]:
    """The targets of a page's links, code left out."""
    return _LINK.findall(re.sub(r"`[^`\n]*`", "", _FENCE.sub("", page.read_text(encoding="utf-8"))))


def anchors(page: Path) -> set[str]:
    """The anchors that a page's headings make."""
    headings = _HEADING.findall(_FENCE.sub("", page.read_text(encoding="utf-8")))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
