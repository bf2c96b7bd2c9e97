"""What stems and downsamplers share: a norm, a change of grid or width, a norm."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

from torch import Tensor, nn

from archspec.errors import RuntimeInputError
from archspec.nn.tokens import as_map, as_tokens
from archspec.spec.place import Grid, Place


class Reshaper(nn.Module, ABC):
    """Tokens on one grid → tokens on another, or of another width."""

    def __init__(self, spec: Any, at: Place) -> None:
        super().__init__()
        self.norm_before = spec.norm_before.build(at)
        self.norm_after = spec.norm_after.build(at.behind(spec))

    @abstractmethod
    def reshaped(self, x: Tensor, grid: Grid) -> tuple[Tensor, Grid]:
        """What happens between the norms."""

    def forward(self, x: Tensor, grid: Grid) -> tuple[Tensor, Grid]:
        """(B, N, C) on a grid → (B, N', C') on another."""
        x, grid = self.reshaped(self.norm_before(x), grid)
        return self.norm_after(x), grid


class FromImage(Reshaper):
    """The same on an image, whose pixels are its tokens."""

    def forward(self, image: Tensor) -> tuple[Tensor, Grid]:  # type: ignore[override]
        """(B, C, H, W) → (B, N, C') on a grid."""
        return super().forward(as_tokens(image), (image.shape[2], image.shape[3]))


def convolved(conv: nn.Module, x: Tensor, grid: Grid) -> tuple[Tensor, Grid]:
    """A convolution of tokens, and the grid it leads to."""
    map_bchw = conv(as_map(x, grid))
    return as_tokens(map_bchw), (map_bchw.shape[2], map_bchw.shape[3])


class ByConv(Reshaper):
    """By a strided convolution."""

    def __init__(self, spec: Any, at: Place) -> None:
        super().__init__(spec, at)
        self.conv = nn.Conv2d(at.dim, at.out, spec.kernel, spec.stride, spec.padding, bias=bool(spec.bias))

    def reshaped(self, x: Tensor, grid: Grid) -> tuple[Tensor, Grid]:
        """(B, N, C) → (B, N', C')."""
        return convolved(self.conv, x, grid)


class ByPatches(Reshaper):
    """By patches that tile the map, each projected to a token."""

    def __init__(self, spec: Any, at: Place) -> None:
        super().__init__(spec, at)
        self.size = spec.size
        self.conv = nn.Conv2d(at.dim, at.out, spec.size, spec.size, bias=bool(spec.bias))

    def reshaped(self, x: Tensor, grid: Grid) -> tuple[Tensor, Grid]:
        """(B, N, C) → (B, N / size², C')."""
        if grid[0] % self.size or grid[1] % self.size:
            raise RuntimeInputError(f"patches of {self.size} do not tile a {grid[0]}×{grid[1]} map")
        return convolved(self.conv, x, grid)
