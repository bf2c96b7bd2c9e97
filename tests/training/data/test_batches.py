"""Batches follow from a few numbers and from nothing else."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest
import torch

from archspec.errors import DataError
from archspec.training.data import batches, making, source_for, steps_per_epoch
from archspec.training.data.facts import learned
from archspec.training.data.source import Part, evenly
from tests.training.data import RICH, epoch, recipe, same

SCENES = source_for("scenes:train=72:val=24:test=48")
DIGITS = source_for("digits")


@pytest.mark.parametrize("workers", [1, 3])
def test_workers_change_nothing(workers: int) -> None:
    split, said = SCENES.split("train"), recipe()
    alone = list(epoch(split, said))
    assert same(list(epoch(split, said, workers=workers)), alone)
    assert same(list(epoch(split, said, workers=workers, start=2)), alone[2:])


def test_workers_start_again_after_an_epoch_that_was_left() -> None:
    split, said = SCENES.split("train"), recipe()
    left = epoch(split, said, workers=1)
    next(left)
    assert same(list(epoch(split, said, epoch=5, workers=1)), list(epoch(split, said, epoch=5)))


@pytest.mark.parametrize("source", [SCENES, DIGITS], ids=["scenes", "digits"])
@pytest.mark.parametrize("start", [0, 1, 3])
def test_resuming_in_the_middle_of_an_epoch_changes_nothing(source: Any, start: int) -> None:
    split, said = Part(source.split("train"), np.arange(70)), recipe()
    assert same(list(epoch(split, said, start=start)), list(epoch(split, said))[start:])


@pytest.mark.parametrize("mix_each", ["batch", "pair", "image"])
@pytest.mark.parametrize(("size", "world"), [(16, 2), (15, 2), (14, 3), (16, 1)])
def test_the_shares_of_processes_make_the_whole(size: int, world: int, mix_each: str) -> None:
    split, said = SCENES.split("train"), recipe(size, {**RICH, "mix_each": mix_each})
    shares = [list(epoch(split, said, rank=rank, world=world)) for rank in range(world)]
    for step, batch in enumerate(epoch(split, said)):
        own = [share[step] for share in shares]
        order = torch.cat([part.indices for part in own]).argsort()
        assert all(len(part.indices) for part in own)
        assert {part.total for part in own} == {batch.total} == {size}
        for name in ("images", "targets", "indices"):
            assert torch.equal(torch.cat([getattr(part, name) for part in own])[order], getattr(batch, name))


@pytest.mark.parametrize("world", [1, 2, 5])
@pytest.mark.parametrize("count", [1, 7, 48])
def test_evaluation_sees_every_image_once_and_every_process_as_many_batches(count: int, world: int) -> None:
    split = Part(SCENES.split("test"), np.arange(count))
    ranks = [list(epoch(split, recipe(), training=False, rank=rank, world=world)) for rank in range(world)]
    assert len({len(own) for own in ranks}) == 1
    images = torch.cat([batch.images for own in ranks for batch in own])
    alone = torch.cat([batch.images for batch in epoch(split, recipe(), training=False)])
    assert sorted(images.sum((1, 2, 3)).tolist()) == sorted(alone.sum((1, 2, 3)).tolist())
    assert len(images) == count


def test_epochs_seeds_and_times_differ() -> None:
    split = SCENES.split("train")
    said = recipe(16, {"crop": "random_resized", "repeated": 2})
    first = next(epoch(split, said))
    assert not torch.equal(next(epoch(split, said, epoch=3)).images, first.images)
    assert not torch.equal(next(epoch(split, said, seed=4)).images, first.images)
    assert torch.equal(first.targets[::2], first.targets[1::2])
    assert not torch.equal(first.images[::2], first.images[1::2])


@pytest.mark.parametrize("data", ["digits", "scenes:train=240:val=12:test=12"])
def test_a_fraction_of_the_data_has_the_same_share_of_every_class_and_is_part_of_larger_ones(data: str) -> None:
    split = source_for(data).split("train")
    assert split.classed is not None
    assert split.classed.tolist() == [split.sample(index)[1] for index in range(len(split))]
    sizes, before = np.bincount(split.classed), set[int]()
    for fraction in (0.1, 0.25, 0.5):
        said = recipe(12, {"crop": "resize"}, fraction=fraction)
        shown = [{draw.image for batch in making.shown(split, said, 0, time) for draw in batch} for time in range(12)]
        found = sorted(set.union(*shown))
        assert len(found) == learned(split, said) == round(len(split) * fraction)
        assert len(shown[0]) == steps_per_epoch(split, said) * 12
        shares = np.bincount(split.classed[found]) / sizes
        assert np.abs(shares - fraction).max() <= 1 / sizes.min()
        assert before < set(found)
        before = set(found)


def test_where_classes_are_not_known_a_fraction_is_taken_at_random() -> None:
    class Unknown(Part):
        classed = None

    split = Unknown(DIGITS.split("train"), np.arange(200))
    found = evenly(split, 50)
    assert len(set(found.tolist())) == 50
    assert found.tolist() == evenly(split, 50).tolist() != list(range(50))


def test_an_epoch_shows_every_image_once() -> None:
    split = SCENES.split("train")
    plain = {"crop": "resize", "flip": 0}
    shown = torch.cat([batch.images for batch in epoch(split, recipe(12, plain))])
    stored = torch.cat([batch.images for batch in epoch(split, recipe(12, plain), training=False)])
    assert torch.equal(*(images.flatten(1)[images.sum((1, 2, 3)).argsort()] for images in (shown, stored)))


@pytest.mark.parametrize(("count", "batch", "repeated", "steps"), [(72, 16, 1, 4), (72, 16, 3, 4), (10, 16, 1, 1)])
def test_an_epoch_has_full_batches_only(count: int, batch: int, repeated: int, steps: int) -> None:
    split = Part(SCENES.split("train"), np.arange(count))
    said = recipe(batch, {"repeated": repeated})
    made = list(epoch(split, said))
    assert len(made) == steps == steps_per_epoch(split, said)
    assert {len(own.images) for own in made} == {min(batch, count)}


def test_global_randomness_is_left_alone() -> None:
    def state() -> list[Any]:
        return [random.getstate(), np.random.get_state()[1].tolist(), torch.get_rng_state().tolist()]  # type: ignore[index]

    before = state()
    list(epoch(SCENES.split("train"), recipe()))
    list(epoch(SCENES.split("train"), recipe(), workers=1))
    assert state() == before
    random.seed(8)
    made = list(epoch(SCENES.split("train"), recipe()))
    random.seed(9)
    torch.manual_seed(5)
    assert same(list(epoch(SCENES.split("train"), recipe())), made)


def test_batches_are_normalised() -> None:
    split = DIGITS.split("test")
    images = torch.cat([batch.images for batch in epoch(split, recipe(), training=False, size=8)])
    pixels = np.stack([split.sample(i)[0] for i in range(len(split))])
    expected = (torch.from_numpy(pixels / 255) - split.mean[0]) / split.std[0]
    assert torch.allclose(images[:, 0], expected[..., 0].float(), atol=1e-5)
    assert abs(float(images.mean())) < 0.05
    assert abs(float(images.std()) - 1) < 0.05
    assert images.is_contiguous()
    assert images.dtype == torch.float32


def test_the_networks_classes_must_be_the_datas() -> None:
    with pytest.raises(DataError, match="9 classes apart, but the data has 10"):
        next(batches(DIGITS.split("val"), recipe(), size=8, seed=0, epoch=0, classes=9, training=False))
