"""What differs between an arm and its baseline beside what the arm is about, and whether it is given more to spend."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from archspec.spec.arch import METADATA
from archspec.spec.cost import Cost
from archspec.spec.recipe import Recipe
from archspec.spec.rows import Row
from archspec.spec.study import RECIPE_PREFIX

SAID = 3
"""Differences that are named; of more only the number is told."""


def differences(row: Row, cost: Cost, base: Cost, threshold: float) -> Iterator[str]:
    """What a reader of the table should know about an arm."""
    for name in ("params", "macs"):
        own, other = getattr(cost, name), getattr(base, name)
        if other and abs(own / other - 1) > threshold:
            yield f"{'MACs' if name == 'macs' else name} {own / other - 1:+.0%}".replace("-", "−")
    if "arch" in row.changes:
        yield f"another network: {row.variant.arch.arch or 'described in place'}"
    undeclared = list(_recipe_differences(row))
    if undeclared:
        more = f" and {len(undeclared) - SAID} more" if len(undeclared) > SAID else ""
        yield f"trained otherwise: {', '.join(undeclared[:SAID])}{more}"


def _recipe_differences(row: Row) -> Iterator[str]:
    """Fields of the recipe that are not the baseline's, though the arm does not name them."""
    own, other = row.variant.recipe, row.base.variant.recipe
    if own is None or other is None:
        return
    declared = tuple(path.removeprefix(RECIPE_PREFIX) for path in row.changes if path.startswith(RECIPE_PREFIX))
    for path, value, before in _differing(_said(own), _said(other)):
        if not any(path == name or path.startswith(f"{name}.") or name.startswith(f"{path}.") for name in declared):
            yield f"{path} {before} → {value}"


def _said(recipe: Recipe) -> dict[str, Any]:
    plain = recipe.tree.plain()
    return {name: value for name, value in plain.items() if name not in (*METADATA, *recipe.without_effect)}


def _differing(own: Any, other: Any, path: str = "") -> Iterator[tuple[str, Any, Any]]:
    if isinstance(own, dict) and isinstance(other, dict):
        for name in {**other, **own}:
            yield from _differing(own.get(name), other.get(name), f"{path}.{name}".strip("."))
    elif own != other:
        yield path, own, other
