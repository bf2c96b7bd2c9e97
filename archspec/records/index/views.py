"""The index's views: questions that many ask, as tables. `docs/store.md` describes them."""

from __future__ import annotations

VIEWS = {
    "curves": """
        SELECT runs.key, points.epoch, points.step, points.seconds, points.name, points.value
        FROM points JOIN runs ON runs.id = points.run_id""",
    "results": """
        SELECT arms.study, arms.arm, arms.factor, arms.baseline, arm_runs.seed, arm_runs.key,
               COALESCE(runs.state, 'planned') AS state, studies.metric, scores.value, arms.paper,
               arms.params, arms.macs, runs.seconds, runs.seconds * runs.gpus / 3600.0 AS gpu_hours
        FROM arms JOIN studies ON studies.name = arms.study
        JOIN arm_runs ON arm_runs.study = arms.study AND arm_runs.arm = arms.arm AND arm_runs.role = 'train'
        LEFT JOIN runs ON runs.key = arm_runs.key
        LEFT JOIN scores ON scores.run_id = runs.id AND scores.name = studies.metric AND runs.state = 'done'""",
    "arm_means": """
        SELECT study, arm, factor, baseline, metric, COUNT(value) AS n, AVG(value) AS mean, MIN(value) AS lowest,
               MAX(value) AS highest, paper, params, macs, SUM(gpu_hours) AS gpu_hours
        FROM results GROUP BY study, arm, factor, baseline, metric, paper, params, macs""",
    "measurements": """
        SELECT arm_runs.study, arm_runs.arm, arm_runs.seed, arm_runs.role, arm_runs.key, runs.state, scores.name,
               scores.value
        FROM arm_runs JOIN runs ON runs.key = arm_runs.key JOIN scores ON scores.run_id = runs.id""",
    "failures": """
        SELECT runs.key, runs.state, runs.reason, runs.attempt, runs.host, runs.device, arm_runs.study, arm_runs.arm,
               arm_runs.seed
        FROM runs LEFT JOIN arm_runs ON arm_runs.key = runs.key
        WHERE runs.state IN ('failed', 'invalid', 'lost')""",
}
"""Names and queries, those first that others read."""
