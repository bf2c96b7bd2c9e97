"""The index says what the folders say, in every database."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text

from archspec.records.index import Index, filling, reading
from archspec.records.index.filling import Read
from archspec.records.index.placing import url_of
from archspec.records.index.scanning import Changed
from archspec.records.knowing import known, told
from archspec.records.known import Known
from archspec.records.run import RunFolder
from archspec.records.store import Store
from tests.records.samples import PATIENCE, python
from tests.records.stores import finished_run, key, lost_run, plan_of, planned_run, trained, tried

pytestmark = pytest.mark.usefixtures("quick_disk")

REFRESH = """
    import sys
    from pathlib import Path
    from archspec.records.index import Index
    sys.stdin.readline()
    with Index.open(Path(sys.argv[1]), sys.argv[2] or None) as index:
        print(len(index.known([path.name for path in Path(sys.argv[1], "runs").iterdir()])))
"""


def truth(store: Path) -> dict[str, Known]:
    """What the folders say."""
    return {name: known(RunFolder(Store(store).run(name))) for name in Store(store).keys()}  # noqa: SIM118


def sql(index: Index, query: str) -> list[dict[str, Any]]:
    """What a query answers, as any SQL client would see it."""
    engine = create_engine(url_of(index.store.path, index.url))
    with engine.connect() as connection:
        rows = [dict(row) for row in connection.execute(text(query)).mappings()]
    engine.dispose()
    return rows


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The keys of the folders that are read from now on."""
    seen: list[str] = []
    reading_one = filling.read

    def counted(change: Changed) -> Read:
        seen.append(change.run.path.name)
        return reading_one(change)

    monkeypatch.setattr(filling, "read", counted)
    return seen


class TestIndex:
    """Everything that the index promises, on SQLite and on PostgreSQL."""

    @pytest.fixture(params=["sqlite", "postgresql"])
    def url(self, request: pytest.FixtureRequest) -> str | None:
        return request.getfixturevalue("empty_postgres") if request.param == "postgresql" else None

    @pytest.fixture
    def store(self, tmp_path: Path) -> Path:
        """A run of each kind."""
        planned_run(tmp_path, 1)
        tried(planned_run(tmp_path, 2))
        finished_run(tmp_path, 3)
        finished_run(tmp_path, 4, "failed")
        lost_run(tmp_path, 5)
        return tmp_path

    @pytest.fixture
    def index(self, store: Path, url: str | None) -> Iterator[Index]:
        with Index.open(store, url) as index:
            yield index

    def test_it_says_what_the_folders_say(self, index: Index, store: Path) -> None:
        found = index.known([key(number) for number in range(1, 7)])
        states = ["planned", "running", "done", "failed", "lost", "planned"]
        assert [found[key(number)].state for number in range(1, 7)] == states
        assert found.pop(key(6)) == Known(key(6))
        assert found == truth(store)

    def test_many_keys_are_no_other_answer(self, index: Index, store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        keys = [key(number) for number in range(2, 5)]
        few = index.known(keys), index.curves(keys)
        monkeypatch.setattr(reading, "MANY", 1)
        assert (index.known(keys), index.curves(keys)) == few

    def test_curves_are_the_metrics_and_their_times(self, index: Index, store: Path) -> None:
        run = RunFolder(Store(store).run(key(3)))
        assert index.curves([key(3), key(1), key(9)]) == {key(3): list(told(run).points), key(1): [], key(9): []}
        (point,) = index.curves([key(3)], ["top1"])[key(3)]
        assert (point.epoch, point.step, point.seconds, point.values) == (2, 20, 2.0, {"top1": 52.0})

    def test_only_what_changed_is_read(self, index: Index, store: Path, read: list[str], url: str | None) -> None:
        assert index.refresh() == 0
        run = RunFolder(Store(store).run(key(2)))
        attempt = run.newest()
        assert attempt is not None
        attempt.beat()
        assert index.refresh() == 0, "a sign of life is no change"
        trained(attempt, range(4, 6))
        finished_run(store, 6)
        with Index.open(store, url) as another:
            assert sorted(read) == [key(2), key(6)]
            assert another.known([key(2)])[key(2)].epoch == 5
        run.finish(attempt, {"state": "done", "top1": 1.0})
        assert index.refresh([key(3)]) == 0
        assert index.refresh([key(2), key(3)]) == 1
        assert index.known([key(2)])[key(2)] == known(run)
        assert sorted(read) == [key(2), key(2), key(6)]

    def test_a_run_that_goes_on_grows(self, index: Index, store: Path) -> None:
        run = RunFolder(Store(store).run(key(2)))
        attempt = run.newest()
        assert attempt is not None
        last = attempt.timing.read_text().splitlines(keepends=True)
        attempt.timing.write_text("".join(last[:-1]))
        index.refresh()
        assert index.curves([key(2)])[key(2)][-1].seconds is None
        attempt.timing.write_text("".join(last))
        trained(attempt, range(4, 5), seconds=3.0)
        index.refresh()
        assert index.curves([key(2)])[key(2)] == list(told(run).points)
        assert [point.seconds for point in told(run).points] == [2.0, 2.0, 2.0, 3.0]

    def test_a_resumed_run_has_each_epoch_once_and_all_its_time(self, index: Index, store: Path) -> None:
        run = RunFolder(Store(store).run(key(5)))
        first = run.attempt(1)
        second = tried(run, range(0))
        second.metrics.write_text("".join(first.metrics.read_text().splitlines(keepends=True)[:2]))
        index.refresh()
        assert len(index.curves([key(5)])[key(5)]) == 2
        trained(second, range(3, 5), seconds=5.0)
        index.refresh()
        found = index.known([key(5)])[key(5)]
        assert (found.state, found.attempt, found.epoch, found.seconds) == ("running", 2, 4, 16.0)
        assert [point.seconds for point in index.curves([key(5)])[key(5)]] == [2.0, 2.0, 5.0, 5.0]
        query = "SELECT number, a.seconds, job FROM attempts a JOIN runs ON id = run_id WHERE key = '{}' ORDER BY 1"
        rows = [tuple(row.values()) for row in sql(index, query.format(key(5)))]
        assert rows == [(1, 6.0, "77"), (2, 10.0, "77")]

    def test_a_result_that_is_taken_back_is_forgotten(self, index: Index, store: Path) -> None:
        run = RunFolder(Store(store).run(key(3)))
        run.result_json.unlink()
        index.refresh()
        assert index.known([key(3)])[key(3)].state == "lost"
        assert index.known([key(3)])[key(3)].scores == {}

    def test_runs_that_are_gone_are_gone(self, index: Index, store: Path) -> None:
        shutil.rmtree(Store(store).run(key(3)))
        shutil.rmtree(Store(store).run(key(5)))
        index.refresh([key(3)])
        assert [row["key"] for row in sql(index, "SELECT key FROM runs ORDER BY key")] == [
            key(1),
            key(2),
            key(4),
            key(5),
        ]
        index.refresh()
        assert index.known([key(3), key(5)]) == {name: Known(name) for name in (key(3), key(5))}
        assert index.curves([key(3)]) == {key(3): []}

    def test_rebuilt_it_is_the_same(self, index: Index, store: Path) -> None:
        before = index.known(truth(store))
        assert index.rebuild() == 5
        assert index.known(truth(store)) == before == truth(store)

    def test_an_index_of_another_schema_is_made_anew(self, index: Index, store: Path, url: str | None) -> None:
        engine = create_engine(url_of(store, url))
        with engine.begin() as connection:
            connection.execute(text("UPDATE about SET value = '0' WHERE name = 'schema'"))
            connection.execute(text("DELETE FROM scores"))
        engine.dispose()
        with Index.open(store, url) as another:
            assert another.known(truth(store)) == truth(store)

    def test_two_processes_at_once(self, tmp_path: Path, url: str | None) -> None:
        for number in range(40):
            finished_run(tmp_path, number)
        pipe = subprocess.PIPE
        command = python(REFRESH, tmp_path, url or "")
        both = [
            subprocess.Popen(command, cwd=Path(__file__).parents[2], stdin=pipe, stdout=pipe, stderr=pipe, text=True)
            for _ in range(2)
        ]
        try:
            for process in both:
                assert process.stdin is not None
                process.stdin.write("\n")
                process.stdin.flush()
            said = [process.communicate(timeout=PATIENCE) for process in both]
        finally:
            for process in both:
                process.kill()
                process.communicate()
        assert said == [("40\n", ""), ("40\n", "")]
        with Index.at(tmp_path, url) as index:
            assert index.known(truth(tmp_path)) == truth(tmp_path)
            assert sql(index, "SELECT COUNT(*) AS n FROM points") == [{"n": 40 * 4}]

    def test_studies_and_their_views(self, store: Path, index: Index) -> None:
        runs = [RunFolder(Store(store).run(key(number))) for number in (3, 1, 5, 4)]
        plan_of(store, "small", runs)
        index.refresh()
        rows = sql(index, "SELECT * FROM results ORDER BY arm, seed")
        assert [(row["arm"], row["state"], row["value"], row["paper"]) for row in rows] == [
            ("baseline/net", "done", 53.0, 52.0),
            ("baseline/net", "lost", None, 52.0),
            ("norm/none", "planned", None, None),
            ("norm/none", "failed", None, None),
        ]
        assert rows[0]["gpu_hours"] == pytest.approx(6.0 * 2 / 3600)
        (mean,) = sql(index, "SELECT * FROM arm_means WHERE n > 0")
        assert (mean["study"], mean["arm"], mean["n"], mean["mean"]) == ("small", "baseline/net", 1, 53.0)
        assert {row["reason"] for row in sql(index, "SELECT * FROM failures")} == {"diverged", ""}
        assert {row["name"] for row in sql(index, "SELECT * FROM measurements")} == {"top1", "loss"}
        assert [
            row["epoch"] for row in sql(index, f"SELECT * FROM curves WHERE key = '{key(3)}' AND name = 'top1'")
        ] == [2]
        (arm,) = sql(index, "SELECT * FROM arms WHERE factor = 'norm'")
        assert (json.loads(arm["changes"]), arm["training_macs"]) == ({"stages.norm": "none"}, 1e20)

    def test_a_study_that_changes_or_goes(self, store: Path, index: Index) -> None:
        plan_of(store, "small", [RunFolder(Store(store).run(key(3)))])
        index.refresh()
        plan_of(store, "small", [RunFolder(Store(store).run(key(number))) for number in (3, 4)], paper="another")
        index.refresh()
        assert [row["paper"] for row in sql(index, "SELECT paper FROM studies")] == ["another"]
        assert len(sql(index, "SELECT * FROM arm_runs")) == 2
        shutil.rmtree(Store(store).study("small"))
        index.refresh()
        assert [len(sql(index, f"SELECT * FROM {name}")) for name in ("studies", "arms", "arm_runs")] == [0, 0, 0]

    @pytest.mark.parametrize(
        "content", ["", "[]", "{}", '{"arms": 3, "runs": []}', '{"arms": [{"id": "a"}], "runs": [1]}']
    )
    def test_a_plan_that_is_none_harms_nobody(self, store: Path, index: Index, content: str) -> None:
        Store(store).study("broken").mkdir(parents=True)
        (Store(store).study("broken") / "plan.json").write_text(content)
        index.refresh()
        assert sql(index, "SELECT name, study FROM studies") == [{"name": "broken", "study": ""}]
        assert index.known([key(3)])[key(3)].state == "done"

    def test_environments_are_kept_once(self, index: Index, store: Path) -> None:
        (row,) = sql(index, "SELECT * FROM environments")
        found = index.known([key(3)])[key(3)]
        assert (row["hash"], row["torch"], row["device"]) == (found.environment, "2.9.0", "an accelerator")
        assert (found.gpus, found.host, found.commit, found.started) == (2, "node1", "abc+", 1000.0)

    def test_what_a_run_is_can_be_asked_for(self, index: Index) -> None:
        (row,) = sql(index, f"SELECT arch, recipe, seed, data FROM runs WHERE key = '{key(4)}'")
        assert row == {"arch": "net", "recipe": "short", "seed": 1, "data": "digits-1"}

    def test_an_empty_store(self, tmp_path: Path, url: str | None) -> None:
        with Index.open(tmp_path, url) as index:
            assert index.known(["a"]) == {"a": Known("a")}
            assert index.known([]) == {}
            assert index.curves([]) == {}

    def test_a_line_that_was_torn_is_not_there_yet(self, index: Index, store: Path) -> None:
        run = RunFolder(Store(store).run(key(2)))
        with run.attempt(1).metrics.open("a") as file:
            file.write('{"epoch": 4, "tr')
        assert index.refresh() == 1
        assert index.known([key(2)])[key(2)] == known(run)
        assert index.known([key(2)])[key(2)].epoch == 3

    def test_a_spoilt_folder_is_unknown_and_says_why(self, index: Index, store: Path) -> None:
        run = RunFolder(Store(store).run(key(5)))
        run.attempt(1).metrics.write_text("no JSON\n{}\n")
        index.refresh()
        found = index.known(truth(store))
        assert found[key(5)].state == "unknown"
        assert "metrics.jsonl:1" in found[key(5)].reason
        assert found[key(3)].state == "done"
        run.attempt(1).metrics.write_text("")
        index.refresh()
        assert index.known([key(5)])[key(5)].state == "lost"

    def test_a_run_of_another_version(self, index: Index, store: Path) -> None:
        run = planned_run(store, 7, invented={"later": [1, 2]}, seed=2**70)
        attempt = tried(run)
        run.finish(attempt, {"state": "transcended", "top1": 3.0, "novel": {"a": 1}, "flag": True, "reason": "x\0y"})
        index.refresh()
        found = index.known([key(7)])[key(7)]
        assert (found.state, found.scores) == ("unknown", {"top1": 3.0})
        assert [row["seed"] for row in sql(index, f"SELECT seed FROM runs WHERE key = '{key(7)}'")] == [None]
