"""A part of a network in a few words: its kind, and what is not as usual about it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any, NamedTuple

from pydantic import BaseModel

from archspec.spec.arch import Block, Stage, tidy
from archspec.spec.base import Spec
from archspec.spec.values import INHERIT
from archspec.spec.writing import flow


class Kin(NamedTuple):
    """Equal blocks of a stage: one of them, how many there are, and its parts in words."""

    block: Block
    depth: int
    mixer: str
    mlp: str


def blocks(stage: Stage) -> list[Kin]:
    """The different blocks of a resolved stage, in order of appearance."""
    counts = Counter(map(stage.block, range(stage.depth)))
    mixers = [block.mixer.op for block in counts]
    mlps = [block.mlp.op for block in counts if block.mlp]
    return [
        Kin(block, count, told(block.mixer.op, mixers), told(block.mlp.op, mlps) if block.mlp else "none")
        for block, count in counts.items()
    ]


def told(spec: Spec, others: list[Any] | None = None) -> str:
    """A resolved part in words; beside others of its kind, what tells them apart is said as well."""
    if spec.structure == "parallel":
        return " + ".join(map(told, beside(spec)))
    return " ".join([title(spec), *(f"{name}={said(getattr(spec, name))}" for name in details(spec, others))])


def title(spec: Spec) -> str:
    """A resolved part by its kind; of parts beside each other, all of them."""
    return " + ".join(map(title, beside(spec))) or str(getattr(spec, "kind", ""))


def beside(spec: Spec) -> list[Spec]:
    """The parts that stand beside each other in one, if it is made of such."""
    return [member for member in spec.specs() if member.family == spec.family] if spec.structure == "parallel" else []


def details(spec: Spec, others: Sequence[Any] | None = None) -> list[str]:
    """The fields that are neither the kind's default nor handed down by the stage, and those that tell kin apart."""
    if spec.structure == "parallel":
        return []
    kin = [other for other in others or [] if type(other) is type(spec)]
    return list(dict.fromkeys(_unusual(spec) + _differing(spec, kin)))


def _unusual(spec: Spec) -> list[str]:
    handed = ("bias", "activation")
    fields = type(spec).model_fields
    names = [name for name in fields if name != "kind" and getattr(spec, name) != fields[name].default]
    return [name for name in names if name not in handed or not _inherits(fields[name].default)]


def _inherits(default: Any) -> bool:
    return bool(default == INHERIT or getattr(default, "kind", "") == INHERIT)


def _differing(spec: Spec, others: list[Any]) -> list[str]:
    names = [name for name in type(spec).model_fields if name != "kind"]
    return [name for name in names if any(getattr(other, name) != getattr(spec, name) for other in others)]


def said(value: Any) -> str:
    """A value of a spec as one would write it, defaults left out."""
    return "none" if value is None else flow(plain(value))


def plain(value: Any) -> Any:
    """A value of a spec as plain data, defaults left out."""
    if isinstance(value, Spec):
        return tidy(value.canonical())
    if isinstance(value, tuple | list):
        return [plain(element) for element in value]
    return tidy(value.model_dump() if isinstance(value, BaseModel) else value)
