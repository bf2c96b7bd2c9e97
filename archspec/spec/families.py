"""Which family a path of a document chooses its kinds from."""

from __future__ import annotations

import typing
from typing import Any

from pydantic.fields import FieldInfo

from archspec.spec.base import Spec
from archspec.spec.registry import FAMILIES


def family_at(model: type[Spec], path: tuple[str, ...]) -> str | None:
    """The family of the field at a path of names and indices, where it has one."""
    current: Any = model
    for name in path:
        if name.isdigit():
            continue
        fields = _fields(current, name)
        if fields is None:
            return None
        current = fields
    family = getattr(current, "family", "")
    return family if FAMILIES.get(family) is current else None


def _fields(model: Any, name: str) -> Any:
    """The spec type that a field holds, in any member of the model's family."""
    if not (isinstance(model, type) and issubclass(model, Spec)):
        return None
    if name in ("cycle", "parallel"):
        return model
    candidates = [model] if FAMILIES.get(model.family) is not model else list(model.members.values())
    for candidate in candidates:
        if name in candidate.model_fields:
            return spec_type(candidate.model_fields[name].annotation)
    return None


def spec_type(annotation: Any) -> Any:
    """The spec class within an annotation such as `tuple[Stage, ...]` or `Downsample | None`."""
    if isinstance(annotation, type) and not typing.get_args(annotation):
        return annotation if issubclass(annotation, Spec) else None
    for argument in typing.get_args(annotation):
        found = spec_type(argument)
        if found is not None:
            return found
    return None


def field_family(field: FieldInfo) -> type[Spec] | None:
    """The family a field takes its value from, if it does."""
    annotation: Any = field.annotation
    is_family = isinstance(annotation, type) and issubclass(annotation, Spec) and annotation.family != ""
    return annotation if is_family else None
