"""Lists of what lies on the shelf."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

from archspec.cli import format as fmt
from archspec.cli.console import out, out_json, talk, width
from archspec.cli.ls import DOCUMENTS
from archspec.cli.papers import Claim, claims, marked
from archspec.cli.parts import families, summary
from archspec.cli.table import Cell, Column, Row, table
from archspec.errors import SpecError
from archspec.spec.arch import Arch
from archspec.spec.base import members
from archspec.spec.loading import arch_of
from archspec.spec.profile import Profile, profile
from archspec.spec.reading import Document
from archspec.spec.shelf import find, names

FIGURES = ("params", "macs", "frozen_params")
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


def documents(kind: str, as_json: bool) -> None:
    """The documents of a kind on the shelf."""
    found = []
    for name in names(kind):
        node = find(kind, name).node
        note = node.mapping["note"].plain() if "note" in node.mapping else ""
        found.append({"name": name, "file": str(find(kind, name).file), "note": note})
    if as_json:
        out_json(found)
        return
    columns = [Column("name"), Column("file"), Column("note")]
    columns = columns if any(entry["note"] for entry in found) else columns[:2]
    rows = [(Cell(entry["name"], "name"), shown_path(entry["file"]), str(entry["note"])) for entry in found]
    for line in table(columns, rows, width()) if rows else []:
        out(line)
    if not rows:
        talk(f"There is no {kind} on the shelf; $ARCHSPEC_PATH names further folders.")


def shown_path(file: str) -> str:
    """A path as one would type it from here."""
    relative = os.path.relpath(file)
    return file if relative.startswith("..") else relative


@dataclass(frozen=True, slots=True)
class Listed:
    """A named arch: what it costs and what the paper says, or why it cannot be loaded."""

    document: Document
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
    document = find("arch", name)
    try:
        arch = arch_of(document)
    except SpecError as error:
        return Listed(document, error=error)
    cost = profile(arch)
    return Listed(document, arch, cost, tuple(claims(arch, arch.layout.cost, arch.input.size)))


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
    broken = [entry for entry in entries if entry.error]
    for entry in broken:
        file = shown_path(str(entry.document.file))
        talk(f"{entry.document.name} cannot be loaded; `archspec check {file}` says why", "bad")


def arch_lines(entries: list[Listed], width: int | None) -> list[str]:
    """The table, paper by paper."""
    rows: list[Row] = []
    for paper in dict.fromkeys(entry.paper for entry in sorted(entries, key=lambda entry: not entry.paper)):
        rows += [""] if rows else []
        rows += [paper or "no paper", *(_row(entry) for entry in entries if entry.paper == paper)]
    columns = ARCH_COLUMNS if any(entry.cost and entry.cost.frozen_params for entry in entries) else ARCH_COLUMNS[:6]
    return table(columns, rows, width)


def _row(entry: Listed) -> list[str | Cell]:
    name = Cell(entry.document.name, "name")
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
    about: dict[str, Any] = {"arch": entry.document.name, "file": str(entry.document.file)}
    if entry.arch is None or entry.cost is None:
        return {**about, "error": str(entry.error)}
    costs = {name: getattr(entry.cost, name) for name in ("size", "params", "frozen_params", "macs", "activations")}
    reference = entry.arch.reference.model_dump(mode="json", exclude_defaults=True) if entry.arch.reference else None
    agrees = {claim.name: claim.agrees for claim in entry.claims if claim.agrees is not None}
    return {**about, **costs, "digest": entry.arch.digest, "reference": reference, "agrees": agrees}
