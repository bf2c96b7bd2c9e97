"""Proxies: numbers of an untrained network that may tell how well it will do, for a small part of what training costs.

Each follows the idea of its paper, which had convolutions, batch norms and ReLU in mind; what is made of other parts is
said below, and what remains undefined fails with its reason.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Literal, Self

from pydantic import Field

from archspec.errors import Problem
from archspec.spec.arch import Arch
from archspec.spec.measurements import Measurement
from archspec.spec.values import Count

SCORE = "score"
"""What the one number of every proxy is called."""


class Proxy(Measurement):
    """A number of an untrained network."""

    of_trained: ClassVar[bool] = False
    looks_inside: ClassVar[bool] = True
    """Whether it looks at norms, activations or branches, and has to know which they are; gradients all have."""

    def problems(self, arch: Arch) -> Iterator[Problem]:
        """What the parts of a network are has to be known where it looks at them."""
        if self.looks_inside and not arch.stages:
            message = f"the parts of a model of timm's are not known, and `{self.called()}` looks at them"
            yield Problem("ARC401", message, "take `grad_norm` or `jacov`, or write the network as an arch", "kind")

    @classmethod
    def called(cls) -> str:
        """Its kind."""
        return str(cls.model_fields["kind"].default)


class OfImages(Proxy):
    """A proxy that looks at images of training, drawn by the seed."""

    batch: Count = Field(64, description="images that are looked at, all at once")

    def brief(self) -> Self:
        """Few images."""
        return self.model_copy(update={"batch": 4})


class GradNorm(OfImages):
    """Proxy: how strongly the loss pulls, as the sum of the norms of its gradients by each tensor of weights."""

    implementation: ClassVar[str] = "archspec.training.proxies:grad_norm"
    looks_inside: ClassVar[bool] = False
    kind: Literal["grad_norm"] = "grad_norm"


class Jacov(OfImages):
    """Proxy: how differently the outputs answer to each image, by the eigenvalues of their Jacobians' correlations."""

    implementation: ClassVar[str] = "archspec.training.proxies:jacov"
    looks_inside: ClassVar[bool] = False
    kind: Literal["jacov"] = "jacov"


class Naswot(OfImages):
    """Proxy: how well images are told apart by which activations they switch on, as a log-determinant.

    An activation is on where its input is above 0, whichever kind it is; a network without activations has none.
    """

    implementation: ClassVar[str] = "archspec.training.proxies:naswot"
    kind: Literal["naswot"] = "naswot"


class Synflow(Proxy):
    """Proxy: how much flows through all weights at once, were each of them positive; needs no data.

    Norms and activations pass on what they are given, so that paths multiply as in the paper. Softmax and gates do
    what they always do: with them the flow is no longer the same through every layer.
    """

    implementation: ClassVar[str] = "archspec.training.proxies:synflow"
    kind: Literal["synflow"] = "synflow"


class Zen(Proxy):
    """Proxy: how much noise in the image moves the features, with random weights and no residual paths; needs no data.

    Norms count by what they divide by. The paper derives it for chains of convolutions; with attention, recurrence and
    gates it is the same computation without that ground.
    """

    implementation: ClassVar[str] = "archspec.training.proxies:zen"
    kind: Literal["zen"] = "zen"
    batch: Count = Field(16, description="random images at once")
    repeats: Count = Field(8, description="draws of weights and images whose scores are averaged")

    def brief(self) -> Self:
        """Two draws of two images."""
        return self.model_copy(update={"batch": 2, "repeats": 2})


def proxies() -> dict[str, Proxy]:
    """Every proxy by its kind, as it is without further words."""
    kinds = {kind: member for kind, member in Measurement.members.items() if issubclass(member, Proxy)}
    return {kind: member.model_validate({}) for kind, member in kinds.items()}
