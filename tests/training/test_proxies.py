"""Proxies: against what small networks come to by hand, on every mixer, and that only a number is left behind."""

from __future__ import annotations

import math
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import archspec
from archspec.errors import RuntimeInputError
from archspec.nn.activations import Gelu, Relu
from archspec.nn.norms import BatchNorm, LayerNorm
from archspec.records.keys import untrained_document, untrained_key
from archspec.records.knowing import known
from archspec.records.run import RunFolder
from archspec.spec import activations, norms
from archspec.spec.arch import Arch
from archspec.spec.loading import load
from archspec.spec.place import Place
from archspec.spec.proxies import Naswot, Proxy, Synflow, Zen, proxies
from archspec.training import proxies as computed
from archspec.training.randomness import generator
from archspec.training.work import work
from tests.training.runs import run_in

AT = Place(3, (1, 1), (1, 1))
RELU, GELU = Relu(activations.Relu(), AT), Gelu(activations.Gelu(), AT)
FIRST = torch.tensor([[1.0, -2.0], [0.5, 3.0], [-1.0, 0.25]])
SECOND = torch.tensor([[2.0, -1.0, 4.0]])


def linear(weight: Tensor) -> nn.Linear:
    """A linear layer without bias."""
    layer = nn.Linear(weight.shape[1], weight.shape[0], bias=False)
    layer.weight.data = weight.clone()
    return layer


def test_the_flow_of_a_chain_is_that_of_its_paths_once_for_every_layer() -> None:
    paths = sum(abs(float(b * a)) for i, b in enumerate(SECOND[0]) for a in FIRST[i])
    norm = LayerNorm(norms.LayerNorm(bias=False), AT)
    assert computed.flow(nn.Sequential(linear(FIRST[:1])), torch.ones(1, 2)) == pytest.approx(3)
    assert computed.flow(nn.Sequential(linear(FIRST), linear(SECOND)), torch.ones(1, 2)) == pytest.approx(2 * paths)
    between = nn.Sequential(linear(FIRST), norm, GELU, linear(SECOND))
    assert computed.flow(between, torch.ones(1, 2)) == pytest.approx(2 * paths)


def test_the_flow_through_two_branches_adds_up() -> None:
    class Both(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.branch, self.last = (
                linear(torch.tensor([[-2.0, 1.0], [0.0, 3.0]])),
                linear(torch.tensor([[1.0, -1.0]])),
            )

        def forward(self, x: Tensor) -> Tensor:
            out: Tensor = self.last(x + self.branch(x))
            return out

    # Into the last layer flow 1 + 3 and 1 + 3: 8 through its weights, 6 of them through the branch's.
    assert computed.flow(Both(), torch.ones(1, 2)) == pytest.approx(8 + 6)


def test_codes_say_which_activations_are_on() -> None:
    images = torch.tensor([[1.0, 1.0], [1.0, 0.0], [0.0, -1.0]])
    code = computed.codes(nn.Sequential(linear(FIRST), RELU, linear(SECOND), GELU), images)
    # FIRST·x: (-1, 3.5, -0.75), (1, 0.5, -1), (2, -3, -0.25); after ReLU SECOND of it: -3.5, 1.5, 4.
    assert code.tolist() == [[0, 1, 0, 0], [1, 1, 0, 1], [1, 0, 0, 1]]


def test_distinct_codes_have_the_determinant_of_their_agreements() -> None:
    code = torch.tensor([[0, 1, 0, 0], [1, 1, 0, 1], [1, 0, 0, 1]], dtype=torch.float64)
    # They agree in 4, 2, 1; 2, 4, 3; 1, 3, 4 places.
    assert computed.distinctness(code) == pytest.approx(math.log(4 * (16 - 9) - 2 * (8 - 3) + 1 * (6 - 4)))
    assert computed.distinctness(code[[0, 0]]) == -math.inf


def test_answers_of_a_linear_network_are_the_sums_of_its_weights() -> None:
    found = computed.answers(nn.Sequential(linear(FIRST)), torch.randn(4, 2, generator=generator(0, "test")))
    assert found.tolist() == [[0.5, 1.25]] * 4


def test_independence_follows_from_eigenvalues() -> None:
    rows = torch.tensor([[1.0, 2.0, 4.0], [3.0, 1.0, 0.0]])
    r = float(np.corrcoef(rows.numpy())[0, 1])
    expected = -sum(math.log(v + 1e-5) + 1 / (v + 1e-5) for v in (1 + r, 1 - r))
    assert computed.independence(rows) == pytest.approx(expected)
    apart = torch.tensor([[1.0, -1.0, 0.0, 0.0], [0.0, 0.0, 1.0, -1.0]])
    assert computed.independence(apart) > computed.independence(rows) > computed.independence(rows[[0, 0]])


def test_the_pull_is_the_norm_of_what_is_wrong() -> None:
    images, labels = torch.tensor([[1.0, 2.0], [-1.0, 0.5]]), torch.tensor([2, 0])
    layer = nn.Linear(2, 3)
    with torch.no_grad():
        logits = layer(images).double().numpy()
    wrong = np.exp(logits) / np.exp(logits).sum(1, keepdims=True) - np.eye(3)[labels.numpy()]
    weight, bias = wrong.T @ images.double().numpy() / 2, wrong.mean(0)
    expected = float(np.linalg.norm(weight) + np.linalg.norm(bias))
    assert computed.pull(nn.Sequential(layer), images, labels) == pytest.approx(expected, rel=1e-5)


def test_sensitivity_is_how_far_noise_moves_what_the_norms_left() -> None:
    network = archspec.build(
        {
            "input": {"size": 4, "channels": 1},
            "classes": 2,
            "stem": {"kind": "patch", "size": 2},
            "stages": [{"dim": 3, "depth": 1, "mixer": "identity", "mlp": "none"}],
            "head": "linear",
        },
        seed=0,
    )
    images, noise = (torch.randn(5, 1, 4, 4, generator=generator(0, name)) for name in ("images", "noise"))
    weight = torch.randn(3, 1, 2, 2, generator=generator(0, "weights")).double().numpy().reshape(3, 4)

    def tokens(of: Tensor) -> Any:
        patches = of.double().numpy().reshape(5, 2, 2, 2, 2).transpose(0, 1, 3, 2, 4).reshape(5, 4, 4)
        return patches @ weight.T

    def normed(x: Any) -> Any:
        return (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + 1e-6)

    moved = normed(tokens(images + 0.01 * noise)) - normed(tokens(images))
    expected = math.log(np.linalg.norm(moved)) + math.log(math.sqrt(tokens(images).var(-1).mean()))
    found = computed.sensitivity(network, images, noise, generator(0, "weights"))
    assert found == pytest.approx(expected, rel=1e-4)


def test_batch_norms_divide_by_what_each_channel_varies() -> None:
    norm = BatchNorm(norms.BatchNorm(), AT)
    x = torch.randn(6, 5, 3, generator=generator(0, "test")) * torch.tensor([1.0, 2.0, 3.0])
    expected = math.sqrt(x.flatten(0, 1).double().numpy().var(0).mean())
    assert float(computed.deviation(norm, x)) == pytest.approx(expected)


MIXERS: list[Any] = [
    *("identity", "pooling", "mlstm", "hyena", "bilstm2d", "random"),
    {"kind": "sep_conv", "kernel": 3},
    {"kind": "attention", "head_dim": 8},
]


def network(mixer: Any, norm: str) -> Arch:
    """Two stages of a mixer."""
    down = {"kind": "conv", "kernel": 3, "stride": 2, "padding": 1}
    stages: list[dict[str, Any]] = [{"dim": 16, "depth": 2}, {"dim": 24, "depth": 1, "downsample": down}]
    return load(
        {
            "input": {"size": 16},
            "stem": {"kind": "patch", "size": 4},
            "stages": [{**stage, "mixer": mixer, "norm": norm} for stage in stages],
            "head": {"kind": "mlp", "norm_after": "layer_norm"},
        }
    )


def measured(kind: str, built: Any) -> float:
    """A proxy of a network, on images that follow from a seed."""
    images = torch.randn(8, 3, 16, 16, generator=generator(3, "images"))
    labels = torch.arange(8)
    return {
        "grad_norm": lambda: computed.pull(built, images, labels),
        "jacov": lambda: computed.independence(computed.answers(built, images)),
        "naswot": lambda: computed.distinctness(computed.codes(built, images)),
        "synflow": lambda: computed.flow(built, torch.ones(1, 3, 16, 16)),
        "zen": lambda: computed.sensitivity(built, images[:4], images[4:], generator(3, "zen")),
    }[kind]()


@pytest.mark.parametrize("norm", ["layer_norm", "batch_norm"])
@pytest.mark.parametrize("mixer", MIXERS, ids=lambda mixer: mixer if isinstance(mixer, str) else mixer["kind"])
@pytest.mark.parametrize("kind", list(proxies()))
def test_a_proxy_is_a_number_and_changes_nothing(kind: str, mixer: Any, norm: str) -> None:
    built = archspec.build(network(mixer, norm), seed=0).eval()
    before = {name: value.clone() for name, value in built.state_dict().items()}
    states = torch.get_rng_state(), random.getstate(), str(np.random.get_state())
    found = measured(kind, built)
    assert math.isfinite(found)
    assert measured(kind, built) == found
    assert measured(kind, archspec.build(network(mixer, norm), seed=1)) != found or kind == "zen"
    assert all(torch.equal(value, before[name]) for name, value in built.state_dict().items())
    assert not any(value.grad is not None for value in built.parameters())
    assert not any(part._forward_hooks or part._forward_pre_hooks or part.training for part in built.modules())
    assert torch.equal(torch.get_rng_state(), states[0])
    assert (random.getstate(), str(np.random.get_state())) == states[1:]


def test_what_is_not_defined_says_so() -> None:
    with pytest.raises(RuntimeInputError, match="without activations"):
        computed.codes(nn.Sequential(linear(FIRST)), torch.ones(2, 2))
    with pytest.raises(RuntimeInputError, match="`naswot` is not defined for this network: it comes to -inf"):
        computed.scored(-math.inf, Naswot())


def test_models_of_timms_are_not_looked_into() -> None:
    (problem,) = Zen().problems(load({"timm": "test_vit"}))
    assert "timm" in problem.message
    assert not list(Zen().problems(network("pooling", "layer_norm")))
    assert [kind for kind, one in proxies().items() if not [*one.problems(load({"timm": "test_vit"}))]] == [
        "grad_norm",
        "jacov",
    ]


@pytest.mark.parametrize("model", ["test_vit", "test_resnet"])
def test_gradients_of_models_of_timms_are_looked_at(model: str) -> None:
    draws = generator(0, "images")
    built = archspec.build(load({"timm": model, "input": {"size": 160}, "classes": 4}), seed=0)
    images, labels = torch.randn(6, 3, 160, 160, generator=draws), torch.arange(6) % 4
    before = {name: value.clone() for name, value in built.state_dict().items()}
    assert computed.pull(built, images, labels) > 0
    own = computed.independence(computed.answers(built, images))
    same = computed.independence(computed.answers(built, images[:1].expand_as(images)))
    assert own > same, "images that are all alike are told apart least"
    assert all(torch.equal(value, before[name]) for name, value in built.state_dict().items())
    assert not any(value.grad is not None for value in built.parameters())


def folder(run: RunFolder, proxy: Proxy) -> RunFolder:
    """The folder of a proxy of the network that a run begins with."""
    spec = run.spec()
    key = untrained_key(load(spec["arch"]), spec["seed"], spec["data"])
    return RunFolder.create(run.store.path, untrained_document(spec, key, proxy))


@pytest.mark.parametrize("kind", list(proxies()))
def test_a_proxy_is_a_run_of_its_own_and_needs_no_training(kind: str, tmp_path: Path) -> None:
    run = folder(run_in(tmp_path), proxies()[kind].brief())
    assert work(run.path) == 0
    seen = known(run)
    assert (seen.state, list(seen.scores)) == ("done", ["score"])
    again = folder(run_in(tmp_path / "other"), proxies()[kind].brief())
    work(again.path)
    assert known(again).scores == seen.scores


def test_how_it_will_be_trained_has_no_say(tmp_path: Path) -> None:
    one, other = run_in(tmp_path), run_in(tmp_path, epochs=9, optimizer={"lr": 1e-4})
    assert one.key != other.key
    assert folder(one, Synflow()).key == folder(other, Synflow()).key
    keys = {folder(run_in(tmp_path, seed=seed), proxy).key for seed in (0, 1) for proxy in (Naswot(), Naswot(batch=8))}
    assert len(keys) == 4


def test_a_network_that_has_no_proxy_fails_with_the_reason(tmp_path: Path) -> None:
    spec = run_in(tmp_path).spec()
    spec["arch"] = {
        **spec["arch"],
        "head": "linear",
        "stages": [{"dim": 16, "depth": 1, "mixer": "pooling", "mlp": "none"}],
    }
    key = untrained_key(load(spec["arch"]), 0, spec["data"])
    run = RunFolder.create(tmp_path, untrained_document(spec, key, Naswot(batch=4)))
    assert work(run.path) == 0
    assert "without activations" in known(run).reason
