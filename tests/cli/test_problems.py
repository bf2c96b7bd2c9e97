"""How a problem is shown."""

from __future__ import annotations

from archspec.cli.problems import concise, full, github, plain
from archspec.errors import Mark, Problem
from tests.cli.conftest import ANSI

LONG = "stages: [" + ", ".join(f"{{dim: {n}}}" for n in range(40)) + "]"


def shown(problem: Problem, columns: int | None = 80) -> list[str]:
    """The lines of the full form, without colours."""
    return ANSI.sub("", full(problem, columns)).splitlines()


def test_a_problem_with_a_place() -> None:
    mark = Mark("a.yaml", 12, 5, 3, "    abc: 1")
    assert shown(Problem("ARC101", "no `abc`", "did you mean `abd`?", "x.abc", mark)) == [
        "ARC101 no `abc`",
        "  --> a.yaml:12:5  x.abc",
        "   |",
        "12 |     abc: 1",
        "   |     ^^^",
        "   |",
        "help: did you mean `abd`?",
    ]


def test_a_problem_without_a_place() -> None:
    assert shown(Problem("ARC102", "nothing", "", "a.b")) == ["ARC102 nothing", "  = a.b"]
    assert shown(Problem("ARC102", "nothing")) == ["ARC102 nothing"]


def test_what_was_typed_is_quoted_without_a_line_number() -> None:
    for source in ("--set", "<edit>"):
        lines = shown(Problem("ARC104", "not a number", path="x", mark=Mark(source, 1, 3, 3, "x=one")))
        assert lines == ["ARC104 not a number", f"--> {source}  x", " |", " | x=one", " |   ^^^", " |"]


def test_the_marked_part_of_a_long_line_is_seen() -> None:
    for n in (0, 20, 39):
        column = LONG.index(f"{{dim: {n}}}") + 1
        lines = shown(Problem("ARC104", "no", mark=Mark("a.yaml", 1, column, 6, LONG)))
        quoted, carets = lines[3], lines[4]
        assert len(quoted) <= 80
        assert quoted[carets.index("^") : carets.rindex("^") + 1] == LONG[column - 1 : column + 5]
    whole = shown(Problem("ARC104", "no", mark=Mark("a.yaml", 1, 1, len(LONG), LONG)))
    assert all(len(line) <= 80 for line in whole)
    assert shown(Problem("ARC104", "no", mark=Mark("a.yaml", 1, 1, 3, LONG)), None)[3] == f"1 | {LONG}"


def test_carets_stand_below_wide_characters_and_tabs() -> None:
    lines = shown(Problem("ARC104", "no", mark=Mark("a.yaml", 1, 6, 1, "\t数: [x]")))
    assert lines[3:5] == ["1 |  数: [x]", "  |       ^"]
    assert lines[4].index("^") == len("1 |  ") + 2 + len(": [")


def test_a_mark_beyond_its_line() -> None:
    assert shown(Problem("ARC002", "ends", mark=Mark("a.yaml", 1, 9, 1, "arch: {")))[4] == "  |        ^"


def test_one_line_forms() -> None:
    problem = Problem("ARC101", "100% wrong\nreally", "fix it", "x", Mark("a,b:c.yaml", 2, 3, 4, "x"))
    assert concise(problem) == "a,b:c.yaml:2:3: ARC101 100% wrong�really (fix it)"
    assert github(problem) == ("::error file=a%2Cb%3Ac.yaml,line=2,col=3,title=ARC101::100%25 wrong%0Areally (fix it)")
    assert github(Problem("ARC101", "no")) == "::error title=ARC101::no"


def test_as_data() -> None:
    nowhere = {"file": None, "line": None, "column": None, "length": None}
    said = {"code": "ARC101", "message": "no", "hint": "", "path": ""}
    assert plain(Problem("ARC101", "no")) == {**said, **nowhere}
    place = {"file": "a", "line": 1, "column": 2, "length": 3}
    assert plain(Problem("ARC101", "no", mark=Mark("a", 1, 2, 3, "text"))) == {**said, **place}
