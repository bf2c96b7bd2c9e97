"""From an arch to what there is to see of it.

Equal blocks are told once, with how many there are; what alternates is told once, with how often it comes round.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path
from typing import Any

from archspec.report.architecture.parts import NOTHING, Arm, Box, Group, Network, Part, Run, worded
from archspec.spec.arch import Arch, Block, Branch, Stage, as_grid
from archspec.spec.base import Spec
from archspec.spec.cost import Cost, vector
from archspec.spec.layout import Section
from archspec.spec.mlps.base import NoMlp
from archspec.spec.nodes import Node
from archspec.spec.place import Place
from archspec.spec.summary import beside, details, said, title, told


def network(arch: Arch, baseline: Arch | None = None) -> Network:
    """What there is to see of an arch, perhaps beside the one that it is compared with."""
    layout, theirs = arch.layout, {section.name: section for section in baseline.layout.sections} if baseline else {}
    compared, mine = baseline is not None, {section.name for section in layout.sections}
    return Network(
        arch.arch,
        as_grid(arch.input.size),
        arch.input.channels,
        arch.classes,
        tuple(_part(section, theirs.get(section.name), arch.tree, compared) for section in layout.sections),
        layout.cost,
        (baseline.arch or "the baseline") if baseline else "",
        tuple(name for name in theirs if name not in mine),
    )


@dataclass(frozen=True)
class _Maker:
    """Makes the boxes of one section."""

    section: str
    at: Place
    tree: Node
    compared: bool

    def box(self, role: str, spec: Spec, cost: Cost, others: Sequence[Spec | None], kin: Sequence[Any] = ()) -> Box:
        """A part of a kind; `others` is what the baseline has there, `kin` what else there is in the same place."""
        fields = tuple(_fields(spec, kin))
        activation = getattr(spec, "activation", None)
        shown = title(activation) if isinstance(activation, Spec) else ""
        was = _instead(spec, others) if self.compared else ""
        path = self.section if role == self.section else f"{self.section}.{role}"
        return Box(role, path, title(spec), told(spec, list(kin)), fields, cost, shown, *self.where(path), was)

    def where(self, path: str) -> tuple[str, int]:
        """The file and the line in which a part is written."""
        mark = self.tree.mark_of(tuple(path.split(".")))
        return (Path(mark.file).name, mark.line) if mark else ("", 0)


def _fields(spec: Spec, kin: Sequence[Any] = ()) -> Iterator[tuple[str, str]]:
    """The fields that are not as usual; of parts beside each other, what is unusual about each."""
    yield from ((name, _short(getattr(spec, name))) for name in details(spec, kin) if not _as_usual(spec, name))
    for member in beside(spec):
        if found := ", ".join(worded(*field) for field in _fields(member)):
            yield title(member), found


def _short(value: Any) -> str:
    """A value where there is little room: of a part its kind."""
    return title(value) if isinstance(value, Spec) else said(value)


def _as_usual(spec: Spec, name: str) -> bool:
    """Whether a field says only that every part that can have a bias has one, or what is shown elsewhere."""
    return name == "activation" or (name == "bias" and getattr(spec, name) == spec.bias_parts)


def _instead(spec: Spec, others: Sequence[Spec | None]) -> str:
    """What the baseline has instead, in words; nothing where it has the same."""
    found = dict.fromkeys(_before(spec, other) for other in others if other != spec)
    some = " in some blocks" if found and spec in others else ""
    return " or ".join(found) + some


def _before(spec: Spec, other: Spec | None) -> str:
    """Of the same kind only the fields that differ."""
    if other is None or other.is_none:
        return NOTHING
    if type(other) is not type(spec):
        return told(other)
    names = [name for name in spec.names if getattr(spec, name) != getattr(other, name)]
    return ", ".join(worded(name, _short(getattr(other, name))) for name in names)


def _part(section: Section, other: Section | None, tree: Node, compared: bool) -> Part:
    made = _Maker(section.name, section.at, tree, compared and other is not None)
    spec, before, at = section.spec, other.spec if other else None, section.at
    name, costs = section.name.replace("stages.", "stage "), (section.cost, other.cost if other else None)
    part = Part(name, section.name, at.grid, at.dim, at.class_tokens, *costs, is_new=compared and other is None)
    if not isinstance(spec, Stage):
        return replace(part, entry=(made.box(section.name, spec, section.cost, [before]),))
    theirs = before if isinstance(before, Stage) else None
    entry, groups = tuple(_entry(made, spec, theirs, dict(section.costs))), tuple(_groups(made, spec, theirs))
    pairs = [(name, getattr(spec, name), getattr(theirs, name, None)) for name in ("dim", "depth")]
    was = tuple((name, str(old)) for name, mine, old in pairs if old is not None and old != mine)
    return replace(part, depth=spec.depth, entry=entry, groups=groups, was=was)


def _entry(made: _Maker, stage: Stage, other: Stage | None, costs: Mapping[str, Cost]) -> Iterator[Box]:
    for role in ("downsample", "positions"):
        spec, old = getattr(stage, role), getattr(other, role, None)
        there, before = (one is not None and not one.is_none for one in (spec, old))
        if there or (made.compared and before):
            yield made.box(role, spec, costs.get(role, Cost()), [old])
    if stage.class_tokens:
        yield _tokens(made, stage, other)


def _tokens(made: _Maker, stage: Stage, other: Stage | None) -> Box:
    """Class tokens, which are no spec of their own."""
    names, old = ", ".join(stage.class_tokens), other.class_tokens if other else ()
    was = (", ".join(old) or NOTHING) if made.compared and old != stage.class_tokens else ""
    path, cost = f"{made.section}.class_tokens", vector(made.at.dim, len(stage.class_tokens))
    return Box("class_tokens", path, "class tokens", names, (("at", names),), cost, "", *made.where(path), was)


def _groups(made: _Maker, stage: Stage, other: Stage | None) -> Iterator[Group]:
    """The blocks of a stage, told as shortly as they can be."""
    blocks = [stage.block(i) for i in range(stage.depth)]
    period = next(p for p in range(1, stage.depth + 1) if all(b == blocks[i % p] for i, b in enumerate(blocks)))
    comes_round = period > 1 and stage.depth >= 2 * period
    period, times = (period, stage.depth // period) if comes_round else (stage.depth, 1)
    for begin, end, often in ((0, period, times), (period * times, stage.depth, 1)):
        turns = [list(same) for _, same in groupby(range(begin, end), key=blocks.__getitem__)]
        # Of what comes round, the baseline may have something else every time.
        places = [[i + period * turn for turn in range(often) for i in same] for same in turns]
        olds = [list(dict.fromkeys(other.block(i) for i in same)) if other else [] for same in places]
        runs = [_run(made, blocks[same[0]], old, len(same), blocks) for same, old in zip(turns, olds, strict=True)]
        if runs:
            yield Group(tuple(runs), often)


def _run(made: _Maker, block: Block, others: Sequence[Block], depth: int, kin: Sequence[Block]) -> Run:
    arms = [_arm(made, "mixer", block.mixer, [old.mixer for old in others], [one.mixer.op for one in kin])]
    olds = [old.mlp for old in others]
    if block.mlp:
        arms.append(_arm(made, "mlp", block.mlp, olds, [one.mlp.op for one in kin if one.mlp]))
    elif any(olds):
        arms.append(Arm(None, made.box("mlp", NoMlp(), Cost(), [old.op if old else NoMlp() for old in olds]), None))
    cost = sum((box.cost for arm in arms for box in arm if box is not None), Cost())
    return Run(tuple(arms), depth, cost)


def _arm(made: _Maker, role: str, branch: Branch, olds: Sequence[Branch | None], kin: Sequence[Any]) -> Arm:
    def small(name: str) -> Box | None:
        spec, before = getattr(branch, name), [getattr(old, name) if old else None for old in olds]
        quiet = spec.is_none and all(old is None or old.is_none for old in before)
        return None if quiet else made.box(name, spec, spec.total(made.at), before)

    op = made.box(role, branch.op, branch.op.total(made.at), [old.op if old else None for old in olds], kin)
    within = getattr(branch.op, "owns_norm", False)
    return Arm(None if within else small("norm"), op, small("scaling"))
