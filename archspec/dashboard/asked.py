"""What runs were asked for: their documents, read from the store, and the networks that these describe."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from archspec.dashboard.files import tail
from archspec.errors import ArchspecError, SpecError
from archspec.records.run import RunFolder
from archspec.records.store import Store
from archspec.spec.arch import Arch
from archspec.spec.loading import ARCH, load
from archspec.spec.nodes import Node
from archspec.spec.reading import MAX_BYTES, Document, compose
from archspec.spec.writing import flow, to_yaml
from archspec.studies.folder import StudyFolder
from archspec.studies.plan import SEARCHING, Plan, PlannedArm

FILE = "run.yaml"
MAX_DOCUMENTS = 32 * 1024 * 1024
"""Bytes of a study's documents that are looked at."""


class Line(NamedTuple):
    """A line of a document."""

    number: int
    text: str


@dataclass(frozen=True)
class Asked:
    """A document, and the arch within it."""

    text: str = ""
    arch: Arch | None = None
    recipe: Mapping[str, Any] | None = None
    trouble: str = ""
    """Why there is no arch."""

    @property
    def lines(self) -> list[Line]:
        """The lines that describe the network; of a document of nothing else all of them."""
        lines = [Line(number, text) for number, text in enumerate(self.text.splitlines(), 1)]
        begin = next((i for i, line in enumerate(lines) if line.text == "arch:"), None)
        if begin is None:
            return lines
        end = next((i for i in range(begin + 1, len(lines)) if not lines[i].text.startswith(" ")), len(lines))
        return lines[begin:end]


def run_document(store: Path, key: str) -> Asked:
    """What a run of a store was asked for."""
    found = tail(store, RunFolder(Store(store).run(key)).run_yaml, MAX_BYTES)
    if found is None or found.cut:
        return Asked(trouble="its folder is not there, or not to be read")
    return _read(found.text)


def arm_document(store: Path, plan: Plan, arm: PlannedArm) -> Asked:
    """What the runs of an arm were asked for; before the first of them begins, what they will be."""
    for run in (*plan.of(arm.id), *plan.of(arm.id, SEARCHING)):
        found = run_document(store, run.key)
        if found.text:
            return found
    text = _described(store, plan).get(arm.id)
    return _read(text) if isinstance(text, str) else Asked(trouble="none of its runs has been started yet")


def _described(store: Path, plan: Plan) -> dict[str, Any]:
    """The documents in the study's folder."""
    found = tail(store, StudyFolder.of(store, plan).documents, MAX_DOCUMENTS)
    try:
        said = json.loads(found.text) if found else None
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}


def shelf_document(name: str) -> Asked:
    """An arch that ships, or that the user keeps on the shelf."""
    try:
        return document_of(load(name))
    except ArchspecError as error:
        return Asked(trouble=str(error))


def document_of(arch: Arch) -> Asked:
    """The document of an arch with nothing symbolic left, and the arch as it is read from there."""
    text = to_yaml(arch, resolved=True)
    return _read(text)


@lru_cache(maxsize=64)
def _read(text: str) -> Asked:
    try:
        [tree] = compose(text, FILE)
        within = tree.mapping.get("arch")
        node = within if within is not None and within.is_mapping() else tree
        recipe = tree.mapping["recipe"].plain() if node is within and "recipe" in tree.mapping else None
        if plugins := _plugins(node):
            message = f"it has kinds of its own, from {', '.join(plugins)}, and pages run nobody's code"
            return Asked(text, None, recipe, f"{message}; `archspec show` draws it up")
        return Asked(text, ARCH.read(Document("arch", _name(node), node)), recipe)
    except (SpecError, ValueError) as error:
        return Asked(text, trouble=f"it cannot be understood: {error}")


def _plugins(node: Node) -> list[str]:
    said = node.mapping.get("plugins")
    return [str(name) for name in said.plain()] if said is not None and said.is_list() else []


def _name(node: Node) -> str:
    said = node.mapping.get("arch")
    return str(said.value) if said is not None else ""


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """The values that differ between two documents, path by path; an empty text where there is none."""
    sides = [dict(_flat(side, "")) for side in (before, after)]
    for path in dict.fromkeys([*sides[0], *sides[1]]):
        old, new = (side.get(path, "") for side in sides)
        if old != new:
            yield path, old, new


def _flat(value: Mapping[str, Any], path: str) -> Iterator[tuple[str, str]]:
    for key, child in value.items():
        if isinstance(child, Mapping) and child:
            yield from _flat(child, f"{path}{key}.")
        else:
            yield f"{path}{key}", flow(child)


def subject(store: Path, plan: Plan, name: str) -> Asked:
    """The document behind a name: an arm's id, or an arch on the shelf."""
    return arm_document(store, plan, plan.by_id[name]) if name in plan.by_id else shelf_document(name)
