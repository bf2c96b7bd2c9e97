"""The reference pages, written from the models: `python -m archspec.reference FOLDER`."""

from __future__ import annotations

import inspect
import sys
import types
import typing
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import BaseModel, TypeAdapter
from pydantic.fields import FieldInfo

from archspec.errors import CODES
from archspec.spec.arch import tidy
from archspec.spec.base import Spec
from archspec.spec.reading import DOCUMENT_KINDS
from archspec.spec.registry import FAMILIES, load_all_builtins
from archspec.spec.values import may_be_none
from archspec.spec.written import Written

LIMITLESS = 1_000_000
"""An upper limit that only keeps nonsense out is not worth a word."""


def pages() -> dict[str, str]:
    """Every generated page by its file name."""
    documents = {_page(root): _document_page(root) for root in shipped_documents()}
    families = {f"{name}.md": _family_page(base) for name, base in shipped_families().items()}
    written = {**documents, **families, "errors.md": _errors_page()}
    return {"README.md": _index(written), **written}


def shipped_documents() -> list[type[BaseModel]]:
    """The models of documents, in the order of their first keys; runners are a family and not among them."""
    load_all_builtins()
    return sorted((cls for cls in Written.__subclasses__() if not cls.family), key=_document_order)


@cache
def homes() -> dict[type[BaseModel], str]:
    """The page of every model that is of no family: the first that needs it."""
    found: dict[type[BaseModel], str] = {}
    for root in shipped_documents():
        for model in (root, *_within(root)):
            found.setdefault(model, _page(root))
    for name, base in shipped_families().items():
        for model in (held for member in shipped_kinds(base).values() for held in _within(member)):
            found.setdefault(model, f"{name}.md")
    return found


def shipped_families() -> dict[str, type[Spec]]:
    """The families that come with archspec, by name."""
    load_all_builtins()
    return {name: base for name, base in sorted(FAMILIES.items()) if _is_shipped(base)}


def shipped_kinds(base: type[Spec]) -> dict[str, type[Spec]]:
    """A family's kinds that come with archspec, by name; `none` and `inherit` last."""
    own = {kind: member for kind, member in base.members.items() if _is_shipped(member)}
    return dict(sorted(own.items(), key=lambda item: (item[0] in ("none", "inherit"), item[0])))


def _is_shipped(cls: type) -> bool:
    return cls.__module__.startswith("archspec.")


def _page(root: type) -> str:
    return f"{root.__name__.lower()}.md"


def _document_order(cls: type) -> int:
    return DOCUMENT_KINDS.index(cls.__name__.lower())


def _within(model: type[BaseModel]) -> Iterator[type[BaseModel]]:
    """The models that a model's fields hold, and those that theirs do; families have pages of their own."""
    for field in model.model_fields.values():
        for held in _models_in(field.annotation):
            if not getattr(held, "family", ""):
                yield held
                yield from _within(held)


def _models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    if _is_model(annotation):
        yield annotation
    for argument in typing.get_args(annotation):
        yield from _models_in(argument)


def _index(written: dict[str, str]) -> str:
    lines = []
    for name, text in written.items():
        title, _, rest = text.removeprefix("# ").partition("\n\n")
        lines.append(f"- [{title}]({name}): {rest.splitlines()[0]}\n")
    return "# Reference\n\nWritten from the models by `make docs`.\n\n" + "".join(lines)


def _document_page(root: type[BaseModel]) -> str:
    others = [f"## {model.__name__}\n\n{_doc(model)}\n\n{_table(model)}" for model in root.__subclasses__()]
    return "\n".join(
        [f"# {root.__name__}\n\n{_doc(root)}\n\n{_table(root)}", *others, *_held_sections(_page(root), root)]
    )


def _held_sections(page: str, root: type[BaseModel] | None = None) -> list[str]:
    """The models that stand on a page beside what it is about."""
    models = [model for model, home in homes().items() if home == page and model is not root]
    return [f"## {model.__name__.lower()}\n\n{_doc(model)}\n\n{_table(model)}" for model in models]


def _errors_page() -> str:
    rows = "".join(f"| `{code}` | {meaning} |\n" for code, meaning in CODES.items())
    return f"# Errors\n\nThe codes that problems carry; they do not change.\n\n| code | meaning |\n|---|---|\n{rows}"


def _family_page(base: type[Spec]) -> str:
    structures = {cls.structure: cls for cls in base.structures.values() if cls.structure != "cycle"}
    sections = [_kind_section(kind, member) for kind, member in {**shipped_kinds(base), **structures}.items()]
    head = f"# {base.family.capitalize()}\n\n{_doc(base)}\n"
    return "\n".join([head, *sections, *_held_sections(f"{base.family}.md")])


def _kind_section(kind: str, member: type[Spec]) -> str:
    return (
        "\n\n".join(filter(None, [f"## {kind}", _doc(member), " ".join(_facts(member)), _table(member)])).strip() + "\n"
    )


def _facts(member: type[Spec]) -> Iterator[str]:
    """What is true of a kind whatever its fields say."""
    if member.cost is not Spec.cost:
        note = inspect.getdoc(member.cost) or ""
        yield f"Cost: {note[:1].lower()}{note[1:]}"
    if member.bias_parts:
        yield "Parts that can have a bias: " + ", ".join(f"`{part}`" for part in member.bias_parts) + "."
    if member.needs_grid:
        yield "Works on a grid: no class token may come before it."


def _doc(cls: type) -> str:
    return inspect.getdoc(cls) or ""


def _table(model: type[BaseModel]) -> str:
    rows = [_row(model, name, field) for name, field in model.model_fields.items() if name != "kind"]
    return "| field | type | default | description |\n|---|---|---|---|\n" + "".join(rows) if rows else ""


def _row(model: type[BaseModel], name: str, field: FieldInfo) -> str:
    absent = "none" if may_be_none(model, name) else ""
    annotation = typing.Annotated[field.annotation, *field.metadata] if field.metadata else field.annotation
    kind = _either([_words(annotation), *([f"`{absent}`"] if absent else [])])
    default = "required" if field.is_required() else _yaml(field.get_default(call_default_factory=True), absent)
    shown = f"`{default}`" if default and default != "required" else default
    cells = (f"`{name}`", kind, shown, field.description or "")
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |\n"


def _yaml(value: Any, absent: str) -> str:
    """A default as one would write it on one line."""
    if value is None:
        return absent
    if isinstance(value, Spec):
        value = tidy(value.canonical())
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_yaml(child, absent)}" for key, child in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_yaml(element, absent) for element in value) + "]"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _words(annotation: Any) -> str:
    """A type in words, families and models as links."""
    inner, origin = typing.get_args(annotation), typing.get_origin(annotation)
    if origin is typing.Annotated and (_is_model(inner[0]) or typing.get_args(inner[0])):
        return _words(inner[0])
    if _is_model(annotation):
        return _link(annotation)
    if origin in (typing.Union, types.UnionType):
        return _either([_words(option) for option in inner if option is not type(None)])
    if origin is tuple:
        return _list_of(_words(inner[0]))
    if origin is dict:
        return f"mapping to {_words(inner[1])}"
    return _schema_words(TypeAdapter(annotation).json_schema())


def _is_model(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)


def _link(model: type[BaseModel]) -> str:
    family, name = getattr(model, "family", ""), model.__name__.lower()
    if family:
        return f"[{family.removesuffix('s')}]({family}.md)"
    return f"[{name}]({homes()[model]}#{name})"


def _schema_words(schema: dict[str, Any]) -> str:
    """What a JSON schema admits, in words."""
    if "anyOf" in schema:
        return _either([_schema_words(option) for option in schema["anyOf"]])
    choices = schema.get("enum", [schema["const"]] if "const" in schema else [])
    if choices:
        return _either([f"`{choice}`" for choice in choices])
    if "properties" in schema:
        return "`{" + ", ".join(f"{name}: …" for name in schema["properties"]) + "}`"
    if schema.get("type") == "array":
        return _list_of(_schema_words(schema["items"]))
    kinds = schema.get("type", "anything")
    return _either([_TYPES[kind] for kind in ([kinds] if isinstance(kinds, str) else kinds)]) + _limits(schema)


_TYPES = {
    "integer": "whole number",
    "number": "number",
    "boolean": "`true`, `false`",
    "string": "text",
    "object": "mapping",
    "anything": "anything",
}


def _either(options: list[str]) -> str:
    different = list(dict.fromkeys(options))
    return " or ".join([", ".join(different[:-1]), different[-1]]) if len(different) > 1 else different[0]


def _limits(schema: dict[str, Any]) -> str:
    signs = {"minimum": "≥", "exclusiveMinimum": ">", "maximum": "≤", "exclusiveMaximum": "<"}
    limits = [f"{sign} {schema[key]:g}" for key, sign in signs.items() if key in schema and schema[key] != LIMITLESS]
    return " " + " and ".join(limits) if limits else ""


def _list_of(words: str) -> str:
    return f"list of ({words})" if " or " in words else f"list of {words}"


def write(folder: Path) -> None:
    """Write every page into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in pages().items():
        (folder / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write(Path(sys.argv[1]))
