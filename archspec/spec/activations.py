"""Activations: what stands between the linear parts of a mixer or mlp."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import Field, PlainValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

from archspec.spec.base import Spec
from archspec.spec.cost import Cost, kept
from archspec.spec.place import Place, Scope


class Activation(Spec, family="activations"):
    """An elementwise function; it keeps its input for the backward pass."""

    def cost(self, at: Place) -> Cost:
        """No parameters, no multiply-accumulates."""
        return kept(at.dim * at.tokens)


class Inherit(Activation):
    """The stage's activation."""

    listed: ClassVar[bool] = False
    kind: Literal["inherit"] = "inherit"

    def resolve(self, scope: Scope) -> Any:
        """What the stage says; outside stages, gelu."""
        return scope.activation or Gelu()


class Relu(Activation):
    """max(x, 0)."""

    kind: Literal["relu"] = "relu"


class SquaredRelu(Activation):
    """max(x, 0)², from Primer."""

    kind: Literal["squared_relu"] = "squared_relu"


class Gelu(Activation):
    """x·Φ(x), exact or by tanh."""

    kind: Literal["gelu"] = "gelu"
    approximate: Literal["none", "tanh"] = Field("none", description="`none` for the exact form, or `tanh`")


class Silu(Activation):
    """x·sigmoid(x)."""

    kind: Literal["silu"] = "silu"


def _learnable_or_number(value: Any) -> Any:
    if value == "learnable" or (isinstance(value, int | float) and not isinstance(value, bool)):
        return value if value == "learnable" else float(value)
    raise PydanticCustomError("ARC104", "`{value}` is neither `learnable` nor a number", {"value": str(value)})


if TYPE_CHECKING:
    Learnable = str | float
else:
    Learnable = Annotated[
        Any,
        PlainValidator(_learnable_or_number),
        WithJsonSchema({"anyOf": [{"const": "learnable"}, {"type": "number"}]}),
    ]


class StarRelu(Activation):
    """scale·max(x, 0)² + shift, one scale and one shift for all channels, of MetaFormer Baselines."""

    kind: Literal["star_relu"] = "star_relu"
    scale: Learnable = Field("learnable", description="`learnable`, starting at 1, or a number (0.8944 is 1/√1.25)")
    shift: Learnable = Field("learnable", description="`learnable`, starting at 0, or a number (-0.4472 is -½/√1.25)")

    def cost(self, at: Place) -> Cost:
        """A parameter for each learnable scalar."""
        return super().cost(at) + Cost(params=(self.scale == "learnable") + (self.shift == "learnable"))
