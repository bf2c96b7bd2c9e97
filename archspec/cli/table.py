"""Tables that fit: text cells are folded, spare columns are left out and named, nothing runs over the edge."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from archspec.cli.console import folded, styled
from archspec.cli.format import cells, wrapped

GAP = 2
LEAST = 6


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its title, the side it leans to, and how soon it is left out of a narrow terminal; 0 is never."""

    title: str
    align: Literal["<", ">"] = "<"
    spare: int = 0


class Cell(NamedTuple):
    """A text and its look."""

    text: str
    look: str = ""


Row = Sequence[str | Cell] | str
"""One cell a column; or one text across all of them."""


def table(columns: Sequence[Column], rows: Sequence[Row], width: int | None) -> list[str]:
    """The lines of a table, at most `width` wide."""
    grid = [
        [cell if isinstance(cell, Cell) else Cell(cell) for cell in row] for row in rows if not isinstance(row, str)
    ]
    shown = [i for i, column in enumerate(columns) if column.title.strip() or any(row[i].text for row in grid)]
    dropped: list[int] = []
    widths = _widths(columns, grid, shown, width)
    while width is not None and _total(widths) > width:
        spare = max(shown, key=lambda i: (columns[i].spare, i))
        if not columns[spare].spare:
            widths = _squeezed(columns, widths, width)
            break
        shown.remove(spare)
        dropped.append(spare)
        widths = _widths(columns, grid, shown, width)
    lines = _drawn(columns, rows, widths, width)
    if dropped:
        missing = ", ".join(dict.fromkeys(columns[i].title for i in sorted(dropped)))
        lines += [styled(line, "dim") for line in folded(f"no room for: {missing}; --json has everything", width)]
    return lines


def _total(widths: dict[int, int]) -> int:
    return sum(widths.values()) + GAP * (len(widths) - 1)


def _widths(columns: Sequence[Column], grid: list[list[Cell]], shown: list[int], width: int | None) -> dict[int, int]:
    """The columns' widths: as they come, or text columns narrowed down to their longest word."""
    natural = {i: max(map(cells, (columns[i].title, *(row[i].text for row in grid)))) for i in shown}
    longest = {i: _longest_word(columns[i].title, *(row[i].text for row in grid)) for i in shown}
    excess = 0 if width is None else _total(natural) - width
    while excess > 0:
        loose = [i for i in shown if columns[i].align == "<" and natural[i] > longest[i]]
        if not loose:
            break
        widest = max(loose, key=lambda i: natural[i])
        natural[widest] -= 1
        excess -= 1
    return natural


def _longest_word(*texts: str) -> int:
    return max((cells(word) for text in texts for word in text.split()), default=0)


def _squeezed(columns: Sequence[Column], widths: dict[int, int], width: int) -> dict[int, int]:
    """The last resort: words are broken, numbers never."""
    widths = dict(widths)
    while _total(widths) > width:
        text = [i for i in widths if columns[i].align == "<" and widths[i] > LEAST]
        if not text:
            break
        widths[max(text, key=lambda i: widths[i])] -= 1
    return widths


def _drawn(columns: Sequence[Column], rows: Sequence[Row], widths: dict[int, int], width: int | None) -> list[str]:
    titles = [Cell(column.title, "head") for column in columns]
    lines = _row(columns, titles, widths) if any(column.title.strip() for column in columns) else []
    for row in rows:
        if isinstance(row, str):
            lines += [styled(line, "head") for line in folded(row, width)]
        else:
            lines += _row(columns, [c if isinstance(c, Cell) else Cell(c) for c in row], widths)
    return lines


def _row(columns: Sequence[Column], row: Sequence[Cell], widths: dict[int, int]) -> list[str]:
    """One row, as many lines tall as its tallest cell."""
    stacks = {i: _stack(row[i].text, widths[i]) for i in widths}
    lines = []
    for level in range(max(map(len, stacks.values()), default=0)):
        parts = []
        for i, stack in stacks.items():
            text = stack[level] if level < len(stack) else ""
            padding = " " * (widths[i] - cells(text))
            painted = styled(text, row[i].look)
            parts.append(padding + painted if columns[i].align == ">" else painted + padding)
        lines.append((" " * GAP).join(parts).rstrip())
    return lines


def _stack(text: str, width: int) -> list[str]:
    return [text] if cells(text) <= width else wrapped(text, width)
