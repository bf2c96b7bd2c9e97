"""Small files and small functions."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from statistics import median, quantiles

import pytest

from tests.house import shown, sources

FILES = list(sources().values())


def body_lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """The lines of a function's body, its docstring left out."""
    body = function.body[1:] if ast.get_docstring(function) is not None else function.body
    return (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0


def functions(file: Path) -> dict[str, int]:
    """The functions of a file and their lengths."""
    defs = (ast.FunctionDef, ast.AsyncFunctionDef)
    return {node.name: body_lines(node) for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, defs)}


@pytest.mark.parametrize("file", FILES, ids=shown)
def test_no_file_is_over_300_lines_or_unfinished(file: Path) -> None:
    text = file.read_text()
    assert len(text.splitlines()) <= 300
    assert not re.search(r"TODO|FIXME|XXX", text)


def test_the_median_file_is_short() -> None:
    assert median(len(file.read_text().splitlines()) for file in FILES) < 120


def test_nine_functions_of_ten_have_at_most_20_lines() -> None:
    lengths = [length for file in FILES for length in functions(file).values()]
    assert quantiles(lengths, n=10)[-1] <= 20
