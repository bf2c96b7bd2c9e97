"""The JSON Schemas: what archspec reads they accept, what it refuses they refuse, and new kinds appear in them."""

from __future__ import annotations

import copy
import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import pytest
import yaml
from jsonschema import Draft7Validator
from pydantic import Field

import archspec
from archspec.spec.checking import FORMS, check_document
from archspec.spec.mixers import Mixer
from archspec.spec.reading import Document, read_file
from archspec.spec.registry import members
from archspec.spec.schema import schema
from archspec.spec.shelf import names, shipped_folders

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "schemas"
VALIDATORS = {kind: Draft7Validator(schema(kind)) for kind in FORMS}
FILES = [
    *(file for folder in shipped_folders() for file in sorted(folder.glob("*.yaml"))),
    *sorted((ROOT / "tests" / "language").glob("*.yaml")),
]
FREE = {
    "factors",
    "arms",
    "steps",
    "profiles",
    "paper",
    "objectives",
    "environment",
    "options",
    "at",
    "when",
    "measure",
}
"""Keys whose own keys are names, not words of the language."""


class Yaml12Loader(yaml.SafeLoader):
    """PyYAML with the words of YAML 1.2, as editors read them: `on` and `no` are texts, `4e-3` is a number."""

    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012


for _tag, _pattern, _first in (
    ("bool", r"true|True|TRUE|false|False|FALSE", "tTfF"),
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("int", r"[-+]?[0-9]+", "-+0123456789"),
    ("float", r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", "-+.0123456789"),
):
    Yaml12Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(f"^(?:{_pattern})$"), list(_first))


def with_words(value: Any) -> Any:
    """YAML 1.1's reading, with keys as texts: it takes a bare `on` for true."""
    if isinstance(value, dict):
        return {"on" if key is True else str(key): with_words(child) for key, child in value.items()}
    return [with_words(child) for child in value] if isinstance(value, list) else value


def is_sound(document: Document) -> bool:
    """Whether a document can be read today: the examples name kinds that are still to come."""
    return not check_document(document)


DOCUMENTS = [
    (file, index, document)
    for file in FILES
    for index, document in enumerate(read_file(file))
    if is_sound(document) or file.parent.name != "language"
]


def mistakes(kind: str, data: Any) -> list[str]:
    """What a schema says about plain data."""
    return [f"{list(error.absolute_path)}: {error.message[:200]}" for error in VALIDATORS[kind].iter_errors(data)]


def is_valid(kind: str, data: Any) -> bool:
    """Whether a schema accepts plain data."""
    return bool(VALIDATORS[kind].is_valid(data))


def loaded(file: Path, index: int) -> Any:
    """One document as an editor reads it."""
    return list(yaml.load_all(file.read_text(encoding="utf-8"), Yaml12Loader))[index]


@pytest.mark.parametrize(
    ("file", "index", "document"), DOCUMENTS, ids=lambda v: v.name if isinstance(v, Document) else ""
)
def test_documents_are_valid(file: Path, index: int, document: Document) -> None:
    assert mistakes(document.kind, loaded(file, index)) == []
    older = list(yaml.safe_load_all(file.read_text(encoding="utf-8")))[index]
    assert mistakes(document.kind, with_words(older)) == []


def test_documents_of_every_kind_are_looked_at() -> None:
    assert {document.kind for _, _, document in DOCUMENTS} == set(FORMS)
    assert len(DOCUMENTS) > 40


@pytest.mark.parametrize("kind", [kind for kind in FORMS if kind != "arch"])
def test_what_is_written_out_is_valid(kind: str) -> None:
    for name in names(kind):
        assert mistakes(kind, json.loads(json.dumps(FORMS[kind].load(name).tree.plain()))) == []


@pytest.mark.parametrize("name", names("arch"))
def test_archs_written_out_and_resolved_are_valid(name: str) -> None:
    arch = archspec.load(name)
    for data in (arch.to_dict(), arch.resolved().to_dict(), arch.tree.plain()):
        assert mistakes("arch", json.loads(json.dumps(data))) == []


def misspelt(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """A document with one key misspelt, for each of its keys."""
    for key, child in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        where = (*path, str(key))
        short = path[-2:-1] == ("factors",) and "arms" not in value
        named = short or FREE & {*path[-1:]} or path[-2:] == ("reference", "baseline")
        if isinstance(key, str) and not named:
            yield where, {(f"{k}x" if k == key else k): v for k, v in value.items()}
        for inner, changed in misspelt(child, where):
            whole = copy.copy(value)
            whole[key] = changed
            yield inner, whole


ONE_A_FILE = [(file, document.kind) for file, index, document in DOCUMENTS if not index and "spec" not in file.parts]


@pytest.mark.parametrize(("file", "kind"), ONE_A_FILE, ids=lambda value: value.stem if isinstance(value, Path) else "")
def test_a_misspelt_key_is_invalid_wherever_it_stands(file: Path, kind: str) -> None:
    cases = list(misspelt(loaded(file, 0)))
    assert len(cases) > 1
    assert [path for path, data in cases if is_valid(kind, data)] == []


ARCH: dict[str, Any] = {
    "arch": "x",
    "input": {"size": 32},
    "stem": {"kind": "patch", "size": 4},
    "stages": [{"dim": 8, "depth": 2, "mixer": "pooling"}],
    "head": "linear",
}


def arch(**keys: Any) -> dict[str, Any]:
    """A small arch with other keys."""
    return {**ARCH, **keys}


def staged(**fields: Any) -> dict[str, Any]:
    """A small arch with other fields in its stage."""
    return arch(stages=[{**ARCH["stages"][0], **fields}])


def derived(**edits: Any) -> dict[str, Any]:
    """An arch that edits another."""
    return {"arch": "x", "extends": "y", "edits": {key.replace("__", "."): value for key, value in edits.items()}}


RIGHT = [
    {"timm": "resnet18"},
    {"arch": "mine", "timm": "resnet18", "args": {"stem_width": 16}, "input": {"size": 64}, "classes": 10},
    derived(args={"stem_width": 16}),
    derived(args__stem_width=8),
    arch(),
    staged(mixer={"cycle": ["pooling", {"kind": "attention", "head_dim": 4}]}),
    staged(mixer={"parallel": ["pooling", "identity"]}),
    staged(mlp={"ratio": "1/2"}, bias=["norm"], class_tokens=["start"]),
    staged(mixer={"kind": "sep_conv", "kernel": {"grid": "1/2"}}),
    arch(defaults={"mlp": {"ratio": {"each": [2]}}, "dim": {"each": [8]}}),
    arch(reference={"params": "26M", "macs": 4.1e9}),
    derived(stages__mixer={"kind": "sep_conv", "kernel": {"each": [3, {"grid": 1}]}}),
    derived(stages__dim={"times": "1/2"}, stages__depth={"each": [1, 2]}, stages__mixer__kind="pooling"),
    {
        "arch": "x",
        "extends": {"extends": "y", "edits": {"classes": 3}},
        "edits": {"stages.1-.mixer.cycle.0": "identity"},
    },
]
WRONG = [
    {"timm": "resnet18", "stages": []},
    {"timm": "resnet18", "head": "linear"},
    staged(mixer="poolin"),
    staged(mixer={"kind": "poolin"}),
    staged(mixer={"kind": "pooling", "kernel": 3}),
    staged(mixer={"cycle": ["poolin"]}),
    staged(mixer={"cycles": ["pooling"]}),
    staged(mixer={"cycle": []}),
    staged(depth=0),
    staged(depth="two"),
    staged(depth={"times": 2}),
    staged(dim={"each": [8]}),
    staged(mlp={"ration": 2}),
    staged(bias=["nrom"]),
    staged(class_tokens=["beginning"]),
    arch(stem={"size": 4}),
    arch(head="lineal"),
    arch(edits={"classes": 3}),
    {key: value for key, value in ARCH.items() if key != "head"},
    {key: value for key, value in ARCH.items() if key != "arch"},
    {**ARCH, "extends": "y"},
    derived(stages__mixr="pooling"),
    derived(stages__mixer="poolin"),
    derived(stages__mixer__kind="poolin"),
    derived(stages__dim="wide"),
    derived(stages__dim={"time": 2}),
    derived(stages__mixer={"choose": ["pooling"]}),
    derived(arch="z"),
]


@pytest.mark.parametrize("data", RIGHT, ids=json.dumps)
def test_what_can_be_said_is_valid(data: dict[str, Any]) -> None:
    assert mistakes("arch", data) == []


LARGE = {"large": {"kind": "evaluate", "size": 288}}
MEASURED = ["throughput", "none", ["throughput", LARGE], LARGE, {"kind": "evaluate", "split": "val"}, []]
NOT_MEASURED = ["thruput", ["thruput"], {"large": {"kind": "evaluate", "sizes": 288}}, [{"kind": "thruput"}], 3]


@pytest.mark.parametrize("profiled", [False, True])
@pytest.mark.parametrize("said", [*MEASURED, *NOT_MEASURED], ids=json.dumps)
def test_what_is_measured_may_be_named_or_listed(said: Any, profiled: bool) -> None:
    measured = {"profiles": {"small": {"measure": said}}} if profiled else {"measure": said}
    study = {"study": "x", "baseline": ARCH, "recipe": "digits", **measured}
    assert is_valid("study", study) == (said in MEASURED)


@pytest.mark.parametrize("data", WRONG, ids=json.dumps)
def test_what_cannot_be_said_is_invalid(data: dict[str, Any]) -> None:
    assert not is_valid("arch", data)


def parts(value: Any, path: str = "#") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every mapping of a schema with its address."""
    if isinstance(value, dict):
        yield path, value
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in children:
        yield from parts(child, f"{path}/{key}")


@pytest.mark.parametrize("kind", FORMS)
def test_schemas_are_of_draft_7_and_refer_to_what_they_define(kind: str) -> None:
    made = schema(kind)
    Draft7Validator.check_schema(made)
    assert made["$schema"] == "http://json-schema.org/draft-07/schema#"
    text = json.dumps(made)
    assert "prefixItems" not in text
    assert "$defs" not in text
    addresses = {path for path, _ in parts(made)}
    assert {part["$ref"] for _, part in parts(made) if "$ref" in part} <= addresses


@pytest.mark.parametrize("kind", FORMS)
def test_every_property_is_described(kind: str) -> None:
    for path, part in parts(schema(kind)):
        for name, value in part.get("properties", {}).items() if not path.endswith("/properties") else ():
            assert value.get("description"), f"{path}: {name}"


def test_words_have_descriptions_and_fields_have_defaults() -> None:
    definitions = schema("arch")["definitions"]
    mixers = definitions["mixers.kinds"]
    assert mixers["enum"] == sorted(members("mixers"))
    assert len(mixers["markdownEnumDescriptions"]) == len(mixers["enum"])
    assert all(mixers["markdownEnumDescriptions"])
    assert definitions["mixers.sep_conv"]["properties"]["kernel"]["default"] == 7
    assert definitions["stage"]["properties"]["norm"]["default"] == "layer_norm"


def test_a_plugins_kind_appears_by_itself() -> None:
    class Swirl(Mixer):
        """Stirs the tokens."""

        kind: Literal["swirl"] = "swirl"
        turns: int = Field(3, description="how often")

    try:
        made, study = schema("arch"), Draft7Validator(schema("study"))
    finally:
        del Mixer.members["swirl"]
    assert "Stirs the tokens." in made["definitions"]["mixers.kinds"]["markdownEnumDescriptions"]
    with_swirl = Draft7Validator(made)
    assert with_swirl.is_valid(staged(mixer="swirl"))
    assert with_swirl.is_valid(staged(mixer={"kind": "swirl", "turns": 4}))
    assert with_swirl.is_valid(derived(stages__mixer__turns={"each": [1, 2]}))
    assert not with_swirl.is_valid(staged(mixer={"kind": "swirl", "turn": 4}))
    arms = {"a": {"b": {"stages.0.mixer.turns": 4}}}
    assert study.is_valid({"study": "x", "baseline": "y", "recipe": "z", "factors": arms})
    assert not is_valid("arch", staged(mixer="swirl"))


@pytest.mark.parametrize("kind", FORMS)
def test_the_files_are_current(kind: str) -> None:
    file, text = FOLDER / f"{kind}.json", json.dumps(schema(kind), indent=2) + "\n"
    if os.environ.get("UPDATE_GOLDEN") == "1":
        FOLDER.mkdir(exist_ok=True)
        file.write_text(text, encoding="utf-8")
    assert file.read_text(encoding="utf-8") == text, f"{file.name} is old: run this test with UPDATE_GOLDEN=1"


def test_there_is_a_file_for_every_kind_and_no_other() -> None:
    assert {file.stem for file in FOLDER.iterdir()} == set(FORMS)
