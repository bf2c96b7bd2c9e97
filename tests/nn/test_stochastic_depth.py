"""Branches that run on some of the images only."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

import archspec
from archspec.compiler.network import Network
from archspec.nn.block import Branch, Kept

SCALINGS: list[Any] = [
    "none",
    {"kind": "res_scale", "initial": 0.7},
    {"kind": "layer_scale", "initial": 0.3},
    {"kind": "branch_scale", "initial": 0.3, "residual": 0.7},
]


def network(scaling: Any = "none", mixer: Any = "sep_conv") -> Network:
    return archspec.build(
        {
            "arch": "tiny",
            "input": {"size": 16},
            "classes": 3,
            "stem": {"kind": "patch", "size": 4},
            "stages": [{"dim": 8, "depth": 2, "mixer": mixer, "scaling": scaling}],
            "head": "linear",
        }
    )


def branch(scaling: Any = "none") -> Branch:
    found = network(scaling).stages[0].blocks[0].mlp  # type: ignore[index, union-attr]
    assert isinstance(found, Branch)
    return found


def tokens() -> Tensor:
    return torch.randn(6, 16, 8, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("scaling", SCALINGS)
def test_images_left_out_go_past_and_the_others_count_for_more(scaling: Any) -> None:
    part, x = branch(scaling).train(), tokens()
    part.kept = Kept(torch.tensor([0, 2, 5]), 2.0)
    inner = part.op(part.norm(x), (4, 4))
    rows = torch.tensor([2.0, 0.0, 2.0, 0.0, 0.0, 2.0])[:, None, None]
    torch.testing.assert_close(part(x, (4, 4)), part.scaling(x, inner * rows))


def test_the_op_does_not_see_the_images_left_out() -> None:
    part, seen = branch().train(), []
    part.op.register_forward_pre_hook(lambda _module, inputs: seen.append(len(inputs[0])))
    part.kept = Kept(torch.tensor([1, 4]), 3.0)
    part(tokens(), (4, 4))
    assert seen == [2]


def test_nothing_is_left_out_of_evaluation() -> None:
    part, x = branch().eval(), tokens()
    whole = part(x, (4, 4))
    part.kept = Kept(torch.tensor([1]), 6.0)
    assert torch.equal(part(x, (4, 4)), whole)


@pytest.mark.parametrize("scaling", SCALINGS)
def test_a_branch_without_images_leaves_the_identity_path(scaling: Any) -> None:
    part, x = branch(scaling).train(), tokens()
    part.kept = Kept(torch.tensor([], dtype=torch.long), 2.0)
    torch.testing.assert_close(part(x, (4, 4)), part.scaling(x, torch.zeros_like(x)))


def test_gradients_are_those_of_the_masked_branch() -> None:
    part, rows = branch("res_scale").train(), torch.tensor([2.0, 0.0, 2.0, 0.0, 0.0, 2.0])[:, None, None]
    left, right = tokens().requires_grad_(), tokens().requires_grad_()
    masked = part.scaling(left, part.op(part.norm(left), (4, 4)) * rows).square().sum()
    part.kept = Kept(torch.tensor([0, 2, 5]), 2.0)
    expected = torch.autograd.grad(masked, [left, *part.parameters()])
    found = torch.autograd.grad(part(right, (4, 4)).square().sum(), [right, *part.parameters()])
    for theirs, ours in zip(expected, found, strict=True):
        torch.testing.assert_close(theirs, ours)


def test_it_can_be_traced_for_compilation() -> None:
    net, image = network().train(), torch.randn(6, 3, 16, 16, generator=torch.Generator().manual_seed(0))
    traced = torch.compile(net, backend="eager")
    for indices in ([0, 2], [1, 3, 4]):
        net.stages[0].blocks[0].mixer.kept = Kept(torch.tensor(indices), 2.0)  # type: ignore[index, union-attr]
        torch.testing.assert_close(traced(image), net(image))
