"""The table as numbers."""

from __future__ import annotations

import json
import random
from dataclasses import replace

import pytest

from archspec.errors import ArchspecError
from archspec.report.cells import columns
from archspec.report.csv import csv
from archspec.report.latex import latex
from archspec.report.markdown import markdown
from archspec.report.table import tabulate
from archspec.studies.plan import PlannedRun
from tests.report.samples import (
    GELU,
    LARGE,
    REACHED,
    RELU,
    SEEDS,
    VIT,
    arm,
    baseline,
    done,
    factorial,
    in_state,
    key,
    known,
    one_factor,
    plan,
    roadmap,
)

PUBLIC = "arm factor baseline n mean ci delta delta_ci p p_exact paper paper_delta params macs gpu_hours".split()  # noqa: SIM905


def test_the_numbers_of_an_arm_by_hand() -> None:
    relu = one_factor().by_id[RELU.id].to_dict()
    assert (relu["n"], relu["pairs"], relu["mean"], relu["delta"]) == (3, 3, 79.0, -2.0)
    assert relu["delta_ci"] == pytest.approx((-4.4841, 0.4841), abs=1e-4)
    assert relu["p_raw"] == pytest.approx(0.07418, abs=1e-5)
    assert relu["p"] == pytest.approx(2 * relu["p_raw"])  # two arms of the factor, the smaller p counts twice
    assert (relu["p_exact"], relu["p_exact_least"]) == (0.25, 0.25)
    assert (relu["paper"], relu["paper_delta"]) == (79.0, -1.0)
    assert relu["gpu_hours"] == pytest.approx(3.0)  # three runs of half an hour on two
    assert relu["hours"] == pytest.approx(1.5)


def test_the_other_factor_is_corrected_by_itself() -> None:
    kernel = one_factor().by_id[LARGE.id]
    assert kernel.difference is not None
    assert kernel.p == kernel.difference.p


def test_the_data_is_that_of_the_public_face_and_is_json() -> None:
    data = json.loads(json.dumps(one_factor().to_dict(), allow_nan=False))
    assert {"study", "metric", "arms"} <= data.keys()
    assert (data["study"], data["metric"]) == ("study", "top1")
    assert all(set(PUBLIC) <= row.keys() for row in data["arms"])
    base = data["arms"][0]
    assert (base["arm"], base["factor"], base["baseline"], base["delta"], base["p"]) == ("vit", "", "vit", None, None)


def test_rows_stand_under_their_baseline_and_factor() -> None:
    (block,) = one_factor().blocks
    assert block.baseline.label == "vit"
    assert [(group.factor, group.table, [row.label for row in group.rows]) for group in block.groups] == [
        ("activation", "4a", ["relu", "gelu"]),
        ("kernel", "", ["7 → 31"]),
    ]


def test_runs_in_any_order_are_paired_alike() -> None:
    straight = plan(VIT, RELU, GELU, LARGE)
    for attempt in range(5):
        mixed = replace(straight, runs=tuple(random.Random(attempt).sample(straight.runs, len(straight.runs))))
        table = tabulate(mixed, known(REACHED))
        assert [row.difference for row in table.rows] == [row.difference for row in one_factor().rows]


def test_only_seeds_finished_on_both_sides_are_paired() -> None:
    facts = known(REACHED) | in_state(VIT, 0, "failed", "diverged") | in_state(RELU, 2, "running")
    table = tabulate(plan(VIT, RELU, GELU, LARGE), facts)
    relu, gelu = table.by_id[RELU.id], table.by_id[GELU.id]
    assert relu.difference is not None
    assert relu.difference.by_seed == {1: -2.0}
    assert (relu.n, relu.states) == (2, {"running": 1})
    assert gelu.difference is not None
    assert list(gelu.difference.by_seed) == [1, 2]


def test_one_seed_has_no_interval_and_no_p() -> None:
    table = tabulate(plan(VIT, RELU, seeds=(0,)), known([(VIT, {0: 81.0}), (RELU, {0: 80.0})]))
    relu = table.by_id[RELU.id].to_dict()
    assert (relu["delta"], relu["ci"], relu["delta_ci"], relu["p"], relu["p_raw"]) == (-1.0, None, None, None, None)


def test_several_baselines_have_a_block_each() -> None:
    second = baseline("swin")
    theirs = arm("activation", "relu", "swin")
    arms = (VIT, second, RELU, theirs)
    table = tabulate(plan(*arms), known([(one, {0: 80.0 + i, 1: 81.0 + i}) for i, one in enumerate(arms)]))
    assert [[row.planned.id for row in block.rows] for block in table.blocks] == [
        [VIT.id, RELU.id],
        [second.id, theirs.id],
    ]
    assert table.names[theirs.id] == "relu on swin"


def test_an_arm_of_the_same_runs_is_told_and_not_tested() -> None:
    twin = arm("activation", "bi", paper={"top1": 80.0})
    runs = [PlannedRun(key(VIT, seed), one.id, seed) for one in (VIT, twin, RELU) for seed in (0, 1, 2) if one != RELU]
    runs += [PlannedRun(key(RELU, seed), RELU.id, seed) for seed in (0, 1, 2)]
    table = tabulate(plan(VIT, twin, RELU, runs=tuple(runs)), known(REACHED))
    row = table.by_id[twin.id]
    assert row.same
    assert (row.to_dict()["delta"], row.p, row.to_dict()["p_exact"]) == (0.0, None, None)
    assert row.agreement == "the same runs as the arm it is compared with"
    relu = table.by_id[RELU.id]
    assert relu.difference is not None
    assert relu.p == relu.difference.p  # alone in its family


def test_another_metric_may_be_compared_by() -> None:
    table = tabulate(plan(VIT, RELU, GELU, LARGE), known(REACHED), metric="loss")
    assert table.by_id[RELU.id].difference is not None
    assert table.by_id[RELU.id].to_dict()["delta"] == pytest.approx(0.02)
    assert (table.by_id[RELU.id].paper, table.best(table.blocks[0])) == (None, "7 → 31")


def test_a_metric_that_nothing_has_is_a_mistake_with_a_hint() -> None:
    with pytest.raises(ArchspecError, match=r"no run has a `top2`: did you mean `top1`"):
        tabulate(plan(VIT, RELU), known(REACHED), metric="top2")


def test_measurements_are_columns_and_can_be_compared_by() -> None:
    measured = [PlannedRun(f"m{i}", one.id, 0, "robustness") for i, one in enumerate((VIT, RELU))]
    base = plan(VIT, RELU, seeds=(0,))
    facts = known([(VIT, {0: 81.0}), (RELU, {0: 80.0})])
    facts |= {"m0": done("m0", 0, scores={"mce": 50.0}), "m1": done("m1", 0, scores={"mce": 53.0, "epoch": 3.0})}
    made = replace(base, runs=(*base.runs, *measured))
    table = tabulate(made, facts)
    assert table.metrics == ("top1", "loss", "robustness.mce")
    assert table.by_id[RELU.id].measured["robustness.mce"].mean == 53.0
    by_it = tabulate(made, facts, metric="robustness.mce")
    assert by_it.by_id[RELU.id].to_dict()["delta"] == 3.0
    assert by_it.best(by_it.blocks[0]) == "vit"


def test_of_a_measurement_with_the_metric_only_that_is_a_column_and_it_is_called_like_the_measurement() -> None:
    base = plan(VIT, RELU)
    numbers = {"large": {"top1": 70.0, "top5": 90.0, "loss": 1.0}, "speed": {"images_per_second": 12_345.6}}
    runs = [PlannedRun(f"{role}-{one.id}-{s}", one.id, s, role) for role in numbers for one in base.arms for s in SEEDS]
    facts = known(REACHED) | {run.key: done(run.key, 0, scores=numbers[run.role]) for run in runs}
    table = tabulate(replace(base, runs=(*base.runs, *runs)), facts)
    found = {column.title: column.text(table.rows[0]) for column in columns(table) if column.key.startswith("measured")}
    assert found == {"large": "70.00", "speed": "12346"}
    assert {"large.top5", "speed.images_per_second"} <= set(csv(table).splitlines()[0].split(","))
    for text in (markdown(table), latex(table)):
        assert "12346" in text
        assert "large: top1, measured on finished runs" in text


def test_measurements_on_several_devices_are_told_of() -> None:
    base = plan(VIT, seeds=(0, 1))
    runs = [PlannedRun(f"m{seed}", VIT.id, seed, "speed") for seed in (0, 1)]
    facts = known([(VIT, {0: 81.0, 1: 81.0})])
    facts |= {f"m{seed}": done(f"m{seed}", 0, device=f"GPU {seed}") for seed in (0, 1)}
    table = tabulate(replace(base, runs=(*base.runs, *runs)), facts)
    assert "speed: measured with several devices: GPU 0 (1 run) and GPU 1 (1 run)" in table.warnings


def test_numbers_that_are_none_do_not_count() -> None:
    facts = known(REACHED) | {key(RELU, 0): done(key(RELU, 0), float("nan"))}
    assert tabulate(plan(VIT, RELU), facts).by_id[RELU.id].n == 2


def test_a_roadmap_adds_up() -> None:
    ((_, rungs),) = roadmap().rungs.items()
    assert [rung.row.label for rung in rungs] == ["+ a", "+ b", "+ c"]
    assert [rung.gain and pytest.approx(rung.gain.mean) for rung in rungs] == [1.25, 1.75, -0.4]
    assert [rung.total and pytest.approx(rung.total.mean) for rung in rungs] == [1.25, 3.0, 2.6]
    assert [rung.paper_gain for rung in rungs] == [1.0, 1.5, -0.5]
    assert [step["arm"] for step in roadmap().to_dict()["steps"]] == ["a", "b", "c"]


def test_a_factorial_has_effects_and_names_only_what_varies() -> None:
    table = factorial()
    assert [row.label for row in table.rows[1:]] == ["pool, relu", "pool, gelu", "attn, relu", "attn, gelu"]
    (effects,) = table.effects.values()
    found = {one.label: one.effect.difference and round(one.effect.difference.mean, 1) for one in effects.main}
    assert found == {"attn over pool": 3.0, "gelu over relu": 2.0}
    assert [one.label for one in effects.interactions] == ["attn × gelu"]
    assert len(table.to_dict()["effects"]) == 3


def test_leave_one_out_is_compared_with_all_steps() -> None:
    whole = arm("steps", "all")
    without = arm("steps", "without a", against=whole.id)
    facts = known([(VIT, {0: 70.0, 1: 71.0}), (whole, {0: 75.0, 1: 77.0}), (without, {0: 74.0, 1: 75.0})])
    table = tabulate(plan(VIT, whole, without, design="leave_one_out", seeds=(0, 1)), facts)
    (block,) = table.blocks
    assert [row.label for row in block.rows] == ["vit", "all", "without a"]
    assert [row.difference and row.difference.mean for row in block.rows] == [None, 5.5, -1.5]


def test_nothing_finished_is_a_table_all_the_same() -> None:
    table = tabulate(plan(VIT, RELU), {})
    assert [row.summary for row in table.rows] == [None, None]
    assert table.to_dict()["arms"][1]["states"] == {"planned": 3}
    assert table.verdicts[0].sentence == "nothing to compare yet"
