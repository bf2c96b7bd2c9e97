"""Equal tuning: the same settings for every arm, chosen on val with other seeds than those of the table."""

from __future__ import annotations

from pathlib import Path

import pytest

from archspec.errors import SpecError
from archspec.report.sheets import sheets
from archspec.report.table import tabulate
from archspec.spec.runner import RUNNER
from archspec.studies.driving import drive
from archspec.studies.plan import Plan
from archspec.studies.planning import planned
from tests.studies import fake
from tests.studies.samples import STUDY, written
from tests.studies.test_driving import TARGET, importable, states

__all__ = ["importable"]

TUNE = "tune: {vary: {optimizer.lr: {choose: [1e-3, 2e-3, 4e-3]}, batch: {choose: [32, 64]}}, trials: 3, seeds: 2}\n"


def driven(file: Path, store: Path) -> Plan:
    """The plan in the end."""
    summary = drive(planned(file, store=store), store, RUNNER.load("inline"), target=TARGET)
    assert summary.planned is not None
    return summary.planned.plan


def test_every_arm_is_tried_with_the_same_settings_and_run_with_its_best(tmp_path: Path) -> None:
    file, store = written(tmp_path, STUDY + TUNE), tmp_path / "store"
    before = planned(file, store=store).plan
    assert {run.role for run in before.runs} == {"tune"}
    assert {run.seed for run in before.runs} == {2, 3}
    plan = driven(file, store)
    assert planned(file, store=store).plan == plan
    for arm in plan.arms:
        tuning = [run.key for run in plan.of(arm.id, "tune")]
        assert len(tuning) == 6
        means = [sum(map(fake.score_of, tuning[i : i + 2])) / 2 for i in range(0, 6, 2)]
        final = list(plan.of(arm.id))
        assert {run.seed for run in final} == {0, 1}
        assert arm.tuned
        assert max(means) == pytest.approx(means[_setting(plan, arm.id)])
    assert driven(file, store) == plan


def _setting(plan: Plan, arm: str) -> int:
    """Which of the settings was chosen for an arm, told by what is tuned."""
    settings = planned_settings(plan)
    return settings.index(plan.by_id[arm].tuned)


def planned_settings(plan: Plan) -> list[dict[str, object]]:
    """The settings in the order in which they are tried: drawn once, and the same for all."""
    from archspec.spec.nodes import node_of
    from archspec.spec.recipe import RECIPE
    from archspec.spec.tune import Tune, settings

    vary = {"optimizer.lr": {"choose": [1e-3, 2e-3, 4e-3]}, "batch": {"choose": [32, 64]}}
    recipe = RECIPE.load({"recipe": "x", "data": "digits", "epochs": 1, "batch": 64})
    tune = Tune(vary=vary, trials=3, seeds=2)
    return [dict(choices) for choices, _ in settings(tune, node_of({"vary": vary}), recipe.tree)]


def test_the_table_shows_what_was_chosen(tmp_path: Path) -> None:
    file, store = written(tmp_path, STUDY + TUNE), tmp_path / "store"
    plan = driven(file, store)
    table = tabulate(plan, states(plan, store))
    assert all(row.n == 2 for row in table.rows)
    (sheet,) = [sheet for sheet in sheets(table) if sheet.title.startswith("Tuned")]
    assert [head.title for head in sheet.heads] == ["arm", "optimizer.lr", "batch"]
    assert table.metrics == ("top1", "loss")


def test_few_ways_are_all_tried(tmp_path: Path) -> None:
    file = written(tmp_path, STUDY + "tune: {vary: {optimizer.lr: {choose: [1e-3, 2e-3]}}, trials: 20}\n")
    plan = planned(file, store=tmp_path / "store").plan
    assert len(list(plan.of("baseline/tiny", "tune"))) == 2


@pytest.mark.parametrize(
    ("tune", "message"),
    [
        ("tune: {vary: {data: {choose: [digits, scenes]}}}", "same for all settings"),
        ("tune: {vary: {optimizer.lr: 1e-3}}", "nothing varies"),
    ],
)
def test_what_cannot_be_tuned(tune: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(SpecError, match=message):
        planned(written(tmp_path, f"{STUDY}{tune}\n"))
