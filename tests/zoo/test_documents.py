"""The zoo's documents: an address each, stable networks, and nothing lost when they are written out."""

from __future__ import annotations

import os
from collections import defaultdict
from pathlib import Path

import pytest
import yaml

import archspec
from archspec.spec.reading import read_file
from archspec.spec.shelf import names
from archspec.spec.writing import to_yaml

from .shelf import FILES, HERE, NAMES, shipped

GOLDEN = HERE / "digests.txt"
SAME_NETWORK = {frozenset({"transnext_micro", "transnext_roadmap_8"})}
"""Names of one network, equal by construction."""


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_editors_find_the_schema(file: Path) -> None:
    first, second = file.read_text(encoding="utf-8").splitlines()[:2]
    assert first == "# yaml-language-server: $schema=../../schemas/arch.json"
    assert second == "# $schema: ../../schemas/arch.json"


def test_a_name_is_written_once() -> None:
    written = [document.name for file in FILES for document in read_file(file)]
    assert sorted(written) == NAMES


def test_every_name_is_an_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ARCHSPEC_PATH", raising=False)
    assert set(NAMES) <= set(names("arch"))
    for name in NAMES:
        assert archspec.load(name).arch == name
        assert archspec.load(name).digest == shipped(name).digest


@pytest.mark.parametrize("name", NAMES)
def test_written_out_it_is_the_same_arch(name: str, tmp_path: Path) -> None:
    arch, file = shipped(name), tmp_path / "written.yaml"
    file.write_text(yaml.safe_dump(arch.to_dict(), sort_keys=False))
    again = archspec.load(file)
    assert again.to_dict() == arch.to_dict()
    assert again.digest == arch.digest
    assert archspec.load(arch.to_dict()).digest == arch.digest


@pytest.mark.parametrize("resolved", [False, True])
@pytest.mark.parametrize("name", NAMES)
def test_printed_it_is_the_same_arch(name: str, resolved: bool, tmp_path: Path) -> None:
    arch, file = shipped(name), tmp_path / "printed.yaml"
    file.write_text(to_yaml(arch, resolved=resolved), encoding="utf-8")
    again = archspec.load(file)
    assert (again.arch, again.reference, again.digest) == (arch.arch, arch.reference, arch.digest)


@pytest.mark.parametrize("name", NAMES)
def test_resolved_it_is_the_same_network(name: str) -> None:
    arch = shipped(name)
    resolved = arch.resolved()
    assert resolved.to_dict() == resolved.resolved().to_dict()
    assert resolved.digest == arch.digest
    assert archspec.load(resolved.to_dict()).digest == arch.digest
    assert archspec.profile(archspec.load(resolved.to_dict())).stages == archspec.profile(arch).stages


def test_equal_digests_are_equal_by_construction() -> None:
    sharing = defaultdict(set)
    for name in NAMES:
        sharing[shipped(name).digest].add(name)
    assert {frozenset(group) for group in sharing.values() if len(group) > 1} == SAME_NETWORK


def test_networks_are_those_checked_in() -> None:
    lines = [f"{name} {shipped(name).digest} {archspec.profile(shipped(name)).params}" for name in NAMES]
    if os.environ.get("UPDATE_GOLDEN") == "1":
        GOLDEN.write_text("\n".join(lines) + "\n")
    golden = GOLDEN.read_text().splitlines()
    changed = sorted({line.split()[0] for line in set(golden) ^ set(lines)})
    assert changed == [], "other networks than before; if that is meant, run this test with UPDATE_GOLDEN=1"
    assert golden == lines
