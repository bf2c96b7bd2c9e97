"""YAML read as 1.2, located, and bounded: what is read, what is refused, and where the finger points."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archspec.errors import Mark, Problem, SpecError
from archspec.spec.nodes import Node
from archspec.spec.reading import MAX_BYTES, MAX_DEPTH, MAX_NODES, compose, read_file, read_text

from .samples import the_problem

BYTE_ORDER_MARK = "\ufeff"


def plain(text: str) -> Any:
    """The bare value of a text of one document."""
    (root,) = compose(text)
    return root.plain()


def problem_of(text: str) -> Problem:
    return the_problem(lambda: compose(text))


def complaints(text: str) -> tuple[Problem, ...]:
    """What is wrong with a text, perhaps nothing."""
    try:
        compose(text)
    except SpecError as error:
        return error.problems
    return ()


def pointed_at(problem: Problem) -> str:
    """The text a problem's mark covers."""
    assert problem.mark is not None
    return problem.mark.text[problem.mark.column - 1 :][: problem.mark.length]


def place(problem: Problem) -> tuple[int, int]:
    assert problem.mark is not None
    return problem.mark.line, problem.mark.column


def test_keys_are_texts() -> None:
    assert plain("1: a\ntrue: b\nno: c\n1e3: d\n") == {"1": "a", "true": "b", "no": "c", "1e3": "d"}


def test_a_key_may_begin_with_a_dash_in_quotes() -> None:
    assert plain('"-norm": 1\n') == {"-norm": 1}
    assert problem_of("a:\n  -norm: 1\n").code == "ARC002"


@pytest.mark.parametrize(
    ("text", "at"),
    [("a: 1\nb: 2\na: 3\n", (3, 1)), ('"a": 1\na: 3\n', (2, 1)), ("x: {b: 1, c: 2, b: 3}\n", (1, 17))],
)
def test_a_key_is_written_once(text: str, at: tuple[int, int]) -> None:
    problem = problem_of(text)
    assert (problem.code, place(problem)) == ("ARC003", at)
    assert "first on line 1" in problem.hint


@pytest.mark.parametrize(
    ("text", "pointed"),
    [
        ("b: {<<: *a}", "<<"),
        ("a: !!str 5", "!!str 5"),
        ("!foo {a: 1}", "!foo {"),
        ("a: !!python/object/apply:os.system [x]", "!!python/object/apply:os.system ["),
        ("? [a]\n: 1\n", "["),
        ("{a: 1}: 2", "{"),
        ("a: &x k\n*x : 1\n", "*x"),
    ],
)
def test_what_is_not_read_is_refused(text: str, pointed: str) -> None:
    problem = problem_of(text)
    assert problem.code == "ARC004"
    assert pointed_at(problem).startswith(pointed)


def test_anchors_repeat_what_is_above() -> None:
    assert plain("a: &x {k: 1}\nb: *x\nc: [*x, *x]\n") == {"a": {"k": 1}, "b": {"k": 1}, "c": [{"k": 1}, {"k": 1}]}
    assert plain("a: &x 1\nb: &x 2\nc: *x\n")["c"] == 2


@pytest.mark.parametrize("text", ["a: *x\n", "a: &x [*x]\n", "a: &x {b: *x}\n", "a: &x 1\n---\nb: *x\n"])
def test_an_alias_points_at_something_complete_above_it(text: str) -> None:
    problem = problem_of(text)
    assert problem.code == "ARC002"
    assert pointed_at(problem) == "*x"


def test_an_alias_bomb_is_refused() -> None:
    lines = ["a: &a [x, x, x, x, x, x, x, x, x, x]"]
    for before, name in zip("abcdefgh", "bcdefghi", strict=True):
        lines.append(f"{name}: &{name} [{', '.join([f'*{before}'] * 10)}]")
    assert problem_of("\n".join(lines)).code == "ARC005"


def test_depth_is_bounded() -> None:
    assert plain("[" * MAX_DEPTH + "]" * MAX_DEPTH) is not None
    assert problem_of("[" * (MAX_DEPTH + 1) + "]" * (MAX_DEPTH + 1)).code == "ARC005"
    assert problem_of("[" * 100_000).code == "ARC005"
    assert problem_of("".join(f"{' ' * depth}a:\n" for depth in range(MAX_DEPTH + 2))).code == "ARC005"


def test_aliases_do_not_deepen_beyond_the_bound() -> None:
    half = MAX_DEPTH // 2 - 2
    nested = f"a: &a {'[' * half}{']' * half}\nb: {'[' * half}*a{']' * half}\n"
    assert plain(nested)["b"] is not None
    levels = [f"k0: &k0 {'[' * half}{']' * half}"]
    levels += [f"k{i}: &k{i} {'[' * half}*k{i - 1}{']' * half}" for i in range(1, 60)]
    assert problem_of("\n".join(levels)).code == "ARC005"


def test_size_is_bounded(tmp_path: Path) -> None:
    text = f"arch: {'x' * MAX_BYTES}"
    assert problem_of(text).code == "ARC005"
    file = tmp_path / "large.yaml"
    file.write_text(text)
    assert the_problem(lambda: read_file(file)).code == "ARC005"


def test_the_number_of_values_is_bounded() -> None:
    assert len(plain(f"[{'1,' * (MAX_NODES - 2)}]")) == MAX_NODES - 2
    assert problem_of(f"[{'1,' * (MAX_NODES + 1)}]").code == "ARC005"


def test_columns_count_characters() -> None:
    problem = problem_of("漢: 🙂\nb: {é: 🙂🙂, é: 2}\n")
    assert (place(problem), pointed_at(problem)) == ((2, 12), "é")


def test_line_ends_of_all_systems() -> None:
    for end in ("\n", "\r\n", "\r"):
        text = end.join(["a: 1", "b: [1,", "  2]", "c: 1", "c: 2", ""])
        assert place(problem_of(text)) == (5, 1)
        assert plain(text.replace("c: 2", "d: 2"))["b"] == [1, 2]


def test_a_byte_order_mark_is_no_content(tmp_path: Path) -> None:
    file = tmp_path / "marked.yaml"
    file.write_text(f"{BYTE_ORDER_MARK}arch: x\nnote: a\n", encoding="utf-8")
    (document,) = read_file(file)
    assert (document.kind, document.name) == ("arch", "x")
    mark = document.node.key_marks["arch"]
    assert (mark.line, mark.column, mark.text) == (1, 1, "arch: x")


def test_a_file_holds_several_documents() -> None:
    text = "arch: a\n---\nstudy: b\n...\n---\nrecipe: c\n"
    assert [(d.kind, d.name) for d in read_text(text)] == [("arch", "a"), ("study", "b"), ("recipe", "c")]
    assert [d.node.key_marks[d.kind].line for d in read_text(text)] == [1, 3, 6]


@pytest.mark.parametrize(
    "text", ["5", "[1]", "{}", "notes: x", "name: x\narch: y", "arch: [x]", "arch: 5", "---\n---\narch: x\n"]
)
def test_a_document_says_what_it_is_in_its_first_key(text: str) -> None:
    problem = the_problem(lambda: read_text(text))
    assert problem.code in {"ARC006", "ARC104"}
    assert problem.mark is not None


def test_files_that_hold_nothing_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "nothing.yaml"
    file.write_text("# only a comment\n")
    assert the_problem(lambda: read_file(file)).code == "ARC006"
    file.write_bytes(b"arch: \xff\xfe\n")
    assert the_problem(lambda: read_file(file)).code == "ARC001"
    assert the_problem(lambda: read_file(tmp_path / "missing.yaml")).code == "ARC001"
    assert the_problem(lambda: read_file(tmp_path)).code == "ARC001"


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("a:\n\tb: 1\n", (2, 1)),
        ("a: b: c\n", (1, 5)),
        ("x: 1\na: [1, 2\n", (2, 4)),
        ("x: 1\ny: \x07\n", (2, 4)),
        ("x: 1\ny: \ud800\n", (2, 4)),
        ("%YAML 1.3\n---\na: 1\n", (1, 1)),
    ],
)
def test_what_is_not_yaml_is_refused_where_it_begins(text: str, at: tuple[int, int]) -> None:
    problem = problem_of(text)
    assert (problem.code, place(problem)) == ("ARC002", at)


def test_every_value_and_key_points_at_itself() -> None:
    text = "arch: net\nstages:\n  - {dim: 64, mixer: {kind: sep_conv}}\n  - dim: 128\n"
    (root,) = compose(text, "net.yaml")
    for node, key in _marks(root):
        lines = text.splitlines()
        assert node.file == "net.yaml"
        assert lines[node.line - 1] == node.text
        assert node.text[node.column - 1 :].startswith(key)


def _marks(node: Node) -> Iterator[tuple[Mark, str]]:
    """Every mark of a tree and the text it must point at."""
    for key, mark in node.key_marks.items():
        yield mark, key
    if node.mark is not None and not node.is_mapping() and not node.is_list():
        yield node.mark, str(node.value)
    for _, child in node.children():
        yield from _marks(child)


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    assert all(problem.mark is not None for problem in complaints(text))


@given(st.text(alphabet="ab:[]{},&*!-? \n\"'#|>%@`~<", max_size=40))
def test_any_yaml_like_text_is_read_or_refused(text: str) -> None:
    assert {problem.code for problem in complaints(text)} <= {"ARC002", "ARC003", "ARC004", "ARC005"}
