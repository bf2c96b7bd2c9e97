"""`archspec study report`: on a terminal, as text, as a page."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from archspec.cli.format import cells
from archspec.cli.study.reporting import FORMATS, conclude, tabulated, written
from archspec.cli.study.table import lines
from archspec.records.files import append_line
from archspec.records.index import Index
from archspec.records.run import RunFolder
from archspec.report.table import Table, tabulate
from archspec.studies.plan import Plan
from tests.cli.conftest import ANSI, TINY, Run
from tests.report.samples import REACHED, VIT, arm, factorial, in_state, known, one_factor, plan, roadmap

TABLES = {"one_factor": one_factor, "roadmap": roadmap, "factorial": factorial}
ARMS = [planned for planned, _ in REACHED]


def said(table: Table, width: int | None) -> list[str]:
    """What a terminal shows, without its colours."""
    return [ANSI.sub("", line) for line in lines(table, width)]


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """A store with the finished runs of a study."""
    for planned, values in REACHED:
        for seed, top1 in values.items():
            about: dict[str, Any] = {"seed": seed, "data": "digits-1", "arch": {"arch": "net"}, "recipe": {}}
            run = RunFolder.create(tmp_path / "store", {"key": hexed(planned.id, seed), **about})
            attempt = run.claim()
            for epoch in (1, 2):
                append_line(attempt.metrics, {"epoch": epoch, "step": epoch, "top1": top1 - 2 + epoch})
                append_line(attempt.timing, {"epoch": epoch, "step": epoch, "seconds": 1.0})
            run.finish(attempt, {"state": "done", "epoch": 2, "top1": top1, "top5": 99.0, "loss": 0.5})
    return tmp_path / "store"


def hexed(arm: str, seed: int) -> str:
    """A key for an arm and a seed."""
    return f"{[planned.id for planned in ARMS].index(arm):016x}{seed:04x}"


def in_store() -> Plan:
    """The plan whose runs the store has."""
    made = plan(*ARMS).to_dict()
    runs = [{**run, "key": hexed(run["arm"], run["seed"])} for run in made["runs"]]
    return Plan.from_dict({**made, "runs": runs})


@pytest.mark.parametrize("width", [60, 80, 120])
@pytest.mark.parametrize("study", TABLES)
def test_nothing_runs_over_the_edge(study: str, width: int) -> None:
    assert max(cells(line) for line in said(TABLES[study](), width)) <= width


def test_what_has_no_room_is_named() -> None:
    narrow = "\n".join(said(one_factor(), 80))
    (left_out,) = re.findall(r"no room for: (.*);", narrow)
    assert "train MACs" in left_out
    assert "no room" not in "\n".join(said(one_factor(), None))
    assert re.search(r"relu +3 +79\.00 ± 4\.30 +−2\.00", narrow)


def test_warnings_come_first_and_verdicts_last() -> None:
    titles = [line for line in said(one_factor(), 100) if line and not line.startswith(" ")]
    sections = [t for t in titles if t in ("Warnings", "Compared with vit", "How to read it", "Verdict")]
    assert sections == ["Warnings", "Compared with vit", "How to read it", "Verdict"]


def test_states_of_missing_runs_stand_where_the_number_will() -> None:
    facts = {k: v for k, v in known(REACHED).items() if "relu" not in k}
    for seed in (0, 1):
        facts |= in_state(ARMS[1], seed, "running")
    text = "\n".join(said(tabulate(plan(*ARMS), facts), None))
    assert re.search(r"relu +0/3 +2 running and 1 planned", text)


def test_names_cannot_move_the_cursor() -> None:
    evil = arm("fac\x1btor", "a\x1b[2Jrm", notes=("no\rte",))
    assert not {"\x1b", "\r"} & set("".join(said(tabulate(plan(VIT, evil), known(REACHED)), 80)))


def test_a_study_ends_with_its_table_and_a_page(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table = conclude(in_store(), store)
    printed = capsys.readouterr().out
    page = store / "studies" / "study" / "report.html"
    assert printed.endswith(f"report: {page}\n")
    assert "79.00 ± 4.30" in printed
    assert page.read_text(encoding="utf-8").startswith("<!doctype html>")
    assert [row.n for row in table.rows] == [3, 3, 3, 3]


@pytest.mark.parametrize("form", FORMATS)
def test_every_format_has_the_numbers(form: str, store: Path) -> None:
    with Index.open(store) as index:
        text = written(form, tabulated(in_store(), index), index)
    assert re.search(r"-2\.0\b|−2\.00|\$-\$2\.00", text)
    assert ("curves-0" in text) == (form == "html")


def test_the_data_is_that_of_the_index(store: Path) -> None:
    with Index.open(store) as index:
        data = json.loads(written("json", tabulated(in_store(), index), index))
    assert data["arms"][1]["seeds"] == {"0": 80.0, "1": 80.0, "2": 77.0}
    assert data["arms"][1]["hours"] == pytest.approx(6 / 3600)


STUDY = """\
study: pools
baseline: tiny
recipe: {data: digits, epochs: 2, batch: 8, resolution: 32}
seeds: 3
factors:
  activation:
    relu: {stages.activation: relu, paper: 71}
reference: {paper: a_paper, baseline: 70}
"""


@pytest.fixture
def trained(desk: Path) -> Path:
    """A study of which all but one run are in the store."""
    from archspec.studies.planning import planned

    (desk / "pools.yaml").write_text(f"{STUDY}---\n{TINY}", encoding="utf-8")
    found = planned("pools.yaml")
    for number, key in enumerate(found.plan.keys[:-1]):
        run = RunFolder.create(desk / "archspec-store", found.document(key))
        run.finish(run.claim(), {"state": "done", "epoch": 2, "top1": 80.0 + number, "top5": 99.0, "loss": 0.5})
    return desk


def test_the_command_prints_what_is_there(trained: Path, run: Run) -> None:
    printed = run("study", "report", "pools.yaml").stdout
    assert "1 of 6 runs are not finished: 1 planned" in printed
    assert re.search(r"relu +2/3 ", printed)


def test_the_command_writes_pages_into_the_store_and_other_things_where_one_likes(trained: Path, run: Run) -> None:
    page = Path(run("study", "report", "pools.yaml", "--to", "html").stdout.strip())
    assert page == Path("archspec-store/studies/pools/report.html")
    assert page.is_file()
    run("study", "report", "pools.yaml", "--to", "latex", "--out", "papers/table.tex")
    assert r"\toprule" in Path("papers/table.tex").read_text(encoding="utf-8")


def test_the_command_gives_data(trained: Path, data: Callable[..., Any]) -> None:
    found = data("study", "report", "pools.yaml", "--metric", "loss")
    assert (found["study"], found["metric"], [row["n"] for row in found["arms"]]) == ("pools", "loss", [3, 2])


def test_a_wrong_metric_is_a_message(trained: Path, run: Run) -> None:
    assert "did you mean `top1`" in run("study", "report", "pools.yaml", "--metric", "top2", code=1).stderr
