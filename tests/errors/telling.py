"""What a broken file is expected to be told, as its own first lines say it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

from archspec.errors import Problem

CASES = Path(__file__).with_name("cases")
FILES = sorted(CASES.glob("*.yaml"))

_EXPECT = re.compile(r"# expect: (\d+):(\d+) (ARC\d{3}) (.+)")
_HINT = re.compile(r"# hint: (.+)")


class Told(NamedTuple):
    """One problem: where, which, what, and what to do."""

    line: int
    column: int
    code: str
    message: str
    hint: str = ""


def expected(file: Path) -> list[Told]:
    """The problems a file's first lines promise, in their order."""
    told: list[Told] = []
    for line in file.read_text(encoding="utf-8").splitlines():
        if match := _EXPECT.fullmatch(line):
            told.append(Told(int(match[1]), int(match[2]), match[3], match[4]))
        elif match := _HINT.fullmatch(line):
            told[-1] = told[-1]._replace(hint=match[1])
        else:
            break
    return told


def told(problem: Problem) -> Told:
    """A problem as it is expected, without the folder the cases lie in."""
    assert problem.mark is not None, problem
    message, hint = (text.replace(f"{CASES}/", "") for text in (problem.message, problem.hint))
    return Told(problem.mark.line, problem.mark.column, problem.code, message, _shortened(hint))


def _shortened(hint: str) -> str:
    """Lists of all there is grow with every new kind, so that they are told in short."""
    return "known: …" if hint.startswith("known: ") else hint
