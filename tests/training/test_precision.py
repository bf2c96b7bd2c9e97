"""What recipes say of precision: torch's settings for it, and the scale under which half precision holds gradients."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from archspec.training.environment import settled
from archspec.training.loop import DivergedError, Learner
from tests.training.test_loop import batch, learner


def rounding() -> set[bool]:
    """Which operators an accelerator would round to TF32 for, as torch and its compiler ask."""
    backends: Any = torch.backends
    kinds = (backends.cuda.matmul, backends.cudnn.conv, backends.cudnn.rnn)
    return {*(kind.fp32_precision == "tf32" for kind in kinds), backends.cudnn.allow_tf32}


@pytest.mark.parametrize("precision", ["float32", "tf32", "bf16", "fp16"])
def test_nothing_is_rounded_unless_the_recipe_says_so(precision: str) -> None:
    before = rounding()
    with settled(None, precision):
        assert rounding() == {precision == "tf32"}
    assert rounding() == before


def scaled(scale: float) -> Learner:
    """A learner in half precision that begins at a scale."""
    ours = learner(precision="fp16")
    ours.scaler = torch.amp.GradScaler("cpu", init_scale=scale)
    return ours


def test_a_scale_at_which_gradients_overflow_is_lowered_and_the_step_left_out() -> None:
    ours = scaled(2.0**30)
    before = {name: tensor.clone() for name, tensor in ours.network.state_dict().items()}
    with ours.dropping:
        ours.step(0, batch(), 1e-3)
        assert all(torch.equal(before[name], tensor) for name, tensor in ours.network.state_dict().items())
        scales = [ours.scaler.get_scale()]
        while torch.equal(before["head.fc1.weight"], ours.network.state_dict()["head.fc1.weight"]):
            ours.step(len(scales), batch(), 1e-3)
            scales.append(ours.scaler.get_scale())
    # Halved until it is low enough, and then kept.
    assert scales[:-1] == [2.0 ** (29 - index) for index in range(len(scales) - 1)]
    assert scales[-1] == scales[-2] < 2.0**29


def test_gradients_that_no_scale_holds_end_the_run() -> None:
    ours = scaled(1.0)
    weight: Any = ours.parameters["stages.0.blocks.1.mlp.op.fc1.weight"]
    weight.register_hook(lambda gradient: gradient * float("inf"))
    with ours.dropping:
        ours.step(0, batch(), 1e-3)
        with pytest.raises(DivergedError, match=r"gradient of stages\.0\.blocks\.1\.mlp"):
            ours.step(1, batch(), 1e-3)
