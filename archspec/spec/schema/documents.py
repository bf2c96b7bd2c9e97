"""Schemas of documents: written out, derived by `extends` and `edits`, or described where a name is expected."""

from __future__ import annotations

import re
from typing import Any

from archspec.spec.arch import Arch, Stage
from archspec.spec.checking import FORMS
from archspec.spec.deriving import Form
from archspec.spec.measurements import Measurement
from archspec.spec.naming import Paths, Refers
from archspec.spec.schema import paths
from archspec.spec.schema.fields import first_line, is_family
from archspec.spec.schema.forms import JSON, Flavour, without
from archspec.spec.schema.models import Models
from archspec.spec.study import Arm, Factor, Profile, Study
from archspec.spec.timm_arch import TimmArch

NAME: JSON = {"type": "string", "minLength": 1}
FREE_PATHS = "paths into the document, and their new values"


class Documents(Models):
    """Schemas of documents and of everything in them."""

    def document(self, kind: str) -> JSON:
        """A document, which needs no name where one is expected."""
        return self.define(kind, lambda: self._document(FORMS[kind]))

    def _document(self, form: Form[Any]) -> JSON:
        name = {form.kind: {"description": _what(form), **NAME}}
        whole = self._written(form, name)
        if form.model is Arch:
            whole = {"if": {"required": ["timm"]}, "then": self._timm(name), "else": whole}
        about = {} if is_family(form.model) else {key: self.field(form.model, key) for key in form.about}
        own = {"extends": {"description": f"the {form.kind} to begin with", **self.name(form.kind)}}
        own["edits"] = {"description": f"what to change about it: {FREE_PATHS}", **self.edits(form)}
        note = {"note": {"description": "anything a reader should know", "type": "string"}}
        derived = {"type": "object", "properties": {**note, **about, **name, **own}, "required": ["extends"],
                   "additionalProperties": False}  # fmt: skip
        return {
            "description": first_line(form.model),
            "type": "object",
            "if": {"required": ["extends"]},
            "then": derived,
            "else": whole,
        }

    def _written(self, form: Form[Any], name: JSON) -> JSON:
        """A document with nothing to derive from."""
        if is_family(form.model):
            return {"anyOf": list(self.members(form.model))}
        whole = self.object(form.model)
        properties = {**whole["properties"], **name, **self._shorthands(form)}
        required = [key for key in whole.get("required", ()) if key != form.kind]
        return {**whole, "properties": properties, "required": required}

    def _timm(self, name: JSON) -> JSON:
        """A model of timm's, which has a name of its own."""
        model = self.object(TimmArch)
        return {**model, "properties": {**model["properties"], **name}}

    def _shorthands(self, form: Form[Any]) -> JSON:
        if form.model is not Arch:
            return {}
        return {"defaults": {"description": "fields of every stage; stages override them", **self.value(Stage, "edit")}}

    def edits(self, form: Form[Any]) -> JSON:
        """A mapping of paths into a document of a form."""
        if form.model is Study:
            heads = "|".join(name for name in Study.names if name not in form.about)
            return {"type": "object", "patternProperties": {rf"^({heads})(\..+)?$": {}}, "additionalProperties": False}
        return self.marked(Paths(form.kind))

    def name(self, kind: str, *, several: bool = False) -> JSON:
        """A document by name or path, or described in place; or a list of them."""
        one = [NAME, self.document(kind)]
        return {"anyOf": [*one, {"type": "array", "items": {"anyOf": one}, "minItems": 1}] if several else one}

    def marked(self, mark: Refers | Paths) -> JSON:
        """What a field may be that names documents, or leads into one."""
        if isinstance(mark, Refers):
            return self.name(mark.kind, several=mark.several)
        flavour: Flavour = "vary" if mark.varying else "edit"
        name = f"{flavour}.{mark.prefix}{mark.kind}"
        return self.define(name, lambda: {"type": "object", **self.paths(mark, flavour), "additionalProperties": False})

    def paths(self, mark: Paths, flavour: Flavour) -> JSON:
        """The keys of a mapping of paths."""
        form = FORMS[mark.kind]
        found = paths.Paths(self, flavour).keys(form.model, form.about, mark.prefix)
        if form.model is Arch:
            own = {name: self.field(TimmArch, name, flavour) for name in TimmArch.names if name not in Arch.known}
            found["properties"] |= {f"{mark.prefix}{name}": without(schema, "default") for name, schema in own.items()}
            found["patternProperties"][rf"^{re.escape(mark.prefix)}args\..+$"] = {}
        return found

    def field(self, model: Any, name: str, flavour: Flavour = "") -> JSON:
        """A property; measurements may also come as one kind, or as a list of kinds and names."""
        schema = super().field(model, name, flavour)
        if (model, name) != (Study, "measure"):
            return schema
        named = {key: schema.pop(key) for key in ("type", "additionalProperties")}
        one = {"if": {"required": ["kind"]}, "then": named["additionalProperties"], "else": named}
        kind = self.kinds(Measurement)
        several = {"type": "array", "items": {"if": {"type": "object"}, "then": one, "else": kind}}
        alone = {"if": {"type": "object"}, "then": one, "else": {"anyOf": [kind, {"const": "none"}]}}
        return {**schema, "if": {"type": "array"}, "then": several, "else": alone}

    def object(self, model: Any, flavour: Flavour = "") -> JSON:
        """A mapping with a model's fields and, for some, more."""
        schema = super().object(model, flavour)
        if model is Arm:
            return self._arm(schema)
        if model is Factor:
            arms = {"type": "object", "additionalProperties": self.value(Arm, ""), "minProperties": 1}
            return {"description": schema["description"], "if": {"required": ["arms"]}, "then": schema, "else": arms}
        if model is Profile:
            others = {name: self.field(Study, name) for name in Profile.beside}
            return {**schema, "properties": {**schema["properties"], **others}}
        return schema

    def _arm(self, schema: JSON) -> JSON:
        """An arm's own keys, and paths into the arch and the recipe."""
        properties: JSON = dict(schema["properties"])
        patterns: JSON = {}
        for mark in Arm.paths:
            found = self.paths(mark, "edit")
            properties |= found["properties"]
            patterns |= found["patternProperties"]
        return {**schema, "properties": properties, "patternProperties": patterns}


def _what(form: Form[Any]) -> str:
    return f"the {form.kind}'s name: its address"
