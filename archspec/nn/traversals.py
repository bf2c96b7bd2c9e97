"""Traversals: tokens in the order in which a sequence mixer reads them, and back."""

from __future__ import annotations

from torch import Tensor, nn

from archspec.nn.tokens import Names, apart, grid_only, together
from archspec.spec import traversals as specs
from archspec.spec.place import Grid, Place


class Scan(nn.Module):
    """One order. Sides of the grid are swapped and turned as a whole, which takes a copy and no indices."""

    def __init__(self, spec: specs.Scan, at: Place) -> None:
        super().__init__()
        self.spec, self.class_tokens = spec, at.class_tokens
        self.met = spec.class_tokens(at.class_tokens)
        """The class tokens as they are met."""
        # Mirrored and backwards, the places within a line are turned twice.
        sides = ((1, spec.backwards), (2, spec.backwards != spec.mirrored))
        self.turned = tuple(side for side, is_turned in sides if is_turned)

    def grid(self, grid: Grid) -> Grid:
        """The grid as it is read: lines, and places within a line."""
        return self.spec.grid(grid)

    def forward(self, x: Tensor, grid: Grid) -> Tensor:
        """(B, N, C) in the order of the sequence → in the order of the scan."""
        if not (self.turned or self.spec.by_columns):
            return x
        y = grid_only(x, self.class_tokens).reshape(x.shape[0], *grid, x.shape[2])
        return self._among_class_tokens(self._turned(self._swapped(y)), x, self.class_tokens)

    def back(self, x: Tensor, grid: Grid) -> Tensor:
        """(B, N, C) in the order of the scan → in the order of the sequence."""
        if not (self.turned or self.spec.by_columns):
            return x
        y = grid_only(x, self.met).reshape(x.shape[0], *self.grid(grid), x.shape[2])
        return self._among_class_tokens(self._swapped(self._turned(y)), x, self.met)

    def _swapped(self, y: Tensor) -> Tensor:
        return y.transpose(1, 2) if self.spec.by_columns else y

    def _turned(self, y: Tensor) -> Tensor:
        return y.flip(self.turned) if self.turned else y

    def _among_class_tokens(self, y: Tensor, x: Tensor, names: Names) -> Tensor:
        """A map of the grid's tokens, with the class tokens of the other order of the sequence, as a sequence."""
        tokens = y.flatten(1, 2)
        if not names:
            return tokens
        pieces = apart(x, names)
        others = {specs.SWAPPED[name] if self.spec.backwards else name: pieces[name] for name in names}
        return together(apart(tokens, ()) | others)


class Beside(nn.Module):
    """Several orders in one layer."""

    def __init__(self, spec: specs.Beside, at: Place) -> None:
        super().__init__()
        self.parallel = nn.ModuleList(scan.build(at) for scan in spec.parallel)
