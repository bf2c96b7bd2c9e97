"""What every token mixer is, and the sum of several."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

from pydantic import Field

from archspec.spec.base import Part, Spec
from archspec.spec.cost import Cost
from archspec.spec.norms import NoNorm, Norm
from archspec.spec.place import Place, Scope


class Mixer(Spec, family="mixers"):
    """What lets tokens see each other: (B, N, C) on a grid → (B, N, C)."""

    owns_norm: ClassVar[bool] = False
    """Whether it brings the branch's norm itself."""


class Parallel(Mixer):
    """`{parallel: [a, b]}`: a(norm(x)) + b(norm(x)), each with its own norm and weights."""

    structure: ClassVar[str] = "parallel"
    listed: ClassVar[bool] = False
    owns_norm: ClassVar[bool] = True
    parallel: tuple[Mixer, ...] = Field(min_length=1, description="the mixers whose outputs are summed")
    norm: Norm | None = Field(None, description="the norm before each; the stage's where none is given")

    def resolve(self, scope: Scope) -> Any:
        """The members are the stage's own mixers: they inherit from it, and each takes its norm."""
        members = tuple(mixer.resolve(scope) for mixer in self.parallel)
        norm = self.norm.resolve(scope.outside()) if self.norm else scope.norm
        return self._changed({"parallel": members, "norm": norm})

    def norms(self) -> list[Norm]:
        """What stands before each member: nothing where it brings its own, as mixers in parallel again do."""
        norm = self.norm or NoNorm()
        return [NoNorm() if mixer.owns_norm else norm for mixer in self.parallel]

    def parts(self, at: Place) -> Iterator[Part]:
        """Every member with its norm."""
        for index, (norm, mixer) in enumerate(zip(self.norms(), self.parallel, strict=True)):
            yield Part("norm", norm, at)
            yield Part(f"parallel.{index}", mixer, at)

    def cost(self, at: Place) -> Cost:
        """Nothing of its own; the norms keep one x between them. Without norms the sum over the members is a bound."""
        shared = (self.norm or NoNorm()).cost(at).activations
        return Cost(activations=-shared * (len(self.parallel) - 1))
