"""Everything a report says, laid out as sheets and sentences that a terminal, Markdown and LaTeX only have to draw."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from archspec.report.cells import columns, detectable, legend
from archspec.report.climbs import Climbs
from archspec.report.designs import Found, Rung
from archspec.report.search import COUNTED, Promise, Search, titled
from archspec.report.table import Block, Table
from archspec.report.wording import bracket, printed_difference, probability, short, signed
from archspec.spec.writing import flow
from archspec.statistics import Difference
from archspec.studies.plan import PlannedTrial

MOST = 12
"""Rows of a search that are worth a table."""


class Head(NamedTuple):
    """A column's title, whether it holds numbers, and how soon it is left out; 0 is never."""

    title: str
    number: bool = True
    spare: int = 0
    key: str = ""


@dataclass(frozen=True)
class Sheet:
    """A table of texts. A row that is one text is a heading over those that follow."""

    title: str
    heads: tuple[Head, ...]
    rows: tuple[tuple[str, ...] | str, ...]
    best: str = ""
    """The first cell of the row that is best."""
    is_arms: bool = False
    """Whether its rows are the arms themselves."""


class Section(NamedTuple):
    """A title and its sentences."""

    title: str
    sentences: list[str]


def sheets(table: Table) -> list[Sheet]:
    """A sheet a baseline, then what its design says besides."""
    found = [*(searches(table.search) if table.search else ()), *_tuned(table)]
    return [*(_arms(table, block) for block in table.blocks), *_rungs(table), *_effects(table), *found]


def sections(*found: Section) -> list[Section]:
    """Those that say something."""
    return [section for section in found if section.sentences]


def before(table: Table) -> list[Section]:
    """What is said before the numbers."""
    return sections(warnings(table), verdicts(table))


def after(table: Table) -> list[Section]:
    """What is said after them."""
    return sections(agreements(table), notes(table), reading(table))


def warnings(table: Table) -> Section:
    """What to know before believing the numbers."""
    return Section("Warnings", list(table.warnings))


def verdicts(table: Table) -> Section:
    """What was learned, a sentence a factor."""
    several = len(table.blocks) > 1
    names = [f"{v.factor} on {v.baseline}" if several else v.factor for v in table.verdicts]
    said = [f"{name}: {v.sentence}" for name, v in zip(names, table.verdicts, strict=True)]
    return Section("Verdict", [*(table.search.sentences() if table.search else ()), *said])


def agreements(table: Table) -> Section:
    """How the differences stand to the paper's."""
    said = [f"{table.names[row.planned.id]}: {row.agreement}" for row in table.rows if row.agreement]
    return Section(f"Beside {table.paper or 'the paper'}", said)


def notes(table: Table) -> Section:
    """What is particular about arms."""
    return Section(
        "Notes", [f"{table.names[row.planned.id]}: {'; '.join(row.notes)}" for row in table.rows if row.notes]
    )


def reading(table: Table) -> Section:
    """How to read the columns, and what the seeds could have shown."""
    return Section("How to read it", [*legend(table), *filter(None, [detectable(table)])])


def _tuned(table: Table) -> Iterator[Sheet]:
    """What was chosen for each arm."""
    names = list(dict.fromkeys(path for row in table.rows for path in row.planned.tuned))
    if names:
        heads = (Head("arm", number=False, key="arm"), *(Head(name, number=False) for name in names))
        rows = [(row.label, *(_value(row.planned.tuned, name) for name in names)) for row in table.rows]
        yield Sheet("Tuned for each arm by itself, on val and with other seeds", heads, tuple(rows))


def _value(tuned: Mapping[str, Any], name: str) -> str:
    return flow(tuned[name]) if name in tuned else ""


def searches(found: Search) -> Iterator[Sheet]:
    """A search's best candidates, and the decisions that mattered."""
    names = tuple(found.objectives)
    best = found.best(MOST)
    if best:
        title = (
            "The best candidates, on the validation images"
            if len(names) == 1
            else "The front, on the validation images"
        )
        costs = [name for name in ("params", "macs") if name not in names]
        numbers = [Head(titled(name)) for name in (*names, *costs)]
        heads = (Head("trial", number=False, key="arm"), *numbers)
        rows = tuple(_candidate(found, trial, names, costs) for trial in best)
        yield Sheet(title, (*heads, Head("decisions", number=False, spare=1)), rows)
    if promises := found.promises():
        texts = (Head("proxy", number=False, key="arm"), Head("metric", number=False))
        heads = (*texts, Head("n"), Head("ρ"), Head("95% CI"))
        yield Sheet("How proxies rank what was trained (Spearman, on val)", heads, tuple(map(_promise, promises)))
    for name in names:
        shares = found.importances[name][:MOST]
        if shares:
            heads = (Head("decision", number=False, key="arm"), Head("share"), Head("best answer", number=False))
            rows = tuple((one.decision, f"{one.share:.0%}", one.answer) for one in shares)
            yield Sheet(f"What decided {titled(name)}: shares of its variance, one decision at a time", heads, rows)
    yield from _climbs(found.climbs)


def _climbs(found: Climbs) -> Iterator[Sheet]:
    """How many went on from rung to rung, and whether the rungs rank them alike."""
    if found.rungs:
        rows = tuple(
            (one.name, one.said, str(one.ended), str(one.went_on) if one.said else "", short(one.training_macs))
            for one in found.rungs
        )
        heads = (Head("rung", number=False, key="arm"), Head("edits of the recipe", number=False, spare=1))
        counts = (Head("ended"), Head("went on"), Head("train MACs", spare=2))
        yield Sheet(f"Rungs, climbed by {found.metric} on val", (*heads, *counts), rows)
        pairs = tuple((f"{one.lower} – {one.upper}", str(one.found.n), one.said, one.interval) for one in found.alike)
        heads = (Head("rungs", number=False, key="arm"), Head("n"))
        title = "How alike rungs rank the candidates that have both"
        yield Sheet(title, (*heads, Head("rank correlation"), Head("95% CI")), pairs)


def _promise(one: Promise) -> tuple[str, ...]:
    n, rho, interval = one.correlation
    told = "" if rho is None else signed(rho, 2)
    return (one.proxy, one.metric, str(n), told, bracket(interval, 2) if interval else "no interval")


def _candidate(found: Search, trial: PlannedTrial, names: Iterable[str], costs: Iterable[str]) -> tuple[str, ...]:
    arm = found.arms[trial.arm]
    values = [short(trial.values[name]) if name in COUNTED else f"{trial.values[name]:.4g}" for name in names]
    decisions = ", ".join(f"{name}: {flow(answer)}" for name, answer in trial.choices.items())
    return (str(trial.number), *values, *(short(getattr(arm, name)) for name in costs), decisions)


def _arms(table: Table, block: Block) -> Sheet:
    found = columns(table)
    rows: list[tuple[str, ...] | str] = [tuple(column.text(block.baseline) for column in found)]
    for group in block.groups:
        rows.append(f"{group.factor} (paper: table {group.table})" if group.table else group.factor)
        rows += [tuple(column.text(row) for column in found) for row in group.rows]
    heads = tuple(Head(column.title, column.number, column.spare, column.key) for column in found)
    return Sheet(f"Compared with {block.baseline.label}", heads, tuple(rows), table.best(block), is_arms=True)


COMPARED = (Head("n"), Head("Δ"), Head("Δ 95% CI"), Head("p", spare=1), Head("p exact", spare=2))


def _compared(found: Difference | None, p: float | None, digits: int) -> tuple[str, ...]:
    if found is None:
        return ("0", "", "", "", "")
    interval = bracket(found.interval, digits) if found.interval else "no interval"
    chance = probability(p) if p is not None else ""
    exact = probability(found.exact.p) if found.exact and found.pairs > 1 else ""
    return (str(found.pairs), signed(found.mean, digits), interval, chance, exact)


def _rungs(table: Table) -> Iterator[Sheet]:
    for arm, found in table.rungs.items():
        paper = any(rung.paper_gain is not None for rung in found)
        heads = (Head("step", number=False, key="arm"), *COMPARED, Head("so far"), *[Head("paper Δ")] * paper)
        rows = tuple(_rung(rung, table.digits, paper=paper) for rung in found)
        yield _without_empty(Sheet(f"What each step adds, from {table.by_id[arm].label}", heads, rows))


def _rung(rung: Rung, digits: int, *, paper: bool) -> tuple[str, ...]:
    total = signed(rung.total.mean, digits) if rung.total else ""
    theirs = printed_difference(rung.paper_gain) if rung.paper_gain is not None else ""
    return (rung.row.label, *_compared(rung.gain, rung.p, digits), total, *[theirs] * paper)


def _effects(table: Table) -> Iterator[Sheet]:
    several = len(table.blocks) > 1
    for found in table.effects.values():
        on = f" on {found.baseline}" if several else ""
        if found.main:
            yield _effect_sheet(f"Main effects{on}, averaged over the other factors", found.main, table.digits)
        if found.interactions:
            yield _effect_sheet(f"Interactions{on}: what both do beyond each", found.interactions, table.digits)


def _effect_sheet(title: str, found: Sequence[Found], digits: int) -> Sheet:
    rows: list[tuple[str, ...] | str] = []
    for factor in dict.fromkeys(one.factor for one in found):
        rows.append(factor)
        rows += [_effect(one, digits) for one in found if one.factor == factor]
    return _without_empty(Sheet(title, (Head("effect", number=False, key="arm"), *COMPARED), tuple(rows)))


def _without_empty(sheet: Sheet) -> Sheet:
    """A sheet without the columns in which nothing stands."""
    cells = [row for row in sheet.rows if not isinstance(row, str)]
    kept = [i for i in range(len(sheet.heads)) if any(row[i] for row in cells)]
    rows = tuple(row if isinstance(row, str) else tuple(row[i] for i in kept) for row in sheet.rows)
    return replace(sheet, heads=tuple(sheet.heads[i] for i in kept), rows=rows)


def _effect(one: Found, digits: int) -> tuple[str, ...]:
    if not one.effect.estimable:
        return (one.label, "", "cannot be told from other effects", "", "", "")
    return (one.label, *_compared(one.effect.difference, one.p, digits))
