"""The worked examples of the five papers: what can be said already loads, the rest is refused where it is written."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

import pytest

import archspec
from archspec.errors import Mark, Problem
from archspec.spec.checking import check_file
from archspec.spec.loading import ARCH
from archspec.spec.nodes import Node
from archspec.spec.reading import Document, read_file
from archspec.spec.registry import members
from archspec.spec.shelf import find

HERE = Path(__file__).parent
FILES = sorted(HERE.glob("*.yaml"))
DOCUMENTS = [document for file in FILES for document in read_file(file)]
ARCHS = [document for document in DOCUMENTS if document.kind == "arch"]
OTHERS = [document for document in DOCUMENTS if document.kind != "arch"]

STILL_TO_COME = {
    "mixers": (
        "aggregated_attention",
        "bilstm",
        "bilstm2d",
        "cosine_attention",
        "hyena",
        "hyena_pixel",
        "mlstm",
        "spatial_reduction_attention",
    ),
    "mlps": ("conv_ffn", "conv_glu", "glu"),
    "pools": ("bilateral", "center"),
    "inits": ("sequencer", "transnext", "vil"),
}
"""Kinds that the examples name and nobody has written yet. Whoever writes one deletes it here."""

COMPLETE = {"ablation_metaformer", "archs_metaformer", "archs_other", "recipes"}
"""Files that name none of these, nor an arch that does. Whoever writes a file's last kind adds the file here."""

KINDS_TO_COME = {kind for kinds in STILL_TO_COME.values() for kind in kinds}

with (HERE.parent / "zoo" / "params.csv").open(newline="") as _file:
    ROWS = {row["model"]: row for row in csv.DictReader(_file)}


def _words(node: Node) -> Iterator[str]:
    """Every text of a tree; what a reference says is no part of the network."""
    if isinstance(node.value, str):
        yield node.value
    for key, child in node.children():
        if key != "reference":
            yield from _words(child)


def _kinds_to_come(document: Document) -> set[str]:
    """The unwritten kinds that a document, or one it extends, names."""
    own = KINDS_TO_COME & set(_words(document.node))
    base = document.node.mapping.get("extends")
    return own | (_kinds_to_come(find("arch", str(base.value), document.file)) if base else set())


def _marked(mark: Mark) -> str:
    """What the line holds at the mark."""
    return mark.text[mark.column - 1 :][: mark.length]


def _title(document: Document) -> str:
    return document.name


READY = [document for document in ARCHS if not _kinds_to_come(document)]
NOT_READY = [document for document in ARCHS if _kinds_to_come(document)]


@pytest.mark.parametrize("document", READY, ids=_title)
def test_archs_of_known_kinds_load(document: Document) -> None:
    arch = ARCH.read(document)
    assert arch.arch == document.name
    assert archspec.load(arch.to_dict()).digest == arch.digest
    cost, row = archspec.profile(arch), ROWS.get(document.name)
    if row is not None:
        assert (cost.params, cost.frozen_params) == (int(row["params"]), int(row["frozen"]))
        assert cost.macs / 1e9 == pytest.approx(float(row["macs_224_G"]), rel=0.005)


@pytest.mark.parametrize("document", NOT_READY, ids=_title)
def test_unknown_kinds_are_the_only_mistakes(document: Document) -> None:
    with pytest.raises(archspec.SpecError) as caught:
        ARCH.read(document)
    assert {problem.code for problem in caught.value.problems} == {"ARC102"}
    assert {_named(problem) for problem in caught.value.problems} <= _kinds_to_come(document)


def _named(problem: Problem) -> str:
    """The kind a problem is about, which must stand at the very place it points to."""
    kind = problem.message.split("`")[1]
    assert problem.message.startswith(f"`{kind}` is not a kind of ")
    assert problem.mark is not None
    assert _marked(problem.mark) == kind
    line = Path(problem.mark.file).read_text(encoding="utf-8").splitlines()[problem.mark.line - 1]
    assert line == problem.mark.text
    return kind


@pytest.mark.parametrize(
    ("family", "kind"), [(family, kind) for family, kinds in STILL_TO_COME.items() for kind in kinds]
)
def test_what_has_come_is_not_still_to_come(family: str, kind: str) -> None:
    assert kind not in members(family), f"delete `{kind}` from STILL_TO_COME: the examples that name it must load now"


def test_every_kind_to_come_is_named() -> None:
    assert {word for document in DOCUMENTS for word in _words(document.node)} >= KINDS_TO_COME


def test_some_examples_are_ready() -> None:
    assert {document.name for document in READY} >= {"convformer_s18", "caformer_s18", "randformer_s12", "vit_tiny"}


@pytest.mark.parametrize("document", OTHERS, ids=_title)
def test_other_documents_read(document: Document) -> None:
    assert document.kind in {"study", "space", "recipe"}
    assert document.name
    assert document.node.is_mapping()
    assert next(iter(document.node.mapping)) == document.kind


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_files_are_right_but_for_kinds_to_come(file: Path) -> None:
    named = {_named(problem) for problem in check_file(file) if problem.code == "ARC102"}
    assert [str(problem) for problem in check_file(file) if problem.code != "ARC102"] == []
    assert named <= KINDS_TO_COME
    assert (not named) == (file.stem in COMPLETE)
