"""`archspec store`: what is kept, and what is done about it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from archspec.cli.registry import STORE_COMMANDS
from archspec.records.store import Store
from tests.cli.conftest import Run
from tests.records.stores import finished_run, key, lost_run, plan_of

STORE = Path("archspec-store")


@pytest.fixture
def store(desk: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two finished runs, one of them with a checkpoint, and one that was lost."""
    monkeypatch.delenv("ARCHSPEC_INDEX", raising=False)
    monkeypatch.delenv("ARCHSPEC_STORE", raising=False)
    for number in (1, 2):
        run = finished_run(desk / STORE, number)
    (run.attempt(1).checkpoints / "0000000010-ab.pt").write_bytes(b"w" * 2500)
    lost_run(desk / STORE, 3)
    return desk / STORE


def test_the_commands() -> None:
    assert list(STORE_COMMANDS) == ["rebuild", "gc", "export", "import"]


@pytest.mark.parametrize("command", STORE_COMMANDS)
def test_help_teaches(run: Run, command: str) -> None:
    said = run("store", command, "--help").stdout
    assert f"archspec store {command}" in said
    assert "--store" in said
    assert "--json" in said
    assert "Examples:" in said


def test_rebuild_says_how_much_and_where(run: Run, store: Path) -> None:
    said = run("store", "rebuild").stdout
    assert said.startswith("3 runs in ")
    assert Path(said.splitlines()[1]).samefile(next(store.glob("index-*.sqlite")))
    data = json.loads(run("store", "rebuild", "--json").stdout)
    assert (data["runs"], Path(data["index"]).parent) == (3, store)


def test_rebuild_says_what_is_wrong(run: Run, store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARCHSPEC_INDEX", "mysql://host/x")
    assert "give postgresql://" in run("store", "rebuild", code=1).stderr


def test_rebuild_of_a_store_that_is_not_there(run: Run, desk: Path) -> None:
    assert run("store", "rebuild", "--store", "none").stdout == "0 runs in 0.0 s\nmemory\n"
    assert not (desk / "none").exists()


def test_gc_says_first_and_deletes_when_told(run: Run, store: Path) -> None:
    said = run("store", "gc")
    assert said.stdout.split() == ["1", "2.50KB", "checkpoints", "of", "finished", "runs"]
    assert "--yes" in said.stderr
    assert list(store.rglob("*.pt"))
    assert "2.50KB deleted" in run("store", "gc", "--yes").stderr
    assert not list(store.rglob("*.pt"))
    assert "nothing" in run("store", "gc", "--yes").stderr


def test_gc_for_a_program(run: Run, store: Path) -> None:
    data = json.loads(run("store", "gc", "--json").stdout)
    assert (data["deleted"], data["bytes"], [item["kind"] for item in data["items"]]) == (False, 2500, ["checkpoint"])
    assert json.loads(run("store", "gc", "--json", "--yes").stdout)["deleted"] is True


def test_export_and_import(run: Run, store: Path) -> None:
    plan_of(store, "small", [])
    exported = run("store", "export", "runs.tar.gz")
    assert exported.stdout.startswith("2 runs in runs.tar.gz, ")
    assert "1 run stayed here" in exported.stderr
    refused = run("store", "import", "runs.tar.gz", "--store", "new", code=1)
    assert f"{key(1)} was refused" in refused.stderr
    taken = run("store", "import", "runs.tar.gz", "--store", "new", "--trust")
    assert taken.stdout == "2 imported; 0 new studies\n"
    again = run("store", "import", "runs.tar.gz", "--store", "new", "--trust")
    assert again.stdout == "0 imported, 2 here before; 0 new studies\n"
    data = json.loads(run("store", "import", "runs.tar.gz", "--store", "new", "--json").stdout)
    assert data == {"imported": [], "kept": [key(1), key(2)], "live": [], "refused": {}, "studies": []}
    assert Store(store.parent / "new").keys() == [key(1), key(2)]


def test_mistakes(run: Run, store: Path) -> None:
    assert "should end in .tar" in run("store", "export", "runs.zip", code=1).stderr
    assert "no study `smal`" in run("store", "export", "runs.tar", "--study", "smal", code=1).stderr
    assert "cannot be read" in run("store", "import", "none.tar", code=1).stderr
    assert "no command `gx`" in run("store", "gx", code=2).stderr
