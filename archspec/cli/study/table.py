"""A study's report on a terminal: warnings, tables, how to read them, and at the end, where one looks, the verdict."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from archspec.cli.console import folded, styled
from archspec.cli.format import printable
from archspec.cli.table import Cell, Column, table
from archspec.report.sheets import Section, Sheet, agreements, notes, reading, sections, sheets, verdicts, warnings
from archspec.report.table import Table

LOOKS = {"arm": "name"}
INDENT = 2


def lines(found: Table, width: int | None) -> Iterator[str]:
    """The report, at most `width` wide."""
    yield from _sections(sections(warnings(found)), width, "warn")
    for sheet in sheets(found):
        yield from _sheet(sheet, width)
    yield from _sections(sections(reading(found)), width, "dim")
    yield from _sections(sections(agreements(found), notes(found), verdicts(found)), width)


def _sheet(sheet: Sheet, width: int | None) -> Iterator[str]:
    yield from (styled(line, "head") for line in folded(printable(sheet.title), width))
    columns = [Column(head.title, ">" if head.number else "<", head.spare) for head in sheet.heads]
    rows = [printable(row) if isinstance(row, str) else _cells(sheet, row) for row in sheet.rows]
    yield from table(columns, rows, width)
    yield ""


def _cells(sheet: Sheet, row: tuple[str, ...]) -> list[Cell]:
    looks = [
        "name" if head.key == "arm" else "good" * (head.key == "mean" and row[0] == sheet.best) for head in sheet.heads
    ]
    return [Cell(printable(text), look) for text, look in zip(row, looks, strict=True)]


def _sections(said: Iterable[Section], width: int | None, look: str = "") -> Iterator[str]:
    for title, sentences in said:
        yield styled(printable(title), look or "head")
        for sentence in sentences:
            yield from (styled(line, look) for line in folded(f"  {printable(sentence)}", width, indent=2 * INDENT))
        yield ""
