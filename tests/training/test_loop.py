"""What training computes: the same every time, whatever the batch is cut into, and never from a global stream."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor, nn

import archspec
from archspec.compiler import load_model
from archspec.errors import WeightsError
from archspec.records.run import RunFolder
from archspec.spec.recipe import RECIPE
from archspec.training.data import Batch
from archspec.training.dropping import Dropping, kept
from archspec.training.environment import ALONE
from archspec.training.loop import DivergedError, Learner, compiled
from archspec.training.phases import hand_over
from archspec.training.preparing import prepare
from archspec.training.randomness import generator
from archspec.training.train import train
from tests.training.runs import ARCH, counting, outcome, recipe, run_in

CPU = torch.device("cpu")
CONVFORMER: dict[str, Any] = {
    "arch": "convformer_digits",
    "input": {"size": 32},
    "stem": {"kind": "patch", "size": 8},
    "defaults": {"mixer": {"kind": "sep_conv", "kernel": 3}, "activation": "star_relu", "bias": False},
    "stages": [{"dim": 80, "depth": 4}],
    "head": {"kind": "linear", "norm_before": "layer_norm"},
}


def batch(size: int = 64, seed: int = 0) -> Batch:
    images = torch.randn(size, 3, 16, 16, generator=generator(seed, "test"))
    return Batch(images, torch.randint(10, (size,), generator=generator(seed, "labels")), torch.arange(size), size)


def learner(say: Callable[[str], None] = lambda _: None, **changes: Any) -> Learner:
    network = archspec.build(archspec.load({**ARCH, "classes": 10}))
    return Learner(network, recipe(**changes), 0, device=CPU, world=ALONE, say=say)


def learned(steps: int = 4, **changes: Any) -> tuple[list[float], dict[str, Tensor]]:
    """The losses of some steps and the weights after them."""
    ours = learner(**changes)
    with ours.dropping:
        losses = [ours.step(step, batch(seed=step), 1e-3) for step in range(steps)]
    return losses, dict(ours.network.state_dict())


def digits(store: Path, seed: int = 0) -> RunFolder:
    return prepare(archspec.load(CONVFORMER), RECIPE.load("digits"), seed, store)


def test_a_small_convformer_learns_digits_within_half_a_minute(tmp_path: Path) -> None:
    run = digits(tmp_path)
    assert archspec.profile(run.spec()["arch"]).params < 330_000
    begin = time.process_time()
    assert train(run.path)["top1"] > 95
    assert time.process_time() - begin < 30


def test_repeated_it_ends_in_the_same_numbers(tmp_path: Path) -> None:
    first, second, other = run_in(tmp_path / "1"), run_in(tmp_path / "2"), run_in(tmp_path / "3", seed=1)
    for run in (first, second, other):
        train(run.path)
    assert outcome(first) == outcome(second)
    assert outcome(first) != outcome(other)
    ours, theirs = (load_file(counting(run).model) for run in (first, second))
    assert all(torch.equal(ours[name], theirs[name]) for name in ours)


def test_global_streams_and_settings_stay_where_they_were(tmp_path: Path) -> None:
    def streams() -> list[Any]:
        numpys: Any = np.random.get_state()
        return [torch.get_rng_state().tolist(), random.getstate(), numpys[1].tolist(), torch.get_num_threads()]

    torch.randn(1)
    before = streams()
    train(run_in(tmp_path, epochs=1, augment={"mixup": 0.8}).path)
    assert streams() == before
    assert not torch.are_deterministic_algorithms_enabled()


@pytest.mark.parametrize("size", [8, 16, 32])
def test_the_micro_batch_does_not_matter(size: int) -> None:
    whole, weights = learned()
    cut, others = learned(micro_batch=size)
    assert cut == pytest.approx(whole, abs=1e-5)
    for name, tensor in weights.items():
        torch.testing.assert_close(others[name], tensor, atol=1e-4, rtol=1e-3)


def test_out_of_memory_halves_the_micro_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    ours, plain = learner(said.append), learner()

    def forward(images: Tensor) -> Tensor:
        if len(images) > 20:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return ours.network(images)  # type: ignore[no-any-return]

    monkeypatch.setattr(ours, "forward", forward)
    with ours.dropping, plain.dropping:
        assert ours.step(0, batch(), 1e-3) == pytest.approx(plain.step(0, batch(), 1e-3), abs=1e-5)
    assert ours.state(1)["micro"] == 16
    assert said == [f"out of memory: going on with micro-batches of {size}" for size in (32, 16)]


def test_memory_that_not_even_one_image_fits_into_ends_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    ours = learner()

    def forward(images: Tensor) -> Tensor:
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(ours, "forward", forward)
    with ours.dropping, pytest.raises(torch.OutOfMemoryError):
        ours.step(0, batch(), 1e-3)


def test_recomputing_blocks_changes_nothing() -> None:
    losses, weights = learned()
    again, others = learned(grad_checkpointing=True)
    assert again == losses
    assert all(torch.equal(others[name], tensor) for name, tensor in weights.items())


def test_recomputing_counts_nothing_twice() -> None:
    """Batch norms learn statistics in the forward pass; the second one is of the same images."""
    arch = archspec.load({**ARCH, "classes": 10}).edit({"stages.norm": "batch_norm"})
    once, twice = (
        Learner(archspec.build(arch), recipe(grad_checkpointing=how), 0, device=CPU, world=ALONE, say=lambda _: None)
        for how in (False, True)
    )
    for ours in (once, twice):
        with ours.dropping:
            ours.step(0, batch(), 1e-3)
    weights, others = once.network.state_dict(), twice.network.state_dict()
    assert any("running" in name for name in weights)
    assert all(torch.equal(others[name], tensor) for name, tensor in weights.items())


@pytest.mark.parametrize("precision", ["bf16", "fp16", "tf32"])
def test_reduced_precision_learns_about_the_same(precision: str) -> None:
    exact, reduced = learned()[0], learned(precision=precision)[0]
    assert reduced == pytest.approx(exact, rel=0.02)


def test_where_there_is_no_compiler_auto_goes_without(monkeypatch: pytest.MonkeyPatch) -> None:
    def lacking(*_: Any, **__: Any) -> None:
        raise RuntimeError("no C++ compiler")

    monkeypatch.setattr(torch, "compile", lacking)
    network, said = archspec.build(ARCH), list[str]()
    assert compiled(network, "auto", said.append) is network
    assert len(said) == 1
    assert "no C++ compiler" in said[0]
    with pytest.raises(RuntimeError, match="no C"):
        compiled(network, "on", said.append)


def test_the_average_follows_the_weights() -> None:
    ours = learner(ema=0.75)
    before = [parameter.detach().clone() for parameter in ours.network.parameters()]
    with ours.dropping:
        ours.step(0, batch(), 1e-2)
    assert ours.average is not None
    for mean, start, now in zip(ours.average.parameters(), before, ours.network.parameters(), strict=True):
        torch.testing.assert_close(mean, 0.75 * start + 0.25 * now)


def test_a_gradient_that_is_too_long_is_cut() -> None:
    ours = learner(optimizer={"clip": 1e-3})
    with ours.dropping:
        ours.step(0, batch(), 1e-3)
    gradients = [p.grad for p in ours.network.parameters() if p.grad is not None]
    assert float(torch.nn.utils.get_total_norm(gradients)) == pytest.approx(1e-3, rel=1e-3)


def test_what_is_not_finite_is_named() -> None:
    ours = learner()
    weight = ours.network.get_parameter("stages.0.blocks.1.mlp.op.fc1.weight")
    with torch.no_grad():
        weight[0, 0] = float("nan")
    with ours.dropping, pytest.raises(DivergedError) as error:
        ours.step(7, batch(), 1e-3)
    assert (error.value.step, error.value.culprit) == (7, "parameter stages.0.blocks.1.mlp.op.fc1.weight")
    with pytest.raises(DivergedError):
        ours.state(7)


def test_divergence_ends_the_run_as_failed(tmp_path: Path) -> None:
    run = run_in(
        tmp_path, optimizer={"lr": 1e30, "clip": "none"}, schedule={"warmup": 0.0}, checkpoint={"minutes": 0.0}
    )
    result = train(run.path)
    assert result["state"] == "failed"
    assert result["step"] >= 1
    assert result["culprit"].split()[0] in ("parameter", "gradient", "loss")
    assert result["checkpoint"] is None or (run.path / result["checkpoint"]).is_file()
    assert "diverged" in counting(run).log.read_text()
    assert train(run.path) == result


def test_the_best_epoch_is_tested_where_that_is_chosen(tmp_path: Path) -> None:
    # At this rate the network is soon worse than it was.
    run = run_in(tmp_path, select="best", epochs=4, optimizer={"lr": 0.3}, schedule={"warmup": 0.0})
    result, lines = train(run.path), run.metrics()
    best = max(lines, key=lambda line: line["top1"])
    assert result["epoch"] == best["epoch"]


def test_metrics_say_what_was_measured(tmp_path: Path) -> None:
    run = run_in(tmp_path, epochs=2, ema=0.9)
    train(run.path)
    assert [line["epoch"] for line in run.metrics()] == [1, 2]
    names = {"epoch", "step", "lr", "train_loss", "val_loss", "top1", "top5", "ema_loss", "ema_top1", "ema_top5"}
    assert set(run.metrics()[0]) == names
    attempt = counting(run)
    assert "images/s" in attempt.log.read_text()
    assert attempt.surroundings()["torch"] == torch.__version__


def test_branches_are_dropped_linearly_or_alike() -> None:
    network = archspec.build(ARCH)
    linear, constant = (Dropping(network, 0, 0.2, 0.0, constant=how) for how in (False, True))
    assert [rate for _, rate in linear.branches] == pytest.approx([0, 0, 0.1, 0.1, 0.2, 0.2])
    assert [rate for _, rate in constant.branches] == [0.2] * 6


def test_as_many_images_are_kept_as_the_rate_says() -> None:
    for step in range(20):
        choice = kept(50, 0.3, generator(0, "drop", step))
        assert choice is not None
        assert (len(choice.indices), choice.boost) == (35, 50 / 35)
    assert kept(50, 0.0, generator(0, "drop", 0)) is None


def test_a_rate_too_small_for_the_batch_holds_on_average() -> None:
    choices = [kept(4, 0.1, generator(0, "drop", step)) for step in range(2000)]
    mean = sum(len(choice.indices) * choice.boost for choice in choices if choice) / len(choices)
    assert mean == pytest.approx(4, rel=0.02)


def test_dropout_before_the_classifier_is_the_same_however_it_is_cut() -> None:
    network = archspec.build(ARCH).train()
    seen: list[Tensor] = []
    with Dropping(network, 0, 0.0, 0.4, constant=True) as dropping:
        # A hook that is registered later sees what the earlier one made of the input.
        handle = network.get_classifier().register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0].detach()))
        dropping.decide(3, 8)
        image = torch.randn(8, 3, 16, 16, generator=generator(0, "test"))
        for indices in (torch.arange(8), torch.arange(3), torch.arange(3, 8)):
            dropping.cut(indices, CPU)
            network(image[indices])
        handle.remove()
    whole, *parts = seen
    torch.testing.assert_close(torch.cat(parts), whole)
    assert 0.2 < float((whole == 0).float().mean()) < 0.6
    assert isinstance(network.get_classifier(), nn.Linear)
    network(image)
    assert len(seen) == 3


def test_tokens_are_shuffled_alike_however_the_batch_is_cut() -> None:
    mixer = {"kind": "bilstm", "shuffle": True}
    network = archspec.build({**ARCH, "stages": [{"dim": 16, "depth": 2, "mixer": mixer}]}).train()
    image = torch.randn(4, 3, 16, 16, generator=generator(0, "test"))

    def shuffled(step: int, *pieces: Tensor) -> Tensor:
        dropping.decide(step, 4)
        return torch.cat([network(image[piece]) for piece in pieces])

    whole, some, rest = torch.arange(4), torch.arange(3), torch.arange(3, 4)
    with torch.no_grad(), Dropping(network, 0, 0.0, 0.0, constant=True) as dropping:
        torch.testing.assert_close(shuffled(1, some, rest), shuffled(1, whole))
        assert not torch.allclose(shuffled(2, whole), shuffled(1, whole))
        shuffling = [module for module in network.modules() if getattr(module, "shuffles", False)]
        assert len({module.shuffle_seed for module in shuffling}) == 2
        assert torch.equal(network.eval()(image), network(image))
    with torch.no_grad():
        assert torch.equal(network.train()(image), network.eval()(image))


def test_phases_follow_one_another(tmp_path: Path) -> None:
    phases = [{"epochs": 1}, {"epochs": 2, "optimizer.lr": 1e-4, "ema": 0.5}]
    run = run_in(tmp_path, phases=phases)
    result, lines = train(run.path), run.metrics()
    assert [line["epoch"] for line in lines] == [1, 2, 3]
    assert [("ema_top1" in line) for line in lines] == [False, True, True]
    assert lines[1]["lr"] <= 1e-4 < lines[0]["lr"]
    assert lines[1]["val_loss"] < lines[0]["val_loss"]
    assert result["steps"] == lines[-1]["step"]


def test_steps_may_end_within_an_epoch(tmp_path: Path) -> None:
    run = run_in(tmp_path, epochs="none", steps=25, schedule={"warmup": 3.0})
    assert train(run.path)["steps"] == 25
    assert run.metrics()[-1]["step"] == 25


def test_a_run_starts_from_another(tmp_path: Path) -> None:
    first = run_in(tmp_path)
    train(first.path)
    later: dict[str, Any] = {"epochs": 1, "optimizer": {"lr": 1e-6}, "schedule": {"warmup": 0.0}}
    for origin in (first.path, counting(first).model):
        second = run_in(tmp_path, **{**later, "from": str(origin)})
        train(second.path)
        assert second.metrics()[0]["val_loss"] == pytest.approx(first.metrics()[-1]["val_loss"], abs=0.02)


def test_an_epoch_without_validation_says_only_what_it_knows(tmp_path: Path) -> None:
    run = run_in(tmp_path, evaluate_every=2)
    train(run.path)
    assert [("top1" in line) for line in run.metrics()] == [False, True, True]


def test_the_resolution_may_grow_from_phase_to_phase(tmp_path: Path) -> None:
    run = run_in(tmp_path, phases=[{"epochs": 1, "resolution": 12}, {"epochs": 1}])
    assert train(run.path)["state"] == "done"
    assert load_model(counting(run).model).spec.input.size == 16


@pytest.mark.parametrize("tokens", [[], ["middle"]])
def test_position_tables_are_handed_over_resized(tokens: list[str]) -> None:
    stage = {"dim": 16, "depth": 1, "mixer": "attention", "positions": "learned", "class_tokens": tokens}
    small = archspec.build({**ARCH, "stages": [{**stage, "mixer": {"kind": "attention", "head_dim": 8}}]}, seed=1)
    large = archspec.build(small.spec.edit({"input.size": 24, "classes": 7}), seed=2)
    image = torch.randn(2, 3, 24, 24, generator=generator(0, "test"))
    hand_over(small, large)
    # The small network resizes its table whenever it sees a larger image.
    torch.testing.assert_close(large.forward_features(image), small.forward_features(image))
    fresh = archspec.build(large.spec, seed=2).get_classifier().weight
    assert torch.equal(large.get_classifier().weight, fresh)  # type: ignore[arg-type]
    with pytest.raises(WeightsError, match="another shape"):
        hand_over(small, archspec.build(small.spec.edit({"stages.dim": 32})))
