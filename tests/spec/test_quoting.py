"""An edit from plain data or from the command line says where its value was written: in the edit."""

from __future__ import annotations

from typing import Any

import pytest

from archspec.errors import Problem, SpecError
from archspec.spec.edits import edit_of
from archspec.spec.loading import edited_by, load

BASE = {
    "arch": "base",
    "input": {"size": 32},
    "stem": {"kind": "patch", "size": 4},
    "stages": [{"dim": 8, "depth": 2, "mixer": "pooling"}],
    "head": "linear",
}


def problem(edits: dict[str, Any]) -> Problem:
    """The only problem of some edits."""
    with pytest.raises(SpecError) as caught:
        load(BASE).edit(edits)
    (found,) = caught.value.problems
    return found


@pytest.mark.parametrize(
    ("edits", "quoted", "marked"),
    [
        ({"stages.mixer": "poling"}, "stages.mixer: poling", "poling"),
        ({"stages.mixer": {"kind": "pooling", "size": 4}}, "stages.mixer: {kind: pooling, size: 4}", None),
        ({"stages.0.mixer.size": 4}, "stages.0.mixer.size: 4", "4"),
        ({"stages.norm": {"kind": "group_norm", "groups": 3}}, "stages.norm: {kind: group_norm, groups: 3}", None),
    ],
)
def test_a_mistake_quotes_the_edit(edits: dict[str, Any], quoted: str, marked: str | None) -> None:
    mark = problem(edits).mark
    assert mark is not None
    assert (mark.file, mark.text) == ("<edit>", quoted)
    assert quoted[mark.column - 1 : mark.column - 1 + mark.length] == (marked or quoted.partition(": ")[2])


def test_an_unknown_path_quotes_the_edit() -> None:
    mark = problem({"stages.mixr": "pooling"}).mark
    assert mark is not None
    assert mark.text == "stages.mixr: pooling"
    assert "mixr" in mark.text[: mark.column - 1 + mark.length]


def test_an_edit_remembers_its_place_through_the_next() -> None:
    arch = load(BASE).edit({"stages.norm": {"kind": "group_norm", "groups": 4}})
    with pytest.raises(SpecError) as caught:
        arch.edit({"stages.dim": 6})
    assert caught.value.problems[0].mark is not None
    assert caught.value.problems[0].mark.file == "<edit>"


def test_a_setting_has_exact_places() -> None:
    text = "stages.0.mixer={kind: pooling, size: 4}"
    with pytest.raises(SpecError) as caught:
        edited_by(load(BASE), [edit_of(text, "--set")])
    mark = caught.value.problems[0].mark
    assert mark is not None
    assert (mark.file, mark.line, mark.column, mark.length, mark.text) == ("--set", 1, text.index("4") + 1, 1, text)


def test_a_setting_is_read_as_yaml() -> None:
    edit = edit_of(" stages.0.mixer = {kind: attention, head_dim: 8}  # a comment", "--set")
    assert (edit.path, edit.value.plain()) == ("stages.0.mixer", {"kind": "attention", "head_dim": 8})


@pytest.mark.parametrize("text", ["a=", "a=# nothing", "a=1\n---\n2"])
def test_a_setting_has_one_value(text: str) -> None:
    with pytest.raises(SpecError, match="one value follows the path"):
        edit_of(text, "--set")
