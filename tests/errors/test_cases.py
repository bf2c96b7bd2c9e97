"""Mistakes that people make, one a file, and exactly what they are told about them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

import archspec
from archspec.cli.root import archspec as command
from archspec.errors import CODES
from archspec.spec.checking import check_file

from .telling import CASES, FILES, expected, told

SOURCES = sorted(Path(archspec.__file__).parent.rglob("*.py"))
JARGON = ("Input should", "validat", "Value error", "NoneType", "instance of", "tuple", "dictionary", "pydantic", "()")
"""Words of the tools beneath, which mean nothing to whoever wrote the file."""


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_every_mistake_is_told_as_its_file_says(file: Path) -> None:
    assert expected(file), "the file begins with no `# expect: line:column code message`"
    assert [told(problem) for problem in check_file(file)] == expected(file)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_the_command_shows_every_mistake_with_its_line(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "1000")
    result = CliRunner().invoke(command, ["check", str(file)])
    assert isinstance(result.exception, SystemExit), result.exception
    assert result.exit_code == 1
    assert "Traceback" not in result.output
    shown = result.stdout.replace(f"{CASES}/", "")
    lines = file.read_text(encoding="utf-8").splitlines()
    for problem in expected(file):
        assert f"{problem.code} {problem.message}\n" in shown
        assert f"{file.name}:{problem.line}:{problem.column} " in shown.replace("\n", " ")
        if problem.line <= len(lines) and lines[problem.line - 1].strip():
            assert problem.column in carets(shown, problem.line, lines[problem.line - 1])


def carets(output: str, number: int, line: str) -> set[int]:
    """The columns where carets begin below the lines that quote one."""
    shown = output.splitlines()
    quote = re.compile(rf"{number} \| (?={re.escape(line.expandtabs(1))}$)")
    quoted = [(index, match.end()) for index, text in enumerate(shown) if (match := quote.match(text))]
    return {shown[index + 1].index("^") - margin + 1 for index, margin in quoted}


def test_every_code_has_a_case_and_every_code_used_is_explained() -> None:
    told_codes = {problem.code for file in FILES for problem in expected(file)}
    used = {code for source in SOURCES for code in re.findall(r"ARC\d{3}", source.read_text(encoding="utf-8"))}
    assert told_codes == set(CODES)
    assert used == set(CODES)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_nobody_is_told_in_the_words_of_a_tool(file: Path) -> None:
    for problem in check_file(file):
        said = f"{problem.message} {problem.hint}"
        assert not [word for word in JARGON if word in said], said
