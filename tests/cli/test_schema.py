"""`archspec schema`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft7Validator

from archspec.cli.schema import KINDS
from archspec.spec.reading import DOCUMENT_KINDS
from archspec.spec.schema import schema
from tests.cli.conftest import TINY, Run


def test_there_is_a_schema_for_every_kind_of_document() -> None:
    assert set(KINDS) == set(DOCUMENT_KINDS)


@pytest.mark.parametrize("kind", KINDS)
def test_it_is_printed(kind: str, run: Run) -> None:
    printed = json.loads(run("schema", kind).stdout)
    Draft7Validator.check_schema(printed)
    assert printed == schema(kind)


def test_arch_is_the_default_and_takes_an_arch(run: Run) -> None:
    printed = json.loads(run("schema").stdout)
    validator = Draft7Validator(printed)
    assert not list(validator.iter_errors(yaml.safe_load(TINY)))
    assert list(validator.iter_errors({**yaml.safe_load(TINY), "clases": 10}))


def test_all_of_them_are_written(desk: Path, run: Run) -> None:
    result = run("schema", "--out", "deep/schemas")
    assert {file.name for file in (desk / "deep/schemas").iterdir()} == {f"{kind}.json" for kind in KINDS}
    assert result.stdout == ""
    assert "5 schemas in deep/schemas" in result.stderr


def test_one_of_them_is_written(desk: Path, run: Run) -> None:
    run("schema", "recipe", "--out", ".")
    assert json.loads((desk / "recipe.json").read_text()) == schema("recipe")
    assert not (desk / "arch.json").exists()


def test_an_unknown_kind_is_wrong_usage(run: Run) -> None:
    run("schema", "arc", code=2)
