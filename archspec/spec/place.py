"""Where a part stands in a network: what its costs, its checks and its module are told about their surroundings."""

from __future__ import annotations

from typing import Any, NamedTuple

Grid = tuple[int, int]


class Place(NamedTuple):
    """Tokens of width `dim` on a grid of (rows, columns), with class tokens before, amid or after them.

    `grid` is the grid the network runs on, `native` the one its weights are shaped for; they differ only when a
    network is costed at another size than its own.
    """

    dim: int
    grid: Grid
    native: Grid
    class_tokens: tuple[str, ...] = ()
    out: int = 0
    """For parts that change the width (stems, downsamplers, heads): the width behind them."""

    @property
    def pixels(self) -> int:
        """Tokens on the grid."""
        return self.grid[0] * self.grid[1]

    @property
    def tokens(self) -> int:
        """All tokens, class tokens included."""
        return self.pixels + len(self.class_tokens)

    def wide(self, dim: int) -> Place:
        """The same place at another width."""
        return self._replace(dim=dim)

    def pooled(self) -> Place:
        """The place after pooling: one token and no grid."""
        return Place(self.dim, (1, 1), (1, 1), out=self.out)

    def behind(self, reshaper: Any) -> Place:
        """The place behind a stem or downsampler."""
        grid, native = reshaper.grid_after(self.grid), reshaper.grid_after(self.native)
        return Place(self.out, grid, native, self.class_tokens)


class Scope(NamedTuple):
    """What symbolic values are resolved against: the grid, the block's index, and what a stage hands to its parts."""

    grid: Grid
    block: int = 0
    activation: Any = None
    bias: Any = True
    norm: Any = None

    def outside(self) -> Scope:
        """The scope of parts within parts: same place, nothing inherited."""
        return Scope(self.grid, self.block)
