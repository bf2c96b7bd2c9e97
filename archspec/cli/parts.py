"""Lists of the kinds of a family, with their fields."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any

from pydantic.fields import FieldInfo

from archspec.cli.console import folded, out, out_json, styled, talk, width
from archspec.cli.ls import DOCUMENTS
from archspec.cli.ls import FAMILIES as ASKED_FIRST
from archspec.cli.table import Cell, Column, table
from archspec.cli.types import type_of
from archspec.spec.arch import Stage
from archspec.spec.base import Spec
from archspec.spec.families import field_family
from archspec.spec.registry import FAMILIES, load_all_builtins, members
from archspec.spec.summary import plain, said

_LAST = ("none", "inherit")


def families() -> dict[str, type[Spec]]:
    """Every family by the word that lists it, those that one asks for most first."""
    load_all_builtins()
    order = [*ASKED_FIRST, *sorted(FAMILIES.keys() - set(ASKED_FIRST))]
    return {_word(name): FAMILIES[name] for name in order if name in FAMILIES}


def _word(family: str) -> str:
    """A family that is called like documents are gives way: `runners` are those on the shelf."""
    return f"{family.removesuffix('s')}_kinds" if family in DOCUMENTS else family


def summary(cls: type) -> str:
    """The first line of a docstring."""
    return (inspect.getdoc(cls) or "").partition("\n")[0]


def kinds(word: str, as_json: bool) -> None:
    """The kinds of a family."""
    base = families()[word]
    found = sorted(members(base.family).items(), key=lambda item: (item[0] in _LAST, item[0]))
    if as_json:
        out_json([_data(kind, member) for kind, member in found if member.listed])
        return
    for kind, member in found:
        if member.listed:
            _print_kind(kind, member)
    in_stages = {found.family for found in map(field_family, Stage.model_fields.values()) if found}
    for structure in base.structures.values() if base.family in in_stages or base.list_stands_for else ():
        for line in folded(summary(structure), width(), 2):
            out(line)
    talk("A kind alone may be written as a word: `layer_norm` is `{kind: layer_norm}`.", "dim")


def _print_kind(kind: str, member: type[Spec]) -> None:
    columns = width()
    origin = "" if member.__module__.startswith("archspec.") else f" (from {member.__module__})"
    out(styled(kind, "head") + origin)
    for line in folded(f"  {summary(member)}", columns, 2):
        out(line)
    rows = [_row(name, field) for name, field in fields(member)]
    for line in table([Column(""), Column(""), Column(""), Column("")], rows, columns) if rows else []:
        out(line)
    out()


def _row(name: str, field: FieldInfo) -> list[str | Cell]:
    default = Cell("required", "warn") if field.is_required() else Cell(said(_default(field)), "good")
    return [Cell(f"  {name}", "name"), default, Cell(type_of(field), "dim"), field.description or ""]


def fields(member: type[Spec]) -> Iterator[tuple[str, FieldInfo]]:
    """A kind's fields."""
    return ((name, field) for name, field in member.model_fields.items() if name != "kind")


def _data(kind: str, member: type[Spec]) -> dict[str, Any]:
    """A kind for a program."""
    entries = [
        {
            "name": name,
            "type": type_of(field),
            "required": field.is_required(),
            "default": None if field.is_required() else plain(_default(field)),
            "description": field.description or "",
        }
        for name, field in fields(member)
    ]
    return {"kind": kind, "summary": summary(member), "module": member.__module__, "fields": entries}


def _default(field: FieldInfo) -> Any:
    return field.get_default(call_default_factory=True)
