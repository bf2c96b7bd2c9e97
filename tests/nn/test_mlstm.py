"""The mLSTM: its forms agree, nothing looks ahead, extreme gates stay finite, and it starts as the paper's does."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

import archspec
from archspec.nn.matrix_memory import EPS, Tokens, read, read_one_by_one
from archspec.nn.mixers.mlstm import Blocks
from archspec.spec.arch import CLASS_TOKENS
from archspec.spec.convolutions import Causal1d, Conv1d, Conv2d, NoConvolution
from archspec.spec.mixers.mlstm import Mlstm, chunk_for
from archspec.spec.place import Place, Scope
from archspec.spec.traversals import Beside, ColumnsTopRight, Oct, Quad, Rows, RowsReversed
from tests.conformance import measuring

Form = Callable[[Tokens], Tensor]
LENGTHS = (1, 7, 196, 197, 1000)


def given(tokens: int, heads: int = 2, width: int = 6) -> Tokens:
    """Queries, keys, values and both gates, in double precision."""
    draw = torch.Generator().manual_seed(0)
    vectors = [torch.randn(2, tokens, heads, width, generator=draw, dtype=torch.float64) for _ in range(3)]
    gates = [torch.randn(2, tokens, heads, generator=draw, dtype=torch.float64) * 3 for _ in range(2)]
    return Tokens._make(tensor.requires_grad_() for tensor in (*vectors, gates[0], gates[1] + 2))


def parallel(tensors: Tokens) -> Tensor:
    """The formula as the paper writes it, with a matrix of all tokens by all tokens."""
    q, k, v, i, f = tensors
    tokens, width = q.shape[1], q.shape[3]
    forgotten = F.logsigmoid(f).cumsum(1).transpose(1, 2)
    exponents = forgotten.unsqueeze(-1) - forgotten.unsqueeze(-2) + i.transpose(1, 2).unsqueeze(-2)
    exponents = exponents.masked_fill(torch.ones(tokens, tokens).triu(1).bool(), -torch.inf)
    highest = exponents.amax(-1, keepdim=True)
    scores = (q.transpose(1, 2) @ k.transpose(1, 2).mT) / math.sqrt(width) * (exponents - highest).exp()
    size = scores.sum(-1, keepdim=True).abs().maximum((-highest).exp()) + EPS
    return (scores / size @ v.transpose(1, 2)).transpose(1, 2)


FORMS: dict[str, Form] = {
    "recurrent": read_one_by_one,
    "parallel": lambda tensors: read(tensors, chunk=tensors.q.shape[1]),
    "by length": read,
    "chunks of 1": partial(read, chunk=1),
    "chunks of 32": partial(read, chunk=32),
    "chunks of 49": partial(read, chunk=49),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("tokens", LENGTHS)
def test_all_forms_are_the_papers(form: str, tokens: int) -> None:
    tensors = given(tokens)
    ours, theirs = FORMS[form](tensors), parallel(tensors)
    assert (ours - theirs).abs().max() < 1e-10
    direction = torch.randn_like(theirs)
    found = torch.autograd.grad(ours, tensors, direction)
    for gradient, expected in zip(found, torch.autograd.grad(theirs, tensors, direction), strict=True):
        assert (gradient - expected).abs().max() < 1e-10 * max(1.0, float(expected.abs().max()))


def test_gradients_are_those_of_differences() -> None:
    assert torch.autograd.gradcheck(lambda *tensors: read(Tokens._make(tensors), chunk=3), tuple(given(7, 1, 3)))


@pytest.mark.parametrize("tokens", [1, 2, 96, 97, 120, 121, 144, 196, 197, 199, 256, 1000, 1009, 65_536])
@pytest.mark.parametrize("width", [8, 96, 192, 384])
def test_chunks_leave_next_to_nothing_over(tokens: int, width: int) -> None:
    chunk = chunk_for(tokens, width)
    chunks = math.ceil(tokens / chunk)
    assert 1 <= chunk <= tokens
    assert chunks * chunk - tokens < chunks
    assert chunk == tokens or 32 <= chunk <= 2 * max(64, width // 3)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16])
@pytest.mark.parametrize("tokens", [7, 197])
@pytest.mark.parametrize("i", [-1e4, -100.0, 0.0, 100.0, 1e4])
@pytest.mark.parametrize("f", [-1e4, -100.0, 0.0, 100.0, 1e4])
def test_extreme_gates_stay_finite(dtype: torch.dtype, tokens: int, i: float, f: float) -> None:
    q, k, v, noise, _ = (tensor.detach().to(dtype) for tensor in given(tokens))
    tensors = Tokens._make(tensor.requires_grad_() for tensor in (q, k, v, noise + i, noise + f))
    result = read(tensors)
    assert result.dtype == torch.float32
    assert result.isfinite().all()
    normed = F.layer_norm(result, result.shape[-1:]) * torch.linspace(-1, 1, result.shape[-1])
    for gradient, tensor in zip(torch.autograd.grad(normed.sum(), tensors), tensors, strict=True):
        assert gradient.dtype == tensor.dtype
        assert gradient.isfinite().all()


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_half_precision_is_near(dtype: torch.dtype) -> None:
    exact = given(300)
    rough = read(Tokens._make(tensor.detach().to(dtype) for tensor in exact))
    assert (rough - parallel(exact)).abs().median() < 0.02


def test_the_memory_reads_in_the_precision_that_it_is_given() -> None:
    """Whatever surrounds it."""
    tensors = Tokens._make(tensor.detach().float() for tensor in given(130))
    with torch.autocast("cpu", torch.bfloat16):
        surrounded = read(tensors)
    assert torch.equal(surrounded, read(tensors))


def built(spec: Mlstm, at: Place) -> Any:
    """A layer in double precision whose gates depend on the tokens."""
    torch.manual_seed(0)
    module = spec.resolve(Scope(at.native)).build(at).double()
    for name, parameter in module.named_parameters():
        if "memory" in name:
            torch.nn.init.normal_(parameter, std=0.3)
    return module


GRID = Place(16, (12, 17), (12, 17))
"""Two hundred tokens and some: more than are read at once."""


@pytest.mark.parametrize("names", [(), ("start",), CLASS_TOKENS])
@pytest.mark.parametrize("scan", Oct().scans(), ids=lambda scan: scan.kind)
def test_nothing_looks_ahead(scan: Any, names: tuple[str, ...]) -> None:
    """Without a convolution, or with a causal one, what is read later does not matter."""
    at = Place(16, (3, 5), (3, 5), names)
    module = built(Mlstm(conv=Causal1d(), traversal=scan), at)
    order = scan.build(at)(torch.arange(at.tokens).view(1, -1, 1), at.grid).flatten().tolist()
    x = torch.randn(1, at.tokens, at.dim, dtype=torch.float64)
    changed = x.index_fill(1, torch.tensor(order[7:]), 1.0)
    before, after = module(x, at.grid)[0], module(changed, at.grid)[0]
    torch.testing.assert_close(before[order[:7]], after[order[:7]], rtol=0, atol=1e-12)
    assert not torch.allclose(before[order[7]], after[order[7]])


@pytest.mark.parametrize("conv", [NoConvolution(), Causal1d(), Conv1d(), Conv2d()], ids=lambda conv: conv.kind)
def test_a_scan_is_the_layer_on_turned_tokens(conv: Any) -> None:
    """Even the convolution sees the grid as it is read."""
    at, scan = Place(16, (12, 17), (12, 17), ("start", "end")), ColumnsTopRight()
    turned, straight = built(Mlstm(conv=conv, traversal=scan), at), built(Mlstm(conv=conv), at)
    straight.load_state_dict(turned.state_dict())
    x, order = torch.randn(2, at.tokens, at.dim, dtype=torch.float64), scan.build(at)
    read_straight = straight(order(x, at.grid), (17, 12))
    torch.testing.assert_close(turned(x, at.grid), order.back(read_straight, at.grid), rtol=0, atol=1e-12)


def block_diagonal(blocks: Tensor) -> Tensor:
    matrix: Tensor = torch.block_diag(*blocks)  # type: ignore[no-untyped-call]
    return matrix


def by_the_paper(weights: dict[str, Tensor], x: Tensor, order: list[int], grid: tuple[int, ...]) -> Tensor:
    """A layer of the default kind in plain equations, one image, without class tokens."""
    upper, gate = F.linear(x[order], weights["up.weight"], weights["up.bias"]).chunk(2, 1)
    w = {name.removeprefix("cores.0."): tensor for name, tensor in weights.items()}
    image = upper.T.reshape(1, -1, *grid)
    convolved = F.conv2d(image, w["conv.0.weight"], w["conv.0.bias"], padding=1, groups=upper.shape[1])
    seen = F.silu(convolved.flatten(2)[0].T)
    q, k, v = (F.linear(source, block_diagonal(w[f"{name}.weight"]), w[f"{name}.bias"])
               for name, source in (("q", seen), ("k", seen), ("v", upper)))  # fmt: skip
    i, f = (F.linear(torch.cat([q, k, v], 1), w[f"memory.{name}.weight"], w[f"memory.{name}.bias"])
            for name in ("input", "forget"))  # fmt: skip
    heads = (x.view(1, len(x), 4, -1) for x in (q, k, v))
    h = parallel(Tokens._make([*heads, i.unsqueeze(0), f.unsqueeze(0)]))[0]
    normed = (h - h.mean(-1, keepdim=True)) / (h.var(-1, keepdim=True, correction=0) + 1e-5).sqrt()
    y = normed.flatten(1) * w["norm.weight"] + w["norm.bias"] + w["skip.weight"] * seen
    lower = F.linear(y * F.silu(gate), weights["down.weight"], weights["down.bias"])
    return lower[torch.tensor(order).argsort()]


@pytest.mark.parametrize("grid", [(3, 5), (12, 17)], ids=["few tokens", "many"])
@pytest.mark.parametrize("scan", Quad().scans(), ids=lambda scan: scan.kind)
def test_a_layer_is_the_papers_on_a_grid_that_is_not_square(scan: Any, grid: tuple[int, int]) -> None:
    at = Place(16, grid, grid)
    module, x = built(Mlstm(traversal=scan), at), torch.randn(2, at.tokens, at.dim, dtype=torch.float64)
    table = torch.arange(at.tokens).view(grid)
    lines = table.T if "columns" in scan.kind else table
    order = lines.flatten().tolist()[:: -1 if "reversed" in scan.kind else 1]
    for image, result in zip(x, module(x, grid), strict=True):
        expected = by_the_paper(module.state_dict(), image, order, tuple(lines.shape))
        torch.testing.assert_close(result, expected, rtol=0, atol=1e-10)


@pytest.mark.parametrize("share", ["projections", "all"])
def test_scans_in_one_layer_are_summed_between_the_projections(share: Any) -> None:
    scans = Oct().scans()
    together = built(Mlstm(traversal=Beside(parallel=scans, share=share), bias=("conv",)), GRID)
    x, total = torch.randn(1, GRID.tokens, GRID.dim, dtype=torch.float64), torch.tensor(0.0, dtype=torch.float64)
    for index, scan in enumerate(scans):
        alone = built(Mlstm(traversal=scan, bias=("conv",)), GRID)
        core = index if share == "projections" else 0
        weights = {name.replace(f"cores.{core}.", "cores.0."): t for name, t in together.state_dict().items()
                   if not name.startswith("cores.") or name.startswith(f"cores.{core}.")}  # fmt: skip
        alone.load_state_dict(weights)
        total = total + alone(x, GRID.grid)
    torch.testing.assert_close(together(x, GRID.grid), total, rtol=0, atol=1e-11)


def test_scans_that_share_nothing_are_the_parallel_pair() -> None:
    arch, mixers = (
        archspec.load("vil_tiny"),
        [{"kind": "mlstm", "traversal": scan} for scan in ("rows", "rows_reversed")],
    )
    inside = arch.edit({"stages.mixer.traversal": {"parallel": "bi", "share": "none"}})
    assert inside.digest == arch.edit({"stages.mixer": {"parallel": mixers}}).digest


@pytest.mark.parametrize("spec", [Mlstm(), Mlstm(traversal=Beside(parallel=(Rows(), RowsReversed())))], ids=["1", "2"])
@pytest.mark.parametrize("at", [GRID, Place(16, (9, 25), (9, 25), ("middle",))], ids=["204", "226"])
def test_what_many_tokens_cost_is_as_said(spec: Mlstm, at: Place) -> None:
    module = spec.resolve(Scope(at.native)).build(at)
    cost = spec.resolve(Scope(at.native)).total(at)
    batches = [torch.randn(count, at.tokens, at.dim, requires_grad=True) for count in (1, 2, 4)]
    kept = [measuring.kept(module, partial(module, x, at.grid)) for x in batches[1:]]
    assert kept[1] - kept[0] == 2 * cost.activations
    assert measuring.macs(lambda: module(batches[0], at.grid)) == cost.macs


def test_blocks_are_a_block_diagonal_matrix() -> None:
    for count in (1, 2, 3, 4, 6, 7, 8):
        blocks = Blocks(count * 3, 3, 1.0, bias=True).double()
        x = torch.randn(2, 5, count * 3, dtype=torch.float64)
        expected = F.linear(x, block_diagonal(blocks.weight), blocks.bias)
        torch.testing.assert_close(blocks(x), expected)


def test_class_tokens_pass_a_convolution_on_the_grid() -> None:
    at = Place(8, (3, 4), (3, 4), ("start", "middle", "end"))
    x = torch.randn(2, at.tokens, at.dim)
    y = Conv2d().build(at)(x, at.grid, at.class_tokens)
    same = (x == y).all(-1).all(0)
    assert same.nonzero().flatten().tolist() == [0, 7, 14]


def deviation(weight: Any) -> float:
    return float(weight.detach().std())


def reach(weight: Any) -> float:
    return float(weight.detach().abs().max())


def test_the_network_starts_as_the_papers() -> None:
    """What the paper leaves out: from which numbers each part of a Vision-LSTM starts."""
    network: Any = archspec.build(archspec.load("vil_tiny").edit({"stages.depth": 2, "stages.dim": 400}))
    mixer = network.stages[0].blocks[0].mixer.op
    core = mixer.cores[0]
    for layer in (mixer.up, core.q, core.k, core.v):
        assert deviation(layer.weight) == pytest.approx(math.sqrt(2 / (5 * 400)), rel=0.05)
    assert deviation(mixer.down.weight) == pytest.approx(2 / math.sqrt(400), rel=0.02)
    assert core.memory.forget.bias.tolist() == [3, 4, 5, 6]
    assert 0 < reach(core.memory.input.bias) < 0.5
    assert not core.memory.forget.weight.any()
    assert not core.memory.input.weight.any()
    assert reach(core.conv[0].weight) == pytest.approx(1 / 3, rel=0.02)
    assert reach(core.conv[0].bias) == pytest.approx(1 / 3, rel=0.02)
    assert deviation(network.head.fc.weight) == pytest.approx(2e-5, rel=0.02)
    assert reach(network.stem.conv.weight) == pytest.approx(math.sqrt(6 / (768 + 400)), rel=0.02)
    assert not any(layer.bias.any() for layer in (mixer.up, mixer.down, core.q, network.stem.conv, network.head.fc))
