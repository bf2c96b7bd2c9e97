"""Branch scalings: x and branch(x) → one. The parameter on the branch is `scale`, the one on x `residual`."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from archspec.spec import scalings as specs
from archspec.spec.place import Place


class NoScaling(nn.Module):
    """x + branch."""

    def __init__(self, spec: specs.NoScaling, at: Place) -> None:
        super().__init__()

    def forward(self, x: Tensor, branch: Tensor) -> Tensor:
        """Two of (B, N, C) → (B, N, C)."""
        return x + branch


class LayerScale(nn.Module):
    """x + scale·branch."""

    def __init__(self, spec: specs.LayerScale, at: Place) -> None:
        super().__init__()
        self.initial = spec.initial
        self.scale = nn.Parameter(torch.full((at.dim,), spec.initial))

    def reset_parameters(self) -> None:
        """What the spec says."""
        nn.init.constant_(self.scale, self.initial)

    def forward(self, x: Tensor, branch: Tensor) -> Tensor:
        """Two of (B, N, C) → (B, N, C)."""
        return torch.addcmul(x, branch, self.scale)


class ResScale(nn.Module):
    """residual·x + branch."""

    def __init__(self, spec: specs.ResScale, at: Place) -> None:
        super().__init__()
        self.initial = spec.initial
        self.residual = nn.Parameter(torch.full((at.dim,), spec.initial))

    def reset_parameters(self) -> None:
        """What the spec says."""
        nn.init.constant_(self.residual, self.initial)

    def forward(self, x: Tensor, branch: Tensor) -> Tensor:
        """Two of (B, N, C) → (B, N, C)."""
        return torch.addcmul(branch, x, self.residual)


class BranchScale(nn.Module):
    """residual·x + scale·branch."""

    def __init__(self, spec: specs.BranchScale, at: Place) -> None:
        super().__init__()
        self.initials = spec.initial, spec.residual
        self.scale = nn.Parameter(torch.full((at.dim,), spec.initial))
        self.residual = nn.Parameter(torch.full((at.dim,), spec.residual))

    def reset_parameters(self) -> None:
        """What the spec says."""
        for scale, initial in zip((self.scale, self.residual), self.initials, strict=True):
            nn.init.constant_(scale, initial)

    def forward(self, x: Tensor, branch: Tensor) -> Tensor:
        """Two of (B, N, C) → (B, N, C)."""
        return torch.addcmul(x * self.residual, branch, self.scale)
