"""Bare words: YAML 1.2's, and the numbers that papers write."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archspec.errors import SpecError
from archspec.spec.reading import compose
from archspec.spec.scalars import Printed, read_scalar

from .samples import the_problem


def plain(text: str) -> Any:
    """The bare value of a text of one document."""
    (root,) = compose(text)
    return root.plain()


@pytest.mark.parametrize("word", ["no", "yes", "on", "off", "y", "n", "No", "tRUE", "12:30", "1_000", "2024-01-01"])
def test_words_that_yaml_1_1_changes_stay_words(word: str) -> None:
    assert plain(f"a: {word}") == {"a": word}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("true", True),
        ("False", False),
        ("~", None),
        ("null", None),
        ("12", 12),
        ("+3", 3),
        ("-4", -4),
        ("017", 17),
        ("0o17", 15),
        ("0x1F", 31),
        ("1e-3", 0.001),
        ("1e3", 1000.0),
        (".5", 0.5),
        ("5.", 5.0),
        ("-1.5E+2", -150.0),
        ("1/2", 0.5),
        ("4/2", 2),
        ("-3/4", -0.75),
        ("26M", 26e6),
        ("4.1G", 4.1e9),
        ("3K", 3000.0),
        ("1T", 1e12),
    ],
)
def test_numbers_are_yaml_1_2s_and_the_papers(text: str, value: object) -> None:
    read = plain(f"[{text}]")[0]
    assert read == value
    assert isinstance(read, bool) == isinstance(value, bool)
    assert isinstance(read, int) == isinstance(value, int)


@pytest.mark.parametrize(
    "text", ["1/0", "1k", "M", "-3M", "0b1", "nan", ".nan", ".inf", "1e", "1.2.3", "0o8", "=", "1/2/3"]
)
def test_what_is_no_number_is_a_text(text: str) -> None:
    assert read_scalar(text) == text


def test_quoted_numbers_are_texts() -> None:
    assert plain("['1', \"26M\", 'true', '']") == ["1", "26M", "true", ""]


def test_printed_numbers_remember_how_they_are_printed() -> None:
    (printed,) = plain("[4.10G]")
    assert isinstance(printed, Printed)
    assert repr(printed) == "4.10G"
    assert printed.agrees(4_104_999_999)
    assert not printed.agrees(4_105_100_000)


def test_printed_numbers_survive_copying() -> None:
    for copied in (copy.deepcopy(Printed("4.10G")), pickle.loads(pickle.dumps(Printed("4.10G")))):
        assert (copied, repr(copied), copied.half_unit) == (4.1e9, "4.10G", 5e6)


@pytest.mark.parametrize("number", ["1e400", "-1e400", "1e99999999999"])
def test_numbers_too_large_are_refused(number: str) -> None:
    problem = the_problem(lambda: compose(f"a: 1\nb: [2, {number}]\n"))
    assert problem.mark is not None
    assert (problem.code, problem.mark.line, problem.mark.column) == ("ARC104", 2, 8)


@pytest.mark.parametrize("ending", ["", "/7", "M", ".5", "e5"])
@pytest.mark.parametrize("digits", [20, 90, 120, 320, 390, 5000])
def test_no_number_of_digits_is_too_much(digits: int, ending: str) -> None:
    try:
        (value,) = plain(f"[{'9' * digits}{ending}]")
    except SpecError as error:
        value = {problem.code for problem in error.problems}
    assert value == {"ARC104"} or isinstance(value, str) or value > 10 ** (digits - 2)


@given(st.text(alphabet="0123456789abcdefx.+-_/eEKMGT~", max_size=12))
def test_every_word_is_read(word: str) -> None:
    assert isinstance(read_scalar(word), str | int | float | None)


@given(st.integers(-(10**15), 10**15))
def test_whole_numbers_are_read_back(number: int) -> None:
    assert read_scalar(str(number)) == number


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_floats_are_read_back(number: float) -> None:
    assert read_scalar(repr(number)) == number
