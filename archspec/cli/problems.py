"""How problems are shown: to people with the line and carets, to programs one a line."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from archspec.cli.console import folded, styled
from archspec.cli.format import cells, printable
from archspec.errors import Mark, Problem

QUOTED = ("--set", "<edit>")
"""What is no file: the mark quotes what was typed, and its line number says nothing."""


def place(mark: Mark) -> str:
    """Where something was written, as editors and terminals like to click on it."""
    return printable(mark.file if mark.file in QUOTED else str(mark))


def full(problem: Problem, columns: int | None) -> str:
    """A problem with the line it was written on, and what to do about it."""
    lines = folded(printable(f"{problem.code} {problem.message}"), columns)
    lines = [styled(lines[0][:6], "bad") + lines[0][6:], *lines[1:]]
    path = printable(problem.path)
    if problem.mark is not None:
        lines += _located(problem.mark, path, columns)
    elif path:
        lines += folded(f"  = {path}", columns, 4)
    if problem.hint:
        lines += folded(printable(f"help: {problem.hint}"), columns, 6)
    return "\n".join(lines)


def _located(mark: Mark, path: str, columns: int | None) -> list[str]:
    number = "" if mark.file in QUOTED else str(mark.line)
    margin = " " * len(number)
    where = folded(f"{margin}--> {place(mark)}  {path}".rstrip(), columns, len(number) + 4)
    where[0] = where[0].replace("-->", styled("-->", "name"), 1)
    if not mark.text.strip():
        return where
    rule, bar = f"{margin} {styled('|', 'name')}", f"{styled(number, 'name')} {styled('|', 'name')}"
    text, carets = _excerpt(mark, columns - len(number) - 3 if columns else None)
    return [*where, rule, f"{bar} {text}", f"{rule} {carets}", rule]


def _excerpt(mark: Mark, columns: int | None) -> tuple[str, str]:
    """The part of a line that fits around what is marked, and the carets below it."""
    text, start = printable(mark.text), min(mark.column - 1, len(mark.text))
    length = max(1, min(mark.length, len(text) - start))
    if columns is not None and cells(text) > columns:
        length = min(length, columns - 2)
        first = max(0, min(start - (columns - length) // 2, len(text) - columns))
        last = first + columns
        cut = ("…" if first else "") + text[first + bool(first) : last - (last < len(text))]
        text, start = cut + ("…" if last < len(text) else ""), start - first
    return text, " " * cells(text[:start]) + styled("^" * max(1, cells(text[start : start + length])), "bad")


def concise(problem: Problem) -> str:
    """One line: file:line:column: code message."""
    where = f"{place(problem.mark)}: " if problem.mark else ""
    hint = f" ({problem.hint})" if problem.hint else ""
    return printable(f"{where}{problem.code} {problem.message}{hint}")


def github(problem: Problem) -> str:
    """An annotation in the log of a GitHub action."""
    mark = problem.mark
    place = f"file={_property(mark.file)},line={mark.line},col={mark.column}," if mark else ""
    hint = f" ({problem.hint})" if problem.hint else ""
    return f"::error {place}title={problem.code}::{_escaped(problem.message + hint)}"


def _escaped(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _escaped(text).replace(":", "%3A").replace(",", "%2C")


def plain(problem: Problem) -> dict[str, Any]:
    """A problem as data."""
    mark = problem.mark
    where = {"file": mark.file, "line": mark.line, "column": mark.column, "length": mark.length} if mark else {}
    nowhere = {"file": None, "line": None, "column": None, "length": None}
    said = {"code": problem.code, "message": problem.message, "hint": problem.hint, "path": problem.path}
    return {**said, **(where or nowhere)}


def shown(problems: Iterable[Problem], form: str, columns: int | None) -> str:
    """Many problems as text."""
    if form == "full":
        return "\n\n".join(full(problem, columns) for problem in problems)
    return "\n".join(map(LINES[form], problems))


LINES: dict[str, Callable[[Problem], str]] = {"concise": concise, "github": github}
"""Formats of one line a problem."""
