"""The report as Markdown."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from archspec.report.sheets import Section, Sheet, after, before, sheets
from archspec.report.table import Table

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|~$&])")


def markdown(table: Table) -> str:
    """Warnings and verdicts, tables, and how to read them."""
    return "\n".join(_lines(table)) + "\n"


def escaped(text: str) -> str:
    """A text that means itself in Markdown, on one line."""
    return _SPECIAL.sub(r"\\\1", " ".join(text.split()))


def _lines(table: Table) -> Iterator[str]:
    yield f"# {escaped(table.title)}"
    yield from _sections(before(table))
    for sheet in sheets(table):
        yield from ("", f"**{escaped(sheet.title)}**", "")
        yield from _grid(sheet)
    yield from _sections(after(table))


def _sections(sections: Iterable[Section]) -> Iterator[str]:
    for title, sentences in sections:
        yield from ("", f"**{escaped(title)}**", "")
        yield from (f"- {escaped(sentence)}" for sentence in sentences)


def _grid(sheet: Sheet) -> Iterator[str]:
    yield _row([escaped(head.title) for head in sheet.heads])
    yield _row(["--:" if head.number else ":--" for head in sheet.heads])
    for row in sheet.rows:
        empty = [""] * (len(sheet.heads) - 1)
        yield _row([f"**{escaped(row)}**", *empty] if isinstance(row, str) else [escaped(text) for text in row])


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
