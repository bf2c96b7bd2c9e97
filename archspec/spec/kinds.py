"""Keys and kinds that do not exist, or are missing: what is said about them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from pydantic import ValidationError
from pydantic_core import InitErrorDetails, PydanticCustomError

from archspec.errors import closest, near
from archspec.spec.refusing import ELSEWHERE, TRUTH, a, fault, faults_of, listed, mapping_hint, refusal, shown, wrong

Model = Any
"""A class of specs; this module lies below theirs."""


def unknown_keys(noun: str, given: Mapping[str, Any], known: Iterable[str]) -> ValidationError:
    """The error for keys that do not exist in something, with near matches."""
    known = list(known)
    hints = {key: near(str(key).partition(".")[0], known) for key in given}
    return refusal(fault("ARC101", f"{a(noun)} has no `{key}`", hints[key], (str(key),)) for key in given)


def wrong_keys(model: Model, data: Mapping[str, Any]) -> list[InitErrorDetails]:
    """Keys too many or too few. One that is misspelt is not missing too."""
    unknown = [str(key) for key in data if not model.takes(key)]
    guesses = {guess for key in unknown for guess in closest(key, model.known)}
    missing = [name for name in model.names if name in model.required and name not in data and name not in guesses]
    return [_unknown(model, key, data) for key in unknown] + ([_missing(model, missing)] if missing else [])


def joined(faults: list[InitErrorDetails], read: Callable[[], Any]) -> ValidationError:
    """The error for wrong keys, with whatever else is wrong beside them."""
    try:
        read()
    except ValidationError as error:
        faults = faults + [entry for entry in faults_of(error) if entry["type"] != "missing"]
    return refusal(faults)


def _unknown(model: Model, key: str, data: Mapping[str, Any]) -> InitErrorDetails:
    owner = next((name for name in data if name in model.known and _takes(model, name, data[name], key)), None)
    hint = f"it belongs to the {owner}: `{owner}: {{kind: …, {key}: …}}`" if owner else near(key, model.choices())
    return fault("ARC101", f"{_noun(model)} has no `{key}`", hint, (key,))


def _takes(model: Model, name: str, value: Any, key: str) -> bool:
    """Whether the part that stands in a field has a key that was written beside it."""
    kind = value.get("kind") if isinstance(value, Mapping) else value
    family = getattr(model.model_fields[name].annotation, "members", {})
    return isinstance(kind, str) and kind in family and key in family[kind].known


def _missing(model: Model, names: list[str]) -> InitErrorDetails:
    verb = "is" if len(names) == 1 else "are"
    said = {name: model.model_fields[name].description for name in names}
    hint = said[names[0]] if len(names) == 1 else "; ".join(f"`{name}`: {said[name]}" for name in names)
    return fault("ARC103", f"{listed(names)} {verb} missing", hint, ())


def _noun(model: Model) -> str:
    kind = model.model_fields["kind"].default if "kind" in model.known else model.structure
    name = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", model.__name__).lower()
    return f"`{kind}`" if kind else a(model.noun or name)


def not_a_mapping(model: Model, value: Any) -> PydanticCustomError:
    """The error for something else where keys and values are expected."""
    keys = [name for name in model.names if name in model.required]
    scalar = not isinstance(value, list | tuple)
    hint = f"write `{{{keys[0]}: {value if scalar else '…'}}}`" if len(keys) == 1 else near("", model.choices())
    return wrong(f"{shown(value)} is not a mapping of keys to values", hint)


def _singular(family: Model) -> str:
    return str(family.family).removesuffix("s")


def _kinds(family: Model) -> list[str]:
    return [kind for kind, member in family.members.items() if member.listed]


def no_member(family: Model, value: Any) -> PydanticCustomError:
    """The error for what is neither a kind nor a mapping."""
    hint = near("", _kinds(family))
    if isinstance(value, list | tuple):
        hint = "for several write " + " or ".join(f"`{{{key}: […]}}`" for key in family.structures)
    elif value is False and "none" in family.members:
        hint = "write `none`"
    return wrong(f"{shown(value)} is not {a(_singular(family))}", hint)


def no_kind(family: Model, data: Mapping[str, Any]) -> ValidationError:
    """The error for a mapping without a `kind`."""
    singular, keys = _singular(family), [str(key) for key in data]
    noun = a(singular)
    for key in keys:
        if key in ELSEWHERE and len(keys) == 1:
            return refusal([fault("ARC104", f"{shown(data)} is not {noun}", mapping_hint(data), ())])
        if key in family.members:
            return refusal([fault("ARC103", "`kind` is missing", f"write `{{kind: {key}, …}}`", ())])
        if close := closest(key, ("kind", *family.structures)):
            return unknown_keys(singular, {key: data[key]}, close)
        if key in ("cycle", "parallel"):
            return refusal([fault("ARC101", f"{noun} cannot be `{key}`", "", (key,))])
    return refusal([fault("ARC103", f"`kind` is missing: which {singular} this is", near("", _kinds(family)), ())])


def unknown_kind(family: Model, kind: Any) -> ValidationError:
    """The error for a kind that no member has."""
    nothing = str(kind).lower() in (*TRUTH, "false", "nothing", "null") and "none" in family.members
    hint = "write `none`" if nothing else near(str(kind), _kinds(family))
    return refusal([fault("ARC102", f"{shown(kind)} is not a kind of {_singular(family)}", hint, ("kind",))])
