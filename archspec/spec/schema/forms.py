"""What may stand where a value is expected: numbers that editors read as texts, `{each: …}`, `{times: …}`, domains."""

from __future__ import annotations

from typing import Any, Literal

JSON = dict[str, Any]

Flavour = Literal["", "merge", "edit", "vary"]
"""A value as it stands, as it may merge into a default, as an edit gives it, or as a space varies it."""


def within(flavour: Flavour) -> Flavour:
    """What holds inside a value: only the outermost mapping merges into a default."""
    return "" if flavour == "merge" else flavour


def to(name: str) -> JSON:
    """A reference to a definition."""
    return {"$ref": f"#/definitions/{name}"}


def sole(key: str, value: JSON, description: str, **others: JSON) -> JSON:
    """A mapping of one key; `others` may stand beside it."""
    properties = {key: {"description": description, **value}, **others}
    return {"type": "object", "properties": properties, "required": [key], "additionalProperties": False}


def listing(items: JSON, **limits: int) -> JSON:
    """A list of values."""
    return {"type": "array", "items": items, "minItems": 1, **limits}


TEXT, NUMBER, CHOICE, RANGE = to("number.text"), to("number"), to("number.choice"), to("number.range")

SHARED: dict[str, JSON] = {
    "number.text": {
        "type": "string",
        "pattern": r"^[-+]?(\d+/[1-9]\d*|(\d+\.?\d*|\.\d+)([KMGT]|[eE][-+]?\d+))$",
        "description": "a number that YAML readers take for a text: 1/2, 26M, 4e-3",
    },
    "number": {"anyOf": [{"type": "number"}, TEXT]},
    "number.choice": sole("choose", listing(NUMBER), "one of these numbers"),
    "number.range": sole(
        "range",
        listing(NUMBER, minItems=2, maxItems=2),
        "from the first number to the second, both included",
        step={"description": "between the numbers that are tried", **NUMBER},
        log={"description": "whether orders of magnitude are alike", "type": "boolean"},
    ),
}
"""Definitions that many others refer to."""


def with_texts(schema: JSON) -> JSON:
    """A schema in which every number may also be one of the texts that are numbers here."""
    if "anyOf" in schema:
        options = [with_texts(option) for option in schema["anyOf"]]
        return {**schema, "anyOf": [flat for option in options for flat in option.get("anyOf", [option])]}
    if schema.get("type") in ("integer", "number"):
        return {"anyOf": [schema, TEXT]}
    if "items" in schema:
        return {**schema, "items": with_texts(schema["items"])}
    if "properties" in schema:
        return {**schema, "properties": {key: with_texts(child) for key, child in schema["properties"].items()}}
    return schema


def takes_numbers(schema: JSON) -> bool:
    """Whether a number, or a list of numbers, may stand here."""
    if "anyOf" in schema:
        return any(takes_numbers(option) for option in schema["anyOf"])
    types = schema.get("type", ())
    return "number" in types or "integer" in types or ("items" in schema and takes_numbers(schema["items"]))


def flavoured(schema: JSON, flavour: Flavour) -> JSON:
    """A schema with the entries of a mapping such as `{grid: …}` in a flavour."""
    if "anyOf" in schema:
        return {**schema, "anyOf": [flavoured(option, flavour) for option in schema["anyOf"]]}
    if "properties" not in schema:
        return schema
    entries = {key: {**child, "anyOf": _entry(child, flavour)} for key, child in schema["properties"].items()}
    return {**schema, "properties": {key: without(child, "type") for key, child in entries.items()}}


def _entry(schema: JSON, flavour: Flavour) -> list[JSON]:
    value = without(schema, "description")
    options: list[JSON] = value.get("anyOf", [value])
    return [*options, *further(value, flavour, numbers=takes_numbers(value)).values()]


def without(schema: JSON, key: str) -> JSON:
    """A schema without one of its keys."""
    return {name: value for name, value in schema.items() if name != key}


def further(schema: JSON, flavour: Flavour, *, numbers: bool) -> dict[str, JSON]:
    """What else may stand where a schema's values do, in a flavour; each by its key."""
    found = _edits(schema) if flavour == "edit" else _domains(schema, numbers=numbers)
    return found if numbers else {key: found[key] for key in found if key not in ("times", "range")}


def _edits(schema: JSON) -> dict[str, JSON]:
    each = sole("each", listing(schema), "one value for each place")
    return {"each": each, "times": sole("times", NUMBER, "what is there, times this number")}


def _domains(schema: JSON, *, numbers: bool) -> dict[str, JSON]:
    choice = sole("choose", listing(schema), "one of these values")
    alike = [schema, choice, RANGE] if numbers else [schema, choice]
    each = sole("each", {"anyOf": [*alike, listing({"anyOf": alike})]}, "every place by itself")
    times = sole("times", {"anyOf": [NUMBER, CHOICE, RANGE]}, "what is there, times this number")
    return {"choose": choice, "range": RANGE, "each": each, "times": times}


def decided(cases: dict[str, JSON], otherwise: JSON) -> JSON:
    """The schema that goes with whichever key is there: editors explain its mistakes better than a choice of many."""
    for key, schema in reversed(cases.items()):
        otherwise = {"if": {"required": [key]}, "then": schema, "else": otherwise}
    return otherwise
