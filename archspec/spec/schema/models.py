"""Schemas of specs: their fields, and families as the kinds to choose from."""

from __future__ import annotations

import re
import typing
from collections.abc import Callable, Iterator
from functools import partial
from typing import Annotated, Any, Literal

from pydantic import BaseModel, TypeAdapter

from archspec.spec.arch import Stage
from archspec.spec.base import Spec
from archspec.spec.naming import Paths, Refers
from archspec.spec.registry import FAMILIES, members
from archspec.spec.schema.fields import default, either, first_line, is_composite, is_family, is_model, lengths, named
from archspec.spec.schema.forms import (
    JSON,
    SHARED,
    Flavour,
    decided,
    flavoured,
    further,
    listing,
    takes_numbers,
    to,
    with_texts,
    within,
    without,
)
from archspec.spec.values import may_be_none


class Models:
    """Schemas of types; those of models stand once, under `definitions`."""

    def __init__(self) -> None:
        self.definitions: dict[str, JSON] = dict(SHARED)

    def define(self, name: str, make: Callable[[], JSON]) -> JSON:
        """A reference to a definition, which is made where it is not there yet."""
        if name not in self.definitions:
            self.definitions[name] = {}  # what is defined may refer to itself
            self.definitions[name].update(make())
        return to(name)

    def field(self, model: type[BaseModel], name: str, flavour: Flavour = "") -> JSON:
        """A property: its description, its default, and what it may be."""
        info = model.model_fields[name]
        annotation = Annotated[info.annotation, *info.metadata] if info.metadata else info.annotation
        merges = not flavour and (model is Stage or isinstance(info.default, Spec))
        what = self.value(annotation, "merge" if merges else flavour)
        if may_be_none(model, name):
            what = {"anyOf": [what, {"const": "none"}]}
        known = {} if info.is_required() else default(info.default)
        return {"description": info.description or first_line(model), **known, **what}

    def value(self, annotation: Any, flavour: Flavour) -> JSON:
        """What values of a type may be."""
        origin, inner = typing.get_origin(annotation), typing.get_args(annotation)
        if origin is dict:
            return self.mapping(*inner)
        if not is_composite(annotation):
            return self.leaf(annotation, flavour)
        if origin is Annotated:
            marks = [mark for mark in inner[1:] if isinstance(mark, Refers | Paths)]
            schema = self.marked(marks[0]) if marks else self.value(inner[0], flavour)
            return {**schema, **lengths(schema, inner[1:])}
        if origin is tuple:
            return {"type": "array", "items": self.value(inner[0], flavour)}
        options = [self.model(option, flavour) for option in inner or (annotation,) if option is not type(None)]
        return options[0] if len(options) == 1 else {"anyOf": options}

    def model(self, annotation: Any, flavour: Flavour) -> JSON:
        """A family or a model, or a type around one."""
        if is_family(annotation):
            return self.family(annotation, flavour)
        if not is_model(annotation):
            return self.value(annotation, flavour)
        name = named(within(flavour), annotation.__name__.lower())
        return self.define(name, lambda: self.object(annotation, within(flavour)))

    def marked(self, mark: Refers | Paths) -> JSON:
        """What a mark on a field says it may be: documents know."""
        return {}

    def mapping(self, keys: Any, values: Any) -> JSON:
        """A mapping of free keys, or of a few."""
        value = {} if values is Any else self.value(values, "")
        if typing.get_origin(keys) is not Literal:
            return {"type": "object", "additionalProperties": value}
        properties = {key: {"description": f"for `{key}`", **value} for key in typing.get_args(keys)}
        return {"type": "object", "properties": properties, "additionalProperties": False}

    def leaf(self, annotation: Any, flavour: Flavour) -> JSON:
        """A type without models: what pydantic says, and the texts that are numbers here."""
        # What has a validator of its own and no schema is described by the type it makes.
        schema = TypeAdapter(annotation).json_schema() or TypeAdapter(typing.get_args(annotation)[0]).json_schema()
        flavour = within(flavour)
        options = [option for option in schema.get("anyOf", ()) if option != {"type": "null"}]
        schema = {**schema, "anyOf": options} if len(options) > 1 else options[0] if options else schema
        plain = with_texts({key: value for key, value in schema.items() if key not in ("title", "default")})
        if not flavour:
            return plain
        value = self.shared(flavoured(plain, flavour), "value")
        more = further(value, flavour, numbers=takes_numbers(plain))
        return self.shared({"anyOf": [value, *more.values()]}, f"{flavour}.value")

    def shared(self, schema: JSON, prefix: str) -> JSON:
        """A definition by content: what many fields may be stands once."""
        alike = [name for name in self.definitions if re.fullmatch(rf"{re.escape(prefix)}\d+", name)]
        name = next((name for name in alike if self.definitions[name] == schema), f"{prefix}{len(alike) + 1}")
        return self.define(name, lambda: schema)

    def object(self, model: type[BaseModel], flavour: Flavour = "") -> JSON:
        """A mapping with a model's fields; fields of a stage may stand in `defaults` instead."""
        properties = {name: self.property(model, name, flavour) for name in model.model_fields}
        required = [name for name, field in model.model_fields.items() if field.is_required() and model is not Stage]
        if "kind" in properties:
            required = ["kind", *required]
        return {
            "description": first_line(model),
            "type": "object",
            "properties": properties,
            **({"required": required} if required else {}),
            "additionalProperties": False,
        }

    def property(self, model: type[BaseModel], name: str, flavour: Flavour) -> JSON:
        """A field, or the kind that tells members apart."""
        if name == "kind":
            return {"description": first_line(model), "const": model.model_fields[name].default}
        return self.field(model, name, flavour)

    def family(self, base: type[Spec], flavour: Flavour = "") -> JSON:
        """A kind as a word, a mapping with `kind`, a structure of several, or what merges into what is there."""
        return self.define(named(flavour, base.family), lambda: self._family(base, flavour))

    def _family(self, base: type[Spec], flavour: Flavour) -> JSON:
        members = {"anyOf": list(self.members(base, flavour))}
        cases = {"kind": members, **self._structures(base, flavour)}
        if within(flavour):
            cases |= further(self.family(base, flavour), flavour, numbers=False)
        mapping = decided(cases, self.partial(base, within(flavour)) if flavour else members)
        lists = [listing(self.family(base, within(flavour)))] if base.list_stands_for else []
        options = [self.kinds(base), *lists, {"type": "object"}]
        return {"anyOf": options, "if": {"type": "object"}, "then": mapping}

    def members(self, base: type[Spec], flavour: Flavour = "") -> Iterator[JSON]:
        """A family's kinds, each with its fields."""
        for kind, member in sorted(members(base.family).items()):
            name = named(within(flavour), base.family, kind)
            yield self.define(name, partial(self.object, member, within(flavour)))

    def _structures(self, base: type[Spec], flavour: Flavour) -> dict[str, JSON]:
        """`{cycle: …}` and `{parallel: …}`."""
        found = {}
        for key, model in sorted(base.structures.items()):
            name = named(within(flavour), base.family, key)
            found[key] = self.define(name, partial(self.structure, model, key, within(flavour)))
        return found

    def structure(self, model: type[Spec], key: str, flavour: Flavour) -> JSON:
        """A mapping whose one key stands for the kind."""
        schema = self.object(model, flavour)
        if model.list_stands_for and key != model.list_stands_for:  # one word may stand for the list
            several = schema["properties"][key]
            word = self.kinds(FAMILIES[model.family])
            either = {"anyOf": [word, without(several, "description")], "description": several["description"]}
            schema = {**schema, "properties": {**schema["properties"], key: either}}
        return {**schema, "required": [key]}

    def kinds(self, base: type[Spec]) -> JSON:
        """A family's kinds as words, each with its sentence."""
        known = sorted(members(base.family).items(), key=lambda item: (not item[1].listed, item[0]))
        words = {"enum": [kind for kind, _ in known], "markdownEnumDescriptions": [first_line(m) for _, m in known]}
        return self.define(f"{base.family}.kinds", lambda: {"type": "string", **words})

    def partial(self, base: type[Spec], flavour: Flavour) -> JSON:
        """A mapping without `kind`, which merges into what is there: fields of any kind."""
        return self.define(named(flavour, base.family, "fields"), lambda: self._partial(base, flavour))

    def _partial(self, base: type[Spec], flavour: Flavour) -> JSON:
        properties: dict[str, list[tuple[str, JSON]]] = {}
        for kind, member in sorted(members(base.family).items()):
            for name in member.names:
                if name != "kind":
                    properties.setdefault(name, []).append((kind, self.field(member, name, flavour)))
        return {
            "description": "Merges into what is there.",
            "type": "object",
            "properties": {name: either(found) for name, found in sorted(properties.items())},
            "additionalProperties": False,
        }
