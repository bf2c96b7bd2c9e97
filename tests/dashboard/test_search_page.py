"""The page of a search: its history, front, decisions and what mattered."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from archspec.dashboard.page import found
from archspec.studies.plan import PlannedRun, PlannedTrial
from tests.dashboard.chromium import Browser
from tests.dashboard.serving import client_of, served
from tests.dashboard.stores import ONE_FACTOR, failed, hexed, planned
from tests.dashboard.test_browser import drawn, entered, text
from tests.dashboard.test_pages import read
from tests.report.samples import arm, baseline, plan
from tests.report.test_climbs import climbed

KINDS = ("pooling", "attention")


@pytest.fixture
def searched(tmp_path: Path) -> Path:
    """A search of twelve candidates: attention is good, and so is width; the last one was pruned."""
    arms = [baseline(), *(arm("trial", str(number)) for number in range(12))]
    trials = [
        PlannedTrial(
            number,
            arms[number + 1].id,
            {"mixer": KINDS[number % 2], "width": 32 * (1 + number // 4)},
            "done",
            {"top1": 70.0 + 5 * (number % 2) + number // 4, "macs": 1e9 * (1 + number // 4)},
        )
        for number in range(11)
    ]
    trials.append(PlannedTrial(11, arms[12].id, {"mixer": "pooling", "width": 96}, "pruned"))
    made = plan(*arms, design="search", study="search", runs=())
    runs = tuple(PlannedRun(hexed(one.id), one.id, 0, "search" if one.against else "train") for one in arms)
    objectives = {"top1": "max", "macs": "min"}
    made = replace(made, objectives=objectives, trials=tuple(trials), runs=runs)
    planned(tmp_path, made)
    failed(tmp_path, hexed(arms[12].id), "RuntimeError: odd")
    planned(tmp_path, replace(made, study="begun", arms=(), runs=(), trials=()))
    planned(tmp_path, ONE_FACTOR)
    return tmp_path


@pytest.fixture
def client(searched: Path) -> Iterator[TestClient]:
    """Somebody who has come in."""
    with client_of(searched) as found:
        yield found


def test_a_search_is_drawn(client: TestClient) -> None:
    page = read(client, "/s/search/search")
    trials, best = page.drawn["history-top1"]["data"]
    assert trials["x"] == list(range(11))
    assert list(zip(best["x"], best["y"], strict=True)) == [(0, 70), (1, 75), (5, 76), (9, 77), (10, 77)]
    every, front = page.drawn["front"]["data"]
    assert (len(every["x"]), list(zip(front["x"], front["y"], strict=True))) == (
        11,
        [(1e9, 75), (1e9, 75), (2e9, 76), (2e9, 76), (3e9, 77)],
    )
    others, strong = page.drawn["decisions"]["data"]
    assert len(others["x"]) == 10 * 3
    assert strong["y"] == [0.0, 1.0, None], "attention, the widest"
    (bars,) = page.drawn["importances-top1"]["data"]
    assert bars["y"][0] == "mixer"
    assert bars["x"][0] > 0.7
    assert "12 candidates asked for: 11 done and 1 pruned" in page.text


def test_rungs_are_drawn_and_counted(tmp_path: Path) -> None:
    planned(tmp_path, replace(climbed(), study="climb"))
    with client_of(tmp_path) as client:
        page = read(client, "/s/climb/search")
    assert [len(trace["x"]) for trace in page.drawn["rungs"]["data"]] == [5, 5]
    assert "15 networks ended rung 1" in page.text
    assert "How alike rungs rank the candidates that have both" in page.text


def test_only_searches_have_it_in_their_menu(client: TestClient) -> None:
    assert "/s/search/search" in read(client, "/s/search").links
    assert "/s/one_factor/search" not in read(client, "/s/one_factor").links
    assert "it searches nothing" in read(client, "/s/one_factor/search").text


@pytest.mark.parametrize("study", ["search", "begun"])
def test_every_page_knows_searches(client: TestClient, study: str) -> None:
    for page in found().values():
        status = 404 if (page.name, study) == ("arm", "begun") else 200
        answer = client.get(page.path.format(study=study, key=hexed("trial/11@vit")))
        assert answer.status_code == status, page.name


def test_candidates_have_names_and_lead_to_the_search(client: TestClient) -> None:
    assert read(client, "/s/search/runs").row(hexed("trial/11@vit")[:12])[1] == "trial 11 search"
    failure = read(client, "/s/search/failures")
    assert failure.row(hexed("trial/11@vit")[:12])[1] == "trial 11 search"
    assert "/s/search/search" in read(client, f"/runs/{hexed('trial/11@vit')}").links
    choices = client.get("/s/search/architecture").text
    assert '<option value="trial/9@vit">trial 9</option>' in choices
    assert 'value="trial/11@vit"' not in choices, "only the best stand there"
    assert "the highest top1 is 77, of trial 9" in read(client, "/s/search").text


def test_the_best_candidates_lead_to_their_networks(client: TestClient) -> None:
    page = read(client, "/s/search/search")
    assert "/s/search/architecture?arm=trial%2F9%40vit" in page.links
    heads = next(row for row in page.rows if row and row[0] == "trial")
    assert len({head.lower() for head in heads}) == len(heads), "no number stands there twice"


def test_a_search_is_drawn_in_a_browser(chromium: Browser, searched: Path) -> None:
    with served(searched) as server:
        tab = entered(chromium, server)
        tab.open(server.at("/s/search/search"))
        assert drawn(tab, "history-top1") == {"point": 11, "js-line": 2}
        assert drawn(tab, "front")["point"] == 11 + 5
        assert drawn(tab, "decisions")["js-line"] == 11 + 2, "a line a candidate, and two in the legend"
        assert drawn(tab, "importances-top1") == {"point": 2}
        assert "WebGL" not in text(tab, "main")
