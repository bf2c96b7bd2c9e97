"""How often pages ask the index: once, however large a study is."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import event

from archspec.dashboard.page import Look, found
from archspec.dashboard.query import Query
from archspec.dashboard.rendering import rendered
from archspec.dashboard.site import Site
from archspec.records.index import Index, reading
from tests.dashboard.stores import filled, hexed, real
from tests.report.samples import VIT, arm, plan

ASKED = {"run": 1, "studies": 1, "queue": 3}
"""Pages about no one study: the queue lists runs at work, sums up studies, and sums up weeks, which studies share."""
POINTS = ("curves", "arm")
"""Pages that also ask how runs learned, of which there is too much to be kept; all share what is known of the runs."""


@contextmanager
def listening(site: Site) -> Iterator[list[str]]:
    """The questions that are asked meanwhile."""
    statements: list[str] = []

    def hear(_: Any, __: Any, statement: str, *___: Any) -> None:
        statements.extend([statement] if "SELECT" in statement.upper() else [])

    event.listen(site.index.engine, "before_cursor_execute", hear)
    yield statements
    event.remove(site.index.engine, "before_cursor_execute", hear)


def asked(site: Site, name: str, **query: str) -> int:
    """How many questions a page asks."""
    page = found()[name]
    names = {"study": "study", "key": hexed(f"study {VIT.id}:0")}
    here = {place: names[place] for place in names if f"{{{place}}}" in page.path}
    with listening(site) as statements:
        assert "archspec" in rendered(Look(site, page, here, Query(query.items())))
    return len(statements)


@pytest.fixture(scope="module", params=[2, 20], ids="{} arms".format)
def site(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A study, small or large."""
    store = tmp_path_factory.mktemp("store")
    made = real(plan(VIT, *(arm("factor", str(number)) for number in range(request.param))))
    filled(store, made, {one.id: {seed: 80.0 + seed for seed in (0, 1, 2)} for one in made.arms})
    with Index.at(store) as index:
        site = Site(store, index)
        site.refresh()
        yield site


@pytest.mark.parametrize("name", found())
def test_a_page_asks_one_question(site: Site, name: str) -> None:
    site.studies.clear()
    assert asked(site, name, s="study") == ASKED.get(name, 1) + (name in POINTS)


@pytest.mark.parametrize("name", [name for name, page in found().items() if page.of_study])
def test_pages_of_a_study_that_was_seen_ask_nothing_but_points(site: Site, name: str) -> None:
    site.study("study")
    assert asked(site, name) == (name in POINTS)


def test_a_table_at_an_epoch_asks_for_that(site: Site) -> None:
    site.study("study")
    assert [asked(site, "table", epoch=epoch) for epoch in ("best", "3", "newest")] == [1, 1, 0]


def test_more_runs_than_a_question_can_name_are_no_more_questions(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MANY", 1)
    site.studies.clear()
    assert asked(site, "table") == 1
