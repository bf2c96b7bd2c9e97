"""The types of fields: whole numbers, ratios, sizes that may be relative to the grid, and bias parts."""

from __future__ import annotations

import math
import sys
from functools import cache
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar

from annotated_types import Ge, Gt, Le, Lt
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    PlainValidator,
    WithJsonSchema,
)

from archspec.errors import closest, near
from archspec.spec.kinds import unknown_keys
from archspec.spec.place import Scope
from archspec.spec.refusing import fault, listed, mapping_hint, number_hint, refusal, shown, truth_hint, wrong

BiasPart = Literal["norm", "linear", "conv"]
BIAS_PARTS: tuple[BiasPart, ...] = ("norm", "linear", "conv")
INHERIT: Any = "inherit"
"""The default of fields that follow the stage: `activation` and `bias`."""
EVERY_PART: Any = True
"""The default of a bias that every part has."""


def _whole(value: Any) -> Any:
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise wrong(f"{shown(value)} is not a whole number", number_hint(value))
    return value


def _number(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= sys.float_info.max:
        raise wrong(f"{shown(value)} is not a number", number_hint(value))
    return value + 0  # so that -0.0, which equals 0.0 but is written otherwise, is 0.0


def _flag(value: Any) -> Any:
    if not isinstance(value, bool):
        raise wrong(f"{shown(value)} is neither true nor false", truth_hint(value))
    return value


def _label(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise wrong(f"{shown(value)} is neither a text nor a number", mapping_hint(value))
    return value


Label = Annotated[str | int | float, PlainValidator(_label), WithJsonSchema({"type": ["string", "number"]})]
"""A text, or a number that is one: 4a, 4."""

Flag = Annotated[bool, BeforeValidator(_flag)]
"""True or false, and none of the words that YAML 1.1 took for them."""

Count = Annotated[int, Ge(1), Le(1_000_000), BeforeValidator(_whole)]
"""A whole number of at least 1."""

NonNegative = Annotated[int, Ge(0), Le(1_000_000), BeforeValidator(_whole)]
"""A whole number of at least 0."""

Number = Annotated[float, BeforeValidator(_number)]
"""Any finite number."""

Positive = Annotated[float, Gt(0), BeforeValidator(_number)]
"""A number above 0."""

Amount = Annotated[float, Ge(0), BeforeValidator(_number)]
"""A number of at least 0."""

Share = Annotated[float, Ge(0), Lt(1), BeforeValidator(_number)]
"""A number from 0 up to, not including, 1."""

Chance = Annotated[float, Ge(0), Le(1), BeforeValidator(_number)]
"""A number from 0 to 1."""

Between = Annotated[float, Gt(0), Lt(1), BeforeValidator(_number)]
"""A number between 0 and 1, neither of which it is."""

Fraction = Annotated[float, Gt(0), Le(1), BeforeValidator(_number)]
"""A number above 0, up to 1."""


def exactly(count: int, what: str) -> AfterValidator:
    """What refuses lists of any other length."""

    def check(value: Any) -> Any:
        if len(value) != count:
            raise wrong(f"{what} are {count} numbers, not {len(value)}")
        return value

    return AfterValidator(check)


def _said(value: Any) -> Any:
    return None if value == "none" else value


T = TypeVar("T")
_NONE = BeforeValidator(_said)
OrNone = Annotated[T | None, _NONE]
"""A value that may be `none`."""


@cache
def may_be_none(model: type[BaseModel], name: str) -> bool:
    """Whether a field can say `none`, and so is written out even where it says nothing."""
    return _NONE in model.model_fields[name].metadata if name in model.model_fields else False


class GridSize(BaseModel):
    """A size relative to the grid: the largest odd number not above `grid` × its longer side at the native size."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    grid: Positive = Field(description="the size as a multiple of the grid's side")

    def resolve(self, scope: Scope) -> int:
        """The number it stands for on this grid."""
        size = math.floor(self.grid * max(scope.grid) + 1e-9)
        return max(1, size if size % 2 else size - 1)


def _size(value: Any) -> Any:
    if isinstance(value, GridSize):
        return value
    if isinstance(value, dict) and "grid" in value:
        return GridSize.model_validate(value)
    if isinstance(value, dict) and len(value) == 1 and closest(str(next(iter(value))), ["grid"]):
        raise unknown_keys("size", value, ["grid"])
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise wrong(f"{shown(value)} is neither a whole number nor `{{grid: …}}`", number_hint(value, "grid"))
    number = _whole(value)
    if not 1 <= number <= 1_000_000:
        raise wrong(f"{shown(value)} must be {'at least 1' if number < 1 else 'at most 1,000,000'}")
    return number


def _bias(value: Any) -> Any:
    if isinstance(value, bool) or value == INHERIT:
        return value
    if not isinstance(value, list | tuple):
        hint = f"write [{value}]" if value in BIAS_PARTS else truth_hint(value)
        raise wrong(f"{shown(value)} is neither true, false nor a list of {listed(BIAS_PARTS)}", hint)
    unknown = [i for i, part in enumerate(value) if part not in BIAS_PARTS]
    if unknown:
        raise refusal(
            fault("ARC104", f"{shown(value[i])} is no part with a bias", near(str(value[i]), BIAS_PARTS), (i,))
            for i in unknown
        )
    return tuple(part for part in BIAS_PARTS if part in value)


def dividing(whole: int, wish: int) -> str:
    """The numbers that divide another and are nearest to one that does not, in words."""
    pairs = [(d, whole // d) for d in range(1, math.isqrt(whole) + 1) if whole % d == 0]
    best = sorted({d for pair in pairs for d in pair}, key=lambda d: abs(d - wish))[:3]
    return ", ".join(map(str, sorted(best)))


def bias_parts(value: Any, own: tuple[BiasPart, ...]) -> tuple[BiasPart, ...]:
    """The parts of a kind that a bias setting gives a bias to: what the kind lacks is dropped."""
    return tuple(part for part in own if value is True or (value and part in value))


if TYPE_CHECKING:
    # Costs, checks and modules only ever meet resolved specs, so this is what they may rely on.
    Size = int
    Bias = tuple[BiasPart, ...]
else:
    Size = Annotated[
        Any,
        PlainValidator(_size),
        PlainSerializer(lambda size: size.model_dump() if isinstance(size, GridSize) else size),
        WithJsonSchema(
            {
                "anyOf": [
                    {"type": "integer", "minimum": 1},
                    {
                        "type": "object",
                        "properties": {"grid": {"type": ["number", "string"], "description": "times the grid's side"}},
                        "required": ["grid"],
                        "additionalProperties": False,
                    },
                ]
            }
        ),
    ]
    Bias = Annotated[
        Any,
        PlainValidator(_bias),
        WithJsonSchema(
            {
                "anyOf": [
                    {"type": "boolean"},
                    {"const": "inherit"},
                    {"type": "array", "items": {"enum": list(BIAS_PARTS)}, "uniqueItems": True},
                ]
            }
        ),
    ]
