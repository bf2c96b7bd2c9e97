"""Symbolic values that stand for nothing where they are: cycles without blocks, `inherit` without a stage."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from archspec.spec.base import Complaint, Spec
from archspec.spec.values import INHERIT


@lru_cache(maxsize=65536)
def long_cycles(spec: Spec, path: str, depth: int) -> tuple[Complaint, ...]:
    """A cycle with more members than there are blocks says something that is never built."""
    found: list[Complaint] = []
    turns = len(spec.in_turn())
    if turns > depth:
        long = f"a cycle of {turns} is longer than the {depth} blocks of the stage"
        nowhere = "a cycle takes turns over the blocks of a stage; here there are none"
        hint = "a deeper stage, or fewer members" if depth else "choose one"
        found.append(Complaint(path, long if depth else nowhere, hint))
    for name in type(spec).model_fields:
        value = getattr(spec, name)
        for index, element in enumerate(value if isinstance(value, tuple) else (value,)):
            if isinstance(element, Spec):
                where = f"{path}.{name}.{index}" if isinstance(value, tuple) else f"{path}.{name}"
                blocks = len(range(index, depth, turns)) if turns else depth
                found += long_cycles(element, where.strip("."), blocks)
    return tuple(found)


@lru_cache(maxsize=65536)
def inheriting(spec: Spec, path: str) -> tuple[Complaint, ...]:
    """`inherit` where it is not the field's own default: there is nothing that it could stand for."""
    return tuple(each_inheriting(spec, path))


def each_inheriting(spec: Spec, path: str) -> Iterator[Complaint]:
    """The same, looked at anew."""
    for name in spec.names:
        value = spec.__dict__[name]
        if name in ("activation", "bias") and _inherits(value) and not _inherits(type(spec).model_fields[name].default):
            hint = "write the value; only the mixer, mlp and norm of a stage inherit"
            yield Complaint(f"{path}.{name}".strip("."), "there is nothing to inherit from here", hint, "ARC104")
        elif isinstance(value, Spec):
            yield from inheriting(value, f"{path}.{name}".strip("."))


def _inherits(value: Any) -> bool:
    """Whether an activation or bias is said to be inherited, perhaps in turn."""
    return INHERIT in (value, getattr(value, "kind", "")) or any(map(_inherits, getattr(value, "cycle", ())))
