"""How values are refused: a code, what is wrong and what to do, carried by pydantic to where lines are known."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any, cast

from pydantic import ValidationError
from pydantic_core import InitErrorDetails, PydanticCustomError

from archspec.errors import closest
from archspec.spec.scalars import read_scalar

Loc = tuple[str | int, ...]

ELSEWHERE = {
    "each": "`each` gives every stage its own value; it stands in `defaults` and in `edits`",
    "times": "`times` multiplies what is there; it stands in `edits`",
    "choose": "`choose` stands in the `vary` of a `space:`",
    "range": "`range` stands in the `vary` of a `space:`",
}
"""What looks like a value and is one in other places only."""
TRUTH = {"yes": "true", "on": "true", "y": "true", "no": "false", "off": "false", "n": "false"}
"""Words that YAML 1.1 took for true and false."""


def wrong(message: str, hint: str = "", code: str = "ARC104") -> PydanticCustomError:
    """What a validator raises about its own value."""
    return PydanticCustomError(cast("Any", code), "{message}", {"message": message, "hint": hint})


def fault(code: str, message: str, hint: str, loc: Loc) -> InitErrorDetails:
    """One thing wrong at a place within a value."""
    return InitErrorDetails(type=wrong(message, hint, code), loc=loc, input=None)


def refusal(faults: Iterable[InitErrorDetails]) -> ValidationError:
    """What a validator raises about places within its value."""
    return ValidationError.from_exception_data("spec", list(faults))


def faults_of(error: ValidationError) -> list[InitErrorDetails]:
    """What an error says, so that more can be said beside it."""
    return [_again(entry) for entry in error.errors(include_url=False)]


def _again(entry: Any) -> InitErrorDetails:
    kind, context = entry["type"], entry.get("ctx", {})
    if kind.startswith("ARC"):
        return fault(kind, entry["msg"], context.get("hint", ""), entry["loc"])
    return InitErrorDetails(type=kind, loc=entry["loc"], input=entry["input"], ctx=context)


def shown(value: Any) -> str:
    """How a value is quoted in a message."""
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, Mapping):
        sole = next(iter(value)) if len(value) == 1 else ""
        return f"`{{{sole}: …}}`" if sole in ELSEWHERE else "a mapping"
    if isinstance(value, str | int | float):
        text = str(value)
        return f"`{text}`" if len(text) <= 40 else f"`{text[:40]}…`"
    return "a list" if isinstance(value, list | tuple) else "nothing" if value is None else "this"


def number_hint(value: Any, *also: str) -> str:
    """What to do about something that should have been a number; `also` are keys that could stand there."""
    if isinstance(value, str) and re.fullmatch(r"\d+(\.\d+)? ?%", value):
        share = float(Decimal(value.strip(" %")) / 100)
        return f"write {value.strip(' %')}, or {share:g} where a share is meant"
    if isinstance(value, str):
        plain = re.sub(r"(?<=\d)[_,](?=\d{3}(?!\d))", "", value.strip()).replace(",", ".")
        number = read_scalar(plain) if len(plain) < 40 else None
        if isinstance(number, int | float) and not isinstance(number, bool):
            return f"write {plain} without quotes" if plain == value else f"write {plain}"
    return mapping_hint(value, *also)


def mapping_hint(value: Any, *also: str) -> str:
    """What to do about a mapping where none can stand."""
    key = next(iter(value)) if isinstance(value, Mapping) and len(value) == 1 else ""
    if key in ELSEWHERE:
        return ELSEWHERE[key]
    close = closest(key, (*also, "each", "times")) if key else []
    return f"did you mean `{close[0]}`?" if close else ""


def truth_hint(value: Any) -> str:
    """What to do about something that should have been true or false."""
    word = {0: "false", 1: "true"}.get(value) if isinstance(value, int) else TRUTH.get(str(value).lower())
    if word and isinstance(value, str):
        return f"in YAML 1.2 `{value}` is a text: write {word}"
    return f"write {word}" if word else mapping_hint(value)


def listed(words: Iterable[str]) -> str:
    """Words in a sentence: `a`, `b` and `c`."""
    quoted = [f"`{word}`" for word in words]
    return quoted[0] if len(quoted) == 1 else f"{', '.join(quoted[:-1])} and {quoted[-1]}"


def a(noun: str) -> str:
    """A noun with its article."""
    return f"an {noun}" if noun[0] in "aeiou" or noun == "mlp" else f"a {noun}"
