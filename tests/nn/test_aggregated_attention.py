"""Attention by cosines, held to one softmax written out token by token in float64."""

from __future__ import annotations

import math
from functools import partial
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

import archspec
from archspec.nn.windows import dots, sums
from archspec.spec.mixers.aggregated_attention import AggregatedAttention
from archspec.spec.mixers.cosine_attention import CosineAttention
from archspec.spec.place import Grid, Place, Scope
from tests.compiler.test_weights import perturbed

OFF = ("query_embedding", "positional_attention", "length_scaling", "position_bias")
CASES: list[tuple[dict[str, Any], Grid, Grid]] = [
    ({}, (6, 6), (6, 6)),
    ({}, (5, 7), (5, 7)),
    ({"reduction": 3}, (8, 12), (4, 4)),
    ({"window": 5, "reduction": 2}, (4, 9), (5, 7)),
    ({"window": 7}, (3, 5), (3, 5)),
    ({"pool_size": 2}, (9, 6), (4, 4)),
    ({"pool_size": 3}, (16, 16), (8, 8)),
    *(({name: False}, (5, 7), (4, 4)) for name in OFF),
    (dict.fromkeys(OFF, False), (5, 4), (5, 4)),
    ({}, (1, 1), (1, 1)),
]


def built(spec: Any, at: Place) -> Any:
    """A module as a stage that says nothing has it."""
    return spec.resolve(Scope(at.native)).build(at)


def made(spec: Any, at: Place) -> Any:
    """A module in float64 none of whose tensors is as it starts."""
    torch.manual_seed(0)
    module = built(spec, at).double()
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.add_(0.2 * torch.randn_like(parameter))
    return module


def unit(x: Tensor) -> Tensor:
    y: Tensor = x / torch.linalg.vector_norm(x, dim=-1, keepdim=True)
    return y


def bias(module: nn.Module, distance: tuple[float, float], native: Grid) -> Tensor:
    """The little network at one distance: in eighths of the native grid, their logarithms taken."""
    parts = [8 * d / max(1, side - 1) for d, side in zip(distance, native, strict=True)]
    spaced = [math.copysign(math.log2(1 + abs(part)) / 3, part) for part in parts]
    hidden = F.relu(module.fc1(torch.tensor(spaced, dtype=torch.float64)))  # type: ignore[operator]
    y: Tensor = module.fc2(hidden)  # type: ignore[operator]
    return y


def bins(side: int, count: int) -> list[range]:
    """What adaptive pooling averages along a side."""
    return [range(i * side // count, -(-(i + 1) * side // count)) for i in range(count)]


def directly(module: Any, spec: AggregatedAttention, x: Tensor, grid: Grid, native: Grid) -> Tensor:
    """The definition, one query and one head at a time; a key outside the map is no key at all."""
    pooled, half, heads = spec.pooled(grid), spec.window // 2, module.heads
    at = [(row, column) for row in range(grid[0]) for column in range(grid[1])]
    boxes = [(rows, columns) for rows in bins(grid[0], pooled[0]) for columns in bins(grid[1], pooled[1])]
    active = F.gelu(F.linear(x, module.reduction.weight.flatten(1), module.reduction.bias))
    means = [active[:, [r * grid[1] + c for r in rows for c in columns]].mean(1) for rows, columns in boxes]
    coarse = module.norm(torch.stack(means, 1))
    split = partial(torch.unflatten, dim=-1, sizes=(heads, -1))
    q, (k, v) = unit(split(module.q(x))), map(split, module.kv(x).chunk(2, -1))
    k_far, v_far = map(split, module.kv(coarse).chunk(2, -1))
    mixed = torch.zeros_like(q)
    for n, (row, column) in enumerate(at):
        places = [(y, z) for y in range(-half, half + 1) for z in range(-half, half + 1)]
        valid = [(p, (row + y) * grid[1] + column + z) for p, (y, z) in enumerate(places)
                 if 0 <= row + y < grid[0] and 0 <= column + z < grid[1]]  # fmt: skip
        window, there = [p for p, _ in valid], [m for _, m in valid]
        length = len(valid) + len(boxes)
        for head in range(heads):
            query = q[:, n, head]
            asked = query if module.query_embedding is None else query + module.query_embedding[head]
            scale = F.softplus(module.temperature[head]) * (math.log(length) if spec.length_scaling else 1)
            keys = unit(torch.cat([k[:, there, head], k_far[:, :, head]], 1))
            logits = scale * torch.einsum("bd,bmd->bm", asked, keys)
            if module.cpb is not None:
                centres = [((r[0] + r[-1]) / 2, (c[0] + c[-1]) / 2) for r, c in boxes]
                far = [bias(module.cpb, (row - y, column - z), native)[head] for y, z in centres]
                logits = logits + torch.cat([module.window_bias[head, window], torch.stack(far)])
            weights = logits.softmax(-1)
            near = weights[:, : len(valid)]
            if module.learned_keys is not None:
                near = near + query @ module.learned_keys[head][:, window] + module.learned_bias[head, window]
            values = torch.einsum("bm,bmd->bd", near, v[:, there, head])
            mixed[:, n, head] = values + torch.einsum("bm,bmd->bd", weights[:, len(valid) :], v_far[:, :, head])
    return module.proj(mixed.flatten(2))  # type: ignore[no-any-return]


@pytest.mark.parametrize(("said", "grid", "native"), CASES, ids=str)
def test_aggregated_attention_is_one_masked_softmax(said: dict[str, Any], grid: Grid, native: Grid) -> None:
    spec = AggregatedAttention(head_dim=4, **said)
    module = made(spec, Place(8, native, native))
    x = torch.randn(2, grid[0] * grid[1], 8, dtype=torch.float64, requires_grad=True)
    with torch.no_grad():
        expected = directly(module, spec, x, grid, native)
    torch.testing.assert_close(module(x, grid), expected, atol=1e-10, rtol=0)


@pytest.mark.parametrize("class_tokens", [(), ("start",), ("start", "middle", "end")])
@pytest.mark.parametrize("off", [*OFF[:1], *OFF[2:], None])
def test_cosine_attention_is_a_softmax_of_cosines(off: str | None, class_tokens: tuple[str, ...]) -> None:
    grid, native = (3, 5), (4, 4)
    spec = CosineAttention.model_validate({"head_dim": 4} | ({off: False} if off else {}))
    module = made(spec, Place(8, native, native, class_tokens))
    tokens, halves = 15 + len(class_tokens), (8, 7)
    x = torch.randn(2, tokens, 8, dtype=torch.float64)
    # Where each token of the sequence stands on the grid; class tokens stand nowhere.
    at: list[tuple[int, int] | None] = [divmod(n, grid[1]) for n in range(15)]
    order = {"start": 0, "middle": halves[0] + ("start" in class_tokens), "end": tokens}
    for name in class_tokens:
        at.insert(order[name], None)
    q, k, v = module.qkv(x).unflatten(2, (3, 2, 4)).permute(2, 0, 3, 1, 4)
    q = unit(q) if module.query_embedding is None else unit(q) + module.query_embedding[:, None]
    scale = F.softplus(module.temperature)[:, None, None] * (math.log(tokens) if spec.length_scaling else 1)
    logits = scale * (q @ unit(k).mT)
    for n, here in enumerate(at):
        for m, there in enumerate(at):
            if module.cpb is not None and here and there:
                distance = here[0] - there[0], here[1] - there[1]
                logits[:, :, n, m] += bias(module.cpb, distance, native).detach()
    expected = module.proj((logits.softmax(-1) @ v).transpose(1, 2).flatten(2))
    torch.testing.assert_close(module(x, grid), expected, atol=1e-10, rtol=0)


@pytest.mark.parametrize("size", [1, 3, 5, 7])
@pytest.mark.parametrize("grid", [(1, 1), (2, 4), (4, 3)])
def test_windows_have_the_gradients_of_their_definition(grid: Grid, size: int) -> None:
    torch.manual_seed(0)
    tokens = grid[0] * grid[1]
    q, k = (torch.randn(1, 2, tokens, 3, dtype=torch.float64, requires_grad=True) for _ in range(2))
    w = torch.randn(1, 2, tokens, size * size, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda q, k: dots(q, k, grid, size), (q, k), fast_mode=True)
    assert torch.autograd.gradcheck(lambda w, k: sums(w, k, grid, size), (w, k), fast_mode=True)


def test_the_scale_starts_where_entropy_keeps_to_the_length() -> None:
    at = Place(48, (14, 14), (14, 14))
    with_length, without = (built(AggregatedAttention(length_scaling=flag), at) for flag in (True, False))
    torch.testing.assert_close(F.softplus(with_length.temperature), torch.full((2,), 1 / 0.24))
    torch.testing.assert_close(F.softplus(without.temperature), torch.full((2,), math.log(9 + 49) / 0.24))


def test_what_is_learned_starts_as_the_authors_start_it() -> None:
    module = built(AggregatedAttention(window=15, reduction=4), Place(24 * 64, (16, 16), (16, 16)))
    for tensor, std in ((module.query_embedding, 0.02), (module.window_bias, 4e-4), (module.learned_keys, 0.02)):
        assert tensor.std().item() == pytest.approx(std, rel=0.05)
    assert not module.learned_bias.any()


def seen_by_mixers(network: Any, image: Tensor) -> list[tuple[Any, Any, Any]]:
    """The first mixer of every stage, its spec, and what it is given when the network runs."""
    found: list[tuple[Any, Any, Any]] = []
    for stage, spec in zip(network.stages, network.spec.stages, strict=True):
        op = stage.blocks[0].mixer.op
        op.register_forward_pre_hook(lambda op, given, spec=spec: found.append((op, spec.mixer, given)))
    network(image)
    return list(found)


@pytest.mark.parametrize("edits", [{}, {"stages.0-2.mixer": {"pool_size": 2}}], ids=["reduced", "linear"])
@pytest.mark.parametrize("size", [128, (96, 160), 72])
def test_a_network_for_64_px_goes_on_at_other_sizes(edits: dict[str, Any], size: Any) -> None:
    tiny = {"input.size": 64, "classes": 10, "stages.depth": 1, "stages.dim": {"each": [24, 48, 48, 72]}}
    network = archspec.build(archspec.load("transnext_micro").edit({**tiny, **edits})).eval()
    perturbed(network, seed=1)
    rows, columns = (size, size) if isinstance(size, int) else size
    image = torch.randn(1, 3, rows, columns, generator=torch.Generator().manual_seed(2))
    with torch.no_grad():
        logits = network(image)
        torch._dynamo.reset()
        compiled = torch.compile(network, fullgraph=True, backend="eager")(image)
        for op, spec, (x, grid) in seen_by_mixers(network, image):
            if spec.kind == "aggregated_attention" and grid[0] * grid[1] < 200:
                native = op.cpb.steps[0] + 1, op.cpb.steps[1] + 1
                expected = directly(op.double(), spec, x.double(), grid, native)
                torch.testing.assert_close(op(x.double(), grid), expected, atol=1e-10, rtol=0)
    torch.testing.assert_close(compiled, logits)
    assert logits.isfinite().all()


def test_a_pooled_map_must_have_a_size_that_fits() -> None:
    at = Place(24, (4, 6), (4, 6))
    neither, large = AggregatedAttention(reduction=None), AggregatedAttention(pool_size=5)
    assert [complaint.field for complaint in neither.check(at)] == ["reduction"]
    assert [complaint.field for complaint in large.check(at)] == ["pool_size"]
