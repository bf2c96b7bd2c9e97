"""Long convolutions beside the published formulation: transforms of twice the grid, of a filter made at every call.

Both make the filter alike, which takes most of a training step of one image; the last column gives it to both.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

import archspec
from archspec.nn.long_convolution import LongConvolution
from archspec.spec.fourier import Sides
from archspec.spec.place import Place
from benchmarks.timing import interleaved

ROUNDS, SIZE = 25, 224
NETWORKS = {"along the sequence": "hbformer_s18", "in the plane": "hpxformer_s18"}


def published(convolution: Any, x: Tensor, grid: tuple[int, ...]) -> Tensor:
    """What the paper says: tokens and filter, padded to twice the grid or more, transformed, multiplied, cut out."""
    taps = convolution.taps(grid)
    maps = x.transpose(1, 2).reshape(x.shape[0], x.shape[2], *grid)
    sizes = [max(2 * own, side) for own, side in zip(grid, taps.shape[1:], strict=True)]
    axes = tuple(range(-len(sizes), 0))
    product = torch.fft.rfftn(maps, s=sizes, dim=axes) * torch.fft.rfftn(taps, s=sizes, dim=axes)
    whole: Tensor = torch.fft.irfftn(product, s=sizes, dim=axes)
    for axis, own, side in zip(axes, grid, taps.shape[1:], strict=True):
        whole = whole.narrow(axis, side // 2, own)
    return whole.flatten(2).transpose(1, 2).contiguous()


def inference(call: Callable[..., Tensor], *given: Any) -> Callable[[], object]:
    """A call without gradients."""

    def once() -> None:
        with torch.inference_mode():
            call(*given)

    return once


def training(call: Callable[..., Tensor], module: nn.Module, *given: Any) -> Callable[[], object]:
    """A call in training mode, and the gradients of everything."""

    def once() -> None:
        torch.autograd.backward(call(*given).sum())
        module.zero_grad()

    return once


class Given(LongConvolution):
    """A filter that is there already."""

    def __init__(self, taps: Tensor, causal: bool) -> None:
        super().__init__()
        self.causal, self.weight = causal, nn.Parameter(taps.detach().clone())

    def taps(self, grid: Sides) -> Tensor:
        """On the grid that it was made for."""
        return self.weight


def compare(convolution: LongConvolution, at: Place, grid: tuple[int, ...], batch: int) -> dict[str, float]:
    """How often ours runs while the published formulation runs once."""
    x = torch.randn(batch, at.pixels, at.dim)
    torch.testing.assert_close(convolution(x, grid), published(convolution, x, grid), atol=1e-3, rtol=1e-3)
    given_filter, ratios = Given(convolution.taps(grid), convolution.causal), {}
    cases = (("inference", convolution, False), ("training", convolution, True), ("filter given", given_filter, True))
    for name, module, is_training in cases:
        module.train(is_training)
        given = x.clone().requires_grad_(is_training)
        calls: dict[str, Callable[[], object]] = (
            {
                "ours": training(module, module, given, grid),
                "published": training(published, module, module, given, grid),
            }
            if is_training
            else {
                "ours": inference(module, given, grid),
                "published": inference(published, module, given, grid),
            }
        )
        times = interleaved(calls, ROUNDS)
        ratios[name] = times["published"] / times["ours"]
    return ratios


def run() -> None:
    """Print the ratios for every stage."""
    torch.set_num_threads(1)
    print(f"published / ours, at {SIZE} px, one thread, the best of {ROUNDS} rounds in turns")
    for where, name in NETWORKS.items():
        arch = archspec.load(name)
        network = archspec.build(arch).eval()
        for batch in (1, 8):
            for index, section in enumerate(arch.layout.sections[1:-1]):
                block = network.get_submodule(f"stages.{index}.blocks.0")
                convolution = next(part for part in block.modules() if isinstance(part, LongConvolution))
                grid = (section.at.pixels,) if where == "along the sequence" else section.at.grid
                ratios = compare(convolution, section.at, grid, batch)
                said = "  ".join(f"{kind} {ratio:.2f}" for kind, ratio in ratios.items())
                shape = "×".join(map(str, (*section.at.grid, section.at.dim)))
                print(f"{where:20} {shape:12} batch {batch}  {said}  (load {os.getloadavg()[0]:.1f})", flush=True)
