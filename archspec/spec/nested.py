"""What is done to the values of fields, whether they are specs, hold some or do not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import BaseModel

from archspec.spec.place import Scope

M = TypeVar("M", bound=BaseModel)


def resolved_value(value: Any, scope: Scope) -> Any:
    """A value with nothing symbolic left in it."""
    if isinstance(value, tuple) and any(hasattr(element, "resolve") for element in value):
        return tuple(resolved_value(element, scope) for element in value)
    return value.resolve(scope) if hasattr(value, "resolve") else value


def canonical_value(value: Any) -> Any:
    """What identifies a value, as plain data."""
    if hasattr(value, "canonical"):
        return value.canonical()
    if isinstance(value, tuple):
        return [canonical_value(element) for element in value]
    return value.model_dump() if isinstance(value, BaseModel) else value


def constructed(kind: type[M], values: dict[str, Any]) -> M:
    """A model of values that are right already, every field among them."""
    if kind.__private_attributes__:
        return kind.model_construct(**values)
    # What model_construct does where there is nothing to fill in: searches make stages by the million.
    made = kind.__new__(kind)
    object.__setattr__(made, "__dict__", values)
    object.__setattr__(made, "__pydantic_fields_set__", set(values))
    object.__setattr__(made, "__pydantic_extra__", None)
    object.__setattr__(made, "__pydantic_private__", None)
    return made


def is_tagged(value: Mapping[str, Any]) -> bool:
    """Whether a mapping says what it is, and so replaces; one that does not merges into what is there."""
    return any(key in value for key in ("kind", "cycle", "parallel", "extends"))
