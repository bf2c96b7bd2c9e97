"""Tables fit into the width they are given."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archspec.cli.format import cells
from archspec.cli.table import Cell, Column, Row, table
from tests.cli.conftest import ANSI

COLUMNS = [Column("name"), Column("what it is"), Column("count", ">"), Column("more", ">", spare=1)]
ROWS: list[Row] = [["one", "a thing of many words", "1", "100"], ["two", "another", Cell("22", "bad"), "2"]]


def plain(width: int | None) -> list[str]:
    """The lines without their looks."""
    return [ANSI.sub("", line) for line in table(COLUMNS, ROWS, width)]


def test_without_a_limit_everything_is_on_one_line() -> None:
    assert plain(None) == [
        "name  what it is             count  more",
        "one   a thing of many words      1   100",
        "two   another                   22     2",
    ]


def test_texts_are_folded_first() -> None:
    assert plain(32) == [
        "name  what it is     count  more",
        "one   a thing of         1   100",
        "      many words",
        "two   another           22     2",
    ]


def test_then_a_spare_column_goes_and_is_named() -> None:
    assert plain(24) == [
        "name  what it is   count",
        "one   a thing of       1",
        "      many words",
        "two   another         22",
        "no room for: more;",
        "--json has everything",
    ]


def test_a_line_across_all_columns() -> None:
    rows: list[Row] = ["a group of things", ["one"]]
    lines = [ANSI.sub("", line) for line in table(COLUMNS[:1], rows, 10)]
    assert lines == ["name", "a group of", "things", "one"]


def test_colours_take_no_room() -> None:
    assert any("\x1b" in line for line in table(COLUMNS, ROWS, None))


@given(
    st.lists(st.lists(st.text("ab 数×é", max_size=30), min_size=3, max_size=3), min_size=1, max_size=4),
    st.integers(40, 90),
)
def test_no_line_is_wider_than_the_terminal(rows: list[Row], width: int) -> None:
    columns = [Column("first"), Column("second", spare=1), Column("third")]
    assert all(cells(ANSI.sub("", line)) <= width for line in table(columns, rows, width))


@pytest.mark.parametrize("width", [40, 80, None])
def test_no_number_is_ever_broken(width: int | None) -> None:
    lines = table([Column("a" * 50), Column("n", ">")], [["b" * 90, "123456789"]], width)
    assert any("123456789" in line for line in lines)
