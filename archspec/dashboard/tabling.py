"""The table as a reader wants it: against another baseline, by another metric, at another epoch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from archspec.dashboard.page import Look
from archspec.dashboard.query import Query
from archspec.dashboard.study import Study
from archspec.records.known import Known
from archspec.report.table import Table, lower_is_better, tabulate
from archspec.studies.plan import Plan, PlannedArm

RESULT, NEWEST, BEST = "", "newest", "best"
"""The test's result; the newest epoch, and the best one, as they were measured on the validation images."""
AT = """
    SELECT runs.key, {value} AS value FROM points JOIN runs ON runs.id = points.run_id
    WHERE points.name = :metric AND (:epoch < 0 OR points.epoch = :epoch)
      AND runs.key IN (SELECT key FROM arm_runs WHERE study = :study AND role = 'train')
    GROUP BY runs.key"""


def chosen(look: Look) -> Table:
    """The table that the address asks for."""
    study, query = look.study, look.query
    plan = rebased(study.plan, query.one("baseline", list(study.table.by_id)))
    epoch = _epoch(study, query)
    if epoch != RESULT:
        return _along(study, plan, _metric(query, study.measured, study.plan.metric), epoch)
    metric = _metric(query, study.table.metrics, study.plan.metric)
    return study.by(metric) if plan is study.plan else tabulate(plan, study.known, metric=metric)


def best_of(table: Table, most: int) -> Table:
    """The baselines and the best of the others, where there are too many of them."""
    others = [row for row in table.rows if not row.is_baseline]
    if len(others) <= most:
        return table
    sign = 1 if table.lower_is_better else -1
    ranked = sorted(others, key=lambda row: (row.summary is None, sign * (row.summary.mean if row.summary else 0.0)))
    kept = {row.planned.id for row in ranked[:most]}
    kept |= {row.planned.against for row in others if row.planned.id in kept}
    return replace(table, rows=tuple(row for row in table.rows if row.is_baseline or row.planned.id in kept))


def last_epoch(study: Study) -> int:
    """The last epoch that any training has reached."""
    return max((one.epoch or 0 for one in study.known.values()), default=0)


def rebased(plan: Plan, baseline: str) -> Plan:
    """The plan with an arm in the place of the baseline that it stands on."""
    arm = plan.by_id.get(baseline)
    if arm is None or not arm.against:
        return plan
    return replace(plan, design="one_factor", arms=tuple(_against(other, arm) for other in plan.arms))


def _against(arm: PlannedArm, base: PlannedArm) -> PlannedArm:
    if arm.baseline != base.baseline:
        return arm
    # What was noted of it was how it differs from the study's own baseline.
    if arm.id == base.id:
        return replace(arm, against="", factor="", notes=())
    return replace(arm, against=base.id, factor=arm.factor or "the study's baseline", notes=())


def _metric(query: Query, known: list[str] | tuple[str, ...], default: str) -> str:
    usual = default if default in known or not known else known[0]
    return query.one("metric", known, usual)


def _epoch(study: Study, query: Query) -> str:
    said = query.text("epoch")
    if said in (RESULT, NEWEST, BEST):
        return said
    number = query.number("epoch", 1, max(1, last_epoch(study)))
    return RESULT if number is None else str(number)


def _along(study: Study, plan: Plan, metric: str, epoch: str) -> Table:
    """The table of what was measured along the way; of a run that is at work too."""
    lower = lower_is_better(metric)
    values = _values(study, metric, epoch, lower=lower)
    known = {key: _reached(one, metric, values) for key, one in study.known.items()}
    table = tabulate(plan, known, metric=metric)
    when = {NEWEST: "at the newest epoch of each run", BEST: "at the best epoch of each run"}.get(epoch)
    said = f"measured on the validation images {when or f'after epoch {epoch}'}, not the test's results"
    return replace(table, warnings=(said, *study.table.warnings))


def _values(study: Study, metric: str, epoch: str, *, lower: bool) -> Mapping[str, float]:
    if epoch == NEWEST:
        return {key: one.last[metric] for key, one in study.known.items() if metric in one.last}
    value = "MIN(points.value)" if lower else "MAX(points.value)"
    number = -1 if epoch == BEST else int(epoch)
    rows = study.index.rows(AT.format(value=value), metric=metric, epoch=number, study=study.name)
    return {row["key"]: row["value"] for row in rows}


def _reached(one: Known, metric: str, values: Mapping[str, float]) -> Known:
    value = values.get(one.key)
    return replace(one, scores={}) if value is None else replace(one, state="done", scores={metric: value})
