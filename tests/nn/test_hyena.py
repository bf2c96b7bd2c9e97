"""Hyena in both its forms, held to its definition in double precision, on grids that no published case has."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

import archspec
from archspec.spec.mixers.hyena import Hyena
from archspec.spec.mixers.hyena_pixel import HyenaPixel
from archspec.spec.norms import LayerNorm
from archspec.spec.place import Grid, Place, Scope
from archspec.spec.traversals import Columns, RowsReversed

NORM = LayerNorm(bias=(), eps=1e-5)


def built(spec: Any, native: Grid, class_tokens: tuple[str, ...] = ()) -> Any:
    """A mixer in double precision, every trained number moved from where it starts."""
    torch.manual_seed(0)
    module = spec.resolve(Scope(native)).build(Place(8, native, native, class_tokens)).double().eval()
    with torch.no_grad():
        for parameter in module.parameters():
            if parameter.requires_grad:
                parameter.add_(0.2 * torch.randn_like(parameter))
    return module


def tokens(count: int) -> Tensor:
    return torch.randn(2, count, 8, generator=torch.Generator().manual_seed(1), dtype=torch.float64)


def written(convolution: Any) -> Tensor:
    """A filter as the papers say it is, without what is skipped: (taps, C)."""
    places: Tensor = convolution.places.flatten(1).t() if convolution.places.ndim == 3 else convolution.places
    for layer in convolution.layers:
        places = torch.sin(layer.frequency * places) if hasattr(layer, "frequency") else layer(places)
    if convolution.spec.window is None:
        return places
    window: Tensor = torch.exp(-convolution.distance.reshape(-1, 1) * convolution.alpha.abs())
    return places * (window if convolution.shift is None else window + convolution.shift)


def normed(norm: nn.Module, x: Tensor) -> Tensor:
    return norm(x)  # type: ignore[no-any-return]


def in_the_plane(module: Any, x: Tensor, grid: Grid) -> Tensor:
    """HyenaPixel by torch's own convolutions, the filter turned by half a turn."""
    maps = module.depthwise(module.in_proj(x).transpose(1, 2).reshape(2, 24, *grid))
    q, k, v = (part.flatten(2).transpose(1, 2) for part in maps.chunk(3, 1))
    u, convolution = normed(module.norm[0], q * k), module.filter[0]
    kernel = written(convolution).t().reshape(8, 1, *convolution.own_sides).flip(2, 3)
    u_map = u.transpose(1, 2).reshape(2, 8, *grid)
    y_map = F.conv2d(u_map, kernel, padding=kernel.shape[2] // 2, groups=8) + u_map * convolution.skip.view(8, 1, 1)
    return module.out_proj(normed(module.norm[1], y_map.flatten(2).transpose(1, 2) * v))  # type: ignore[no-any-return]


@pytest.mark.parametrize("window", ["learned", "fixed", None])
@pytest.mark.parametrize(
    ("kernel", "grid"),
    [
        (15, (8, 8)),
        (9, (5, 8)),  # not square
        (5, (13, 11)),  # larger than the kernel
        (5, (24, 3)),
        (25, (4, 5)),  # smaller than half of it
        (25, (1, 12)),
        (7, (1, 1)),
        (1, (3, 4)),
    ],
    ids=str,
)
@pytest.mark.parametrize("with_gradients", [True, False])
def test_hyena_in_the_plane(kernel: int, grid: Grid, window: Any, with_gradients: bool) -> None:
    module = built(HyenaPixel(kernel=kernel, bands=4, window=window, norm=NORM), (8, 8))
    x = tokens(grid[0] * grid[1])
    with torch.set_grad_enabled(with_gradients):
        assert (module(x, grid) - in_the_plane(module, x, grid)).abs().max() < 1e-10


def along_the_sequence(module: Any, x: Tensor, spec: Hyena) -> Tensor:
    """Hyena as a matrix of taps between every two tokens."""
    core, count, is_causal = module.cores[0], x.shape[1], spec.is_causal
    maps = F.conv1d(
        F.pad(module.in_proj(x).transpose(1, 2), (2, 0) if is_causal else (1, 1)),
        core.short.weight,
        core.short.bias,
        groups=len(core.short.weight),
    )
    *gates, y = maps.transpose(1, 2).chunk(spec.order + 1, 2)
    lags = torch.arange(count).unsqueeze(1) - torch.arange(count)
    for gate, norm, convolution in zip(gates[:0:-1], core.norms, core.filters, strict=True):
        u, taps = normed(norm, y * gate), written(convolution)
        places = lags if is_causal else lags + len(taps) // 2
        reached = (places >= 0) & (places < len(taps))
        matrix = taps[places.clamp(0, len(taps) - 1)] * reached.unsqueeze(2)
        y = torch.einsum("tsc,bsc->btc", matrix, u) + convolution.skip * u
    return module.out_proj(normed(module.norm, gates[0] * y))  # type: ignore[no-any-return]


@pytest.mark.parametrize("grid", [(5, 7), (9, 8), (2, 6), (1, 1)], ids=str)
@pytest.mark.parametrize("order", [2, 3])
@pytest.mark.parametrize("direction", ["causal", "bidirectional"])
@pytest.mark.parametrize("with_gradients", [True, False])
def test_hyena_along_the_sequence(direction: Any, order: int, grid: Grid, with_gradients: bool) -> None:
    spec = Hyena(direction=direction, order=order, bands=4, norm=NORM, window="learned")
    module, x = built(spec, (5, 7)), tokens(grid[0] * grid[1])
    with torch.set_grad_enabled(with_gradients):
        assert (module(x, grid) - along_the_sequence(module, x, spec)).abs().max() < 1e-10


def test_class_tokens_are_tokens_of_the_sequence() -> None:
    spec = Hyena(bands=4)
    module, x = built(spec, (3, 4), ("start", "end")), tokens(14)
    assert module.cores[0].filters[0].own_sides == (27,)
    assert (module(x, (3, 4)) - along_the_sequence(module, x, spec)).abs().max() < 1e-10


def test_orders_of_reading() -> None:
    """What is read backwards or by columns is what tokens laid out so give, laid out again."""
    x, grid = tokens(15), (3, 5)
    by_rows = built(Hyena(bands=4), grid)
    backwards, by_columns = (built(Hyena(bands=4, traversal=scan), grid) for scan in (RowsReversed(), Columns()))
    turned = x.view(2, *grid, 8).transpose(1, 2).flatten(1, 2)
    torch.testing.assert_close(backwards(x, grid), by_rows(x.flip(1), grid).flip(1))
    expected = by_rows(turned, (5, 3)).unflatten(1, (5, 3)).transpose(1, 2).flatten(1, 2)
    torch.testing.assert_close(by_columns(x, grid), expected)


@pytest.mark.parametrize("window", ["far", "near"])
def test_causal_hyena_never_looks_ahead(window: Any) -> None:
    module, x = built(Hyena(direction="causal", causal_window=window, order=3, bands=4), (4, 6)), tokens(24)
    changed = x.clone()
    changed[:, 13:] += 1
    same = (module(x, (4, 6)) - module(changed, (4, 6))).abs().amax((0, 2)) < 1e-12
    assert same.tolist() == [True] * 13 + [False] * 11


def test_a_causal_window_lets_the_farthest_through_or_the_nearest() -> None:
    far, near = (
        built(Hyena(direction="causal", causal_window=end, bands=4), (4, 6)).cores[0].filters[0]
        for end in ("far", "near")
    )
    torch.testing.assert_close(far.distance, near.distance.flip(0))
    assert far.distance[-1] == near.distance[0] == 0
    assert (far.distance.diff() < 0).all()
    assert far.let_through(far.distance[:1].unsqueeze(1))[0, 0].item() == pytest.approx(0.01 ** (1 / 1.5))


def test_a_bidirectional_window_lets_the_nearest_through() -> None:
    filter_ = built(Hyena(bands=4), (4, 6)).cores[0].filters[0]
    assert filter_.distance.argmin() == 23
    assert filter_.distance[0] == filter_.distance[-1] == 1


SPECS = {
    "plane": HyenaPixel(bands=4, other_sizes="interpolate"),
    "causal": Hyena(bands=4, other_sizes="interpolate", direction="causal", window="learned"),
    "sequence": Hyena(bands=4, other_sizes="interpolate"),
}


@pytest.mark.parametrize("name", SPECS)
def test_interpolated_filters_are_their_own_on_their_own_grid(name: str) -> None:
    module, padded = (
        built(SPECS[name].model_copy(update={"other_sizes": how}), (4, 6)) for how in ("interpolate", "pad")
    )
    assert torch.equal(module(tokens(24), (4, 6)), padded(tokens(24), (4, 6)))
    assert not torch.allclose(module(tokens(54), (6, 9)), padded(tokens(54), (6, 9)))


def test_interpolated_filters_have_the_papers_sizes() -> None:
    """224 → 384 px: 111, 55, 27, 13 become 191, 95, 47, 23."""
    arch = archspec.load("hpxformer_s4").edit({"stages.mixer.other_sizes": "interpolate"}).resolved()
    mixers: list[Any] = [stage.mixer for stage in arch.stages]
    grids = [((56, 56), (96, 96)), ((28, 28), (48, 48)), ((14, 14), (24, 24)), ((7, 7), (12, 12))]
    sides = [mixer.sides(*grid) for mixer, grid in zip(mixers, grids, strict=True)]
    assert sides == [(191, 191), (95, 95), (47, 47), (23, 23)]


def test_interpolated_filters_keep_their_shape() -> None:
    """What a filter weighs at its own taps, it weighs between the taps of one written for twice the grid."""
    torch.manual_seed(0)
    spec = HyenaPixel(bands=4, kernel=15, other_sizes="interpolate").resolve(Scope((8, 8)))
    convolution = spec.build(Place(8, (8, 8), (8, 8))).filter[0]
    with torch.no_grad():
        convolution.skip.zero_()
        own, twice = convolution.taps((8, 8)), convolution.taps((16, 16))
    assert twice.shape == (8, 31, 31)
    torch.testing.assert_close(twice[:, 15, 15], own[:, 7, 7], atol=2e-3, rtol=0.1)
    resized = F.interpolate(own.unsqueeze(0), (31, 31), mode="bicubic", antialias=True)[0]
    assert F.cosine_similarity(resized.flatten(1), twice.flatten(1)).min() > 0.9


@pytest.mark.parametrize("how", ["pad", "interpolate"])
@pytest.mark.parametrize("name", ["hpxformer_s4", "hbformer_s12"])
def test_networks_run_at_other_sizes(name: str, how: str) -> None:
    edits = {"input.size": 64, "stages.depth": 1, "stages.dim": {"times": 0.25}, "stages.mixer.other_sizes": how}
    network = archspec.build(archspec.load(name).edit(edits)).eval()
    with torch.no_grad():
        assert network(torch.randn(1, 3, 96, 128)).isfinite().all()


@pytest.mark.parametrize(
    ("spec", "field"),
    [
        (HyenaPixel(kernel=4), "kernel"),
        (HyenaPixel(bands=3), "bands"),
        (Hyena(causal_window="near"), "causal_window"),
        (Hyena(order=1), "order"),
    ],
)
def test_what_cannot_be_is_refused(spec: Any, field: str) -> None:
    assert [complaint.field for complaint in spec.resolve(Scope((4, 4))).complaints(Place(8, (4, 4), (4, 4)))] == [
        field
    ]


def test_free_filters_are_told_apart_by_nothing_else() -> None:
    """What is said of a filter that a network writes means nothing to free weights, so equal networks hash alike."""
    plain, said = (
        HyenaPixel(filter="separable", bands=bands, window=window).resolve(Scope((4, 4))).canonical()
        for bands, window in ((16, "published"), (8, "fixed"))
    )
    assert plain == said


def test_the_zoos_ablations_are_the_studys_arms() -> None:
    base = archspec.load("hpxformer_s12")
    arms = {
        "hbformer_s12": {"stages.mixer.kind": "hyena"},
        "hpxformer_s12_separable": {"stages.mixer.filter": "separable"},
    }
    for name, edits in arms.items():
        assert archspec.load(name).digest == base.edit(edits).digest
