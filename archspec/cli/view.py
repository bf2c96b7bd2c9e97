"""The lines of `archspec show`: the network's stages with their costs, what they share, and the paper's figures."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from archspec.cli import format as fmt
from archspec.cli.console import folded, styled
from archspec.cli.papers import FIGURES, Claim, claims, marked
from archspec.cli.table import Cell, Column, Row, table
from archspec.spec.arch import Arch, Stage, as_grid
from archspec.spec.cost import Cost
from archspec.spec.layout import Layout, Section
from archspec.spec.place import Place
from archspec.spec.profile import laid_out_at
from archspec.spec.summary import Kin, blocks, said

COLUMNS = {
    "stage": Column("stage"),
    "grid": Column("grid", ">", spare=1),
    "dim": Column("dim", ">"),
    "blocks": Column("blocks", ">", spare=2),
    "mixer": Column("mixer"),
    "mlp": Column("mlp", spare=2),
    "params": Column("params", ">"),
    "params_bar": Column("share", spare=4),
    "macs": Column("MACs", ">"),
    "macs_bar": Column("share", spare=4),
    "frozen_params": Column("frozen", ">", spare=3),
}
SHARED = ("norm", "activation", "bias", "scaling", "positions", "class_tokens", "downsample")


def view(arch: Arch, size: Any, width: int | None) -> Iterator[str]:
    """An arch as lines of text."""
    layout = arch.layout if size is None else laid_out_at(arch, size)
    shown = arch.input.size if size is None else size
    yield from _title(arch, shown, width)
    yield from table(*_grid(arch, layout, shown, width), width)
    yield ""
    for name, text in _facts(arch, layout, shown):
        lines = folded(f"{name:<12}  {text}", width, 14)
        yield styled(lines[0][:12], "dim") + lines[0][12:]
        yield from lines[1:]


def _title(arch: Arch, size: Any, width: int | None) -> Iterator[str]:
    image = fmt.by(*as_grid(size), arch.input.channels)
    native = "" if size == arch.input.size else f", shaped for {fmt.image(arch.input.size)}"
    name, logits = arch.arch or "unnamed", fmt.count(arch.classes, "class", "classes")
    lines = folded(f"{name}  {image} image{native} → {logits}", width)
    begin = len(name) if lines[0].startswith(name) else len(lines[0])
    yield styled(lines[0][:begin], "head") + lines[0][begin:]
    yield from (*lines[1:], "")


def _grid(arch: Arch, layout: Layout, size: Any, width: int | None) -> tuple[list[Column], list[Row]]:
    """The table's columns and rows: sections, total, and what the paper prints."""
    rows = [row for section in layout.sections for row in _section_rows(section, layout.cost, width)]
    depth = sum(stage.depth for stage in arch.stages)
    rows.append(_row({"stage": "total", "blocks": str(depth or ""), **_spent(layout.cost)}, "head"))
    paper = {c.name: _claimed(c) for c in claims(arch, layout.cost, size) if c.name in FIGURES}
    if paper:
        rows.append(_row({"stage": "paper", **paper}))
    shown = [name for name in COLUMNS if name != "frozen_params" or layout.cost.frozen_params]
    return [COLUMNS[name] for name in shown], [[row.get(name, "") for name in shown] for row in rows]


def _claimed(claim: Claim) -> Cell:
    return Cell(marked(claim), "good" if claim.agrees else "bad")


def _row(cells: Mapping[str, str | Cell], look: str = "") -> dict[str, Cell]:
    return {name: Cell(cell, look) if isinstance(cell, str) else cell for name, cell in cells.items()}


def _spent(cost: Cost) -> dict[str, str | Cell]:
    return {name: fmt.short(getattr(cost, name)) for name in FIGURES if name != "frozen_params" or cost.frozen_params}


def _section_rows(section: Section, total: Cost, width: int | None) -> Iterator[dict[str, Cell]]:
    """A section in one row; a stage whose blocks differ with another row for each of them."""
    cost, place, spec = section.cost, section.at, section.spec
    spent, length = _spent(cost), 5 if width is not None and width < 100 else 8
    for name in ("params", "macs"):
        share = getattr(cost, name) / max(1, getattr(total, name))
        spent[f"{name}_bar"] = Cell(fmt.bar(share, length), "name")
    shape = {"grid": fmt.by(*place.grid), "dim": str(place.dim)} if section.name != "head" else {}
    if not isinstance(spec, Stage):
        yield _row({"stage": section.name, "mixer": getattr(spec, "kind", ""), **shape, **spent})
        return
    kinds, begin = blocks(spec), {"stage": section.name.removeprefix("stages."), "blocks": str(spec.depth)}
    if len(kinds) == 1:
        yield _row({"mixer": kinds[0].mixer, "mlp": kinds[0].mlp, **begin, **shape, **spent})
        return
    yield _row({"mixer": f"{len(kinds)} kinds of block", **begin, **shape, **spent})
    for kin in kinds:
        yield _row(
            {"blocks": f"{kin.depth} ×", "mixer": kin.mixer, "mlp": kin.mlp, **_spent(_kin_cost(kin, place))}, "dim"
        )


def _kin_cost(kin: Kin, place: Place) -> Cost:
    """What all blocks of one kind cost."""
    branches = [branch for branch in (kin.block.mixer, kin.block.mlp) if branch]
    parts = [part for branch in branches for part in (branch.norm, branch.op, branch.scaling)]
    return sum((part.total(place) for part in parts), Cost()) * kin.depth


def _facts(arch: Arch, layout: Layout, shown: Any) -> Iterator[tuple[str, str]]:
    """What stages share, and what is true of the whole."""
    for name in SHARED if arch.stages else ():
        texts = [said(getattr(stage, name)) for stage in arch.stages]
        if name == "downsample":
            texts[0] = "none"
        if set(texts) - {"none", "[]"} and not (name == "bias" and set(texts) == {"true"}):
            yield name, _spans(texts, skip="none" if name == "downsample" else None)
    yield from ((name, said(getattr(arch, name))) for name in ("stem", "head", "init") if arch.stages)
    kept = layout.cost.activations
    yield "activations", f"{fmt.short(kept)} numbers kept for backward, {fmt.memory(kept)} at fp32"
    if arch.reference:
        yield from _paper(arch, layout, shown)
    yield "digest", arch.digest


def _paper(arch: Arch, layout: Layout, shown: Any) -> Iterator[tuple[str, str]]:
    reference = arch.reference
    if reference is None:
        return
    table_ = f"table {reference.table}" if reference.table else ""
    top1 = next((f"top-1 {c.text} %" for c in claims(arch, layout.cost, shown) if c.name == "top1"), "")
    further = f"also at {', '.join(reference.at)}" if reference.at else ""
    yield "paper", ", ".join(filter(None, (reference.paper, table_, top1, further)))
    if reference.note:
        yield "note", reference.note


def _spans(texts: list[str], skip: str | None = None) -> str:
    """One text for all stages, or which stages have which."""
    runs: list[tuple[int, int, str]] = []
    for index, text in enumerate(texts):
        if runs and runs[-1][2] == text:
            runs[-1] = (runs[-1][0], index, text)
        else:
            runs.append((index, index, text))
    kept = [run for run in runs if run[2] != skip]
    if len(kept) == 1 and (len(runs) == 1 or skip is not None):
        return kept[0][2]
    return "; ".join(f"{text} in {first}" + (f"-{last}" if last > first else "") for first, last, text in kept)
