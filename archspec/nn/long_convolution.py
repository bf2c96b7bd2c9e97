"""The module around long convolutions: filters made once in evaluation, and nothing in half precision."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any, NamedTuple, Self

import torch
from torch import Tensor, nn

from archspec.nn.fourier import (
    circles_for,
    convolve,
    directly,
    filter_spectra,
    flipped,
    planned,
    through_spectra,
    within_reach,
)
from archspec.nn.precision import without_autocast
from archspec.spec.fourier import DIRECT_IN_EVALUATION, DIRECT_IN_TRAINING, Sides


class Ready(NamedTuple):
    """A filter made ready for one grid, and the tensors that it was made of."""

    what: tuple[tuple[int, ...], torch.dtype]
    weights: list[Tensor]
    sizes: tuple[int, ...]
    """Of the transforms; none where the convolution is direct."""
    made_of: list[Tensor]
    versions: list[int]

    def fits(self, what: tuple[tuple[int, ...], torch.dtype], tensors: list[Tensor]) -> bool:
        """Whether nothing has changed since. The old tensors are held, so that new ones never lie in their places."""
        return (
            self.what == what
            and self.versions == [tensor._version for tensor in tensors]
            and [tensor.data_ptr() for tensor in self.made_of] == [tensor.data_ptr() for tensor in tensors]
        )


class LongConvolution(nn.Module):
    """Tokens convolved with a filter that is made anew in every step of training, and once in evaluation."""

    causal = False
    ready: Ready | None = None

    @abstractmethod
    def taps(self, grid: Sides) -> Tensor:
        """The filter on a grid: (C, *sides)."""

    def added(self) -> Tensor | None:
        """What is added to every token: (C,)."""
        return None

    def forward(self, x: Tensor, grid: Sides) -> Tensor:
        """Tokens (B, N, C) → (B, N, C)."""
        maps = x.reshape(x.shape[0], *grid, x.shape[2]).movedim(-1, 1)
        wide = torch.promote_types(x.dtype, torch.float32)
        with without_autocast(x.device):
            if self.training or torch.is_grad_enabled() or torch.compiler.is_compiling():
                y = convolve(maps.to(wide), self.taps(grid).to(wide), self.causal)
            else:
                y = self.with_ready_filter(maps.to(wide))
            tokens, added = y.flatten(2).transpose(1, 2), self.added()
            tokens = tokens if added is None else tokens + added
        return tokens.to(x.dtype).contiguous()

    def with_ready_filter(self, x: Tensor) -> Tensor:
        """Without gradients: maps (B, C, *grid) → (B, C, *grid)."""
        grid, tensors = tuple(x.shape[2:]), [*self.parameters(), *self.buffers()]
        ready = self.ready
        if ready is None or any(map(torch.is_inference, tensors)) or not ready.fits((grid, x.dtype), tensors):
            ready = self.made_ready(grid, x.dtype, tensors)
        if not ready.sizes:
            return directly(x, ready.weights[0], self.causal)
        return through_spectra(x, ready.weights, ready.sizes)

    def made_ready(self, grid: tuple[int, ...], dtype: torch.dtype, tensors: list[Tensor]) -> Ready:
        """The filter made ready, and remembered where changes of its tensors can be seen."""
        taps = within_reach(self.taps(grid).to(dtype), grid, self.causal)
        weighing = DIRECT_IN_EVALUATION if taps.is_cpu else DIRECT_IN_TRAINING
        sizes = planned(grid, taps.shape[1:], self.causal, weighing)
        weights = filter_spectra(taps, circles_for(sizes, taps), self.causal) if sizes else [flipped(taps).contiguous()]
        if any(map(torch.is_inference, tensors)):
            return Ready((grid, dtype), weights, sizes, [], [])
        versions = [tensor._version for tensor in tensors]
        self.ready = Ready((grid, dtype), weights, sizes, [tensor.detach() for tensor in tensors], versions)
        return self.ready

    def train(self, mode: bool = True) -> Self:
        """Training and evaluation both begin without a ready filter."""
        self.ready = None
        return super().train(mode)

    def _apply(self, fn: Any, recurse: bool = True) -> Self:
        self.ready = None  # a move changes tensors in place, or under the same versions
        super()._apply(fn, recurse)  # type: ignore[no-untyped-call]
        return self

    def __getstate__(self) -> dict[str, Any]:
        # A copy, or a file, makes its own.
        return {name: value for name, value in self.__dict__.items() if name != "ready"}
