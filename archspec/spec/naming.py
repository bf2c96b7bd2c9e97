"""Values that name a document, and numbers that a paper prints for several of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BeforeValidator, PlainValidator, WithJsonSchema

from archspec.spec.refusing import shown, wrong


def _text(value: Any) -> Any:
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


def _named(value: Any) -> Any:
    if not isinstance(value, dict) and not (isinstance(value, str) and value):
        raise wrong(f"{shown(value)} names no document", "write a name, a path that ends in .yaml, or a mapping")
    return value


def _one_or_more(value: Any) -> Any:
    if isinstance(value, list | tuple) and value:
        return tuple(map(_named, value))
    return _named(value)


def _texts(value: Any) -> Any:
    texts = value if isinstance(value, list | tuple) else [value]
    if not texts or not all(isinstance(text, str) for text in texts):
        raise wrong(f"{shown(value)} is neither a name nor a list of names")
    return tuple(texts) if isinstance(value, list | tuple) else value


def _figure(value: Any) -> Any:
    """A printed number, `none` where there is none, or a mapping of metrics to numbers."""
    numbers = value.values() if isinstance(value, dict) else [value]
    if not all(_is_number(number) or number == "none" for number in numbers):
        raise wrong(f"{shown(value)} is no printed figure", "write a number, or a mapping: {top1: 83.0}")
    return value


def _figures(value: Any) -> Any:
    return tuple(map(_figure, value)) if isinstance(value, list | tuple) else _figure(value)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


_NAME = {"anyOf": [{"type": "string"}, {"type": "object"}]}
_TEXTS = {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}, "minItems": 1}]}
_NUMBER = {"anyOf": [{"type": "number"}, {"const": "none"}]}
_FIGURE = {"anyOf": [*_NUMBER["anyOf"], {"type": "object", "additionalProperties": _NUMBER}]}
_FIGURES = {"anyOf": [*_FIGURE["anyOf"], {"type": "array", "items": _FIGURE, "minItems": 1}]}


@dataclass(frozen=True)
class Refers:
    """Marks a field that names a document of some kind, or several."""

    kind: str
    several: bool = False


@dataclass(frozen=True)
class Paths:
    """Marks a mapping of paths into a document of some kind; each begins with a prefix."""

    kind: str
    prefix: str = ""
    varying: bool = False


Text = Annotated[str, BeforeValidator(_text), WithJsonSchema({"type": ["string", "number"]})]
"""A text that may look like a number: a table, a shell variable."""

Texts = Annotated[Any, PlainValidator(_texts), WithJsonSchema(_TEXTS)]
"""A name, or a list of names."""

ArchName = Annotated[Any, PlainValidator(_named), WithJsonSchema(_NAME), Refers("arch")]
"""An arch by name or path, or described in place."""

ArchNames = Annotated[Any, PlainValidator(_one_or_more), WithJsonSchema(_NAME), Refers("arch", several=True)]
"""One arch, or a list of them."""

RecipeName = Annotated[Any, PlainValidator(_named), WithJsonSchema(_NAME), Refers("recipe")]
"""A recipe by name or path, or described in place."""

SpaceName = Annotated[Any, PlainValidator(_named), WithJsonSchema(_NAME), Refers("space")]
"""A space by name or path, or described in place."""

Printed = Annotated[Any, PlainValidator(_figures), WithJsonSchema(_FIGURES)]
"""What the paper prints: a number, a number for each metric, or either for each baseline."""
