"""Initialisation schemes: the numbers they draw."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

from archspec.nn.inits import ZeroLinear, initialise
from archspec.spec.inits import Init, KaimingNormal, Sequencer, Torch, Transnext, TruncNormal, XavierUniform
from archspec.spec.place import Place

AT = Place(3, (4, 4), (4, 4))


class OwnConv(nn.Conv2d):
    """A convolution that starts itself."""

    def reset_parameters(self) -> None:
        nn.init.constant_(self.weight, 7)


def started(module: nn.Module, spec: Init, seed: int = 0, path: str = "here") -> Any:
    initialise([(path, module)], spec.build(AT), seed)
    return module


LAYERS = [nn.Linear(300, 500), nn.Conv2d(60, 80, 5), nn.Conv2d(4096, 4096, 7, groups=4096)]
SCALES = {
    TruncNormal(std=0.02): [0.02, 0.02, 0.02],
    TruncNormal(std=0.5): [0.5, 0.5, 0.5],
    XavierUniform(): [(2 / 800) ** 0.5, (2 / (1500 + 80)) ** 0.5, (2 / (49 + 4096)) ** 0.5],
    KaimingNormal(): [(2 / 500) ** 0.5, (2 / 2000) ** 0.5, (2 / 49) ** 0.5],
    Sequencer(): [(2 / 800) ** 0.5, 1500**-0.5, 49**-0.5],
    Transnext(): [0.02, (2 / 2000) ** 0.5, (2 / 49) ** 0.5],
    Torch(): [(3 * 300) ** -0.5, (3 * 1500) ** -0.5, (3 * 49) ** -0.5],
}


@pytest.mark.parametrize("spec", SCALES, ids=repr)
def test_deviations(spec: Init) -> None:
    for layer, scale in zip(LAYERS, SCALES[spec], strict=True):
        weight, bias = started(layer, spec).parameters()
        assert weight.std().item() == pytest.approx(scale, rel=0.02)
        assert abs(weight.mean().item()) < scale / 50
        assert bias.any() == isinstance(spec, Torch)


def test_a_wide_normal_is_cut() -> None:
    weight = started(nn.Linear(300, 500), TruncNormal(std=2.0)).weight
    assert weight.abs().max() <= 2


def test_what_starts_itself_is_left_to_it() -> None:
    assert (started(OwnConv(2, 2, 1), TruncNormal()).weight == 7).all()
    assert not any(p.any() for p in started(ZeroLinear(2, 2), TruncNormal()).parameters())
    norm = started(nn.LayerNorm(4), TruncNormal())
    assert (norm.weight == 1).all()


def test_streams_depend_on_the_seed_and_the_path() -> None:
    def drawn(seed: int, path: str) -> Any:
        return started(nn.Linear(4, 4), TruncNormal(), seed, path).weight

    assert torch.equal(drawn(0, "a.b"), drawn(0, "a.b"))
    assert not torch.equal(drawn(0, "a.b"), drawn(1, "a.b"))
    assert not torch.equal(drawn(0, "a.b"), drawn(0, "a.c"))


def test_modules_within_are_left_alone() -> None:
    inner = nn.Linear(4, 4)
    before = inner.weight.clone()
    started(nn.Sequential(inner), TruncNormal())
    assert torch.equal(inner.weight, before)


class TestSequencer:
    """What its scheme makes of where a layer stands."""

    def test_what_leads_into_a_stage_starts_as_the_convolution_it_is(self) -> None:
        layer = started(nn.Linear(400, 400), Sequencer(), path="stages.2.downsample.fc")
        deviation = layer.weight.std().item()
        assert deviation == pytest.approx(400**-0.5, rel=0.02)
        assert layer.weight.abs().max().item() == pytest.approx(2 * deviation / 0.8796, rel=0.02)

    def test_biases_of_mlps_start_near_zero_and_others_there(self) -> None:
        near = started(nn.Linear(10, 3000), Sequencer(), path="stages.0.blocks.0.mlp.op.fc1").bias
        assert near.std().item() == pytest.approx(1e-6, rel=0.05)
        assert not started(nn.Linear(10, 3000), Sequencer(), path="stages.0.blocks.0.mixer.op.fc").bias.any()

    @pytest.mark.parametrize("layers", [nn.LSTM, nn.GRU, nn.RNN])
    def test_cells_start_uniform_within_one_over_the_root_of_their_width(self, layers: Any) -> None:
        drawn = torch.cat([p.flatten() for p in started(layers(30, 100, bidirectional=True), Sequencer()).parameters()])
        assert drawn.abs().max().item() == pytest.approx(0.1, rel=1e-3)
        assert drawn.std().item() == pytest.approx(0.1 / 3**0.5, rel=0.02)
