"""Numbers, bars and texts for people."""

from __future__ import annotations

import pytest

from archspec.cli import format as fmt


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0, "0"), (7, "7"), (999, "999"), (1000, "1.00K"), (1004, "1.00K"), (1005, "1.00K"), (9_995, "9.99K"),
        (9_996, "10.0K"), (99_949, "99.9K"), (99_950, "100K"), (999_499, "999K"), (999_500, "1.00M"),
        (26_341_656, "26.3M"), (4_106_941_440, "4.11G"), (17.6e12, "17.6T"), (5e18, "5.00E"), (5e21, "5000E"),
        (-433_000, "-433K"),
    ],
)  # fmt: skip
def test_numbers_have_three_digits(number: float, text: str) -> None:
    assert fmt.short(number) == text


def test_differences_have_a_sign() -> None:
    assert [fmt.signed(n) for n in (12_288, -433, 0)] == ["+12.3K", "-433", "0"]
    pairs = ((100, 104.2), (100, 50), (3, 3), (0, 3))
    assert [fmt.percent(*pair) for pair in pairs] == ["+4.2%", "-50.0%", "0%", "new"]


def test_memory_is_four_bytes_a_number() -> None:
    assert fmt.memory(2**20) == "4.0 MiB"
    assert fmt.memory(2**28) == "1,024 MiB"
    assert fmt.mebibytes(26_208_000) == "100"


def test_sizes() -> None:
    assert (fmt.image(224), fmt.image([32, 64]), fmt.by(7, 7, 3)) == ("224", "32×64", "7×7×3")


@pytest.mark.parametrize(
    ("share", "text"), [(0, ""), (0.001, "▏"), (0.5, "██"), (0.53, "██▏"), (1, "████"), (1.5, "████"), (-1, "")]
)
def test_bars(share: float, text: str) -> None:
    assert fmt.bar(share, 4) == text


def test_plurals() -> None:
    assert fmt.count(1, "file") == "1 file"
    assert fmt.count(1200, "class", "classes") == "1,200 classes"


def test_width_on_a_terminal() -> None:
    assert [fmt.cells(text) for text in ("abc", "7×7", "数", "e\u0301")] == [3, 3, 2, 1]


def test_what_steers_a_terminal_is_not_printed() -> None:
    assert fmt.printable("a\x1b[31m\tb\u202e") == "a�[31m b�"


def test_folding_breaks_only_words_that_must_be() -> None:
    assert fmt.wrapped("one two  three", 7) == ["one two", "three"]
    assert fmt.wrapped("  a    b and more", 10) == ["  a    b", "and more"]
    assert fmt.wrapped("abcdefgh ij", 3) == ["abc", "def", "gh", "ij"]
    assert fmt.wrapped("数数数 a", 4) == ["数数", "数 a"]
    assert fmt.wrapped("one two three", 7, 3) == ["one two", "thr", "ee"]
    assert fmt.wrapped("", 5) == [""]
