"""How numbers are written: three significant digits and a unit, everywhere."""

from __future__ import annotations

import re
import unicodedata
from typing import Any

from archspec.report.wording import short as short

BYTES_A_NUMBER = 4
BLOCKS = " ▏▎▍▌▋▊▉█"


def signed(change: float) -> str:
    """A difference: +166M, -433K, 0."""
    return f"+{short(change)}" if change > 0 else short(change)


def percent(before: float, after: float) -> str:
    """A relative difference: +4.2%; nothing where there was nothing."""
    if before == after:
        return "0%"
    return f"{(after - before) / before:+.1%}" if before else "new"


def memory(numbers: int) -> str:
    """What numbers take in fp32: 116 MiB."""
    return f"{mebibytes(numbers)} MiB"


def mebibytes(numbers: int) -> str:
    """What numbers take in fp32, in MiB: one decimal below 100."""
    size = numbers * BYTES_A_NUMBER / 2**20
    return f"{size:.1f}" if size < 99.95 else f"{size:,.0f}"


def by(*sides: int) -> str:
    """A shape: 56×56."""
    return "×".join(map(str, sides))


def image(size: Any) -> str:
    """An image size: 224, or 256×320."""
    return str(size) if isinstance(size, int) else by(*size)


def bar(share: float, width: int) -> str:
    """A share as a bar of eighths."""
    eighths = round(max(0.0, min(1.0, share)) * width * 8)
    whole, rest = divmod(max(eighths, 1 if share > 0 else 0), 8)
    return "█" * whole + (BLOCKS[rest] if rest else "")


def count(number: int, noun: str, plural: str = "") -> str:
    """1 problem, 2 problems."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def cells(text: str) -> int:
    """How many columns of a terminal a text takes."""
    if text.isascii():
        return len(text)
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def wrapped(text: str, width: int, later: int | None = None) -> list[str]:
    """A text in lines of at most so many columns, the later ones perhaps narrower; only a long word is broken."""
    lines, room = [""], width
    for gap, word in re.findall(r"(\s*)(\S+)", text):
        if cells(lines[-1] + gap + word) <= room:
            lines[-1] += gap + word
            continue
        if lines[-1].strip():
            lines, room = [*lines, ""], later or width
        for character in word:
            if cells(lines[-1] + character) > room:
                lines, room = [*lines, ""], later or width
            lines[-1] += character
    return lines


def printable(text: str) -> str:
    """A text without anything that could move a terminal's cursor; a tab is one space, so that carets stay in place."""
    return "".join(c if c.isprintable() else " " if c == "\t" else "�" for c in text)
