"""docs/store.md describes the tables and views that are there, and its queries run."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from sqlalchemy import inspect, text

from archspec.records.index import Index
from archspec.records.index.placing import url_of
from tests.house import REPOSITORY
from tests.records.stores import finished_run, plan_of

PAGE = (REPOSITORY / "docs" / "store.md").read_text(encoding="utf-8")
QUERIES = re.findall(r"```sql\n(.*?)```", PAGE, re.DOTALL)


def described(heading: str) -> dict[str, list[str]]:
    """The columns of each table that stands under a heading."""
    (part,) = re.findall(rf"^## {heading}\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL)
    sections = re.split(r"^### (\w+)\n", part, flags=re.MULTILINE)[1:]
    rows = [re.findall(r"^\| (`.*?) \|", body, re.MULTILINE) for body in sections[1::2]]
    columns = [[name for row in found for name in re.findall(r"`(\w+)`", row)] for found in rows]
    return dict(zip(sections[::2], columns, strict=True))


@pytest.mark.parametrize("url", [None, "empty_postgres"])
def test_tables_and_views_are_described(tmp_path: Path, url: str | None, request: pytest.FixtureRequest) -> None:
    with Index.open(tmp_path, url and request.getfixturevalue(url)) as index:
        there = inspect(index.engine)
        names = {"Tables": there.get_table_names(), "Views": there.get_view_names()}
        real = {
            heading: {name: sorted(column["name"] for column in there.get_columns(name)) for name in found}
            for heading, found in names.items()
        }
    told = {heading: {name: sorted(found) for name, found in described(heading).items()} for heading in names}
    assert told == real


@pytest.mark.parametrize("query", QUERIES)
def test_the_queries_run(tmp_path: Path, query: str) -> None:
    plan_of(tmp_path, "quickstart", [finished_run(tmp_path, number) for number in range(4)])
    with Index.open(tmp_path) as index, index.engine.connect() as connection:
        assert connection.execute(text(query)).all()


def test_the_index_is_called_as_the_page_says(tmp_path: Path) -> None:
    assert Path(url_of(tmp_path).removeprefix("sqlite:///")).name in PAGE
    assert len(QUERIES) == 2
