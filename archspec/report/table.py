"""The table of a study, as numbers: what terminals, papers and pages show is made from it and from nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, NamedTuple

from archspec.records.known import Known
from archspec.report.cautions import cautions
from archspec.report.climbs import Climbs
from archspec.report.designs import Effects, Rung, effects, rungs, together
from archspec.report.rows import Row, labels
from archspec.report.scores import Scores
from archspec.report.search import Search
from archspec.report.verdicts import Compared, Verdict, sentence
from archspec.report.wording import digits_for
from archspec.statistics import difference, holm, mean
from archspec.studies.plan import Plan, PlannedArm

LOWER = ("loss", "error", "mce", "seconds", "mib")
"""How metrics end of which less is better."""


def lower_is_better(metric: str) -> bool:
    """Whether less of a metric is better."""
    return metric.rpartition(".")[2].endswith(LOWER)


@dataclass(frozen=True)
class Group:
    """The arms of one factor on one baseline."""

    factor: str
    table: str
    """The paper's table."""
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class Block:
    """A baseline, and everything that is compared with it."""

    baseline: Row
    groups: tuple[Group, ...]

    @property
    def rows(self) -> tuple[Row, ...]:
        """All of its rows, the baseline first."""
        return (self.baseline, *(row for group in self.groups for row in group.rows))


@dataclass(frozen=True)
class Table:
    """What a study has found so far."""

    study: str
    profile: str
    design: str
    metric: str
    metrics: tuple[str, ...]
    """What else there is to compare by."""
    paper: str
    seeds: tuple[int, ...]
    digits: int
    rows: tuple[Row, ...]
    warnings: tuple[str, ...] = ()
    """What a reader should know before the numbers."""
    search: Search | None = None
    """What a search has asked for, and what came of it."""

    @property
    def title(self) -> str:
        """The study, and the profile it was run by."""
        return f"{self.study}@{self.profile}" if self.profile else self.study

    @cached_property
    def by_id(self) -> dict[str, Row]:
        """The rows under the ids of their arms."""
        return {row.planned.id: row for row in self.rows}

    @cached_property
    def names(self) -> dict[str, str]:
        """What to call each arm outside of its block: `relu on convformer_s18` where there are several baselines."""
        several = len(self.blocks) > 1
        labels = {row.planned.id: (row.label, row.planned.baseline, row.is_baseline) for row in self.rows}
        return {arm: f"{name} on {on}" if several and not base else name for arm, (name, on, base) in labels.items()}

    @cached_property
    def blocks(self) -> tuple[Block, ...]:
        """A block for each baseline, with its factors in order."""
        return tuple(Block(row, tuple(self._groups(row))) for row in self.rows if row.is_baseline)

    @cached_property
    def rungs(self) -> dict[str, tuple[Rung, ...]]:
        """What each step of a roadmap adds, by the baseline's id."""
        return {b.baseline.planned.id: rungs(b.rows) for b in self.blocks} if self.design == "roadmap" else {}

    @cached_property
    def effects(self) -> dict[str, Effects]:
        """Main effects and interactions of a factorial, by the baseline's id."""
        return {b.baseline.planned.id: effects(b.rows) for b in self.blocks} if self.design == "factorial" else {}

    @cached_property
    def verdicts(self) -> tuple[Verdict, ...]:
        """What was learned, a sentence a factor."""
        return tuple(self._verdicts())

    @property
    def lower_is_better(self) -> bool:
        """Whether less of the metric is better."""
        return lower_is_better(self.metric)

    def best(self, block: Block) -> str:
        """The label of the arm with the best mean, where there is something to choose from."""
        means = {row.label: row.summary.mean for row in block.rows if row.summary}
        choose = min if self.lower_is_better else max
        return choose(means, key=lambda label: means[label]) if len(means) > 1 else ""

    def to_dict(self) -> dict[str, Any]:
        """Plain data: what `archspec study report --json` prints."""
        names = ("study", "profile", "design", "metric", "metrics", "paper", "seeds", "warnings")
        return {
            **{name: getattr(self, name) for name in names},
            "verdicts": [found._asdict() for found in self.verdicts],
            "arms": [row.to_dict() for row in self.rows],
            **({"search": self.search.to_dict()} if self.search else {}),
            **({"steps": [rung.to_dict() for found in self.rungs.values() for rung in found]} if self.rungs else {}),
            **({"effects": [e for found in self.effects.values() for e in found.to_list()]} if self.effects else {}),
        }

    def _groups(self, baseline: Row) -> Iterator[Group]:
        mine = [row for row in self.rows if not row.is_baseline and self._root(row) is baseline]
        for factor in dict.fromkeys(row.planned.factor for row in mine):
            rows = tuple(row for row in mine if row.planned.factor == factor)
            yield Group(factor, rows[0].planned.table, rows)

    def _root(self, row: Row) -> Row:
        """The baseline that a row is compared with, perhaps by way of another arm."""
        return row if row.is_baseline else self._root(self.by_id[row.planned.against])

    def _verdicts(self) -> Iterator[Verdict]:
        for block in self.blocks:
            for factor, compared in self._comparisons(block).items():
                yield Verdict(block.baseline.planned.name, factor, sentence(filter(None, compared), self.digits))

    def _comparisons(self, block: Block) -> dict[str, list[Compared | None]]:
        """What is compared, factor by factor: arms; of a roadmap the steps, of a factorial the effects."""
        if block.baseline.planned.id in self.effects:
            effects = self.effects[block.baseline.planned.id]
            factors = dict.fromkeys(one.factor for one in effects.main)
            mains = {name: [one.compared for one in effects.main if one.factor == name] for name in factors}
            return {**mains, "interactions": [one.compared for one in effects.interactions]}
        if block.baseline.planned.id in self.rungs:
            found = self.rungs[block.baseline.planned.id]
            return {"roadmap": [together(found)], "steps": [rung.compared for rung in found]}
        return {group.factor: [row.compared for row in group.rows] for group in block.groups}


class Shared(NamedTuple):
    """What all rows of a table share."""

    scores: Scores
    metric: str
    values: dict[str, dict[int, float]]
    """What every arm reached, by seed."""
    labels: dict[str, str]
    digits: int


def tabulate(plan: Plan, known: Mapping[str, Known], *, metric: str | None = None) -> Table:
    """The table of a plan from what is known of its runs; arms are compared by the study's metric, or another."""
    scores = Scores(plan, known)
    metric = scores.chosen(metric)
    values = {arm.id: scores.values(arm.id, metric) for arm in plan.tested}
    digits = digits_for(value for by_seed in values.values() for value in by_seed.values())
    shared = Shared(scores, metric, values, labels(plan.by_id, plan.design), digits)
    rows = _corrected([_row(shared, arm) for arm in plan.tested])
    return Table(
        study=plan.study,
        profile=plan.profile,
        design=plan.design,
        metric=metric,
        metrics=scores.metrics,
        paper=plan.paper,
        seeds=plan.seeds,
        digits=digits,
        rows=rows,
        warnings=tuple(cautions(scores, rows)),
        search=Search(plan.objectives, plan.trials, plan.by_id, Climbs.of(plan), plan.proxies)
        if plan.objectives
        else None,
    )


def _row(shared: Shared, arm: PlannedArm) -> Row:
    scores, metric, values = shared.scores, shared.metric, shared.values
    mine, against = values[arm.id], scores.plan.by_id.get(arm.against)
    keys, hours = scores.keys(arm.id), scores.hours(arm.id)
    paper, theirs = arm.paper.get(metric), against.paper.get(metric) if against else None
    measured = {name: mean(scores.values(arm.id, name).values()) for name in scores.measured if name != metric}
    return Row(
        planned=arm,
        label=shared.labels[arm.id],
        keys=keys,
        values=mine,
        states=scores.states(arm.id, metric),
        summary=mean(mine.values()),
        difference=difference(mine, values[against.id]) if against else None,
        p=None,
        paper=paper,
        paper_delta=None if paper is None or theirs is None else round(paper - theirs, 9),
        same=against is not None and keys == scores.keys(against.id),
        digits=shared.digits,
        hours=hours[0],
        gpu_hours=hours[1],
        measured={name: found for name, found in measured.items() if found},
        notes=arm.notes,
    )


def _corrected(rows: list[Row]) -> tuple[Row, ...]:
    """The rows with their p corrected within each factor on each baseline."""
    families: dict[tuple[str, str], dict[str, float | None]] = {}
    for row in rows:
        if row.difference is not None and not row.same:
            family = families.setdefault((row.planned.baseline, row.planned.factor), {})
            family[row.planned.id] = row.difference.p
    p = {arm: value for family in families.values() for arm, value in holm(family).items()}
    return tuple(replace(row, p=p.get(row.planned.id)) for row in rows)
