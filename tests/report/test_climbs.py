"""Rungs in the report: counts, correlations, compute, and what is drawn and written of them."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from archspec.report.climbs import ITSELF, Climbs
from archspec.report.figures import searches
from archspec.report.html import html
from archspec.report.markdown import markdown
from archspec.report.table import Table, tabulate
from archspec.statistics import rank_correlation
from archspec.studies.plan import Plan, PlannedRun, PlannedTrial
from tests.report.samples import arm, baseline, plan

RUNGS = ("epochs: 2", "epochs: 6")
REACHED: list[tuple[float, ...]] = [
    *((40.0 + n, 60.0 + n % 4, 80.0 + n) for n in range(5)),
    *((30.0 + n, 50.0 + n) for n in range(4)),
    *((20.0 + n,) for n in range(6)),
]
"""Five candidates that reached the top, four given up on the second rung, six on the first."""


def climbed(**more: object) -> Plan:
    """A search whose first rung ranks like the recipe itself, and the second less so; one network was met twice."""
    states = ["done" if len(values) == 3 else "pruned" for values in REACHED]
    arms = [replace(arm("trial", str(n)), rungs=(10**12, 10**14), training_macs=10**15) for n in range(len(REACHED))]
    trials = [
        PlannedTrial(n, arms[n].id, {"width": n}, state, {"top1": values[-1]} if state == "done" else {}, values)
        for n, (state, values) in enumerate(zip(states, REACHED, strict=True))
    ]
    trials.append(replace(trials[0], number=99, state="pruned", values={}, rungs=(40.0,), again=True))
    runs = tuple(PlannedRun(f"{n}", one.id, 0, "search") for n, one in enumerate(arms))
    said = plan(baseline(), *arms, design="search", objectives={"top1": "max"}, trials=tuple(trials))
    return replace(said, runs=runs, rungs=RUNGS, climbed_by="top1", **more)  # type: ignore[arg-type]


@pytest.fixture
def table() -> Table:
    """Its report."""
    return tabulate(climbed(), {})


def test_each_network_counts_once_as_far_as_it_came() -> None:
    found = Climbs.of(climbed())
    assert [(rung.name, rung.said, rung.ended, rung.went_on) for rung in found.rungs] == [
        ("rung 1", "epochs: 2", 15, 9),
        ("rung 2", "epochs: 6", 9, 5),
        (ITSELF, "", 5, 0),
    ]
    assert [rung.training_macs for rung in found.rungs] == [15 * 10**12, 9 * 10**14, 5 * 10**15]


def test_rungs_are_compared_over_the_candidates_that_have_both() -> None:
    found = {(one.lower, one.upper): one.found for one in Climbs.of(climbed()).alike}
    assert found["rung 1", "rung 2"] == rank_correlation([(v[0], v[1]) for v in REACHED if len(v) > 1])
    assert found["rung 1", ITSELF][:2] == (5, 1.0)
    second = found["rung 2", ITSELF]
    assert second.n == 5
    assert second.rho == pytest.approx(rank_correlation([(v[1], v[2]) for v in REACHED if len(v) > 2]).rho)


def test_the_report_says_so_in_every_form(table: Table) -> None:
    assert table.search is not None
    told = " ".join(table.search.sentences())
    assert "met before" not in told
    assert "16 candidates asked for, 1 of them fetched back: 5 done and 11 pruned" in told
    assert "15 networks ended rung 1, 9 rung 2 and 5 the recipe itself" in told
    assert "that took 5.92P multiply-accumulates; without rungs it would have been 15.0P" in told
    assert "rung 1 ranks by top1 like the recipe itself: rank correlation 1.00 no interval, over the 5" in told
    data = json.loads(json.dumps(table.to_dict()))["search"]["climbs"]
    assert [one["n"] for one in data["rank_correlations"]] == [9, 5, 5]
    assert data["rungs"][0]["ended"] == 15
    for text in (markdown(table), html(table, {})):
        assert "Rungs, climbed by top1 on val" in text
        assert "How alike rungs rank the candidates that have both" in text


def test_cheap_trainings_are_drawn_against_the_recipe_itself(table: Table) -> None:
    assert table.search is not None
    drawn = {figure.id: figure.drawing for figure in searches.figures(table.search)}["rungs"]["data"]
    assert [trace["name"].partition(":")[0] for trace in drawn] == ["rung 1", "rung 2"]
    assert drawn[1]["x"] == [60.0, 61.0, 62.0, 63.0, 60.0]
    assert drawn[0]["y"] == drawn[1]["y"] == [80.0, 81.0, 82.0, 83.0, 84.0]
    assert "n 5" in drawn[0]["name"]
    assert '"rungs"' in html(table, {})


def test_a_search_without_rungs_says_nothing_of_them() -> None:
    table = tabulate(replace(climbed(), rungs=(), climbed_by=""), {})
    assert table.search is not None
    assert table.search.climbs.to_dict() == {}
    assert "rung" not in " ".join(table.search.sentences())
    assert "rungs" not in {figure.id for figure in searches.figures(table.search)}
