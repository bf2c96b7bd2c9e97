"""What is taken away while somebody looks: the store, the index, half of a file."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from archspec.dashboard.page import Look, MissingError, found
from archspec.dashboard.query import Query
from archspec.dashboard.rendering import rendered
from archspec.dashboard.site import Site
from archspec.records.index import Index
from archspec.records.store import Store
from tests.dashboard.stores import ONE_FACTOR, VALUES, filled

KEY = ONE_FACTOR.runs[0].key


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    store = tmp_path / "store"
    filled(store, ONE_FACTOR, VALUES)
    with Index.at(store) as index:
        site = Site(store, index)
        site.refresh()
        yield site


def shown(site: Site, name: str) -> str:
    """A page."""
    page = found()[name]
    names = {place: said for place, said in (("study", "one_factor"), ("key", KEY)) if f"{{{place}}}" in page.path}
    return rendered(Look(site, page, names, Query([])))


def test_before_the_store_was_looked_through_no_study_is_denied(tmp_path: Path) -> None:
    filled(tmp_path, ONE_FACTOR, VALUES)
    with Index.at(tmp_path) as index:
        site = Site(tmp_path, index)
        with pytest.raises(MissingError, match="is being looked through"):
            site.study("one_factor")
        site.refresh()
        with pytest.raises(MissingError, match="did you mean `one_factor`"):
            site.study("one_facto")


def test_a_store_that_was_moved_is_missed_and_its_pages_stay(site: Site, tmp_path: Path) -> None:
    before = site.version
    assert "79.00" in shown(site, "table")
    shutil.move(site.store.path, tmp_path / "elsewhere")
    assert site.refresh() not in (before, "")
    assert "is not there any more" in shown(site, "table")
    assert "79.00" in shown(site, "table")
    shutil.move(tmp_path / "elsewhere", site.store.path)
    assert site.refresh() == before
    assert "is not there any more" not in shown(site, "table")


@pytest.mark.parametrize("content", [None, b"garbage" * 1000])
def test_an_index_that_was_lost_is_made_anew(site: Site, content: bytes | None) -> None:
    for file in site.store.path.glob("index*"):
        file.unlink()
        if content:
            file.write_bytes(content)
    site.index.engine.dispose()
    site.studies.clear()
    site.refresh()
    assert all("79.00" in shown(site, name) for name in ("table", "verdict"))
    assert not site.trouble


@pytest.mark.parametrize("content", ["", "[]", '{"state": "do', '{"state": 7}', '{"attempt": "x"}', "\0"])
@pytest.mark.parametrize("name", ["result.json", "attempts/1/lease", "attempts/1/metrics.jsonl", "run.yaml"])
def test_half_a_file_breaks_no_page(site: Site, name: str, content: str) -> None:
    folder = Store(site.store.path).run(KEY)
    (folder / "result.json").unlink()
    (folder / name).write_text(content)
    site.refresh()
    assert all("archspec" in shown(site, page) for page in found())


@pytest.mark.parametrize(("field", "value"), [("params", "many"), ("changes", None), ("paper", [1]), ("name", 7)])
def test_a_plan_of_other_types_leaves_the_list_of_studies_alone(site: Site, field: str, value: object) -> None:
    file = site.store.study("one_factor") / "plan.json"
    plan = json.loads(file.read_text())
    plan["arms"][1][field] = value
    file.write_text(json.dumps(plan))
    site.refresh()
    assert "archspec" in shown(site, "studies")
