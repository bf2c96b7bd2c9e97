"""Building networks: seeds, devices, classifiers, and inputs that do not fit."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Iterator
from typing import Any

import pytest
import torch
from torch import Tensor, nn

import archspec
from archspec.compiler import Network
from archspec.errors import RuntimeInputError, WeightsError

TINY: dict[str, Any] = {
    "arch": "tiny",
    "input": {"size": 32},
    "classes": 5,
    "stem": {"kind": "patch", "size": 4},
    "stages": [
        {"dim": 16, "depth": 2, "mixer": "pooling", "positions": "learned", "activation": "star_relu"},
        {"dim": 24, "depth": 1, "mixer": "attention", "downsample": "conv", "class_tokens": ["start"]},
        {"dim": 24, "depth": 1, "mixer": "random", "downsample": "none"},
    ],
    "head": {"kind": "linear", "pool": "cls"},
}
FREE = {"stages.2.mixer": "attention"}
"""What lets it run at any size."""


def tiny(edits: dict[str, Any] | None = None, **kwargs: Any) -> Network:
    return archspec.build(archspec.load(TINY).edit(edits or {}), **kwargs)


def images(*size: int) -> Tensor:
    return torch.randn(2, 3, *(size or (32, 32)), generator=torch.Generator().manual_seed(0))


def equal_parts(a: nn.Module, b: nn.Module) -> Iterator[str]:
    """The names of the tensors that two networks share."""
    theirs = b.state_dict()
    for name, tensor in a.state_dict().items():
        if name in theirs and torch.equal(tensor, theirs[name]):
            yield name


class TestSeeds:
    def test_equal_seeds_give_equal_networks_and_others_do_not(self) -> None:
        names = set(tiny().state_dict())
        assert set(equal_parts(tiny(seed=3), tiny(seed=3))) == names
        different = names - set(equal_parts(tiny(seed=3), tiny(seed=4)))
        assert {name for name, p in tiny().state_dict().items() if p.ndim > 1} == different

    def test_networks_that_differ_in_one_stage_start_equal_elsewhere(self) -> None:
        base = tiny()
        other = tiny({"stages.0.mixer": {"kind": "sep_conv"}, "stages.0.depth": 3})
        shared = [name for name in base.state_dict() if not name.startswith("stages.0.blocks")]
        assert set(shared) <= set(equal_parts(base, other))
        assert any(name.startswith("stages.0.blocks.1.mlp") for name in equal_parts(base, other))

    def test_the_global_stream_stays_where_it_was(self) -> None:
        torch.manual_seed(7)
        expected = torch.rand(3)
        torch.manual_seed(7)
        network = tiny()
        network.reset_classifier(3)
        assert torch.equal(torch.rand(3), expected)

    def test_the_global_stream_has_no_influence(self) -> None:
        torch.manual_seed(1)
        first = tiny()
        torch.manual_seed(2)
        assert set(equal_parts(first, tiny())) == set(first.state_dict())

    def test_every_block_has_its_own_random_matrix(self) -> None:
        network = tiny({"stages.2.depth": 2})
        first, second = (network.get_parameter(f"stages.2.blocks.{index}.mixer.op.matrix") for index in (0, 1))
        assert not torch.equal(first, second)


class TestDevices:
    def test_meta_has_shapes_and_no_numbers(self) -> None:
        network = tiny(device="meta")
        assert {p.device.type for p in network.parameters()} == {"meta"}
        assert {n: p.shape for n, p in network.named_parameters()} == {n: p.shape for n, p in tiny().named_parameters()}
        assert network(images().to("meta")).shape == (2, 5)

    def test_the_default_device_is_respected_and_the_numbers_are_the_same(self) -> None:
        with torch.device("meta"):
            assert tiny().get_parameter("head.fc.weight").is_meta
            network = tiny(device="cpu")
        assert set(equal_parts(network, tiny())) == set(network.state_dict())

    @pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU here")
    def test_a_gpu_has_the_numbers_of_the_cpu(self) -> None:
        state = torch.cuda.get_rng_state()
        network = tiny(device="cuda")
        assert torch.equal(torch.cuda.get_rng_state(), state)
        assert {p.device.type for p in network.parameters()} == {"cuda"}
        torch.testing.assert_close(network(images().cuda()).cpu(), tiny()(images()), rtol=1e-3, atol=1e-3)

    def test_networks_can_be_copied_and_pickled(self) -> None:
        network = tiny().eval()
        for other in (copy.deepcopy(network), pickle.loads(pickle.dumps(network))):
            assert torch.equal(other(images()), network(images()))
            assert other.spec == network.spec


class TestParts:
    def test_forward_is_features_then_head(self) -> None:
        network = tiny().eval()
        features = network.forward_features(images())
        assert features.shape == (2, 17, network.num_features)
        assert torch.equal(network.forward_head(features), network(images()))
        before = network.forward_head(features, pre_logits=True)
        assert torch.equal(network.get_classifier()(before), network(images()))

    def test_an_mlp_head_ends_before_its_last_layer(self) -> None:
        network = tiny({"head": {"kind": "mlp", "pool": "cls", "ratio": 2}})
        assert network.forward_head(network.forward_features(images()), pre_logits=True).shape == (2, 48)

    def test_the_spec_is_the_resolved_one(self) -> None:
        assert tiny().spec == archspec.load(TINY).resolved()
        assert tiny().num_classes == 5

    @pytest.mark.parametrize("head", ["linear", "mlp"])
    def test_another_classifier_is_the_one_that_build_makes(self, head: str) -> None:
        edits = {"head": {"kind": head, "pool": "cls"}}
        network = tiny(edits, seed=5)
        network.reset_classifier(9)
        built = tiny({**edits, "classes": 9}, seed=5)
        assert network.num_classes == 9
        assert network.spec == built.spec
        assert set(equal_parts(network, built)) == set(built.state_dict())
        assert network(images()).shape == (2, 9)

    def test_no_classifier(self) -> None:
        network = tiny()
        network.reset_classifier(0)
        assert isinstance(network.get_classifier(), nn.Identity)
        assert network.num_classes == 0
        assert network(images()).shape == (2, 24)
        network.double().reset_classifier(4)
        assert network(images().double()).dtype is torch.float64

    def test_a_head_that_starts_at_zero(self) -> None:
        network = tiny({"head": {"kind": "linear", "init": "zeros"}})
        assert not network(images()).any()
        network.reset_classifier(3)
        assert not network(images()).any()

    def test_biases_start_at_zero_and_weights_by_the_scheme(self) -> None:
        network = tiny({"init": {"kind": "trunc_normal", "std": 0.1}})
        for name, parameter in network.named_parameters():
            if name.endswith("bias"):
                assert not parameter.any()
        weight = network.get_parameter("stages.0.blocks.0.mlp.op.fc1.weight")
        assert weight.std().item() == pytest.approx(0.1, rel=0.1)

    def test_a_checkpoint_that_is_not_named(self) -> None:
        with pytest.raises(WeightsError, match="names no checkpoint"):
            tiny(pretrained=True)


class TestInputs:
    def test_other_sizes(self) -> None:
        network = tiny(FREE)
        assert network(images(48, 40)).shape == (2, 5)
        assert network(images(4, 4)).shape == (2, 5)

    @pytest.mark.parametrize(
        ("size", "edits", "words"),
        [
            ((34, 32), {}, r"34×32: stem\.size: patches of 4 do not tile a 34×32 map \(sizes that do: 1, 2\)"),
            ((48, 32), {}, r"stages\.2\.mixer: the random matrix is made for a 4×4 grid and cannot mix 6×4"),
            ((44, 32), {**FREE, "stages.1.downsample": "patch"}, r"stages\.1\.downsample\.size: patches of 2 do not"),
            ((4, 4), {**FREE, "stem": {"kind": "conv", "padding": 0}}, r"stem\.kernel: a kernel of 7"),
        ],
    )
    def test_sizes_that_do_not_fit(self, size: tuple[int, int], edits: dict[str, Any], words: str) -> None:
        network = tiny(edits)
        for _ in range(2):
            with pytest.raises(RuntimeInputError, match=words):
                network(images(*size))
        assert network(images()).shape == (2, 5)

    def test_one_image_without_its_batch(self) -> None:
        with pytest.raises(RuntimeInputError, match=r"\(batch, channels, rows, columns\), not as \(3, 32, 32\)"):
            tiny()(images()[0])

    def test_another_number_of_channels(self) -> None:
        with pytest.raises(RuntimeInputError, match=r"3 channels, not of 1; `input.channels` says"):
            tiny()(images()[:, :1])

    def test_compiled_networks_refuse_too(self) -> None:
        torch._dynamo.reset()
        network = torch.compile(tiny(), fullgraph=True, backend="eager")
        assert network(images()).shape == (2, 5)
        with pytest.raises(Exception, match="do not tile"):
            network(images(34, 32))
