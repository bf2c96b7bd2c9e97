"""Lists of what lies on the shelf."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from archspec.cli import format as fmt
from archspec.cli.console import out, out_json, talk, width
from archspec.cli.ls import DOCUMENTS
from archspec.cli.papers import FIGURES, Claim, claims, marked, printed
from archspec.cli.parts import families, summary
from archspec.cli.problems import concise
from archspec.cli.table import Cell, Column, Row, table
from archspec.errors import SpecError
from archspec.spec.arch import Arch
from archspec.spec.loading import ARCH
from archspec.spec.profile import Profile, profile
from archspec.spec.registry import members
from archspec.spec.shelf import find, names

ARCH_COLUMNS = (
    Column("arch"),
    Column("params", ">"),
    Column("paper", ">"),
    Column("MACs", ">"),
    Column("paper", ">"),
    Column("top-1", ">"),
    Column("frozen", ">", spare=1),
    Column("paper", ">", spare=1),
)


def overview(as_json: bool) -> None:
    """What can be listed, and how much there is of it."""
    rows = [(word, len(names(kind)), text) for word, (kind, text) in DOCUMENTS.items()]
    for word, base in families().items():
        rows.append((word, sum(member.listed for member in members(base.family).values()), summary(base)))
    if as_json:
        out_json([{"name": name, "count": count, "summary": text} for name, count, text in rows])
        return
    columns = [Column("name"), Column("count", ">"), Column("what it is")]
    for line in table(columns, [(Cell(name, "name"), str(count), text) for name, count, text in rows], width()):
        out(line)
    talk("`archspec ls NAME` lists them.", "dim")


def report_broken(broken: Mapping[str, SpecError]) -> None:
    """Say which names stand for documents that cannot be loaded, and why."""
    for name, error in broken.items():
        talk(f"{name} cannot be loaded: {concise(error.problems[0])}", "bad")


def shown_path(file: str) -> str:
    """A path as one would type it from here."""
    relative = os.path.relpath(file)
    return file if relative.startswith("..") else relative


@dataclass(frozen=True, slots=True)
class Listed:
    """A named arch: what it costs and what the paper says, or why it cannot be loaded."""

    name: str
    file: str = ""
    arch: Arch | None = None
    cost: Profile | None = None
    claims: tuple[Claim, ...] = ()
    error: SpecError | None = None

    @property
    def paper(self) -> str:
        """The paper it is from."""
        reference = self.arch.reference if self.arch else None
        return (reference.paper if reference else None) or ""


def listed(name: str) -> Listed:
    """What the shelf has under an arch's name."""
    try:
        document = find("arch", name)
        arch = ARCH.read(document)
    except SpecError as error:
        return Listed(name, error=error)
    found = tuple(claims(arch, arch.layout.cost, arch.input.size))
    return Listed(name, str(document.file), arch, profile(arch), found)


def archs(as_json: bool) -> None:
    """The archs on the shelf, computed beside published figures."""
    entries = [listed(name) for name in names("arch")]
    if as_json:
        out_json([_data(entry) for entry in entries])
        return
    for line in arch_lines(entries, width()):
        out(line)
    disagreeing = sum(any(claim.agrees is False for claim in entry.claims) for entry in entries)
    if disagreeing:
        talk(f"✗: ours does not round to what the paper prints ({fmt.count(disagreeing, 'arch')})", "warn")
    report_broken({entry.name: entry.error for entry in entries if entry.error})


def arch_lines(entries: list[Listed], width: int | None) -> list[str]:
    """The table, paper by paper."""
    rows: list[Row] = []
    for paper in dict.fromkeys(entry.paper for entry in sorted(entries, key=lambda entry: not entry.paper)):
        rows += [""] if rows else []
        rows += [paper or "no paper", *(_row(entry) for entry in entries if entry.paper == paper)]
    columns = ARCH_COLUMNS if any(entry.cost and entry.cost.frozen_params for entry in entries) else ARCH_COLUMNS[:6]
    return table(columns, rows, width)


def _row(entry: Listed) -> list[str | Cell]:
    name = Cell(entry.name, "name")
    if entry.cost is None:
        return [name, Cell("✗", "bad"), *[""] * 6]
    said = {claim.name: claim for claim in entry.claims}
    cells: list[str | Cell] = []
    for figure in FIGURES:
        number, claim = getattr(entry.cost, figure), said.get(figure)
        shown = "" if figure == "frozen_params" and not number else fmt.short(number)
        cells += [shown, _claimed(claim) if claim else ""]
    return [name, *cells[:4], said["top1"].text if "top1" in said else "", *cells[4:]]


def _claimed(claim: Claim) -> Cell:
    return Cell(marked(claim), "dim" if claim.agrees else "bad")


def _data(entry: Listed) -> dict[str, Any]:
    if entry.arch is None or entry.cost is None:
        return {"arch": entry.name, "error": str(entry.error)}
    about = {"arch": entry.name, "file": entry.file}
    costs = {name: getattr(entry.cost, name) for name in ("size", "params", "frozen_params", "macs", "activations")}
    agrees = {claim.name: claim.agrees for claim in entry.claims if claim.agrees is not None}
    return {**about, **costs, "digest": entry.arch.digest, "reference": printed(entry.arch), "agrees": agrees}
