"""The worked examples of the five papers load, and say what the papers' networks are."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

import archspec
from archspec.spec.checking import check_file
from archspec.spec.loading import ARCH
from archspec.spec.reading import Document, read_file

HERE = Path(__file__).parent
FILES = sorted(HERE.glob("*.yaml"))
DOCUMENTS = [document for file in FILES for document in read_file(file)]
ARCHS = [document for document in DOCUMENTS if document.kind == "arch"]
OTHERS = [document for document in DOCUMENTS if document.kind != "arch"]

with (HERE.parent / "zoo" / "params.csv").open(newline="") as _file:
    ROWS = {row["model"]: row for row in csv.DictReader(_file)}


def _title(document: Document) -> str:
    return document.name


@pytest.mark.parametrize("document", ARCHS, ids=_title)
def test_archs_load(document: Document) -> None:
    arch = ARCH.read(document)
    assert arch.arch == document.name
    assert archspec.load(arch.to_dict()).digest == arch.digest
    cost, row = archspec.profile(arch), ROWS.get(document.name)
    if row is not None:
        assert (cost.params, cost.frozen_params) == (int(row["params"]), int(row["frozen"]))
        assert cost.macs / 1e9 == pytest.approx(float(row["macs_224_G"]), rel=0.005)


@pytest.mark.parametrize("document", OTHERS, ids=_title)
def test_other_documents_read(document: Document) -> None:
    assert document.kind in {"study", "space", "recipe"}
    assert document.name
    assert document.node.is_mapping()
    assert next(iter(document.node.mapping)) == document.kind


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_files_are_right(file: Path) -> None:
    assert [str(problem) for problem in check_file(file)] == []
