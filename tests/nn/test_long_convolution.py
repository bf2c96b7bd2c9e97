"""Long convolutions: transforms against sums written out, and filters made once in evaluation."""

from __future__ import annotations

import copy
import io
from collections.abc import Callable
from math import prod
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from archspec.nn import fourier
from archspec.nn.long_convolution import LongConvolution
from archspec.spec.fourier import DIRECT_IN_TRAINING, fast_size, is_fast, sizes_for, transforms
from archspec.spec.mixers.hyena import Hyena
from archspec.spec.mixers.hyena_pixel import HyenaPixel
from archspec.spec.place import Place, Scope

ALWAYS, NEVER = float("inf"), -1
Grid = tuple[int, ...]

lines = st.tuples(st.integers(1, 24))
maps = st.tuples(st.integers(1, 9), st.integers(1, 9))


def sums(x: Tensor, taps: Tensor, causal: bool) -> Tensor:
    """The definition: every tap times what stands as far from a token as the tap from the one it meets itself with."""
    y, grid, rest = torch.zeros_like(x), x.shape[2:], (slice(None), slice(None))
    for place in torch.cartesian_prod(*map(torch.arange, taps.shape[1:])).view(-1, len(grid)).tolist():
        lags = [at - (0 if causal else side // 2) for at, side in zip(place, taps.shape[1:], strict=True)]
        if any(abs(lag) >= side for lag, side in zip(lags, grid, strict=True)):
            continue
        there = tuple(slice(max(0, lag), side + min(0, lag)) for lag, side in zip(lags, grid, strict=True))
        here = tuple(slice(max(0, -lag), side + min(0, -lag)) for lag, side in zip(lags, grid, strict=True))
        y[(*rest, *there)] += x[(*rest, *here)] * taps[(slice(None), *place)].view(-1, *(1 for _ in grid))
    return y


def operands(grid: Grid, sides: Grid, images: int = 2) -> tuple[Tensor, Tensor]:
    """Maps of three channels, and a filter."""
    generator = torch.Generator().manual_seed(prod(grid) + 7 * prod(sides))
    x = torch.randn(images, 3, *grid, generator=generator, dtype=torch.float64, requires_grad=True)
    return x, torch.randn(3, *sides, generator=generator, dtype=torch.float64, requires_grad=True)


def apart(ours: Tensor, theirs: Tensor, given: tuple[Tensor, Tensor]) -> float:
    """The largest difference of two results and of their gradients."""
    direction = torch.linspace(-1, 1, theirs.numel(), dtype=theirs.dtype).view_as(theirs)
    gradients = (torch.autograd.grad((y * direction).sum(), given) for y in (ours, theirs))
    pairs = [(ours.detach(), theirs.detach()), *zip(*gradients, strict=True)]
    return torch.stack([(a - b).abs().max() for a, b in pairs]).max().item()


@pytest.mark.parametrize("direct", [ALWAYS, NEVER], ids=["directly", "by transforms"])
@settings(max_examples=60, deadline=None)
@given(grid=lines | maps, images=st.integers(1, 5), data=st.data(), causal=st.booleans())
def test_convolutions_are_the_sums_they_stand_for(
    direct: float, grid: Grid, images: int, data: st.DataObject, causal: bool
) -> None:
    causal = causal and len(grid) == 1
    sides = tuple(2 * data.draw(st.integers(0, 2 * side)) + 1 for side in grid)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fourier, "DIRECT_IN_TRAINING", direct)
        patch.setattr(fourier, "CACHED", data.draw(st.sampled_from([1, 300, 10**6])))
        given = operands(grid, sides, images)
        assert apart(fourier.convolve(*given, causal), sums(*given, causal), given) < 1e-10


@pytest.mark.parametrize("grid", [(56, 56), (20, 33), (3136,), (197,)], ids=str)
def test_large_grids(grid: Grid) -> None:
    given = operands(grid, tuple(2 * side - 1 for side in grid))
    assert transforms(grid, given[1].shape[1:], False, DIRECT_IN_TRAINING)
    weight, x = given[1].flip(tuple(range(1, 1 + len(grid)))).unsqueeze(1), given[0]
    plain: Any = torch.nn.functional.conv2d if len(grid) == 2 else torch.nn.functional.conv1d
    y = plain(x, weight, padding=tuple(side - 1 for side in grid), groups=3)
    assert (fourier.convolve(*given) - y).abs().max().item() < 1e-10


@given(least=st.integers(1, 20_000))
def test_no_even_size_between_is_as_fast(least: int) -> None:
    size = fast_size(least)
    assert size >= least
    assert size % 2 == 0
    assert is_fast(size)
    assert not any(map(is_fast, range(least + least % 2, size, 2)))


def test_a_filter_twice_the_grid_needs_transforms_of_the_grid_and_a_smaller_one_less() -> None:
    assert sizes_for((56, 56), (111, 111), causal=False) == (56, 56)
    assert sizes_for((56, 56), (55, 55), causal=False) == (42, 42)
    both = sizes_for((3136,), (6271,), causal=False), sizes_for((3136,), (3136,), causal=True)
    assert both == ((3136,), (3136,))


OPERATORS = {
    "pixel": HyenaPixel(kernel=13, bands=4),
    "free": HyenaPixel(kernel=13, filter="explicit"),
    "sequence": Hyena(bands=4, window="learned"),
}
AT = Place(8, (7, 6), (7, 6))


def built(name: str, seed: int = 0) -> nn.Module:
    """An operator in evaluation."""
    torch.manual_seed(seed)
    module: nn.Module = OPERATORS[name].resolve(Scope(AT.native)).build(AT)
    return module.eval()


def convolution(module: nn.Module) -> Any:
    """Its long convolution."""
    return next(part for part in module.modules() if isinstance(part, LongConvolution))


@torch.no_grad()
def run(module: nn.Module, dtype: torch.dtype = torch.float32) -> Tensor:
    """What a module makes of the same tokens."""
    x = torch.randn(2, AT.pixels, AT.dim, generator=torch.Generator().manual_seed(5))
    y: Tensor = module(x.to(dtype), AT.grid)
    return y


@pytest.mark.parametrize("name", OPERATORS)
def test_in_evaluation_a_filter_is_made_once(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    module = built(name)
    kind = type(convolution(module))
    made, taps = [], kind.taps

    def counted(self: Any, grid: Grid) -> Tensor:
        made.append(grid)
        filters: Tensor = taps(self, grid)
        return filters

    monkeypatch.setattr(kind, "taps", counted)
    first = run(module)
    with torch.inference_mode():
        assert torch.equal(run(module), first)
    assert len(made) == 1
    run(module.train())
    run(module)
    assert len(made) == 3
    module(torch.randn(2, AT.pixels, AT.dim), AT.grid)
    assert len(made) == 4


def _stepped(module: nn.Module) -> None:
    optimizer = torch.optim.SGD(module.parameters(), lr=0.1)
    for parameter in module.parameters():
        parameter.grad = torch.ones_like(parameter)
    optimizer.step()


def _loaded(assign: bool) -> Callable[[nn.Module], None]:
    def change(module: nn.Module) -> None:
        other = {name: tensor.clone() for name, tensor in built("pixel", seed=1).state_dict().items()}
        module.load_state_dict(other, assign=assign)

    return change


def _replaced(module: nn.Module) -> None:
    for parameter in module.parameters():
        parameter.data = parameter.data + 0.1


def _through_half(module: nn.Module) -> None:
    module.to(torch.bfloat16).to(torch.float32)


def _trained_a_step(module: nn.Module) -> None:
    module.train()
    for parameter in module.parameters():
        parameter.data.add_(0.1)
    module.eval()


def _in_inference_mode(module: nn.Module) -> None:
    with torch.inference_mode():
        for parameter in module.parameters():
            parameter.add_(0.1)


@pytest.mark.parametrize(
    "change",
    [_stepped, _loaded(False), _loaded(True), _replaced, _through_half, _trained_a_step, _in_inference_mode],
    ids=["step", "loaded", "assigned", "replaced", "moved", "trained", "inference mode"],
)
def test_a_filter_made_earlier_is_not_taken_for_a_changed_one(change: Callable[[nn.Module], None]) -> None:
    module = built("pixel")
    before = run(module)
    change(module)
    with torch.enable_grad():
        x = torch.randn(2, AT.pixels, AT.dim, generator=torch.Generator().manual_seed(5))
        fresh = module.train()(x, AT.grid).detach()
    module.eval()
    again = built("pixel")
    run(again)
    change(again)
    torch.testing.assert_close(run(again), fresh, atol=1e-5, rtol=1e-5)
    assert (fresh - before).abs().max() > 1e-3


def test_a_moved_module_computes_in_its_new_precision() -> None:
    module = built("pixel")
    single = run(module)
    double = run(module.double(), torch.float64)
    assert double.dtype is torch.float64
    assert convolution(module).ready.weights[0].real.dtype is torch.float64
    torch.testing.assert_close(double.float(), single, atol=1e-5, rtol=1e-5)


def test_a_filter_is_made_for_each_grid() -> None:
    module, at = built("pixel"), Place(8, (3, 5), (7, 6))
    x = torch.randn(2, at.pixels, at.dim)
    run(module)
    with torch.no_grad():
        y = module(x, at.grid)
        torch.testing.assert_close(y, module.train()(x, at.grid), atol=1e-5, rtol=1e-5)


def test_copies_make_filters_of_their_own() -> None:
    module, file = built("pixel"), io.BytesIO()
    y = run(module)
    torch.save(module, file)
    file.seek(0)
    for other in (copy.deepcopy(module), torch.load(file, weights_only=False)):
        assert convolution(other).ready is None
        assert torch.equal(run(other), y)
        with torch.no_grad():
            convolution(other).skip.add_(1)
        assert not torch.equal(run(other), y)
    assert torch.equal(run(module), y)


def test_weights_without_versions_are_never_trusted() -> None:
    with torch.inference_mode():
        module = built("pixel")
        y = run(module)
        convolution(module).skip.add_(1)
        assert not torch.equal(run(module), y)
    assert convolution(module).ready is None


@pytest.mark.parametrize("is_training", [True, False])
@pytest.mark.parametrize("name", OPERATORS)
def test_autocast_does_not_reach_convolutions(name: str, is_training: bool) -> None:
    """What comes in half precision is convolved in single: as exactly as its result can be written."""
    part = convolution(built(name)).train(is_training)
    grid = AT.grid if name != "sequence" else (AT.pixels,)
    x = torch.randn(2, AT.pixels, AT.dim).bfloat16()
    with torch.autocast("cpu", torch.bfloat16), torch.set_grad_enabled(is_training):
        y = part(x, grid)
        single = part(x.float(), grid)
    exact = copy.deepcopy(part).double()(x.double(), grid)
    assert y.dtype is torch.bfloat16
    assert single.dtype is torch.float32
    torch.testing.assert_close(single.double(), exact, atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(y, exact.bfloat16(), atol=1e-5, rtol=2**-7)
