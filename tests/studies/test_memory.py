"""What runs need of memory: in closed form, as it was measured, and more where it was too little."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch.autograd.graph import saved_tensors_hooks

import archspec
from archspec.execution.jobs import UNKNOWN_NEEDS, Ended, Needs, nothing
from archspec.records.files import append_line
from archspec.records.knowing import known
from archspec.records.known import Known
from archspec.records.run import RunFolder
from archspec.records.store import Store
from archspec.spec.edits import edits_from
from archspec.spec.recipe import RECIPE
from archspec.spec.runner import RUNNER, Runner
from archspec.studies import driving
from archspec.studies.driving import Event, drive
from archspec.studies.memory import HALF, MARGIN, MIB, NUMBER, STEP, Memory, closed_form, needed
from archspec.studies.plan import PlannedRun
from archspec.studies.planning import Planned, planned
from archspec.studies.trained import Trained
from tests.studies.samples import written
from tests.studies.test_driving import REPOSITORY, TARGET
from tests.studies.test_pools import Lasting

HERE = {"kind": "local", "parallelism": 2}
CLUSTER = {"kind": "slurm"}


@pytest.fixture
def sample(tmp_path: Path) -> Planned:
    """Three networks at two seeds."""
    return planned(written(tmp_path))


def changed(one: Trained, **recipe: Any) -> Trained:
    """A training with another recipe."""
    return replace(one, recipe=RECIPE.edited(one.recipe, edits_from(recipe)))


def runner(**said: Any) -> Runner:
    return RUNNER.load({**CLUSTER, **said})


def first(sample: Planned) -> PlannedRun:
    """The first run of the baseline."""
    return sample.plan.runs[0]


def test_batches_weights_and_helpers_take_memory(sample: Planned) -> None:
    one, alone = sample.trained["baseline/tiny"], runner()
    least = closed_form(one, alone).main
    images = NUMBER * one.arm.activations * 10_000
    assert closed_form(changed(one, batch=64 + 10_000), alone).main == pytest.approx(
        least + MARGIN * images, abs=2 * STEP
    )
    assert closed_form(changed(one, batch=64 + 10_000, micro_batch=64), alone).main == least
    assert closed_form(changed(one, workers=4), alone).main > least + 4 * 700 * MIB
    assert closed_form(changed(one, phases=[{"batch": 20_000}, {}]), alone).main > least + images


def test_half_precision_and_recomputed_blocks_keep_less(sample: Planned) -> None:
    one, alone = changed(sample.trained["baseline/tiny"], batch=100_000), runner()
    whole = closed_form(one, alone).main
    half = closed_form(changed(one, batch=100_000, precision="bf16"), alone).main
    again = closed_form(changed(one, batch=100_000, grad_checkpointing=True), alone).main
    kept = MARGIN * NUMBER * 100_000
    assert whole - half == pytest.approx(0.2 * kept * one.arm.activations, abs=2 * STEP)
    # Of two blocks one is there at a time, and what enters each of them: 16 numbers for each of 16 tokens.
    (stage,) = one.arch.layout.stages
    blocks = sum(cost.activations for name, cost in stage.costs)
    assert whole - again == pytest.approx(kept * (blocks / 2 - 2 * 16 * 16), abs=2 * STEP)


@pytest.mark.parametrize("name", ["convformer_s4", "vit_tiny", "pvt_v2_b0", "deit3_tiny"])
def test_half_precision_keeps_no_more_than_it_is_thought_to(name: str) -> None:
    network = archspec.build(archspec.load(name).edit({"input.size": 64})).train()
    owned = {parameter.untyped_storage().data_ptr() for parameter in network.parameters()}
    kept: dict[int, torch.UntypedStorage] = {}

    def keep(tensor: torch.Tensor) -> torch.Tensor:
        if tensor.untyped_storage().data_ptr() not in owned:
            kept[tensor.untyped_storage().data_ptr()] = tensor.untyped_storage()
        return tensor

    images = torch.rand(8, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    with saved_tensors_hooks(keep, lambda tensor: tensor), torch.autocast("cpu", torch.bfloat16):
        network(images)
    cost = network.spec.layout.cost
    weights = NUMBER // 2 * cost.params
    assert sum(storage.nbytes() for storage in kept.values()) < weights + 8 * HALF * NUMBER * cost.activations


def test_several_processes_share_the_images(sample: Planned) -> None:
    one = changed(sample.trained["baseline/tiny"], batch=40_000)
    alone, small = closed_form(one, runner()).main, closed_form(sample.trained["baseline/tiny"], runner()).main
    two = closed_form(one, runner(nodes=2)).main
    assert two == pytest.approx((alone + small) / 2, abs=2 * STEP)
    # On one node each has what a process takes, and its share of the images.
    assert closed_form(one, runner(tasks=2)).main == pytest.approx(2 * two, abs=2 * STEP)


def test_images_are_where_the_network_is(sample: Planned) -> None:
    one = sample.trained["baseline/tiny"]
    few, many = (closed_form(changed(one, batch=batch), runner(resources={"gpus": 1})) for batch in (64, 40_000))
    assert few.main == many.main
    assert many.device - few.device == pytest.approx(MARGIN * NUMBER * one.arm.activations * 39_936, abs=2 * STEP)
    assert closed_form(one, runner()).device == 0


def test_it_is_enough_for_a_real_training(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = written(tmp_path, "study: sample\nbaseline: tiny\nrecipe: brief\nseeds: 1\n")
    file.write_text(file.read_text().replace("batch: 64", "batch: 1024").replace("dim: 16", "dim: 64"))
    sample, store = planned(file), tmp_path / "store"
    thought = closed_form(sample.trained["baseline/tiny"], RUNNER.load(HERE)).main
    drive(sample, store, RUNNER.load(HERE))
    took = known(RunFolder(Store(store).run(sample.plan.keys[0]))).memory_mib
    assert took is not None
    assert took * MIB < thought < 3 * took * MIB


def test_what_a_runner_names_goes_before(sample: Planned, tmp_path: Path) -> None:
    for said, asked in (("3G", 3 * 10**9), ("none", 0)):
        needs = Memory(tmp_path, runner(resources={"memory": said})).of(sample, first(sample))
        assert needs.main == asked


def test_another_seed_of_the_arm_tells(sample: Planned, tmp_path: Path) -> None:
    states = {key: Known(key) for key in sample.plan.keys}
    thought = needed(sample, states, tmp_path, RUNNER.load(HERE))
    arm = sample.plan.by_id["mixer/pooling"]
    seed, other = sample.plan.of(arm.id)
    states[seed.key] = Known(seed.key, "done", memory_mib=5000.0)
    found = needed(sample, states, tmp_path, RUNNER.load(HERE))
    assert found[other.key].main == pytest.approx(MARGIN * 5000 * MIB, abs=STEP)
    assert {key for key in found if found[key] != thought[key]} == {seed.key, other.key}
    # What an accelerator's run took is said of the accelerator.
    assert needed(sample, states, tmp_path, runner(resources={"gpus": 1}))[other.key].device < 1000 * MIB
    states[seed.key] = replace(states[seed.key], gpus=1)
    assert needed(sample, states, tmp_path, runner(resources={"gpus": 1}))[other.key].device > 5000 * MIB


def test_runs_are_packed_by_what_was_measured(sample: Planned, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(REPOSITORY))
    for run in sample.plan.runs:
        if run.seed == 0:
            folder = RunFolder.create(tmp_path / "store", sample.document(run.key))
            attempt = folder.claim()
            attempt.record_environment({}, processes=1)
            append_line(attempt.timing, {"epoch": 1, "seconds": 1.0, "memory_mib": 3000})
            folder.finish(attempt, {"state": "done", "top1": 50.0})
            attempt.leave()
    at_work, most = set[str](), list[int]()

    def on(event: Event) -> None:
        (at_work.add if event.what == "started" else at_work.discard)(event.run.key)
        most.append(len(at_work))

    # Of four places two have memory: 3,000 MiB each, and a margin.
    four = RUNNER.load({"kind": "local", "parallelism": 4, "memory": "9G"})
    drive(sample, tmp_path / "store", four, target=TARGET, on=on)
    assert {known(RunFolder(Store(tmp_path / "store").run(key))).state for key in sample.plan.keys} == {"done"}
    assert max(most) == 2


class Starving(Lasting):
    """A queue in which a run dies of memory until it has enough."""

    def __init__(self, enough: int) -> None:
        super().__init__()
        self.enough, self.given = enough, list[int]()

    def submit(self, job: str, folder: Path, needs: Needs = UNKNOWN_NEEDS) -> None:
        self.given.append(needs.main)
        run = RunFolder(folder)
        if needs.main >= self.enough:
            run.finish(run.claim(), {"state": "done", "top1": 50.0})
        self.ended.append(Ended(job, 0) if run.result() else Ended(job, 1, "SLURM says OUT_OF_MEMORY", starved=True))

    def wait(self, seconds: float, meanwhile: Callable[[], None] = nothing) -> list[Ended]:
        ended, self.ended = self.ended, []
        return ended


@pytest.fixture
def single(tmp_path: Path) -> Planned:
    """A study of one run."""
    return planned(written(tmp_path, "study: sample\nbaseline: tiny\nrecipe: brief\nseeds: 1\n"))


def starving(single: Planned, store: Path, monkeypatch: pytest.MonkeyPatch, enough: int) -> list[int]:
    """What a run is given, attempt by attempt, where it needs so much."""
    pool = Starving(enough)
    monkeypatch.setattr(driving, "pool_for", lambda *_: pool)
    drive(single, store, runner(resources={"memory": "1G"}))
    return pool.given


def test_a_run_that_died_of_memory_is_given_twice_of_it(
    single: Planned, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert starving(single, tmp_path, monkeypatch, 4 * 10**9) == [10**9, 2 * 10**9, 4 * 10**9]
    assert known(RunFolder(Store(tmp_path).run(single.plan.keys[0]))).state == "done"


def test_it_ends_saying_so_and_is_remembered(single: Planned, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert starving(single, tmp_path, monkeypatch, 10**12) == [10**9, 2 * 10**9, 4 * 10**9]
    folder = RunFolder(Store(tmp_path).run(single.plan.keys[0]))
    reason = known(folder).reason
    begins = (
        "gave up after 3 tries without progress: out of memory, the last time with 3.7 GiB: SLURM says OUT_OF_MEMORY"
    )
    assert reason.startswith(begins)
    assert "micro_batch" in reason
    folder.result_json.unlink()
    # Another driver begins where this one ended.
    assert starving(single, tmp_path, monkeypatch, 8 * 10**9) == [8 * 10**9]
