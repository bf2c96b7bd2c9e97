"""Archs from documents: `defaults` written out, and shapes that cannot work refused."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from archspec.errors import Problem
from archspec.spec.arch import METADATA, Arch
from archspec.spec.deriving import Form
from archspec.spec.edits import Edit, distribute, edits_from, merge
from archspec.spec.nodes import Node
from archspec.spec.refusing import shown
from archspec.spec.timm_arch import TimmArch


def load(source: str | Path | Mapping[str, Any] | Arch) -> Arch:
    """An arch by name, by path, or from plain data."""
    return source if isinstance(source, Arch) else ARCH.load(source)


def edited(arch: Arch, edits: Mapping[str, Any]) -> Arch:
    """An arch with parts changed; the paper's figures do not follow."""
    return ARCH.edited(arch, edits_from(edits))


def edited_by(arch: Arch, edits: list[Edit]) -> Arch:
    """An arch with edits made that know where they were written."""
    return ARCH.blaming(arch, edits)


def renamed(arch: Arch, name: str, note: str = "") -> Arch:
    """The same network under another name, perhaps with a note."""
    said = {"arch": Node(name), **({"note": Node(note)} if note else {})}
    whole = {**said, **{key: child for key, child in arch.tree.mapping.items() if key not in said}}
    return ARCH.from_tree(Node(whole, arch.tree.mark, arch.tree.key_marks))


def expand(node: Node) -> Node:
    """A document with `defaults` merged into its stages."""
    if "timm" in node.mapping:
        return node
    stages = node.mapping.get("stages")
    defaults = node.mapping.get("defaults")
    if stages is None or not stages.is_list():
        return node.without("defaults")
    written = []
    for index, stage in enumerate(stages.items):
        written.append(_expanded_stage(stage, defaults, index, len(stages.items)))
    return node.without("defaults").with_child("stages", Node(written, stages.mark))


def _expanded_stage(stage: Node, defaults: Node | None, index: int, count: int) -> Node:
    edit = Edit(f"stages.{index}", stage, stage.mark)
    if not stage.is_mapping():
        edit.fail("ARC104", f"{shown(stage.value)} is not a stage", "write `- {dim: 64, depth: 2, mixer: pooling}`")
    if index == 0 and "downsample" in stage.mapping:
        there = Edit("stages.0.downsample", stage, stage.key_marks.get("downsample"))
        there.fail("ARC302", "the first stage has no downsampler: the stem stands there", "shape the `stem`")
    if defaults is not None:
        where = Edit("defaults", defaults, defaults.mark)
        if not defaults.is_mapping():
            message = f"{shown(defaults.value)} cannot be `defaults`"
            where.fail("ARC104", message, "write stage fields: `mixer: pooling`")
        inherited = defaults.without("downsample") if index == 0 else defaults
        stage = merge(distribute(inherited, index, count, where), stage, edit)
    else:
        stage = merge(Node({}, stage.mark), stage, edit)
    if index > 0 and "downsample" not in stage.mapping:
        stage = stage.with_child("downsample", Node("none"))
    return stage


def _shape_problems(arch: Arch) -> Iterator[Problem]:
    return arch.layout.problems()


@dataclass(frozen=True)
class _ArchForm(Form[Arch]):
    """Archs of parts, and those that are models of timm's."""

    def model_of(self, tree: Node) -> type[Arch]:
        """What a tree describes is told by its `timm`."""
        return TimmArch if "timm" in tree.mapping else Arch


ARCH = _ArchForm("arch", Arch, METADATA, ("reference", "pretrained"), expand, _shape_problems)
