"""What the pages say, number by number, and that their addresses hold all there is to choose."""

from __future__ import annotations

import json
import re
import sys
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from archspec.dashboard.page import found
from archspec.dashboard.pages import queue as queue_page
from archspec.dashboard.pages import table as table_page
from archspec.records.store import Store
from archspec.studies.plan import PlannedRun
from tests.dashboard.serving import client_of
from tests.dashboard.stores import ONE_FACTOR, VALUES, begun, filled, finished, hexed, planned
from tests.records.postgres import server
from tests.records.samples import python, said
from tests.report.samples import RELU, VIT


class Read(HTMLParser):
    """A page's text, its tables row by row, and its figures."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.rows: list[list[str]] = []
        self.text, self.inside, self.data = "", "", ""
        self.in_row = False
        self.links: list[str] = []
        self.feed(text)
        self.drawn: dict[str, Any] = json.loads(self.data or "{}")

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "tr":
            self.rows.append([])
            self.in_row = True
        if tag in ("td", "th") and self.rows:
            self.rows[-1].append("")
        if tag == "a":
            self.links.append(dict(attrs).get("href") or "")
        self.inside = "drawn" if dict(attrs).get("id") == "drawn" else tag

    def handle_endtag(self, tag: str) -> None:
        self.inside = ""
        self.in_row = self.in_row and tag != "tr"

    def handle_data(self, data: str) -> None:
        if self.inside == "drawn":
            self.data += data
            return
        self.text += data
        if self.in_row and self.rows[-1]:
            self.rows[-1][-1] = " ".join(f"{self.rows[-1][-1]} {data}".split())

    def row(self, beginning: str) -> list[str]:
        """The first row that begins so."""
        return next(row for row in self.rows if row and row[0].startswith(beginning))


def read(client: TestClient, address: str) -> Read:
    """A page that is there."""
    answer = client.get(address)
    assert answer.status_code == 200, answer.text
    return Read(answer.text)


def test_studies_say_how_far_they_are_and_what_is_best(client: TestClient) -> None:
    page = read(client, "/")
    assert page.row("one_factor")[2:5] == ["12 of 12", "7 → 31 top1 81.30, n = 3, on vit", "4"]
    way = page.row("under_way@smoke")
    assert way[1].endswith("1 running, 6 planned, 1 lost , 1 failed")
    assert way[2:4] == ["3 of 12", "vit top1 81.50, n = 2, the baseline"]
    assert way[5] == "2 h 4 min 4.1 GPU-h"
    assert {"/s/one_factor", "/s/under_way%40smoke", "/s/roadmap"} <= set(page.links)
    assert "/s/under_way%40smoke/failures" in page.links
    assert "/s/one_factor/failures" not in page.links


def test_the_verdict_says_what_was_varied_and_how_sure_it_is(client: TestClient) -> None:
    page = read(client, "/s/one_factor")
    best = page.row("7 → 31")
    assert best[0] == '7 → 31 stages.kernel: "7 → 31"'
    assert best[1:4] == ["81.30 ± 2.37", "3", "+0.30 [+0.05, +0.55]"]
    assert page.row("vit")[0] == "vit baseline"
    assert page.row("vit")[4] == "80.0"
    assert "The arms, the best first" in page.text


def test_the_verdict_has_its_warnings_first(client: TestClient) -> None:
    page = read(client, "/s/under_way@smoke")
    warning = page.text.index("gelu: seed 1 failed and is left out: RuntimeError: CUDA out of memory")
    assert warning < page.text.index("relu −1.00 (one seed, so no interval)")
    assert page.row("relu")[1:4] == ["80.00", "1", "−1.00 no interval"]
    assert "2 h 4 min, 4.1 GPU-hours" in page.text
    assert {"/queue?study=under_way%40smoke", "/s/under_way%40smoke/failures"} <= set(page.links)
    assert "roadmap" in read(client, "/s/roadmap").text


def test_the_table_holds_every_number(client: TestClient) -> None:
    page = read(client, "/s/one_factor/table")
    row = page.row("relu")
    assert row[1:3] == ["3", "79.00 ± 4.30"]
    assert "−2.00 [−4.48, +0.48]" in row
    assert any("79.0 −1.0" in cell for cell in row)
    for name in ("\\begin{tabular}", "| arm |", "metric,arm,factor", '"verdicts"'):
        assert name in page.text


def test_another_baseline_turns_the_differences_round(client: TestClient) -> None:
    page = read(client, f"/s/one_factor/table?baseline={RELU.id}")
    assert "Compared with relu" in page.text
    assert "12 % more MACs than its baseline" not in page.text, "for that is another one now"
    assert "+2.00 [−0.48, +4.48]" in page.row("vit")
    assert "+2.20" in page.row("gelu")[4]


def test_another_metric_and_another_epoch(client: TestClient) -> None:
    assert page_mean(client, "metric=loss") == "0.2100 ± 0.0430"
    assert page_mean(client, "epoch=1") == "39.00 ± 4.30"
    assert page_mean(client, "epoch=newest") == "74.00 ± 4.30"
    assert page_mean(client, "epoch=best&metric=val_loss") == "0.1250"
    assert "not the test's results" in read(client, "/s/one_factor/table?epoch=best").text


def page_mean(client: TestClient, query: str) -> str:
    """What an arm has reached."""
    return read(client, f"/s/one_factor/table?{query}").row("relu")[2]


@pytest.mark.parametrize(
    ("query", "note"),
    [
        ("metric=top2", "there is no metric `top2` here"),
        ("epoch=99", "epoch `99` is not from 1 to 8"),
        ("epoch=-1", "epoch `-1` is not from 1 to 8"),
        ("baseline=nobody", "there is no baseline `nobody` here"),
    ],
)
def test_what_an_address_cannot_have_is_said_and_left_out(client: TestClient, query: str, note: str) -> None:
    page = read(client, f"/s/one_factor/table?{query}")
    assert note in page.text
    assert page.row("relu")[2] == "79.00 ± 4.30"


def lines(page: Read, figure: str) -> dict[str, dict[str, Any]]:
    """The named lines of a figure."""
    return {trace["name"]: trace for trace in page.drawn[figure]["data"] if "name" in trace}


def test_curves_are_means_over_seeds(client: TestClient) -> None:
    found = lines(read(client, "/s/one_factor/curves"), "curves-0")
    assert found.keys() == {"vit", "relu", "gelu"}
    assert found["relu"]["x"] == [1, 2, 3, 4, 5, 6, 7, 8]
    assert found["relu"]["y"] == pytest.approx([79 - 40 / e for e in range(1, 9)], abs=1e-4)


def test_curves_against_time_and_as_differences(client: TestClient) -> None:
    hours = lines(read(client, "/s/one_factor/curves?x=hours"), "curves-1")["7 → 31"]
    assert hours["x"] == pytest.approx([0.0625 * e for e in range(1, 9)])
    gpu = lines(read(client, "/s/one_factor/curves?x=gpu_hours"), "curves-1")["7 → 31"]
    assert gpu["x"] == pytest.approx([0.125 * e for e in range(1, 9)])
    page = read(client, "/s/one_factor/curves?differences=on&factor=activation&seeds=on")
    found = lines(page, "curves-0")
    assert page.drawn.keys() == {"curves-0"}
    assert found.keys() == {"relu", "gelu"}
    assert found["relu"]["y"] == pytest.approx([-2.0] * 8)
    unnamed = [trace["y"] for trace in page.drawn["curves-0"]["data"] if "name" not in trace]
    assert [-3.0] * 8 in unnamed
    assert len(unnamed) == 2 * (2 + 3), "of each arm the edges of its range and its seeds"


def test_differences_are_paired_by_seed_and_not_by_place(tmp_path: Path) -> None:
    filled(tmp_path, ONE_FACTOR, {VIT.id: {0: 90.0, 2: 70.0}, RELU.id: {2: 71.0, 1: 50.0}})
    with client_of(tmp_path) as client:
        found = lines(read(client, "/s/one_factor/curves?differences=on"), "curves-0")
    assert found["relu"]["y"] == pytest.approx([1.0] * 8)


def test_tradeoffs_show_arms_papers_and_the_front(client: TestClient) -> None:
    page = read(client, "/s/one_factor/tradeoffs?x=macs")
    points = [trace for trace in page.drawn["cost-macs"]["data"] if trace["mode"] == "markers"]
    assert len(points) == 4 + 3
    (front,) = (trace for trace in page.drawn["cost-macs"]["data"] if trace["mode"] == "lines")
    assert (front["x"], front["y"]) == ([1e9, 1.12e9], [81.2, 81.3])
    assert [row[0] for row in page.rows[1:]] == ["gelu", "7 → 31"]
    assert page.drawn.keys() == {"cost-macs"}


def test_papers_networks_are_points_of_reference(client: TestClient) -> None:
    page = read(client, "/s/one_factor/tradeoffs?models=all&x=macs")
    (stars,) = (trace for trace in page.drawn["cost-macs"]["data"] if trace.get("name") == "in papers")
    assert len(stars["x"]) == len(stars["y"]) > 50
    at = [text.partition("<")[0] for text in stars["text"]].index("caformer_s18")
    assert (stars["x"][at], stars["y"][at]) == (4.1e9, 83.6)


@pytest.mark.parametrize("cost", ["images_per_second", "gpu_hours", "hours"])
def test_measured_costs(client: TestClient, cost: str) -> None:
    page = read(client, f"/s/one_factor/tradeoffs?x={cost}")
    value = {"images_per_second": 1000.0, "gpu_hours": 3.0, "hours": 1.5}[cost]
    assert all(trace["x"] == [value] for trace in page.drawn[f"cost-{cost}"]["data"])


def test_queue_and_cost(client: TestClient) -> None:
    page = read(client, "/queue?study=under_way@smoke")
    assert page.row(RELU.id)[1:6] == ["under_way@smoke", "1", "running", "4", "1"]
    assert page.row("under_way@smoke")[1:5] == ["3", "8", "1", "30 min"]
    assert page.row("under_way@smoke")[-1] == "about 4 h 0 min"
    (bars,) = page.drawn["by-arm"]["data"]
    assert dict(zip(bars["y"], bars["x"], strict=True)) == pytest.approx({"vit": 2.0, "relu": 1.5, "gelu": 0.625})
    assert "one_factor" in [row[0] for row in read(client, "/queue").rows if row]


def test_what_a_week_has_cost(tmp_path: Path) -> None:
    filled(tmp_path, ONE_FACTOR, VALUES)
    for run in ONE_FACTOR.runs[:2]:
        place = Store(tmp_path).run(run.key) / "attempts" / "1" / "environment.json"
        # A second before the Monday, of which the others are the Tuesday.
        place.write_text(json.dumps(json.loads(place.read_text()) | {"started": 1_699_833_599.0}))
    with client_of(tmp_path) as client:
        (bars,) = read(client, "/queue").drawn["by-week"]["data"]
        assert dict(zip(bars["y"], bars["x"], strict=True)) == {"2023-11-06": 2 * 0.5 * 2, "2023-11-13": 10 * 0.5 * 2}
        (bars,) = read(client, "/queue?study=one_factor").drawn["by-week"]["data"]
        assert len(bars["x"]) == 2


@pytest.mark.parametrize("started", [-1e18, 1e18, 1e300])
def test_a_time_that_no_calendar_knows_is_in_no_week(tmp_path: Path, started: float) -> None:
    filled(tmp_path, ONE_FACTOR, VALUES)
    place = Store(tmp_path).run(ONE_FACTOR.runs[0].key) / "attempts" / "1" / "environment.json"
    place.write_text(json.dumps(json.loads(place.read_text()) | {"started": started}))
    with client_of(tmp_path) as client:
        assert "12.0GPU-hours so far" in read(client, "/queue").text
        assert client.get("/").status_code == 200


def test_what_two_studies_share_was_paid_once(tmp_path: Path) -> None:
    filled(tmp_path, ONE_FACTOR, VALUES)
    planned(tmp_path, replace(ONE_FACTOR, study="again"))
    with client_of(tmp_path) as client:
        page = read(client, "/queue")
        assert page.row("again")[1:] == page.row("one_factor")[1:]
        assert "12.0GPU-hours so far" in page.text


def test_times_are_drawn_in_a_unit_of_their_size() -> None:
    rows = [{"gpu_hours": 0.0, "hours": hours} for hours in (0.05, 0.01)]
    figure = queue_page.bars("by-arm", "arm", "", ["a", "b"], rows)
    assert figure.title == "Minutes by arm"
    assert figure.drawing["data"][0]["x"] == pytest.approx([3.0, 0.6])
    assert queue_page.bars("x", "arm", "", ["a"], [{"gpu_hours": 0.0, "hours": 1e-4}]).title == "Seconds by arm"
    assert queue_page.bars("x", "arm", "", ["a"], [{"gpu_hours": 0.01, "hours": 9.0}]).title == "GPU-hours by arm"


def test_what_was_measured_stands_beside_its_run(tmp_path: Path) -> None:
    measuring = PlannedRun(hexed("measured"), VIT.id, 0, "throughput", (ONE_FACTOR.runs[0].key,))
    filled(tmp_path, replace(ONE_FACTOR, runs=(*ONE_FACTOR.runs, measuring)), VALUES)
    folder = begun(tmp_path, measuring.key, 0.0, epochs=0)
    said = {"state": "done", "attempt": 1, "images_per_second": 13291.4}
    (folder / "result.json").write_text(json.dumps(said))
    with client_of(tmp_path) as client:
        page = read(client, "/s/one_factor/runs")
        assert page.row(measuring.key[:12])[1] == "vit throughput images per second 13,291"
        assert page.row(ONE_FACTOR.runs[0].key[:12])[5] == "81.00"
        assert "reason" not in page.rows[0], "no run has one"
        for other in found().values():
            assert client.get(other.path.format(study="one_factor", key=measuring.key)).status_code == 200


def test_factors_say_how_far_they_reach(client: TestClient) -> None:
    page = read(client, "/s/one_factor/factors")
    assert page.row("activation")[1:] == ["2", "−2.00", "+0.20", "relu", "0 of 2"]
    assert page.row("kernel")[-1] == "1 of 1"
    dots, diamonds = page.drawn["forest-0"]["data"]
    assert dots["x"] == pytest.approx([-2.0, 0.2, 0.3])
    assert diamonds["x"] == pytest.approx([-1.0, 0.1])
    assert dots["error_x"]["array"][0] == pytest.approx(4.303 / 3**0.5, abs=0.01)
    assert dots["marker"]["color"] == ["@muted", "@muted", "@accent"]


def test_a_factorial_has_its_effects_and_a_map(client: TestClient) -> None:
    page = read(client, "/s/factorial/factors")
    assert page.row("attn over pool")[2] == "+2.99"
    (cells,) = page.drawn["map-0-0"]["data"]
    assert (cells["x"], cells["y"]) == (["pool", "attn"], ["relu", "gelu"])
    assert [[round(value) for value in row] for row in cells["z"]] == [[80, 82], [81, 85]]
    assert {"effects-0", "crossing-0-0"} < page.drawn.keys()


def test_a_roadmap_has_its_ladder(client: TestClient) -> None:
    page = read(client, "/s/roadmap/factors")
    assert page.row("+ b")[2:3] == ["+1.75"]
    assert {"roadmap-0", "forest-0"} == page.drawn.keys()


def test_the_papers_tables_stand_beside_ours(client: TestClient) -> None:
    page = read(client, "/s/one_factor/paper")
    assert page.row("relu")[1:6] == ["79.0", "79.00 ± 4.30", "0.00", "−1.00", "−2.00"]
    assert page.row("relu")[6].startswith("same sign, not settled by these seeds")
    assert page.row("vit")[1:4] == ["80.0", "81.00 ± 2.48", "+1.00"]
    assert "2 of 2differences with the paper's sign" in page.text
    line, *dots = page.drawn["ours-and-theirs"]["data"]
    assert [(dot["x"], dot["y"]) for dot in dots] == [([80.0], [81.0]), ([79.0], [79.0]), ([80.1], [81.2])]
    assert line["x"] == line["y"] == pytest.approx([79.0, 81.2])
    assert "This study says no figures of a paper" not in page.text


def test_no_difference_has_no_sign(tmp_path: Path) -> None:
    filled(tmp_path, ONE_FACTOR, {**VALUES, RELU.id: VALUES[VIT.id]})
    with client_of(tmp_path) as client:
        assert "1 of 2differences with the paper's sign" in read(client, "/s/one_factor/paper").text


def test_studies_beside_each_other(client: TestClient) -> None:
    page = read(client, "/compare?s=one_factor&s=under_way@smoke&s=nothing")
    assert "there is no s `nothing` here" in page.text
    assert page.row("seeds")[1:] == ["0, 1, 2", "0, 1, 2"]
    assert page.row("profile")[1:] == ["", "smoke"]
    assert page.row(RELU.id)[1:] == ["79.00 ± 4.30 n = 3", "−2.00 [−4.48, +0.48]", "80.00 n = 1", "−1.00"]
    assert "Choose two studies or more" in read(client, "/compare").text
    many = read(client, "/compare?s=one_factor&s=factorial&s=roadmap&s=under_way@smoke")
    assert len(many.row(VIT.id)) == 1 + 2 * 4


def test_a_study_as_one_file(client: TestClient) -> None:
    answer = client.get("/s/one_factor/report.html")
    assert answer.headers["content-disposition"] == "attachment; filename*=UTF-8''one_factor.html"
    assert "79.00 ± 4.30" in answer.text
    assert 'http-equiv="Content-Security-Policy"' in answer.text
    assert "/s/one_factor/report.html" in read(client, "/s/one_factor/table").links
    assert client.get("/s/nobody/report.html").status_code == 404


def test_of_many_arms_the_best_are_shown(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table_page, "MOST", 1)
    page = read(client, "/s/one_factor/table?q=few")
    assert "2 others are left out" in page.text
    assert [row[0].split()[0] for row in page.rows if row and row[0].split()[:1] in (["vit"], ["relu"], ["7"])] == [
        "vit",
        "7",
    ]
    assert "others are left out" not in read(client, "/s/one_factor/table?all=on").text


SHOWN = (
    *("/", "/queue", "/queue?study=under_way@smoke", "/compare?s=one_factor&s=roadmap", "/s/under_way@smoke"),
    *("/s/one_factor/table?epoch=best&metric=val_loss", "/s/one_factor/table?epoch=3", "/s/one_factor/curves"),
    *("/s/under_way@smoke/runs", "/s/under_way@smoke/failures"),
)


def test_an_index_that_many_share_tells_the_same(client: TestClient, store: Path) -> None:
    with server() as url, client_of(store, url=url) as other:
        for address in SHOWN:
            assert read(other, address).text == read(client, address).text, address


def test_an_empty_store_says_what_to_type(tmp_path: Path) -> None:
    with client_of(tmp_path) as client:
        assert "archspec study run quickstart" in read(client, "/").text
        assert "No run is at work" in read(client, "/queue").text


def test_a_study_without_results_says_what_to_type(tmp_path: Path) -> None:
    filled(tmp_path, ONE_FACTOR, {})
    with client_of(tmp_path) as client:
        assert "archspec study run one_factor" in read(client, "/s/one_factor").text
        assert "Nothing has been measured" in read(client, "/s/one_factor/curves").text
        assert "No arm has finished yet" in read(client, "/s/one_factor/tradeoffs").text
        assert "3 planned" in read(client, "/s/one_factor/table").text


def test_a_plan_that_cannot_be_understood_is_no_study(tmp_path: Path) -> None:
    filled(tmp_path, ONE_FACTOR, VALUES)
    (Store(tmp_path).study("one_factor") / "plan.json").write_text('{"arms": 3}')
    with client_of(tmp_path) as client:
        assert client.get("/s/one_factor").status_code == 404
        assert client.get("/").status_code == 200


def test_pages_are_sent_once_until_something_changes(tmp_path: Path) -> None:
    filled(tmp_path, ONE_FACTOR, {VIT.id: VALUES[VIT.id]})
    with client_of(tmp_path) as client:
        first = client.get("/s/one_factor")
        again = client.get("/s/one_factor", headers={"if-none-match": first.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
        for run in ONE_FACTOR.of(RELU.id):
            finished(tmp_path, run.key, VALUES[RELU.id][run.seed], seed=run.seed)
        client.app.app.state.site.refresh()  # type: ignore[attr-defined]
        later = client.get("/s/one_factor", headers={"if-none-match": first.headers["etag"]})
        assert later.status_code == 200
        assert later.headers["etag"] != first.headers["etag"]


def test_what_pages_load_is_kept_for_good_and_only_where_it_is_needed(client: TestClient) -> None:
    table, curves = (client.get(f"/s/one_factor/{name}").text for name in ("table", "curves"))
    assert "plotly" not in re.sub(r"plotly\.js-style-global", "", table)
    for address in re.findall(r'(?:src|href)="(/assets/[^"]+)"', curves):
        answer = client.get(address)
        assert answer.status_code == 200
        assert "immutable" in answer.headers["cache-control"]
        assert answer.headers["content-encoding"] == "gzip"
        assert len(answer.content) > 100
    assert client.get("/assets/style-0000.css").status_code == 404


def test_every_page_is_in_the_package_and_has_a_question() -> None:
    assert {
        "studies",
        "verdict",
        "table",
        "curves",
        "tradeoffs",
        "queue",
        "factors",
        "paper",
        "compare",
    } <= found().keys()
    assert all(page.question.endswith("?") for page in found().values())


START = """
    import sys
    from pathlib import Path
    from archspec.dashboard.page import found
    from tests.dashboard.serving import client_of
    with client_of(Path(sys.argv[1])) as client:
        for study in ("one_factor", "roadmap", "factorial", "under_way@smoke"):
            key = sys.argv[2]
            addresses = [page.path.format(study=study, key=key) for page in found().values()]
            for address in (*addresses, f"/s/{study}/report.html", f"/s/{study}/table?epoch=best"):
                assert client.get(address).status_code == 200, address
    print(*({"torch", "optuna", "plotly", "scipy", "pandas", "timm"} & sys.modules.keys()))
"""


def test_nothing_heavy_is_imported(store: Path) -> None:
    assert said(python(START, store, ONE_FACTOR.keys[0])) == ""
    assert sys.modules
