"""Symbolic values that stand for nothing where they are: cycles without blocks, `inherit` without a stage."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from archspec.spec.base import Complaint, Spec
from archspec.spec.values import INHERIT


@lru_cache(maxsize=65536)
def misplaced(spec: Spec, path: str, depth: int) -> tuple[Complaint, ...]:
    """Those in a part that takes turns over so many blocks, and in all within it."""
    return (*_long_cycle(spec, path, depth), *nothing_to_inherit(spec, path), *_within(spec, path, depth))


def _long_cycle(spec: Spec, path: str, depth: int) -> Iterator[Complaint]:
    """A cycle with more members than there are blocks says something that is never built."""
    turns = len(spec.in_turn())
    if turns > depth:
        long = f"a cycle of {turns} is longer than the {depth} blocks of the stage"
        nowhere = "a cycle takes turns over the blocks of a stage; here there are none"
        hint = "a deeper stage, or fewer members" if depth else "choose one"
        yield Complaint(path, long if depth else nowhere, hint)


def nothing_to_inherit(spec: Spec, path: str) -> Iterator[Complaint]:
    """`inherit` where it is not the field's own default: there is nothing that it could stand for."""
    for name in spec.known & {"activation", "bias"}:
        if _inherits(getattr(spec, name)) and not _inherits(type(spec).model_fields[name].default):
            hint = "write the value; only the mixer, mlp and norm of a stage inherit"
            yield Complaint(f"{path}.{name}".strip("."), "there is nothing to inherit from here", hint, "ARC104")


def _within(spec: Spec, path: str, depth: int) -> Iterator[Complaint]:
    turns = len(spec.in_turn())
    for name in spec.names:
        value = getattr(spec, name)
        for index, element in enumerate(value if isinstance(value, tuple) else (value,)):
            if isinstance(element, Spec):
                where = f"{path}.{name}.{index}" if isinstance(value, tuple) else f"{path}.{name}"
                blocks = len(range(index, depth, turns)) if turns else depth
                yield from misplaced(element, where.strip("."), blocks)


def _inherits(value: Any) -> bool:
    """Whether an activation or bias is said to be inherited, perhaps in turn."""
    return INHERIT in (value, getattr(value, "kind", "")) or any(map(_inherits, getattr(value, "cycle", ())))
