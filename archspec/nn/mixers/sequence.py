"""What every mixer is that reads tokens one after another."""

from __future__ import annotations

from abc import abstractmethod
from functools import reduce
from itertools import cycle
from operator import add
from typing import Any

from torch import Tensor, nn

from archspec.spec.mixers import sequence as specs
from archspec.spec.place import Grid, Place


class SequenceMixer(nn.Module):
    """Per token, then in the order of each scan, then per token: a kind says what is done each time.

    A kind's `core` is a module called with tokens in the order of a scan, (B, N, C') on the grid and among the class
    tokens as they are read: `core(x, grid, class_tokens)`. Everything that depends on the order happens there.
    """

    def __init__(self, spec: specs.SequenceMixer, at: Place) -> None:
        super().__init__()
        scans = spec.traversal.scans()
        self.traversal = spec.traversal.build(at)
        self.cores = nn.ModuleList(self.core(spec, at) for _ in (scans if spec.traversal.own_weights else scans[:1]))

    @abstractmethod
    def core(self, spec: Any, at: Place) -> nn.Module:
        """What reads the tokens of one scan; it is made before anything else of the kind."""

    def before(self, x: Tensor) -> Tensor:
        """What is done to each token before it is read: (B, N, C) → (B, N, C')."""
        return x

    def after(self, y: Tensor) -> Tensor:
        """What is done to the sum of what was read: (B, N, C'') → (B, N, C)."""
        return y

    def forward(self, x: Tensor, grid: Grid) -> Tensor:
        """(B, N, C) → (B, N, C)."""
        first, *others = getattr(self.traversal, "parallel", (self.traversal,))
        if not others:
            # The order is changed where tokens are narrowest.
            read = self.cores[0](self.before(first(x, grid)), first.grid(grid), first.met)
            return first.back(self.after(read), grid)  # type: ignore[no-any-return]
        u = self.before(x)
        scans = zip((first, *others), cycle(self.cores), strict=False)
        summed = [scan.back(core(scan(u, grid), scan.grid(grid), scan.met), grid) for scan, core in scans]
        return self.after(reduce(add, summed))
