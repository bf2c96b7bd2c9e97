"""Reading files of the store for a page: only below the store, only the end of long ones, and only as plain text."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import NamedTuple

LONGEST = 256 * 1024
"""Bytes of a file that are shown."""
ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\-_])")
CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


class Tail(NamedTuple):
    """The end of a file."""

    text: str
    cut: int
    """Bytes before it that are not shown."""


def tail(store: Path, file: Path, most: int = LONGEST) -> Tail | None:
    """The end of a file of the store as plain text; None where there is none, or where it lies elsewhere."""
    try:
        real = file.resolve(strict=True)
        if not real.is_relative_to(store.resolve()) or not real.is_file():
            return None
        # What is no plain file any more by the time it is opened must not be waited for.
        with open(os.open(real, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW), "rb") as opened:  # noqa: PTH123
            size = opened.seek(0, os.SEEK_END)
            opened.seek(max(0, size - most))
            content = opened.read(most)
    except OSError:
        return None
    return Tail(plain(content.decode("utf-8", errors="replace")), max(0, size - most))


def plain(text: str) -> str:
    """A text without what would colour, move or hide it on a terminal."""
    lines = (line.rpartition("\r")[2] for line in ESCAPES.sub("", text).replace("\r\n", "\n").split("\n"))
    return CONTROLS.sub("�", "\n".join(lines))
