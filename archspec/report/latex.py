"""The tables as LaTeX, with booktabs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from archspec.report.sheets import Sheet, after, before, sheets
from archspec.report.table import Table
from archspec.report.tex import tex

LEFT_OUT = 5
"""Columns this spare are not for a printed page."""


def latex(table: Table) -> str:
    r"""A table environment for each sheet; what else the report says stands above them as comments."""
    return "\n".join(_lines(table)) + "\n"


def _lines(table: Table) -> Iterator[str]:
    yield rf"% {_comment(table.title)}; needs \usepackage{{booktabs}}"
    for title, sentences in (*before(table), *after(table)):
        yield f"% {_comment(title)}"
        yield from (f"%   {_comment(sentence)}" for sentence in sentences)
    for number, sheet in enumerate(sheets(table)):
        yield from _table(table, sheet, number)


def _comment(text: str) -> str:
    return " ".join(text.split())


def _table(table: Table, sheet: Sheet, number: int) -> Iterator[str]:
    shown = [i for i, head in enumerate(sheet.heads) if head.spare <= LEFT_OUT]
    lean = "".join("r" if sheet.heads[i].number else "l" for i in shown)
    yield from ("", r"\begin{table}", r"  \centering", rf"  \caption{{{tex(table.title)}: {tex(sheet.title)}.}}")
    yield rf"  \label{{tab:{_label(table.title)}-{number + 1}}}"
    yield rf"  \begin{{tabular}}{{{lean}}}"
    yield from (r"    \toprule", f"    {_row([tex(sheet.heads[i].title) for i in shown])}", r"    \midrule")
    for place, row in enumerate(sheet.rows):
        if isinstance(row, str):
            if place:
                yield r"    \midrule"
            yield rf"    \multicolumn{{{len(shown)}}}{{l}}{{\emph{{{tex(row)}}}}} \\"
        else:
            yield f"    {_row([_cell(sheet, row, i) for i in shown])}"
    yield from (r"    \bottomrule", r"  \end{tabular}", r"\end{table}")


def _row(cells: Sequence[str]) -> str:
    return rf"{' & '.join(cells)} \\"


def _cell(sheet: Sheet, row: tuple[str, ...], place: int) -> str:
    bold = sheet.heads[place].key == "mean" and row[0] == sheet.best
    return rf"\textbf{{{tex(row[place])}}}" if bold and row[place] else tex(row[place])


def _label(text: str) -> str:
    return "".join(c if c.isascii() and c.isalnum() else "-" for c in text)
