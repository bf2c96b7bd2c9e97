"""Schemas of edits: every path into a document of some kind, and what it may be given."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from pydantic import BaseModel

from archspec.spec.families import spec_type
from archspec.spec.registry import members
from archspec.spec.schema.fields import is_family
from archspec.spec.schema.forms import JSON, Flavour, further
from archspec.spec.schema.models import Models

INDEX = r"(\.\d+(-\d*)?)?"
"""A list without an index is all of it; `2`, `0-1` and `2-` are indices."""

STRUCTURES = rf"(\.(cycle|parallel){INDEX})*"
"""A family's place may hold several members, each with a path of its own."""

OFFERED = 3
"""Editors offer paths up to this many parts; longer ones are known to them all the same."""


class Path(NamedTuple):
    """A path as one writes it without indices, and the pattern of every way to write it."""

    literal: str
    pattern: str

    def then(self, name: str) -> Path:
        """The path to something within."""
        dots = (".", r"\.") if self.literal and not self.literal.endswith(".") else ("", "")
        return Path(f"{self.literal}{dots[0]}{name}", f"{self.pattern}{dots[1]}{name}")

    @property
    def is_plain(self) -> bool:
        """Whether there is one way to write it."""
        return self.pattern == re.escape(self.literal)

    def beside(self, offered: JSON) -> str:
        """The pattern, without the path itself where it is offered: no mistake is told twice."""
        without = f"(?!{re.escape(self.literal)}$)" if self.literal in offered else ""
        return f"^{without}{self.pattern}$"

    def indexed(self, index: str) -> Path:
        """The path where indices may follow."""
        return Path(self.literal, self.pattern + index)


Entries = Iterator[tuple[Path, JSON]]


@dataclass(frozen=True)
class Paths:
    """The paths into models, and what each may be given in a flavour."""

    models: Models
    flavour: Flavour

    def keys(self, root: type[BaseModel], left_out: tuple[str, ...], prefix: str) -> JSON:
        """The keys of a mapping of paths into a document."""
        found = list(self.fields(root, Path(prefix, re.escape(prefix)), left_out))
        offered = {path.literal: schema for path, schema in found if path.is_plain or path.literal.count(".") < OFFERED}
        patterns = {path.beside(offered): _bare(schema) for path, schema in found if not path.is_plain}
        return {"properties": offered, "patternProperties": patterns}

    def fields(self, model: type[BaseModel], path: Path, left_out: tuple[str, ...] = ()) -> Entries:
        """The paths into a model's fields."""
        if is_family(model):
            yield from self.members(model, path)
            return
        for name, field in model.model_fields.items():
            if name not in (*left_out, "kind"):
                schema = self.models.field(model, name, self.flavour)
                yield from self.entries(field.annotation, schema, path.then(name))

    def entries(self, annotation: Any, schema: JSON, path: Path) -> Entries:
        """A path and those that go on from it."""
        inner = spec_type(annotation)
        if inner is None:
            yield path, _without_default(schema)
            if "$ref" in schema.get("items", {}):
                # Mappings of paths, such as a recipe's phases: what lies in them is known where they stand.
                within = Path(f"{path.literal}.0", path.pattern + r"\.\d+(-\d*)?(\..+)?")
                yield within, {"description": schema["description"]}
        elif is_family(inner):
            path = path.indexed(STRUCTURES)
            yield path, _without_default(schema)
            yield path.then("kind"), self.kind(inner)
            yield from self.members(inner, path)
        else:
            path = path.indexed(INDEX if schema.get("type") == "array" else "")
            yield path, {"description": schema["description"], **self.models.value(inner, self.flavour)}
            yield from self.fields(inner, path)

    def members(self, base: Any, path: Path) -> Entries:
        """The paths into the fields of any of a family's kinds."""
        reference = self.models.partial(base, self.flavour)["$ref"]
        known = members(base.family).values()
        types = {name: member.model_fields[name].annotation for member in known for name in member.names}
        properties = self.models.definitions[reference.rpartition("/")[2]]["properties"]
        for name, schema in properties.items():
            shared = {"description": schema["description"], "$ref": f"{reference}/properties/{name}"}
            yield from self.entries(types[name], shared, path.then(name))

    def kind(self, base: Any) -> JSON:
        """Another kind in a member's place."""
        kinds = self.models.kinds(base)
        options = [kinds, *further(kinds, self.flavour, numbers=False).values()]
        where = self.models.define(f"{self.flavour}.{base.family}.kind", lambda: {"anyOf": options})
        return {"description": "another kind; fields of the same name stay", **where}


def _bare(schema: JSON) -> JSON:
    return {"$ref": schema["$ref"]} if "$ref" in schema else schema


def _without_default(schema: JSON) -> JSON:
    return {key: value for key, value in schema.items() if key != "default"}
