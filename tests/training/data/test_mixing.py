"""Mixup and CutMix."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from archspec.spec.augmenting import Augment
from archspec.training.data import mixing, source_for
from tests.training.data import epoch, recipe

SPLIT = source_for("scenes:train=96:val=24:test=24").split("train")
PLAIN = {"crop": "resize", "flip": 0}


def pair(augment: dict[str, Any], smoothing: float = 0.0, size: int = 12) -> tuple[Any, Any]:
    """A batch as it was and as it is mixed."""
    before = next(epoch(SPLIT, recipe(size, PLAIN)))
    return before, next(epoch(SPLIT, recipe(size, {**PLAIN, **augment}, label_smoothing=smoothing)))


def test_mixup_adds_images_as_it_adds_labels() -> None:
    before, after = pair({"mixup": 0.8, "mix_each": "pair"})
    for place in range(12):
        label, other = int(before.targets[place]), int(before.targets[11 - place])
        weight = float(after.targets[place, label]) if label != other else 1.0
        if label != other:
            assert weight + float(after.targets[place, other]) == pytest.approx(1)
            expected = weight * before.images[place] + (1 - weight) * before.images[11 - place]
            assert torch.allclose(after.images[place], expected, atol=1e-5)


@pytest.mark.parametrize("mix_each", ["batch", "pair", "image"])
def test_cutmix_takes_the_area_that_labels_say(mix_each: str) -> None:
    places, mix = np.arange(16), drawn(16, cutmix=1.0, mix_each=mix_each)
    images = torch.arange(16.0).view(-1, 1, 1, 1).expand(16, 3, 32, 32)
    cut = mixing.mixed(images, places, mix)
    targets = mixing.labelled(torch.arange(16), places, mix, 16, 0.0)
    for place in range(16):
        shares = [float((cut[place] == own).float().mean()) for own in (place, 15 - place)]
        assert sum(shares) == pytest.approx(1)
        assert [float(targets[place, own]) for own in (place, 15 - place)] == pytest.approx(shares)
    assert torch.equal(images[:, 0, 0, 0], torch.arange(16.0))


@pytest.mark.parametrize(
    "augment", [{"mixup": 0.8}, {"cutmix": 1.0}, {"mixup": 0.2, "cutmix": 0.3, "mix_each": "image"}]
)
@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_labels_sum_to_one_and_are_smoothed(augment: dict[str, Any], smoothing: float) -> None:
    _, after = pair(augment, smoothing)
    assert torch.allclose(after.targets.sum(1), torch.ones(12))
    assert float(after.targets.min()) == pytest.approx(smoothing / 12)


def test_labels_stay_classes_where_nothing_is_mixed() -> None:
    for augment in ({"mixup": 0.8, "mix": 0.0}, {}):
        before, after = pair(augment, smoothing=0.1)
        assert after.targets.dtype == torch.long
        assert torch.equal(before.targets, after.targets)


def drawn(total: int, **said: Any) -> mixing.Mix:
    return mixing.drawn(Augment(**said), total, (32, 32), np.random.default_rng(1))


def test_what_is_mixed_in_its_own_way() -> None:
    assert len(set(drawn(40, mixup=0.8).weights)) == 1
    pairs = drawn(40, mixup=0.8, mix_each="pair").weights
    assert len(set(pairs)) == 20
    assert np.array_equal(pairs, pairs[::-1])
    assert len(set(drawn(40, mixup=0.8, mix_each="image").weights)) == 40


def test_chances_are_kept() -> None:
    mix = drawn(4000, mixup=0.8, cutmix=1.0, mix=0.5, switch=0.25, mix_each="image")
    cut = np.mean([box is not None for box in mix.boxes])
    assert np.mean(mix.weights < 1) == pytest.approx(0.5, abs=0.05)
    assert cut == pytest.approx(0.125, abs=0.03)
    assert np.mean(drawn(4000, mixup=0.8, mix_each="image").weights) == pytest.approx(0.5, abs=0.03)


@pytest.mark.parametrize(("total", "world"), [(16, 2), (15, 4), (7, 3), (1, 1)])
def test_shares_are_disjoint_whole_and_hold_pairs(total: int, world: int) -> None:
    shares = [mixing.share(total, rank, world).tolist() for rank in range(world)]
    assert sorted(place for share in shares for place in share) == list(range(total))
    assert all(sorted(total - 1 - place for place in share) == share for share in shares)
