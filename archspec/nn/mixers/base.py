"""The sum of several mixers."""

from __future__ import annotations

from torch import Tensor, nn

from archspec.spec.mixers import base as specs
from archspec.spec.place import Grid, Place


class Parallel(nn.Module):
    """a(norm(x)) + b(norm(x)) + …, each with its own norm and weights."""

    def __init__(self, spec: specs.Parallel, at: Place) -> None:
        super().__init__()
        self.norm = nn.ModuleList(norm.build(at) for norm in spec.norms())
        self.parallel = nn.ModuleList(mixer.build(at) for mixer in spec.parallel)

    def forward(self, x: Tensor, grid: Grid) -> Tensor:
        """(B, N, C) → (B, N, C)."""
        first, *others = (mixer(norm(x), grid) for mixer, norm in zip(self.parallel, self.norm, strict=True))
        return sum(others, first)  # type: ignore[no-any-return]
