"""From a study to its plan: arms, keys, costs, and what a reader is told of them."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from archspec.records.run import RunFolder
from archspec.spec.edits import edits_from
from archspec.spec.recipe import RECIPE
from archspec.spec.shelf import names
from archspec.studies.computing import compute, kept_macs
from archspec.studies.plan import Plan
from archspec.studies.planning import planned
from archspec.training.data import source_for
from archspec.training.data.facts import facts
from archspec.training.preparing import prepare
from tests.studies.samples import STUDY, written


def with_(keys: str, study: str = STUDY) -> str:
    """A study with other factors."""
    return study[: study.index("factors")] + keys


def test_every_arm_is_a_run_at_every_seed(tmp_path: Path) -> None:
    plan = planned(written(tmp_path)).plan
    assert [arm.id for arm in plan.arms] == ["baseline/tiny", "mixer/pooling", "mixer/same", "norm/batch"]
    assert [(run.arm, run.seed) for run in plan.runs[:5]] == [
        ("baseline/tiny", 0), ("mixer/pooling", 0), ("mixer/same", 0), ("norm/batch", 0), ("baseline/tiny", 1),
    ]  # fmt: skip
    assert [arm.against for arm in plan.arms] == ["", *["baseline/tiny"] * 3]
    assert plan.by_id["norm/batch"].paper == {"top1": 71.5}


def test_an_arm_equal_to_the_baseline_is_one_run_with_it(tmp_path: Path) -> None:
    plan = planned(written(tmp_path)).plan
    first = {arm: [run.key for run in plan.of(arm)] for arm in plan.by_id}
    assert first["mixer/same"] == first["baseline/tiny"]
    assert len(plan.keys) == 6


def test_a_key_is_the_one_that_train_gives(tmp_path: Path) -> None:
    found = planned(written(tmp_path))
    one = found.trained["norm/batch"]
    run = prepare(one.arch, one.recipe, 1, tmp_path / "store")
    assert run.key == next(r.key for r in found.plan.of("norm/batch") if r.seed == 1)
    assert RunFolder.create(tmp_path / "other", found.document(run.key)).spec() == run.spec()


def test_a_plan_is_plain_data(tmp_path: Path) -> None:
    plan = planned(written(tmp_path)).plan
    assert Plan.from_dict(json.loads(json.dumps(plan.to_dict()))) == plan


def test_what_costs_more_or_is_trained_otherwise_is_told(tmp_path: Path) -> None:
    other = "other: {recipe: {extends: brief, edits: {batch: 32}}}"
    keys = f"factors: {{x: {{deep: {{stages.depth: 4}}, {other}, said: {{recipe.batch: 16}}}}}}\n"
    notes = {arm.name: arm.notes for arm in planned(written(tmp_path, with_(keys))).plan.arms}
    assert notes["deep"][0].startswith("params +")
    assert notes["other"] == ("trained otherwise: batch 64 → 32",)
    assert notes["said"] == ()


def test_a_number_is_scaled_until_the_cost_is_the_baselines(tmp_path: Path) -> None:
    keys = "factors: {x: {match: {macs: stages.depth}, arms: {pool: {stages.mixer: pooling}}}}\n"
    base, arm = planned(written(tmp_path, with_(keys))).plan.arms
    drift = abs(arm.macs / base.macs - 1)
    others = (
        planned(written(tmp_path, with_(f"factors: {{x: {{pool: {{stages.mixer: pooling, stages.depth: {n}}}}}}}\n")))
        for n in range(1, 9)
    )
    assert drift == min(abs(other.plan.arms[1].macs / base.macs - 1) for other in others)


def test_a_fraction_of_a_factorial_has_every_arm_as_often_as_the_others(tmp_path: Path) -> None:
    three = "".join(f"  {f}: {{one: {{stages.{f}: {a}}}, two: {{stages.{f}: {b}}}}}\n" for f, a, b in (
        ("norm", "layer_norm", "batch_norm"), ("activation", "relu", "gelu"), ("bias", "true", "false"),
    ))  # fmt: skip
    plan = planned(written(tmp_path, with_(f"design: factorial\nfraction: 1/2\nfactors:\n{three}"))).plan
    arms = [arm for arm in plan.arms if arm.factor]
    assert len(arms) == 4
    for factor in ("norm", "activation", "bias"):
        assert sorted(arm.levels[factor] for arm in arms) == ["one", "one", "two", "two"]


def test_steps_add_up_and_are_left_out(tmp_path: Path) -> None:
    steps = "design: {}\nsteps: {{norm: {{stages.norm: batch_norm}}, mixer: {{stages.mixer: pooling}}}}\n"
    road = planned(written(tmp_path, with_(steps.format("roadmap")))).plan
    assert [list(arm.levels) for arm in road.arms] == [[], ["norm"], ["norm", "mixer"]]
    without = planned(written(tmp_path, with_(steps.format("leave_one_out")))).plan
    assert [arm.name for arm in without.arms] == ["tiny", "all", "without norm", "without mixer"]
    assert without.arms[2].against == without.arms[1].id


def test_compute_is_three_passes_over_all_images_and_less_for_what_is_dropped(tmp_path: Path) -> None:
    one = planned(written(tmp_path)).trained["baseline/tiny"]
    steps = one.data.images // 64
    assert compute(one.arch, one.recipe, one.data.images) == (steps * 64, 3 * steps * 64 * one.arch.layout.cost.macs)
    quarter = RECIPE.edited(one.recipe, edits_from({"fraction": 0.25}))
    assert compute(one.arch, quarter, one.data.images).images == round(one.data.images / 4) // 64 * 64
    assert replace(one, recipe=quarter).key(0) != one.key(0)
    whole, half = (kept_macs(one.arch.layout, rate, constant=True) for rate in (0.0, 0.5))
    blocks = sum(cost.macs for name, cost in one.arch.layout.stages[0].costs if name in ("mixer", "mlp"))
    assert whole - half == blocks / 2


@pytest.mark.parametrize("data", ["digits", "scenes:train=9:val=4:test=4"])
def test_facts_are_the_datas(data: str) -> None:
    source = source_for(data)
    train = source.split("train")
    assert facts(data)[:4] == (source.identity, len(train.classes), train.channels, len(train))


def test_what_the_paper_prints_for_a_baseline_may_stand_with_its_arch() -> None:
    printed = {arm.id: arm.paper for arm in planned("ablation_hyenapixel").plan.arms if not arm.factor}
    assert [paper["top1"] for paper in printed.values()] == [80.3, 83.2, 73.4, 76.6]  # the last at 512 px
    assert all(not arm.paper for arm in planned("quickstart").plan.arms)


def test_data_that_is_not_here_can_be_planned_with(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ARCHSPEC_DATA", raising=False)
    found = planned("ablation_metaformer")
    assert "imagenet" in found.missing[0]
    assert found.plan.by_id["baseline/caformer_s18"].params == 26_341_872 or found.plan.arms[0].params > 20_000_000


@pytest.mark.parametrize("study", names("study"))
def test_every_study_on_the_shelf_can_be_checked_in_small(study: str) -> None:
    whole, small = planned(study).plan, planned(study, profile="check").plan
    assert [arm.id for arm in small.arms] == [arm.id for arm in whole.arms]
    assert len(small.seeds) == 1
    assert max(arm.training_macs for arm in small.arms) < min(arm.training_macs for arm in whole.arms)


def test_a_recipe_for_two_steps_is_one(tmp_path: Path) -> None:
    recipe = planned("quickstart", profile="check").trained["baseline/quick_conv"].recipe
    assert (recipe.steps, recipe.epochs, recipe.data.split(":")[0]) == (2, None, "scenes")
    assert RECIPE.load(recipe.tree.plain()) == recipe


def test_a_run_that_starts_from_anothers_waits_for_it(tmp_path: Path) -> None:
    longer = "---\nrecipe: tuned\nextends: brief\nedits: {from: brief, epochs: 2}\n"
    study = with_("factors: {x: {pooling: {stages.mixer: pooling}}}\n").replace("recipe: brief", "recipe: tuned")
    file = written(tmp_path, study)
    file.write_text(file.read_text(encoding="utf-8") + longer, encoding="utf-8")
    found = planned(file, seeds=[0])
    first, second = (run for run in found.plan.runs if run.arm == "baseline/tiny")
    assert (first.role, second.role, second.needs) == ("start", "train", (first.key,))
    assert found.document(second.key)["start"] == first.key
    assert found.document(first.key)["key"] == first.key
    one = found.trained["baseline/tiny"]
    assert prepare(one.arch, one.recipe, 0, tmp_path / "store").key == second.key


def test_baselines_of_factors_have_the_figures_of_their_documents() -> None:
    found = planned("metaformer_mixers").plan.by_id
    printed = {arm.arch: arm.paper.get("top1") for arm in found.values() if not arm.factor}
    assert printed["identityformer_s12"] == 74.6
    assert printed["convformer_b36"] == 84.8
    assert None not in printed.values()
    smaller = planned("metaformer_mixers", profile="smoke").plan
    assert smaller.by_id["baseline/identityformer_s_iso"].paper == {}
