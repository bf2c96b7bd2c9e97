"""Optimizers: what turns gradients into steps."""

from __future__ import annotations

import math
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from archspec.spec.base import Spec
from archspec.spec.values import Amount, Chance, Count, Flag, OrNone, Positive, Share, exactly

NORMS_AND_BIASES = "norms_and_biases"
"""The word for every parameter of at most one dimension and every bias: what timm leaves without decay."""


Betas = Annotated[tuple[Share, ...], exactly(2, "the betas")]
"""How long an optimizer remembers: the gradient, and its square."""


class Optimizer(Spec, family="optimizers"):
    """What turns gradients into steps."""

    timm: ClassVar[str] = ""
    """What timm's factory calls it."""

    lr: Positive = Field(1e-3, description="the highest learning rate")
    lr_per: OrNone[Count] = Field(
        None, description="the batch that `lr` is meant for, where other batches scale it; `none`: `lr` is as it stands"
    )
    lr_scaling: Literal["linear", "sqrt"] = Field("linear", description="how `lr` follows batch / `lr_per`")
    weight_decay: Amount = Field(0.05, description="decay of weights, but for what `no_decay` names")
    no_decay: tuple[str, ...] = Field(
        (NORMS_AND_BIASES,),
        description="parameters without decay: `norms_and_biases` (one dimension, or named bias), and patterns of "
        "names: `*.positions.*`",
    )
    layer_decay: OrNone[Chance] = Field(
        None, description="factor of the learning rate from each layer to the one before it; or `none`"
    )
    layer_blocks: Count = Field(1, description="how many blocks `layer_decay` takes for one layer")
    clip: OrNone[Positive] = Field(None, description="largest norm of the gradient, or `none`")

    def peak(self, batch: int) -> float:
        """The highest learning rate at an effective batch."""
        ratio = batch / self.lr_per if self.lr_per else 1.0
        return self.lr * (math.sqrt(ratio) if self.lr_scaling == "sqrt" else ratio)

    def name(self) -> str:
        """What timm's factory calls it."""
        return self.timm

    def settings(self) -> dict[str, Any]:
        """What is its own: words and values of timm's factory."""
        own = [field for field in self.names if field not in Optimizer.names and field != "kind"]
        return {field: getattr(self, field) for field in own}


class AdamW(Optimizer):
    """Adam with weight decay of its own."""

    kind: Literal["adamw"] = "adamw"
    timm: ClassVar[str] = "adamw"
    betas: Betas = Field((0.9, 0.999), description="memory of both moments")
    eps: Positive = Field(1e-8, description="what keeps the division finite")


class Lamb(Optimizer):
    """Adam whose steps are as long as the weights they change; meant for large batches."""

    kind: Literal["lamb"] = "lamb"
    timm: ClassVar[str] = "lamb"
    betas: Betas = Field((0.9, 0.999), description="memory of both moments")
    eps: Positive = Field(1e-6, description="what keeps the division finite")
    max_grad_norm: OrNone[Positive] = Field(1.0, description="its own limit on the gradient's norm, or `none`")


class Sgd(Optimizer):
    """Steps along the gradient, with momentum."""

    kind: Literal["sgd"] = "sgd"
    timm: ClassVar[str] = "sgd"
    momentum: Share = Field(0.9, description="how much of the last step remains")
    nesterov: Flag = Field(True, description="whether the gradient is taken ahead of the step")

    def name(self) -> str:
        """Timm has Nesterov's momentum under `sgd`, and plain momentum under a name of its own."""
        return "sgd" if self.nesterov else "momentum"

    def settings(self) -> dict[str, Any]:
        """The momentum; whose it is says the name."""
        return {"momentum": self.momentum}


class Timm(Optimizer):
    """Any optimizer of timm's, by its name there."""

    kind: Literal["timm"] = "timm"
    optimizer: str = Field("nadamw", description="timm's name: `timm.optim.list_optimizers()` lists them")
    options: dict[str, Any] = Field({}, description="its further arguments: {betas: [0.9, 0.99]}")

    def name(self) -> str:
        """The name that was given."""
        return self.optimizer

    def settings(self) -> dict[str, Any]:
        """The arguments that were given."""
        return dict(self.options)

    def __hash__(self) -> int:
        return hash((self.optimizer, repr(sorted(self.options.items()))))
