"""The types of fields: whole numbers, ratios, sizes that may be relative to the grid, and bias parts."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated, Any, Literal

from annotated_types import Ge, Gt, Le, Lt
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, PlainValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

from archspec.spec.place import Scope

BiasPart = Literal["norm", "linear", "conv"]
BIAS_PARTS: tuple[BiasPart, ...] = ("norm", "linear", "conv")
INHERIT: Any = "inherit"
"""The default of fields that follow the stage: `activation` and `bias`."""


def _whole(value: Any) -> Any:
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise PydanticCustomError("ARC104", "{value} is not a whole number", {"value": _shown(value)})
    return value


def _number(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise PydanticCustomError("ARC104", "{value} is not a number", {"value": _shown(value)})
    return value


def _shown(value: Any) -> str:
    """How a value is quoted in a message."""
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    return f"`{value}`" if isinstance(value, str | int | float) else "a list" if isinstance(value, list | tuple) else (
        "a mapping"
    )


Count = Annotated[int, BeforeValidator(_whole), Ge(1), Le(1_000_000)]
"""A whole number of at least 1."""

NonNegative = Annotated[int, BeforeValidator(_whole), Ge(0), Le(1_000_000)]
"""A whole number of at least 0."""

Number = Annotated[float, BeforeValidator(_number)]
"""Any finite number."""

Positive = Annotated[float, BeforeValidator(_number), Gt(0)]
"""A number above 0."""

Share = Annotated[float, BeforeValidator(_number), Ge(0), Lt(1)]
"""A number from 0 up to, not including, 1."""


class GridSize(BaseModel):
    """A size relative to the grid: the largest odd number not above `grid` × its longer side, at the arch's input size."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    grid: Positive = Field(description="the size as a multiple of the grid's side")

    def resolve(self, scope: Scope) -> int:
        """The number it stands for on this grid."""
        size = math.floor(self.grid * max(scope.grid) + 1e-9)
        return max(1, size if size % 2 else size - 1)


def _size(value: Any) -> Any:
    if isinstance(value, GridSize):
        return value
    if isinstance(value, dict):
        return GridSize.model_validate(value)
    number = _whole(value)
    if not 1 <= number <= 1_000_000:
        raise PydanticCustomError("ARC104", "{value} is not a size of at least 1", {"value": _shown(value)})
    return number


def _bias(value: Any) -> Any:
    if isinstance(value, bool) or value == INHERIT:
        return value
    if not isinstance(value, list | tuple):
        raise PydanticCustomError(
            "ARC104", "a bias is true, false or a list of norm, linear, conv; {value} is none of them",
            {"value": _shown(value)},
        )
    unknown = [part for part in value if part not in BIAS_PARTS]
    if unknown:
        raise PydanticCustomError(
            "ARC104", "{value} is no part that can have a bias; the parts are norm, linear, conv",
            {"value": _shown(unknown[0])},
        )
    return tuple(part for part in BIAS_PARTS if part in value)


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
        WithJsonSchema({
            "anyOf": [
                {"type": "integer", "minimum": 1},
                {
                    "type": "object",
                    "properties": {"grid": {"type": ["number", "string"], "description": "times the grid's side"}},
                    "required": ["grid"],
                    "additionalProperties": False,
                },
            ]
        }),
    ]
    Bias = Annotated[
        Any,
        PlainValidator(_bias),
        WithJsonSchema({
            "anyOf": [
                {"type": "boolean"},
                {"const": "inherit"},
                {"type": "array", "items": {"enum": list(BIAS_PARTS)}, "uniqueItems": True},
            ]
        }),
    ]
