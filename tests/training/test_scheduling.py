"""Learning rates: the papers' values, timm's scheduler value by value, and every curve's ends."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from timm.scheduler import CosineLRScheduler  # type: ignore[attr-defined]

from archspec.spec.recipe import RECIPE, Recipe, phases_of
from archspec.training.scheduling import learning_rate, set_learning_rate, total_epochs, total_steps

STEPS = 3
"""Steps an epoch: enough to tell epochs from steps."""

BY_TIMM = [
    *("imagenet_310ep", "caformer_b36_310ep", "metaformer_basic_m48_310ep", "convformer_s36_in21k", "imagenet_160ep"),
    *("hyenapixel_310ep", "sequencer_300ep", "sequencer_l_392", "sequencer_cars", "transnext_300ep"),
]


def rates(recipe: Recipe) -> list[float]:
    """The learning rate of every step."""
    return [learning_rate(recipe, step, STEPS) for step in range(total_steps(recipe, STEPS))]


@pytest.mark.parametrize("name", BY_TIMM)
def test_it_is_timms_schedule(name: str) -> None:
    recipe = RECIPE.load(name)
    schedule = recipe.schedule
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=recipe.peak)
    timms = CosineLRScheduler(
        optimizer,
        t_initial=recipe.length,
        lr_min=schedule.floor,
        warmup_t=int(schedule.warmup),
        warmup_lr_init=schedule.warmup_lr,
    )
    ours = rates(recipe)
    for epoch in range(total_epochs(recipe)):
        timms.step(epoch)
        assert ours[STEPS * epoch : STEPS * (epoch + 1)] == pytest.approx([optimizer.param_groups[0]["lr"]] * STEPS)


def test_stepped_each_step_it_is_timms_schedule_with_a_prefix() -> None:
    recipe = RECIPE.load("vil_ablation_100ep")
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=recipe.peak)
    warmup, length = 5 * STEPS, 100 * STEPS
    said: dict[str, Any] = {"warmup_t": warmup, "warmup_prefix": True, "lr_min": 1e-6, "t_in_epochs": False}
    timms = CosineLRScheduler(optimizer, t_initial=length - warmup, **said)
    for step, rate in enumerate(rates(recipe)):
        timms.step_update(step)
        assert rate == pytest.approx(optimizer.param_groups[0]["lr"])


@pytest.mark.parametrize(
    ("name", "epoch", "rate"),
    [
        ("imagenet_310ep", 0, 1e-6),
        ("imagenet_310ep", 10, 1e-6 + (4e-3 - 1e-6) / 2),
        ("imagenet_310ep", 20, 1e-5 + (4e-3 - 1e-5) * (1 + math.cos(math.pi / 15)) / 2),
        ("imagenet_310ep", 150, (4e-3 + 1e-5) / 2),
        ("imagenet_310ep", 300, 1e-5),
        ("imagenet_310ep", 309, 1e-5),
        ("imagenet_160ep", 75, (4e-3 + 1e-5) / 2),
        ("imagenet_160ep", 159, 1e-5),
        ("caformer_s18_310ep", 150, (8e-3 + 1e-5) / 2),
        ("convformer_b36_in21k", 45, (1e-3 + 1e-5) / 2),
        ("convformer_s18_384", 0, 5e-5),
        ("convformer_s18_384", 29, 5e-5),
        ("caformer_b36_in21k_384", 15, 1e-4),
        ("hyenapixel_384", 29, 5e-5),
        ("sequencer_300ep", 150, (2e-3 + 1e-6) / 2),
        ("sequencer_m_300ep", 150, (1.5e-3 + 1e-6) / 2),
        ("sequencer_l_300ep", 150, (1e-3 + 1e-6) / 2),
        ("sequencer_l_392", 0, 5e-5),
        ("sequencer_cifar10", 100, (1e-4 + 1e-6) / 2),
        ("transnext_300ep", 150, (1e-3 + 1e-5) / 2),
        ("transnext_base_384", 4, 1e-5),
        ("vil_ablation_100ep", 5, 2e-3),
        ("vil_ablation_100ep", 52.5, (2e-3 + 1e-6) / 2),
        ("vil_vtab", 5, 1e-3),
    ],
)
def test_the_papers_rates(name: str, epoch: float, rate: float) -> None:
    assert learning_rate(RECIPE.load(name), round(epoch * 10), 10) == pytest.approx(rate, rel=1e-12)


@pytest.mark.parametrize(
    ("name", "epoch", "rate"),
    [
        ("vil_tiny_800ep", (5, 402.5), (2e-3, (2e-3 + 1e-6) / 2)),
        ("vil_small_400ep", (5, 202.5), (2e-3, (2e-3 + 1e-6) / 2)),
        ("deit3_tiny_800ep", (2.5, 5), (1e-3, 2e-3)),
    ],
)
def test_the_rates_of_the_first_phase(name: str, epoch: tuple[float, ...], rate: tuple[float, ...]) -> None:
    first, second = phases_of(RECIPE.load(name))
    assert [learning_rate(first, round(at * 10), 10) for at in epoch] == pytest.approx(rate, rel=1e-12)
    assert learning_rate(second, 50, 10) == pytest.approx(1e-5, rel=1e-12)


def made(kind: str, **schedule: Any) -> Recipe:
    """Four epochs at a rate of 1."""
    said = {"kind": kind, **schedule}
    return RECIPE.load({"data": "digits", "epochs": 4, "batch": 8, "optimizer": {"lr": 1.0}, "schedule": said})


def test_a_line_falls_straight() -> None:
    recipe = made("linear", warmup=1, floor=0.25, cooldown=1)
    assert rates(recipe)[::STEPS] == pytest.approx([0, 1, 0.75, 0.5, 0.25])


def test_a_constant_rate_has_no_floor() -> None:
    assert rates(made("constant", warmup=2, floor=0.5, cooldown=1))[::STEPS] == pytest.approx([0, 0.5, 1, 1, 1])


def test_it_may_move_between_epochs_only() -> None:
    moving, resting = (made("cosine", every=every) for every in ("step", "epoch"))
    assert len(set(rates(moving))) == 4 * STEPS
    assert len(set(rates(resting))) == 4
    assert rates(moving)[::STEPS] == rates(resting)[::STEPS]


def test_a_warm_up_as_long_as_training_ends_on_the_floor() -> None:
    assert rates(made("cosine", warmup=4, cooldown=1))[::STEPS] == pytest.approx([0, 0.25, 0.5, 0.75, 0])


def test_where_steps_count_so_do_warm_up_and_cool_down() -> None:
    said = {"data": "digits", "steps": 8, "batch": 8, "optimizer": {"lr": 1.0}}
    recipe = RECIPE.load({**said, "schedule": {"kind": "linear", "warmup": 4, "cooldown": 2}})
    assert total_steps(recipe, STEPS) == 10
    assert total_epochs(recipe, STEPS) == 4
    assert rates(recipe) == pytest.approx([0, 0.25, 0.5, 0.75, 1, 0.75, 0.5, 0.25, 0, 0])


@pytest.mark.parametrize(
    ("name", "epochs"),
    [("imagenet_310ep", 310), ("imagenet_160ep", 160), ("convformer_s18_384", 30), ("vil_tiny_800ep", 820)],
)
def test_the_length_of_training(name: str, epochs: int) -> None:
    assert total_epochs(RECIPE.load(name)) == epochs


@pytest.mark.parametrize(
    ("scaling", "batch", "peak"), [("linear", 2048, 2.0), ("sqrt", 4096, 2.0), ("linear", 256, 0.25)]
)
def test_the_rate_follows_the_batch(scaling: str, batch: int, peak: float) -> None:
    optimizer = {"kind": "adamw", "lr": 1.0, "lr_per": 1024, "lr_scaling": scaling}
    assert RECIPE.load({"data": "digits", "epochs": 1, "batch": batch, "optimizer": optimizer}).peak == peak


def test_groups_keep_their_scale() -> None:
    scales: list[dict[str, Any]] = [{"lr_scale": 1.0}, {"lr_scale": 0.5}, {}]
    groups = [{"params": [torch.nn.Parameter(torch.zeros(1))], **scale} for scale in scales]
    optimizer = torch.optim.SGD(groups, lr=1.0)
    set_learning_rate(optimizer, 0.2)
    assert [group["lr"] for group in optimizer.param_groups] == [0.2, 0.1, 0.2]
