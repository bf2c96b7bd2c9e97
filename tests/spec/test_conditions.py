"""Conditions: what they mean, and what they refuse."""

from __future__ import annotations

import pytest

from archspec.errors import Mark, SpecError
from archspec.spec.conditions import condition
from archspec.spec.loading import load
from archspec.spec.nodes import Node

CAFORMER = "caformer_s18"  # 26.3M params, 4.11G MACs; sep_conv of 7 in two stages, attention in two


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("params <= 30M and macs <= 4.5G", True),
        ("params <= 30M and macs <= 4G", False),
        ("params <= 20M or macs < 4.2G", True),
        ("not params <= 20M", True),
        ("20M <= params <= 30M", True),
        ("20M <= params <= 25M", False),
        ("(params + 1M) / 2 < 14M", True),
        ("params - 26M * 2 < -20M", True),
        ("macs / frozen_params > 1", True),
        ("stages.dim never shrinks", True),
        ("stages.dim never grows", False),
        ("stages.2-3.mixer == attention", True),
        ("stages.mixer == attention", False),
        ("stages.mixer != attention", False),
        ("any(stages.mixer == attention)", True),
        ("not any(stages.mixer == pooling)", True),
        ("count(stages.mixer == attention) == 2", True),
        ("count(stages.mixer == attention and stages.dim > 400) < 4", True),
        ("sum(stages.depth) == 18", True),
        ("max(stages.dim) / min(stages.dim) == 8", True),
        ("first(stages.dim) == 64 and last(stages.dim) == 512", True),
        ("stages.mixer.kernel <= 7", True),
        ("stages.mixer.head_dim * 10 <= stages.dim", True),
        ("stages.mixer.head_dim * 11 <= stages.dim", False),
        ("stages.1.dim == 2 * stages.0.dim", True),
        ("stages.0-1.scaling == none", True),
        ("classes == 1000", True),
        ("(params < 1M or stages.0.depth == 3) and head == mlp", True),
    ],
)
def test_what_holds(text: str, holds: bool) -> None:
    assert (condition(Node(text)).missed_by(load(CAFORMER)) == 0) == holds


def test_how_far_a_bound_is_missed() -> None:
    arch = load(CAFORMER)
    assert condition(Node("params <= 20M")).missed_by(arch) == pytest.approx(arch.layout.cost.params / 20e6 - 1)
    assert condition(Node("count(stages.mixer == attention) < 2")).missed_by(arch) > 0


def test_sizes_relative_to_the_grid_are_numbers() -> None:
    arch = load("hpxformer_s18")
    assert condition(Node("stages.mixer.kernel never grows")).missed_by(arch) == 0
    assert condition(Node("first(stages.mixer.kernel) == 111")).missed_by(arch) == 0


def test_what_alternates_counts_with_each_of_its_members() -> None:
    arch = load(CAFORMER).edit({"stages.2.mixer": {"cycle": ["pooling", {"kind": "attention", "head_dim": 32}]}})
    assert condition(Node("count(stages.2-.mixer == attention) == 2")).missed_by(arch) == 0
    assert condition(Node("any(stages.mixer == pooling)")).missed_by(arch) == 0


@pytest.mark.parametrize(
    ("text", "message", "column"),
    [
        ("params <=", "is missing", 10),
        ("params", "compared", 7),
        ("prams.x < 3", "neither a cost", 1),
        ("params <= 3 $", r"\$", 13),
        ("foo(params) < 3", "no function", 1),
        ("(params < 3", r"`\)`", 12),
        ("stages.dim never sinks", "shrinks", 18),
        ("params < 3 params", "cannot follow", 12),
    ],
)
def test_what_is_no_condition(text: str, message: str, column: int) -> None:
    mark = Mark("a.yaml", 1, 8, len(text) + 2, f'where: "{text}"')
    with pytest.raises(SpecError, match=message) as caught:
        condition(Node(text, mark))
    (problem,) = caught.value.problems
    assert problem.mark is not None
    assert problem.mark.column == 8 + column


def test_texts_are_not_more_or_less() -> None:
    with pytest.raises(SpecError, match="cannot be compared"):
        condition(Node("stages.mixer < 3")).missed_by(load(CAFORMER))
