"""Which run goes first where a recipe starts `from` another."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from archspec.errors import Mark, SpecError
from archspec.spec.checking import check_file
from archspec.spec.origin import ancestors, names_recipe, parent_of
from archspec.spec.recipe import RECIPE, Recipe
from archspec.spec.shelf import names

SMALL: dict[str, Any] = {"data": "digits", "epochs": 1, "batch": 8}
FILE = """\
recipe: first
data: digits
epochs: 1
batch: 8
---
recipe: second
extends: first
edits: {from: first, resolution: 16}
---
recipe: third
extends: first
edits: {from: second, resolution: 24}
"""


def said(start: str) -> Recipe:
    return RECIPE.load({**SMALL, "from": start})


@pytest.mark.parametrize(
    ("start", "is_recipe"),
    [
        ("imagenet_310ep", True),
        ("recipes.yaml", True),
        ("./recipes.yaml:first", True),
        ("v1.2+long", True),
        ("./runs/3f2a", False),
        ("/somewhere/runs/3f2a", False),
        ("~", False),
        ("net.safetensors", False),
        ("net.pt", False),
    ],
)
def test_a_recipe_is_told_from_a_folder_and_a_file(start: str, is_recipe: bool) -> None:
    assert names_recipe(start) == is_recipe


def test_from_scratch_from_a_folder_and_from_a_file_nothing_goes_first() -> None:
    for start in ("none", "./runs/3f2a", "net.safetensors"):
        assert parent_of(said(start)) is None
        assert list(ancestors(said(start))) == []


def test_a_name_is_found_on_the_shelf_and_beside_where_it_stands(tmp_path: Path) -> None:
    assert parent_of(said("digits")) == RECIPE.load("digits")
    (tmp_path / "mine.yaml").write_text(FILE)
    third = RECIPE.load(f"{tmp_path / 'mine.yaml'}:third")
    assert [each.recipe for each in ancestors(third)] == ["second", "first"]
    # Derived elsewhere, it still starts from where the name was written.
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "fourth.yaml").write_text("recipe: fourth\nextends: ../mine.yaml:third\nedits: {epochs: 2}\n")
    fourth = RECIPE.load(str(tmp_path / "other" / "fourth.yaml"))
    assert [each.recipe for each in ancestors(fourth)] == ["second", "first"]


@pytest.mark.parametrize("name", names("recipe"))
def test_every_shipped_recipe_begins_somewhere(name: str) -> None:
    first = [RECIPE.load(name), *ancestors(RECIPE.load(name))][-1]
    assert first.start is None


def test_a_name_that_is_not_there_is_told_where_it_stands(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text(FILE.replace("from: second", "from: secnd"))
    (problem,) = check_file(file)
    assert (problem.code, problem.hint) == ("ARC102", "did you mean `second`?")
    assert isinstance(problem.mark, Mark)
    assert problem.mark.line == 12


def test_a_circle_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text(FILE.replace("edits: {from: first,", "edits: {from: third,"))
    problems = check_file(file)
    assert {problem.code for problem in problems} == {"ARC204"}
    assert "second → third → second" in problems[0].message
    with pytest.raises(SpecError, match="third → second → third"):
        list(ancestors(RECIPE.load(f"{file}:third")))


@pytest.mark.parametrize(("change", "why"), [("from", "goes on from"), ("data", "same data"), ("phases", "no phases")])
def test_a_phase_changes_neither_where_it_begins_nor_the_data(change: str, why: str) -> None:
    value = [] if change == "phases" else "digits"
    with pytest.raises(SpecError, match=why):
        RECIPE.load({**SMALL, "phases": [{}, {change: value}]})
