"""Failures by cause: counted, placed, and with the command that runs them again."""

from __future__ import annotations

import html
import json
import re
from pathlib import Path
from urllib.parse import urlencode

import pytest
from starlette.testclient import TestClient

from archspec.dashboard import failing
from archspec.dashboard.causes import DIVERGED, MEMORY, PREEMPTION, TIME
from archspec.records.known import Known
from archspec.spec.shelf import find
from archspec.studies.plan import Plan
from archspec.studies.planning import planned
from tests.dashboard.asking import page, rows, words
from tests.dashboard.broken import BEGAN, broken, key_of
from tests.dashboard.serving import client_of


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Plan]:
    store = tmp_path_factory.mktemp("store")
    return store, broken(store).plan


@pytest.fixture(scope="module")
def asks(study: tuple[Path, Plan]):  # type: ignore[no-untyped-def]
    with client_of(study[0]) as found:
        yield found


def states(plan: Plan, **more: str) -> dict[str, Known]:
    """Runs that are done, and some that are not: `arm, seed` by state."""
    known = {run.key: Known(run.key, "done", attempt=1) for run in plan.runs}
    for place, state in more.items():
        arm, _, seed = place.rpartition("_")
        key = key_of(plan, f"mixer/{arm}", int(seed))
        known[key] = Known(key, state, 1, reason="no reason", host="h", ended=float(seed))  # type: ignore[arg-type]
    return known


def test_runs_of_one_cause_are_told_together(study: tuple[Path, Plan]) -> None:
    plan = study[1]
    known = states(plan, attention_0="failed", attention_1="failed", pooling_2="failed", identity_0="lost")
    found = failing.failures(plan, known, lambda _: "")
    assert [(one.cause.title, len(one.runs)) for one in found] == [("no reason", 4)]
    [one] = found
    assert (one.first, one.last, one.hosts, one.states) == (0.0, 2.0, {"h": 4}, {"failed": 3, "lost": 1})
    assert failing.where(one) == "h"


def test_the_command_runs_what_failed_and_little_else(study: tuple[Path, Plan]) -> None:
    plan, store = study[1], Path("archspec-store")
    [one] = failing.failures(plan, states(plan, attention_0="failed", attention_2="failed"), lambda _: "")
    assert failing.retry(plan, store, one.runs) == [
        "archspec study retry quickstart --only mixer/attention --seeds 0,2",
        "archspec study run quickstart --only mixer/attention",
    ]
    [lost] = failing.failures(plan, states(plan, pooling_1="lost"), lambda _: "")
    assert failing.retry(plan, Path("/a b"), lost.runs) == [
        "archspec study run quickstart --only mixer/pooling --store '/a b'"
    ]
    assert failing.retry(plan, store, []) == []


def test_a_study_is_called_as_it_was_typed(tmp_path: Path) -> None:
    shipped = find("study", "quickstart").file
    assert shipped
    file = tmp_path / "my own.yaml"
    file.write_text(shipped.read_text().replace("study: quickstart", "study: mine"))
    plan = planned(file).plan
    assert failing.command("run", plan, failing.DEFAULT) == f"archspec study run '{file}'"
    assert failing.command("run", planned("quickstart").plan, failing.DEFAULT) == "archspec study run quickstart"


def test_an_arm_that_loses_more_than_its_baseline_may_be_flattered(study: tuple[Path, Plan]) -> None:
    plan = study[1]
    names = {arm.id: arm.name for arm in plan.arms}
    assert failing.biases(plan, states(plan), names) == []
    [said] = failing.biases(plan, states(plan, attention_0="failed"), names)
    assert said.startswith("attention has lost 1 of 3 seeds, quick_conv 0 of 3: where the network is the cause")
    [all_lost] = failing.biases(plan, states(plan, pooling_0="lost", pooling_1="failed", pooling_2="invalid"), names)
    assert all_lost.endswith("nothing of it is left to compare")


def test_the_page_tells_the_causes_apart(asks: TestClient, study: tuple[Path, Plan]) -> None:
    text = page(asks, "/s/quickstart/failures")
    said = words(text)
    for title, number in ((MEMORY, 2), ("IndexError", 2), (DIVERGED, 1), (TIME, 1), (PREEMPTION, 1), ("lost", 1)):
        assert f"{number} × {title}" in said
    assert "2 failed · training/loop.py:91, in step · on node1 (1) and node2 (1)" in said
    assert f"archspec study retry quickstart --only mixer/attention --seeds 0,1 --store {study[0]}" in said
    found = rows(text, "Runs")
    assert [row[:5] for row in found] == [
        [key_of(study[1], "mixer/attention", seed)[:12], "attention", str(seed), "failed", "1"] for seed in (0, 1)
    ]
    assert 'datetime="2023-11-14T22:28:20+00:00"' in text  # BEGAN, and 15 minutes
    assert BEGAN + 900 == 1_700_000_900


def test_tracebacks_are_text(asks: TestClient) -> None:
    text = page(asks, "/s/quickstart/failures")
    assert "<script>alert" not in text
    assert "&lt;script&gt;alert(&#34;boo&#34;)&lt;/script&gt;" in text


def test_what_workers_printed_can_be_read(tmp_path: Path) -> None:
    plan = broken(tmp_path).plan
    (tmp_path / "studies" / plan.study / "workers.log").write_text("x" * 20_000 + "\x1b[31mSegmentation fault <b>")
    (tmp_path / "studies" / plan.study / "driver.log").symlink_to("/etc/passwd")
    with client_of(tmp_path) as client:
        text = page(client, "/s/quickstart/failures")
    assert "Segmentation fault &lt;b&gt;</pre>" in text
    assert len(text) < 60_000
    assert "root:" not in text


def test_a_study_without_failures_says_so(tmp_path: Path) -> None:
    found = broken(tmp_path)
    for run in found.plan.runs:
        file = tmp_path / "runs" / run.key / "result.json"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text('{"state": "done", "top1": 1.0, "attempt": 1}')
    with client_of(tmp_path) as asks:
        assert "Nothing has failed." in page(asks, "/s/quickstart/failures")


def test_a_cause_can_be_asked_to_run_again_where_that_is_allowed(tmp_path: Path) -> None:
    plan = broken(tmp_path).plan
    with client_of(tmp_path) as client:
        assert 'action="/act"' not in page(client, "/s/quickstart/failures")
    with client_of(tmp_path, actions=True) as client:
        form = page(client, "/s/quickstart/failures").partition('<form method="post"')[2].partition("</form>")[0]
        said = [(name, html.unescape(value)) for name, value in re.findall(r'name="(\w+)" value="([^"]+)"', form)]
        body = urlencode(said)
        headers = {"origin": "http://127.0.0.1:8765", "content-type": "application/x-www-form-urlencoded"}
        assert client.post("/act", content=body, headers=headers, follow_redirects=False).status_code == 303
    [request] = (tmp_path / "studies" / "quickstart" / "requests").glob("*.json")
    keys = sorted(key_of(plan, "mixer/attention", seed) for seed in (0, 1))
    asked = json.loads(request.read_text())
    assert (asked["what"], asked["keys"]) == ("retry", keys)
