"""Files broken at random: each is fine or told where it is not, at once, and nothing else ever happens."""

from __future__ import annotations

import re
from itertools import count
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archspec.errors import CODES, Problem, SpecError
from archspec.spec.checking import FORMS, check_file
from archspec.spec.reading import compose, read_file

VALID = Path(__file__).with_name("valid.yaml")
TEXT = VALID.read_text(encoding="utf-8")

_TOKEN = re.compile(r"[\w./+-]+|[^\w\s]|\n *")
TOKENS = [match.group() for match in _TOKEN.finditer(TEXT)]
OTHERS = [
    "none",
    "true",
    "no",
    "~",
    "-1",
    "0",
    "1",
    "7.5",
    "1/3",
    "1e300",
    "26M",
    "0x1f",
    '""',
    '"7"',
    "[]",
    "{}",
    "[a]",
]
OTHERS += [
    "{each: [1, 2]}",
    "{times: 2}",
    "{cycle: [pooling]}",
    "{grid: 3}",
    "\t",
    "\n",
    "\n---\n",
    "#",
    "&a",
    "*a",
    "²",
]
MARKS = ["arch: x", "\n", "  ", "- ", ": ", "{", "}", "[", "]", ",", '"', "'", "&a ", "*a"]
MARKS += ["#", "|", ">", "? ", "!t ", "%", "---\n", "...", "\t", "a", "1", "<<: "]
YAML_LIKE = st.lists(st.sampled_from(MARKS))


def test_the_file_that_is_broken_here_is_fine() -> None:
    assert check_file(VALID) == []


@st.composite
def broken_tokens(draw: st.DrawFn) -> str:
    """The valid file with a few words left out, doubled, exchanged or replaced."""
    between, words = _TOKEN.split(TEXT), list(TOKENS)
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, len(words) - 1))
        other = draw(st.one_of(st.sampled_from(OTHERS), st.sampled_from(TOKENS)))
        words[at] = draw(st.sampled_from(["", f"{words[at]} {words[at]}", other, other]))
    return "".join(gap + word for gap, word in zip(between, [*words, ""], strict=True))


@st.composite
def broken_lines(draw: st.DrawFn) -> str:
    """The valid file with a few lines left out, doubled, moved or indented otherwise."""
    lines = TEXT.splitlines()
    for _ in range(draw(st.integers(1, 3))):
        at, to = draw(st.integers(0, len(lines) - 1)), draw(st.integers(0, len(lines) - 1))
        what = draw(st.sampled_from(["drop", "double", "move", "indent", "dedent", "cut"]))
        line = lines.pop(at)
        changed = {
            "double": [line, line],
            "indent": ["  " + line],
            "dedent": [line[1:]],
            "cut": [line[: len(line) // 2]],
        }
        lines[at:at] = changed.get(what, [])
        if what == "move":
            lines.insert(to, line)
    return "\n".join(lines) + "\n"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where broken files are written, one after the other."""
    return tmp_path_factory.mktemp("broken")


@given(text=broken_tokens())
@settings(max_examples=200, derandomize=True)
def test_words_exchanged(folder: Path, text: str) -> None:
    inspect(folder, text.encode())


@given(text=broken_lines())
@settings(max_examples=150, derandomize=True)
def test_lines_exchanged(folder: Path, text: str) -> None:
    inspect(folder, text.encode())


@given(start=st.integers(0, len(TEXT)), noise=st.binary(min_size=1, max_size=20))
@settings(max_examples=100, derandomize=True)
def test_bytes_exchanged(folder: Path, start: int, noise: bytes) -> None:
    whole = TEXT.encode()
    inspect(folder, whole[:start] + noise + whole[start + len(noise) :])


@given(text=st.one_of(st.text(max_size=200), YAML_LIKE.map("".join)))
@settings(max_examples=300, derandomize=True)
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        compose(text, "text")
    except SpecError as error:
        for problem in error.problems:
            assert_within(problem, "text", text)


_number = count()


def inspect(folder: Path, content: bytes) -> None:
    """A file is fine, and then loads, or its problems lie in it."""
    file = folder / f"{next(_number)}.yaml"
    file.write_bytes(content)
    problems = check_file(file)
    for document in read_file(file) if not problems else []:
        FORMS[document.kind].read(document)
    file.unlink()
    for problem in problems:
        assert_within(problem, str(file), content.decode("utf-8-sig", "replace"))
        assert problem.message
        assert problem.code in CODES


def assert_within(problem: Problem, file: str, text: str) -> None:
    """A problem points at a line of the file, or right behind its end."""
    mark, lines = problem.mark, [*text.splitlines(), ""]
    assert mark is not None, problem
    assert mark.file == file
    assert 1 <= mark.line <= len(lines), problem
    assert 1 <= mark.column <= len(lines[mark.line - 1]) + 1, problem
