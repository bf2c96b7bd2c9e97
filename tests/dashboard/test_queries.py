"""How often pages ask the index: as often about a large study as about a small one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy import event

from archspec.dashboard.page import Look, Page, found
from archspec.dashboard.query import Query
from archspec.dashboard.rendering import rendered
from archspec.dashboard.site import Site
from archspec.records.index import Index
from tests.dashboard.stores import filled, hexed, real
from tests.report.samples import VIT, arm, plan

MOST = 12
"""Questions of a page: which studies there are, what is known of the runs, and what it is about itself."""


def asked(site: Site, page: Page) -> int:
    """How many questions a page asks that nobody has looked at before."""
    statements: list[str] = []

    def hear(_: Any, __: Any, statement: str, *___: Any) -> None:
        statements.append(statement)

    site.studies.clear()
    event.listen(site.index.engine, "before_cursor_execute", hear)
    names = {"study": "study", "key": hexed(f"study {VIT.id}:0")}
    look = Look(
        site, page, {name: names[name] for name in names if f"{{{name}}}" in page.path}, Query([("s", "study")])
    )
    assert "archspec" in rendered(look)
    event.remove(site.index.engine, "before_cursor_execute", hear)
    return sum("SELECT" in statement.upper() for statement in statements)


def counts(store: Path, arms: int) -> dict[str, int]:
    """How often each page asks about a study of so many arms."""
    made = real(plan(VIT, *(arm("factor", str(number)) for number in range(arms))))
    filled(store, made, {one.id: {seed: 80.0 + seed for seed in (0, 1, 2)} for one in made.arms})
    with Index.at(store) as index:
        site = Site(store, index)
        site.refresh()
        return {name: asked(site, page) for name, page in found().items()}


def test_a_page_asks_no_more_about_a_larger_study(tmp_path: Path) -> None:
    few, many = counts(tmp_path / "few", 2), counts(tmp_path / "many", 20)
    assert few == many
    assert 0 < max(many.values()) <= MOST, many
