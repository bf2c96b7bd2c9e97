"""How tokens become maps and maps tokens, and where class tokens stand in the sequence.

A sequence is: the class token of the start, the first half of the grid's tokens (the larger one where they cannot be
halved), the class token of the middle, the second half, the class token of the end.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from archspec.spec.place import Grid

Names = tuple[str, ...]
ORDER = ("start", "first half", "middle", "second half", "end")
HALVES = ("first half", "second half")


def as_map(x: Tensor, grid: Grid) -> Tensor:
    """Tokens as a map: (B, N, C) → (B, C, H, W), a view."""
    # Transposed last: the other way round one image has strides that torch's convolutions take a slow path for.
    return x.reshape(x.shape[0], *grid, x.shape[2]).movedim(3, 1)


def as_tokens(x: Tensor) -> Tensor:
    """A map as tokens: (B, C, H, W) → (B, N, C), a view of a channels-last map."""
    return x.flatten(2).transpose(1, 2).contiguous()


def apart(x: Tensor, class_tokens: Names) -> dict[str, Tensor]:
    """The pieces of a sequence by name: views of its class tokens and of both halves of the grid's tokens."""
    pixels = x.shape[1] - len(class_tokens)
    lengths = dict.fromkeys(ORDER, 1) | dict(zip(HALVES, (pixels - pixels // 2, pixels // 2), strict=True))
    present = [name for name in ORDER if name in HALVES or name in class_tokens]
    return dict(zip(present, torch.split(x, [lengths[name] for name in present], 1), strict=True))


def together(pieces: dict[str, Tensor]) -> Tensor:
    """The sequence of some pieces."""
    return torch.cat([pieces[name] for name in ORDER if name in pieces], 1)


def grid_only(x: Tensor, class_tokens: Names) -> Tensor:
    """The grid's tokens: (B, N, C) → (B, H·W, C)."""
    if not class_tokens:
        return x
    pieces = apart(x, class_tokens)
    return together({name: pieces[name] for name in HALVES})


def class_only(x: Tensor, class_tokens: Names) -> Tensor:
    """The class tokens, in order: (B, N, C) → (B, K, C)."""
    pieces = apart(x, class_tokens)
    return together({name: pieces[name] for name in class_tokens})


def with_zeros(x: Tensor, class_tokens: Names) -> Tensor:
    """A sequence of grid tokens with zeros where class tokens stand: (B, H·W, C) → (B, N, C)."""
    if not class_tokens:
        return x
    return together(apart(x, ()) | dict.fromkeys(class_tokens, x.new_zeros(x.shape[0], 1, x.shape[2])))


class ClassTokens(nn.Module):
    """Learned tokens that enter a sequence, among those that are there already."""

    def __init__(self, entering: Names, present: Names, dim: int) -> None:
        super().__init__()
        self.entering, self.present = entering, present
        self.table = nn.Parameter(torch.empty(len(entering), dim))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Small random numbers, as for positions."""
        nn.init.trunc_normal_(self.table, std=0.02)

    def forward(self, x: Tensor) -> Tensor:
        """(B, N, C) → (B, N + K, C)."""
        tokens = self.table.to(x.dtype).expand(x.shape[0], -1, -1)
        return together(apart(x, self.present) | dict(zip(self.entering, torch.split(tokens, 1, 1), strict=True)))
