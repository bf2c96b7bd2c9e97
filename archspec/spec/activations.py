"""Activations: what stands between the linear parts of a mixer or mlp."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, Self

from pydantic import Field, PlainValidator, WithJsonSchema

from archspec.errors import near
from archspec.spec.base import Spec
from archspec.spec.cost import Cost, kept
from archspec.spec.place import Place, Scope
from archspec.spec.refusing import number_hint, shown, wrong


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

    def cost(self, at: Place) -> Cost:
        """Nothing: it keeps its result in place of its input, and that is kept by what follows."""
        return Cost()


class SquaredRelu(Activation):
    """max(x, 0)², from Primer."""

    kind: Literal["squared_relu"] = "squared_relu"


class Gelu(Activation):
    """x·Φ(x), exact or by tanh."""

    kind: Literal["gelu"] = "gelu"
    approximate: Literal["none", "tanh"] = Field("none", description="`none` for the exact form, or `tanh`")

    @classmethod
    def examples(cls) -> Iterator[Self]:
        """The approximation too."""
        yield from super().examples()
        yield cls(approximate="tanh")


class Silu(Activation):
    """x·sigmoid(x)."""

    kind: Literal["silu"] = "silu"


def _learnable_or_number(value: Any) -> Any:
    if value == "learnable":
        return value
    if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= sys.float_info.max:
        return float(value) + 0.0
    hint = number_hint(value) or near(str(value), ["learnable"])
    raise wrong(f"{shown(value)} is neither `learnable` nor a number", hint)


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

    @classmethod
    def examples(cls) -> Iterator[Self]:
        """With numbers in place of either scalar, and of both."""
        yield from super().examples()
        yield cls(scale=0.8944)
        yield cls(shift=-0.4472)
        yield cls(scale=0.8944, shift=-0.4472)

    def cost(self, at: Place) -> Cost:
        """A parameter for each learnable scalar."""
        return super().cost(at) + Cost(params=(self.scale == "learnable") + (self.shift == "learnable"))
