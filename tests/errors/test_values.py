"""No field of any kind takes what only looks like its value."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError, create_model
from pydantic.fields import FieldInfo

from archspec.spec.registry import FAMILIES, members
from archspec.spec.values import Flag

LOOKALIKES: dict[type, tuple[Any, ...]] = {
    bool: ("no", "yes", "off", "on", "true", 0, 1),
    int: ("7", True, 7.5),
    float: ("7", True, float("nan"), float("inf")),
}


def fields() -> list[tuple[str, FieldInfo]]:
    """Every field of every kind that is a plain number, or true or false."""
    kinds = [(f"{family}.{kind}", member) for family in sorted(FAMILIES) for kind, member in members(family).items()]
    found = [(f"{kind}.{name}", field) for kind, member in kinds for name, field in member.model_fields.items()]
    return [(name, field) for name, field in found if field.annotation in LOOKALIKES]


@pytest.mark.parametrize(("name", "field"), [pytest.param(*each, id=each[0]) for each in fields()])
def test_fields_refuse_lookalikes(name: str, field: FieldInfo) -> None:
    assert isinstance(field.annotation, type)
    model = create_model("One", value=(field.annotation, field))
    for value in LOOKALIKES[field.annotation]:
        with pytest.raises(ValidationError):
            model.model_validate({"value": value})


@pytest.mark.parametrize(
    ("word", "meant"), [("no", "false"), ("off", "false"), ("yes", "true"), ("On", "true"), (1, "true")]
)
def test_words_that_once_meant_true_or_false_are_told_apart(word: Any, meant: str) -> None:
    with pytest.raises(ValidationError) as caught:
        TypeAdapter(Flag).validate_python(word)
    (entry,) = caught.value.errors()
    assert entry["msg"] == f"`{word}` is neither true nor false"
    assert entry["ctx"]["hint"].endswith(f"write {meant}")
