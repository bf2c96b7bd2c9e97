"""What a report says of a search: its figures, and how proxies rank what was trained."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from archspec.errors import ArchspecError
from archspec.records.known import Known
from archspec.report.html import figures, html
from archspec.report.markdown import markdown
from archspec.report.scores import Scores
from archspec.report.table import Table, tabulate
from archspec.report.wording import signed
from archspec.statistics import rank_correlation
from archspec.studies.plan import Plan, PlannedRun, PlannedTrial
from tests.report.samples import VIT, arm, curves, known, plan

TOP1 = (70.0, 71.0, 74.0, 73.0, 75.0, 75.5)
NASWOT = (1.0, 3.0, 2.0, 5.0, 4.0, 6.0)


def searched() -> Plan:
    """Six candidates that were trained, and one that was refused by its proxy."""
    arms = [VIT, *(arm("trial", str(number)) for number in range(7))]
    trials = [
        PlannedTrial(number, arms[number + 1].id, {"width": 32 * number}, "done", {"top1": top1, "naswot": naswot})
        for number, (top1, naswot) in enumerate(zip(TOP1, NASWOT, strict=True))
    ]
    trials.append(PlannedTrial(6, arms[7].id, {"width": 8}, "refused", {"naswot": 0.1}))
    looking: dict[str, Any] = {"objectives": {"top1": "max"}, "proxies": ("naswot",), "trials": tuple(trials)}
    return replace(plan(*arms, design="search", runs=()), **looking)


def table() -> Table:
    """Its table."""
    return tabulate(searched(), known([]))


def test_proxies_are_ranked_beside_what_was_trained() -> None:
    found = table().to_dict()["search"]["proxies"]
    expected = rank_correlation(zip(NASWOT, TOP1, strict=True))
    assert expected.rho is not None
    assert found == [{"proxy": "naswot", "metric": "top1", **expected._asdict()}]
    assert found[0]["n"] == 6
    assert f"| naswot | top1 | 6 | {signed(expected.rho, 2)} |" in markdown(table())
    assert "6 done and 1 refused" in markdown(table())


def test_a_search_is_drawn_on_the_page() -> None:
    (drawn,) = [found for title, found in figures(table(), {}) if title == "Search"]
    assert [figure.id for figure in drawn] == ["history-top1", "decisions"]
    page = html(table(), curves(table()))
    assert all(figure.title in page for figure in drawn)
    assert not [title for title, _ in figures(tabulate(plan(VIT), known([])), {}) if title == "Search"]


@pytest.mark.parametrize("trained", [False, True])
def test_a_metric_is_missed_only_where_something_was_trained(trained: bool) -> None:
    runs = (PlannedRun("look", VIT.id, 0, "naswot"), PlannedRun("train", VIT.id, 0))
    said = {"look": Known("look", "done", 1, scores={"score": 3.0})}
    if trained:
        said["train"] = Known("train", "done", 1, scores={"mce": 50.0})
    scores = Scores(replace(searched(), runs=runs), said)
    if not trained:
        assert scores.chosen(None) == "top1"
    with pytest.raises(ArchspecError, match="no run has a `top1`"):
        scores.chosen("top1")
