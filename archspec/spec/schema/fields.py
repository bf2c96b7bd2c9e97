"""What a field's type is, and what becomes of its description and default."""

from __future__ import annotations

import inspect
import json
import typing
from typing import Any

from annotated_types import MaxLen, MinLen
from pydantic import BaseModel

from archspec.spec.arch import tidy
from archspec.spec.base import Spec
from archspec.spec.naming import Paths, Refers
from archspec.spec.registry import FAMILIES
from archspec.spec.schema.forms import JSON, Flavour


def is_family(annotation: Any) -> bool:
    """Whether a type is the base of a family."""
    family = getattr(annotation, "family", "") if isinstance(annotation, type) else ""
    return bool(family) and FAMILIES[family] is annotation


def is_model(annotation: Any) -> bool:
    """Whether a type is a model with fields."""
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)


def first_line(cls: type) -> str:
    """The sentence that introduces a class."""
    return (inspect.getdoc(cls) or "").partition("\n\n")[0].replace("\n", " ")


def is_composite(annotation: Any) -> bool:
    """Whether a type has models or marks within, which pydantic's own schemas would lose."""
    found = is_model(annotation) or isinstance(annotation, Refers | Paths)
    return found or any(is_composite(inner) for inner in typing.get_args(annotation))


def named(flavour: Flavour, *parts: str) -> str:
    """The name of a definition."""
    return ".".join(part for part in (flavour, *parts) if part)


def either(found: list[tuple[str, JSON]]) -> JSON:
    """One property of several kinds: what any of them lets it be."""
    descriptions: dict[str, list[str]] = {}
    values: list[JSON] = []
    for kind, schema in found:
        descriptions.setdefault(schema["description"], []).append(kind)
        value = {key: child for key, child in schema.items() if key not in ("description", "default")}
        if value not in values:
            values.append(value)
    said = "; ".join(f"{', '.join(kinds)}: {text}" for text, kinds in descriptions.items())
    description = said if len(descriptions) > 1 else next(iter(descriptions))
    return {"description": description, **(values[0] if len(values) == 1 else {"anyOf": values})}


def lengths(schema: JSON, marks: tuple[Any, ...]) -> JSON:
    """The least length of a list or mapping, and the greatest."""
    what = {"array": "Items", "object": "Properties"}.get(schema.get("type", ""))
    least = {f"min{what}": mark.min_length for mark in marks if isinstance(mark, MinLen)}
    greatest = {f"max{what}": mark.max_length for mark in marks if isinstance(mark, MaxLen)}
    return {**least, **greatest} if what else {}


def default(value: Any) -> JSON:
    """The default of a property, where it says something."""
    if isinstance(value, Spec):
        value = tidy(value.canonical())
    # A size that is relative to the grid is a model of its own within.
    plain = json.loads(json.dumps(tidy(value), default=lambda model: model.model_dump()))
    return {} if plain in (None, "", {}, []) else {"default": plain}
