"""What may stand where a value is expected: numbers that editors read as texts, `{each: …}`, `{times: …}`, domains."""

from __future__ import annotations

from typing import Any, Literal

JSON = dict[str, Any]

Flavour = Literal["", "edit", "vary"]
"""A value as a document holds it, as an edit gives it, or as a space varies it."""

NUMBER_TEXT: JSON = {
    "type": "string",
    "pattern": r"^[-+]?([0-9]+/[1-9][0-9]*|([0-9]+\.?[0-9]*|\.[0-9]+)([KMGT]|[eE][-+]?[0-9]+))$",
    "description": "a number: 1/2, 26M, 4e-3",
}
"""Numbers of this language that YAML readers take for texts."""

NUMBER: JSON = {"anyOf": [{"type": "number"}, NUMBER_TEXT]}


def sole(key: str, value: JSON, description: str, **others: JSON) -> JSON:
    """A mapping of one key; `others` may stand beside it."""
    properties = {key: {"description": description, **value}, **others}
    return {"type": "object", "properties": properties, "required": [key], "additionalProperties": False}


def with_texts(schema: JSON) -> JSON:
    """A schema in which every number may also be one of the texts that are numbers here."""
    if "anyOf" in schema:
        options = [with_texts(option) for option in schema["anyOf"]]
        return {**schema, "anyOf": [flat for option in options for flat in option.get("anyOf", [option])]}
    if schema.get("type") in ("integer", "number"):
        return {"anyOf": [schema, NUMBER_TEXT]}
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
    return "number" in types or "integer" in types or takes_numbers(schema.get("items", {}))


def flavoured(schema: JSON, flavour: Flavour) -> JSON:
    """A schema of values with what else may stand there in a flavour."""
    if not flavour:
        return schema
    options = schema["anyOf"] if schema.keys() == {"anyOf"} else [schema]
    within = [_within(option, flavour) for option in options]
    return {"anyOf": [*within, *further(schema, flavour, numbers=takes_numbers(schema))]}


def _within(schema: JSON, flavour: Flavour) -> JSON:
    """A mapping such as `{grid: …}` with its entries flavoured."""
    if "properties" not in schema:
        return schema
    return {**schema, "properties": {key: _entry(child, flavour) for key, child in schema["properties"].items()}}


def _entry(schema: JSON, flavour: Flavour) -> JSON:
    value = {key: child for key, child in schema.items() if key != "description"}
    return {"description": schema.get("description", ""), **flavoured(value, flavour)}


def further(schema: JSON, flavour: Flavour, *, numbers: bool) -> list[JSON]:
    """What else may stand where a schema's values do."""
    return _edits(schema, numbers=numbers) if flavour == "edit" else _domains(schema, numbers=numbers)


def _edits(schema: JSON, *, numbers: bool) -> list[JSON]:
    each = sole("each", {"type": "array", "items": schema}, "one value for each place")
    return [each, sole("times", NUMBER, "what is there, times this number")] if numbers else [each]


def _domains(schema: JSON, *, numbers: bool) -> list[JSON]:
    choice = sole("choose", _options(schema), "one of these values")
    domains = [choice, RANGE] if numbers else [choice]
    times = [sole("times", {"anyOf": [*NUMBER["anyOf"], *NUMBERS]}, "what is there, times this number")]
    for_all = {"anyOf": [schema, *domains]}
    each = sole("each", {"anyOf": [*for_all["anyOf"], {"type": "array", "items": for_all}]}, "every place by itself")
    return [*domains, *(times if numbers else []), each]


def _options(schema: JSON) -> JSON:
    return {"type": "array", "items": schema, "minItems": 1}


RANGE = sole(
    "range",
    {"type": "array", "items": NUMBER, "minItems": 2, "maxItems": 2},
    "from the first number to the second, both included",
    step={"description": "between the numbers that are tried", **NUMBER},
    log={"description": "whether orders of magnitude are alike", "type": "boolean"},
)

NUMBERS = [sole("choose", _options(NUMBER), "one of these numbers"), RANGE]
"""Domains of numbers."""
