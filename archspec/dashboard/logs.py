"""A log as a page shows it: its end, or the lines in which a reader's words stand."""

from __future__ import annotations

import re
from typing import NamedTuple

from markupsafe import Markup, escape

from archspec.dashboard.files import Tail

LONGEST = 64 * 1024
MOST = 2000
"""Lines that are shown, the last ones."""


class Log(NamedTuple):
    """Some lines of a log."""

    lines: list[tuple[int, Markup]]
    """With their numbers; where the beginning is cut off, counted from there."""
    looked: int
    """Lines that were looked at."""
    matches: int
    cut: int
    """Bytes before them that were not."""


def log(found: Tail, sought: str = "", most: int = MOST) -> Log:
    """The end of a log, or its lines with some words, which are marked."""
    lines = list(enumerate(found.text.splitlines(), 1))
    chosen = [(number, text) for number, text in lines if sought.lower() in text.lower()]
    shown = [(number, _marked(text, sought)) for number, text in chosen[-most:]]
    return Log(shown, len(lines), len(chosen), found.cut)


def _marked(text: str, sought: str) -> Markup:
    if not sought:
        return escape(text)
    parts = re.split(f"({re.escape(sought)})", text, flags=re.IGNORECASE)
    marked = (Markup("<mark>{}</mark>").format(part) if i % 2 else escape(part) for i, part in enumerate(parts))
    return Markup("").join(marked)
