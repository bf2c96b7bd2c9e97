"""Every YAML that ships with archspec: it has no mistakes, an address, and a schema that editors find."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from archspec.spec.checking import FORMS, check_file
from archspec.spec.reading import read_file
from archspec.spec.shelf import find, names, shipped_folders

FOLDERS = shipped_folders()
FILES = [file for folder in FOLDERS for file in sorted(folder.glob("*.yaml"))]
MODELINE = re.compile(r"# yaml-language-server: \$schema=(\S+)\n# \$schema: (\S+)\n")


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_it_has_no_mistakes(file: Path) -> None:
    assert list(map(str, check_file(file))) == []


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_editors_find_the_schema_of_its_kind(file: Path) -> None:
    match = MODELINE.match(file.read_text(encoding="utf-8"))
    assert match is not None
    (kind,) = {document.kind for document in read_file(file)}
    for reference in match.groups():
        schema = (file.parent / reference).resolve()
        assert schema.is_file()
        assert schema.name == f"{kind}.json"


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_its_documents_are_found_by_name(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ARCHSPEC_PATH", raising=False)
    for document in read_file(file):
        assert find(document.kind, document.name).file == file


def test_no_name_is_given_twice() -> None:
    given = Counter((document.kind, document.name) for file in FILES for document in read_file(file))
    assert [name for name, count in given.items() if count > 1] == []


def test_something_of_every_kind_ships() -> None:
    assert all(names(kind) for kind in FORMS)
    assert {"local", "inline"} <= set(names("runner"))


def test_no_file_beside_the_shelf_is_overlooked() -> None:
    roots = {folder for folder in FOLDERS if folder.parent not in FOLDERS}
    assert {file for root in roots for file in root.rglob("*.yaml")} == set(FILES)
