"""Candidates: how spaces are drawn from, counted and filtered."""

from __future__ import annotations

import math
import random
from typing import Any

import pytest

from archspec.errors import SpecError
from archspec.spec.candidates import WORKS, Candidates, Draw, candidates_of
from archspec.spec.decisions import Numbers
from archspec.spec.drawing import ways
from archspec.spec.loading import load
from archspec.spec.shelf import names
from archspec.spec.space import SPACE

BASE = {
    "arch": "base",
    "input": {"size": 32},
    "stem": {"kind": "patch", "size": 4},
    "stages": [{"dim": 16, "depth": 2, "mixer": {"kind": "sep_conv", "kernel": 3}}] * 2,
    "head": "linear",
}
BASE["stages"] = [BASE["stages"][0], {**BASE["stages"][0], "downsample": "patch"}]  # type: ignore[index]
MIXER = {"choose": ["pooling", {"kind": "sep_conv", "kernel": {"choose": [3, 5]}}]}


def space(vary: dict[str, Any], **more: Any) -> Candidates:
    """The candidates of a space on a small base."""
    found = SPACE.load({"space": "small", "base": "none", "vary": vary, **more})
    return candidates_of(found, load(BASE))


def drawn(candidates: Candidates, seed: int = 0) -> dict[str, Any]:
    """The decisions of one candidate."""
    return candidates.draw(Draw(random.Random(seed)))


def test_places_that_decide_for_themselves_have_names_of_their_own() -> None:
    tied, own = space({"stages.mixer": MIXER}), space({"stages.mixer": {"each": MIXER}})
    assert {name for seed in range(20) for name in drawn(tied, seed)} == {
        "stages.mixer",
        "stages.mixer.sep_conv.kernel",
    }
    assert {name for seed in range(20) for name in drawn(own, seed)} == {
        f"stages.{stage}.mixer{rest}" for stage in (0, 1) for rest in ("", ".sep_conv.kernel")
    }


def test_what_is_not_chosen_is_not_asked() -> None:
    for seed in range(20):
        chosen = drawn(space({"stages.mixer": MIXER}), seed)
        assert ("stages.mixer.sep_conv.kernel" in chosen) == (chosen["stages.mixer"] == "sep_conv")


def test_a_tied_choice_may_hold_decisions_of_each_place() -> None:
    kernel = {"kind": "sep_conv", "kernel": {"each": {"choose": [3, 5, 7]}}}
    found = space({"stages.mixer": {"choose": ["pooling", kernel]}})
    assert found.size == 1 + 3 * 3
    chosen: dict[str, Any] = {
        "stages.mixer": "sep_conv",
        "stages.0.mixer.sep_conv.kernel": 3,
        "stages.1.mixer.sep_conv.kernel": 7,
    }
    assert [stage.mixer.kernel for stage in found.arch(chosen).stages] == [3, 7]  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("vary", "size"),
    [
        ({"stages.mixer": MIXER}, 3),
        ({"stages.mixer": {"each": MIXER}}, 9),
        ({"stages.mixer": {"each": MIXER}, "stages.depth": {"range": [1, 4]}}, 36),
        ({"stages.dim": {"times": {"choose": [1, 2]}}}, 2),
        ({"stages.depth": {"range": [2, 8], "step": 3}}, 3),
        ({"stages.mlp.ratio": {"range": [1.0, 4.0]}}, math.inf),
        ({"stages.depth": {"each": [{"choose": [1, 2]}, 3]}}, 2),
        ({"stages.depth": {"each": [{"choose": [1, 2]}, {"choose": [3, 4]}]}}, 4),
    ],
)
def test_a_space_is_as_large_as_the_ways_to_decide(vary: dict[str, Any], size: float) -> None:
    found = space(vary)
    assert found.size == size
    if math.isfinite(size):
        every = [tuple(sorted(chosen.items(), key=str)) for chosen in ways([one.part for one in found.open])]
        assert len(set(every)) == len(every) == size
        for chosen in every:
            found.arch(dict(chosen))


def test_options_are_called_by_their_kind_where_that_tells_them_apart() -> None:
    two = [{"kind": "sep_conv", "kernel": 3}, {"kind": "sep_conv", "kernel": 5}, "pooling"]
    labels = {drawn(space({"stages.mixer": {"choose": two}}), seed)["stages.mixer"] for seed in range(30)}
    assert labels == {"{kind: sep_conv, kernel: 3}", "{kind: sep_conv, kernel: 5}", "pooling"}


def test_options_of_one_kind_are_called_by_what_is_fixed_in_them() -> None:
    ratio: dict[str, Any] = {"choose": [1, 2]}
    open_ = [{"kind": "sep_conv", "kernel": 3, "ratio": ratio}, {"kind": "sep_conv", "ratio": ratio}]
    found = [drawn(space({"stages.mixer": {"choose": open_}}), seed) for seed in range(20)]
    assert {name for one in found for name in one} == {
        "stages.mixer",
        "stages.mixer.{kind: sep_conv, kernel: 3}.ratio",
        "stages.mixer.sep_conv.ratio",
    }
    alike = [{"kind": "sep_conv", "ratio": ratio}, {"kind": "sep_conv", "ratio": {"choose": [3, 4]}}]
    labels = {drawn(space({"stages.mixer": {"choose": alike}}), seed)["stages.mixer"] for seed in range(20)}
    assert labels == {"{kind: sep_conv, ratio: {choose: [1, 2]}}", "{kind: sep_conv, ratio: {choose: [3, 4]}}"}


def test_ranges_keep_to_their_ends_and_steps() -> None:
    rng = Draw(random.Random(0))
    assert {rng.number("n", Numbers(4, 8, 2, whole=True)) for _ in range(100)} == {4, 6, 8}
    logarithmic = [rng.number("n", Numbers(1e-4, 1e-2, None, log=True)) for _ in range(400)]
    assert 1e-4 <= min(logarithmic) < max(logarithmic) <= 1e-2
    assert 120 < sum(number < 1e-3 for number in logarithmic) < 280
    assert {rng.number("n", Numbers(1, 4, 1, log=True, whole=True)) for _ in range(200)} == {1, 2, 3, 4}


@pytest.mark.parametrize("name", names("space"))
def test_the_quick_way_makes_the_same_networks(name: str) -> None:
    found = SPACE.load(name)
    candidates = candidates_of(found, load(found.base))
    draw, equal = Draw(random.Random(1)), 0
    for _ in range(25):
        chosen = candidates.draw(draw)
        quick = candidates.quick(chosen)
        try:
            slow = candidates.arch(chosen)
        except SpecError:
            refusal = candidates.refusal(quick)
            assert refusal is not None
            continue
        equal += 1
        assert quick.digest == slow.digest
        assert quick.layout.cost == slow.layout.cost
        assert (candidates.refusal(quick) is None) == (candidates.refusal(slow) is None)
    assert equal


def test_what_cannot_be_built_is_refused_and_says_why() -> None:
    found = space({"stages.mixer": {"choose": ["pooling", {"kind": "mlstm", "heads": {"choose": [4, 7]}}]}})
    arch = found.quick({"stages.mixer": "mlstm", "stages.mixer.mlstm.heads": 7})
    refusal = found.refusal(arch)
    assert refusal is not None
    assert refusal.condition == WORKS
    assert refusal.problem is not None


def test_the_kind_may_be_chosen_apart_from_its_fields() -> None:
    found = space({"stages.mixer.kind": {"choose": ["pooling", "hyena_pixel"]}})
    quick = [found.quick({"stages.mixer.kind": kind}) for kind in ("pooling", "hyena_pixel")]
    assert [arch.stages[0].mixer.kind for arch in quick] == ["pooling", "hyena_pixel"]  # type: ignore[attr-defined]
