"""The filters of long convolutions: free weights, or weights that a small network writes tap by tap."""

from __future__ import annotations

import math
from abc import abstractmethod
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from archspec.nn.long_convolution import LongConvolution
from archspec.spec.fourier import Sides
from archspec.spec.place import Place


class Free(LongConvolution):
    """Weights of their own, named, started and turned like those of torch's convolutions."""

    def __init__(self, dim: int, sides: tuple[int, int], *, bias: bool) -> None:
        super().__init__()
        self.conv = nn.Conv2d(dim, dim, sides, groups=dim, bias=bias)

    def taps(self, grid: Sides) -> Tensor:
        """The same on every grid."""
        return self.conv.weight.squeeze(1).flip(1, 2)

    def added(self) -> Tensor | None:
        """The bias, if there is one."""
        return self.conv.bias


class Sine(nn.Module):
    """sin(f · x), with a learned frequency a channel."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.frequency = nn.Parameter(torch.empty(1, dim))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Ones."""
        nn.init.ones_(self.frequency)

    def forward(self, x: Tensor) -> Tensor:
        """(T, C) → (T, C)."""
        return torch.sin(self.frequency * x)


class Written(LongConvolution):
    """Sine layers write each tap's weights from a learned table of places; a window lets distant taps fade.

    The window is exp(-|alpha| · distance) + shift. `skip` is added to the tap that a token meets itself with. All but
    `skip` have two dimensions or more, so that weight decay reaches them, as it did when they were published.
    """

    alpha: Tensor
    distance: Tensor
    shift: Tensor | None

    def __init__(self, spec: Any, at: Place, sides: Sides) -> None:
        super().__init__()
        self.spec, self.native, self.own_sides = spec, at.native, tuple(sides)
        dim, width = at.dim, spec.width
        self.places = nn.Parameter(torch.empty_like(self.first_places()))
        hidden = [layer for _ in range(spec.hidden) for layer in (nn.Linear(width, width), Sine(width))]
        self.layers = nn.Sequential(
            nn.Linear(spec.features, width), Sine(width), *hidden, nn.Linear(width, dim, bias=False)
        )
        self.skip = nn.Parameter(torch.empty(dim))
        is_learned = spec.window == "learned"
        self.shift = nn.Parameter(torch.empty(1, dim)) if is_learned else None
        for name, shape in (("alpha", (1, dim)), ("distance", self.own_sides)) if spec.window else ():
            if is_learned:
                setattr(self, name, nn.Parameter(torch.empty(shape), requires_grad=name == "alpha"))
            else:
                self.register_buffer(name, torch.empty(shape))
        self.reset_parameters()

    @abstractmethod
    def first_places(self) -> Tensor:
        """The table of places that training begins with."""

    @abstractmethod
    def distances(self, sides: Sides) -> Tensor:
        """How far taps are from where the window is open."""

    @abstractmethod
    def sides(self, grid: Sides) -> tuple[int, ...]:
        """The sides of the filter on a grid."""

    @abstractmethod
    def listed(self, sides: Sides) -> Tensor:
        """The places of taps, as many as there are on a grid of its own or another: (T, features)."""

    @property
    def steepness(self) -> float:
        """What the window's rates begin with, as multiples."""
        return 1.0

    def reset_parameters(self) -> None:
        """Places told apart by waves, windows from wide to narrow, no shift; what is skipped at random."""
        with torch.no_grad():
            self.places.copy_(self.first_places())
            nn.init.normal_(self.skip)
            if self.spec.window:
                rates = torch.linspace(math.log(0.01) / 1.5, math.log(0.01) / 0.3, self.alpha.shape[1])
                self.alpha.copy_(rates.unsqueeze(0) * self.steepness)
                self.distance.copy_(self.distances(self.own_sides))
            if self.shift is not None:
                nn.init.zeros_(self.shift)

    def taps(self, grid: Sides) -> Tensor:
        """The filter on a grid: (C, *sides)."""
        sides = self.sides(grid)
        weights: Tensor = self.layers(self.listed(sides))
        if self.spec.window:
            distance = self.distance if sides == self.own_sides else self.distances(sides).to(self.distance)
            weights = weights * self.let_through(distance.flatten().unsqueeze(1))
        # Added to one tap rather than to the result: the same sum, over the filter and not over all tokens.
        centre = 0 if self.causal else math.prod(sides) // 2
        weights = weights + F.pad(self.skip.unsqueeze(0), (0, 0, centre, len(weights) - centre - 1))
        return weights.t().reshape(-1, *sides)

    def let_through(self, distance: Tensor) -> Tensor:
        """What the window lets through at some distances: (T, 1) → (T, C)."""
        fading = torch.exp(-distance * self.alpha.abs())
        return fading if self.shift is None else fading + self.shift
