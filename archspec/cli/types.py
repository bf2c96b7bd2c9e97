"""What a field takes, in a few words: `whole number ≥ 1`, `norm`, `none | tanh`."""

from __future__ import annotations

import types
import typing
from typing import Any

from pydantic import BaseModel, TypeAdapter
from pydantic.fields import FieldInfo

LIMITS = {"minimum": "≥", "exclusiveMinimum": ">", "maximum": "≤", "exclusiveMaximum": "<"}
NAMES = {"integer": "whole number", "number": "number", "boolean": "true | false", "string": "text"}
LIMITLESS = 1_000_000
"""An upper limit that only keeps nonsense out is not worth a word."""


def type_of(field: FieldInfo) -> str:
    """What a field takes."""
    return _words(typing.Annotated[field.annotation, *field.metadata] if field.metadata else field.annotation)


def _words(annotation: Any) -> str:
    inner, origin = typing.get_args(annotation), typing.get_origin(annotation)
    if _is_model(annotation):
        return (getattr(annotation, "family", "") or annotation.__name__.lower()).removesuffix("s")
    if origin is typing.Annotated and (_is_model(inner[0]) or typing.get_args(inner[0])):
        return _words(inner[0])
    if origin in (typing.Union, types.UnionType):
        return " | ".join(dict.fromkeys("none" if option is type(None) else _words(option) for option in inner))
    if origin is tuple:
        return f"[{_words(inner[0])}, …]"
    if origin is dict:
        return f"{{…: {_words(inner[1])}}}"
    return "anything" if annotation is Any else _schema_words(TypeAdapter(annotation).json_schema())


def _is_model(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)


def _schema_words(schema: dict[str, Any]) -> str:
    """What a JSON schema admits."""
    if "anyOf" in schema:
        return " | ".join(map(_schema_words, schema["anyOf"]))
    choices = schema.get("enum", [schema["const"]] if "const" in schema else [])
    if choices:
        return " | ".join(map(str, choices))
    if "properties" in schema:
        return "{" + ", ".join(f"{name}: …" for name in schema["properties"]) + "}"
    if "items" in schema:
        return f"[{_schema_words(schema['items'])}, …]"
    kinds = schema.get("type", "anything")
    named = " | ".join(NAMES.get(kind, kind) for kind in ([kinds] if isinstance(kinds, str) else kinds))
    limits = [f" {sign} {schema[key]:g}" for key, sign in LIMITS.items() if schema.get(key, LIMITLESS) != LIMITLESS]
    return named + "".join(limits)
