"""What stands at a path of a network, in every place that has it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from archspec.spec.arch import Arch
from archspec.spec.base import Spec
from archspec.spec.edits import index_range
from archspec.spec.place import Scope
from archspec.spec.values import GridSize

Place = tuple[int, int] | None
"""A stage, and which of its values; None where a path names one place only."""


def values_at(arch: Arch, path: tuple[str, ...]) -> dict[Place, Any]:
    """The values at a path, by their places: of a part its kind, of what takes turns each; sizes as numbers."""
    if path[0] != "stages":
        return dict(_alone(list(_values(arch, path, arch, None))))
    count = len(arch.stages)
    chosen = index_range(path[1], count) if len(path) > 1 else None
    rest = path[1:] if chosen is None else path[2:]
    if chosen is not None and path[1].isdigit():
        return dict(_alone(list(_values(arch.stages[chosen[0]], rest, arch, chosen[0])) if chosen[0] < count else []))
    return {
        (index, number): value
        for index in (range(count) if chosen is None else chosen)
        if index < count
        for number, value in enumerate(_values(arch.stages[index], rest, arch, index))
    }


def _alone(found: list[Any]) -> Iterator[tuple[Place, Any]]:
    """The values of one place, which stand beside those of any other where there is only one."""
    return ((None if len(found) == 1 else (0, number), value) for number, value in enumerate(found))


def _values(there: Any, rest: tuple[str, ...], arch: Arch, stage: int | None) -> Iterator[Any]:
    if isinstance(there, tuple):
        for element in there:
            yield from _values(element, rest, arch, stage)
    elif isinstance(there, Spec):
        yield from _within(there, rest, arch, stage)
    elif not rest:
        yield from _plain(there, arch, stage)


def _within(there: Spec, rest: tuple[str, ...], arch: Arch, stage: int | None) -> Iterator[Any]:
    if there.structure and (not rest or rest[0] != there.structure):
        yield from _values(getattr(there, there.structure), rest, arch, stage)
    elif not rest:
        yield getattr(there, "kind", None)
    elif rest[0] in there.names:
        yield from _values(getattr(there, rest[0]), rest[1:], arch, stage)


def _plain(value: Any, arch: Arch, stage: int | None) -> Iterator[Any]:
    if not isinstance(value, GridSize) or stage is None:
        yield "none" if value is None else value
    elif stage < len(arch.layout.stages):  # a network that ends before has no grid here
        yield value.resolve(Scope(arch.layout.stages[stage].at.native))
