"""The page of a run: its attempts, its log, what it kept; nothing from outside of the store."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from archspec.dashboard.files import Tail
from archspec.dashboard.logs import log
from archspec.studies.plan import Plan
from tests.dashboard.asking import page, rows, words
from tests.dashboard.broken import broken, key_of
from tests.dashboard.serving import client_of

SECRET = "what nobody may see"


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Plan]:
    store = tmp_path_factory.mktemp("store")
    return store, broken(store).plan


@pytest.fixture(scope="module")
def asks(study: tuple[Path, Plan]):  # type: ignore[no-untyped-def]
    with client_of(study[0]) as found:
        yield found


def test_attempts_are_told_one_by_one(asks: TestClient, study: tuple[Path, Plan]) -> None:
    text = page(asks, f"/runs/{key_of(study[1], 'norm/batch norm', 1)}")
    first, second = rows(text, "Attempts")
    assert (first[0], first[2:6]) == ("1", ["node7", "4711", "an accelerator", "2 min"])
    assert first[7] == "stopped left a checkpoint; attempt 2 went on"
    assert (second[0], second[2], second[7]) == ("2", "node2", "done")
    assert 'class="span stopped"' in text
    assert 'class="span done"' in text
    assert rows(text, "Files")[0][:2] == ["attempts/1/checkpoints/40.pt", "2.05K"]


def test_measurements_are_a_table_and_figures(asks: TestClient, study: tuple[Path, Plan]) -> None:
    text = page(asks, f"/runs/{key_of(study[1], 'mixer/attention', 2)}")
    assert rows(text, "Epochs")[-1] == ["4", "0.001", "0.5", "0.25", "60", "60.0"]
    assert 'id="run-0"' in text
    assert 'id="run-1"' in text
    assert '"y":[2.0,1.0,0.6667,0.5]' in text
    said = words(text)
    assert "quickstart / mixer/attention , seed 2" in said or "quickstart/mixer/attention, seed 2" in said
    assert "2 packages numpy 2.0 , torch 2.9.0" in said
    assert '"top1": 62.0' in said


def test_a_log_is_searched_and_is_text(asks: TestClient, study: tuple[Path, Plan]) -> None:
    key = key_of(study[1], "mixer/attention", 2)
    whole = page(asks, f"/runs/{key}")
    assert "epoch 4/6  loss 0.50 &amp; &lt;b&gt;fine&lt;/b&gt;" in whole
    assert "\x1b" not in whole
    found = page(asks, f"/runs/{key}", find="0.50 & <B>")
    assert "1 of 4 lines" in words(found)
    assert "<mark>0.50 &amp; &lt;b&gt;</mark>" in found
    assert "epoch 3/6" not in found
    assert "0 of 4 lines" in words(page(asks, f"/runs/{key}", find="<script>"))


def test_the_log_of_another_attempt_can_be_read(asks: TestClient, study: tuple[Path, Plan]) -> None:
    key = key_of(study[1], "norm/batch norm", 1)
    assert "attempt 1: 2 lines" in words(page(asks, f"/runs/{key}", attempt="1"))
    assert "attempt 2: 4 lines" in words(page(asks, f"/runs/{key}"))
    assert "attempt `7` is not from 1 to 2" in words(page(asks, f"/runs/{key}", attempt="7"))


def test_a_log_that_grows_is_shown_as_it_is_now(tmp_path: Path) -> None:
    key = key_of(broken(tmp_path).plan, "mixer/identity", 2)
    with client_of(tmp_path) as client:
        assert "attempt 1: 4 lines" in words(page(client, f"/runs/{key}"))
        with (tmp_path / "runs" / key / "attempts" / "1" / "log.txt").open("a") as said:
            said.write("one more\n")
        assert "attempt 1: 5 lines" in words(page(client, f"/runs/{key}"))


def test_why_it_failed_is_said_first(asks: TestClient, study: tuple[Path, Plan]) -> None:
    text = page(asks, f"/runs/{key_of(study[1], 'mixer/pooling', 1)}")
    said = words(text)
    assert "IndexError in mixers/odd.py:40, in forward : IndexError: index 3 is out of range" in said
    assert "How attempt 1 failed" in said
    assert "<script>alert" not in text


def test_a_run_that_nobody_has_begun_has_a_page(asks: TestClient, study: tuple[Path, Plan]) -> None:
    said = words(page(asks, f"/runs/{key_of(study[1], 'norm/batch norm', 2)}"))
    assert "planned" in said
    assert "Nobody has begun with it yet." in said
    assert "Its document is not there" in said


@pytest.mark.parametrize("key", ["nothing", "..", "%2e%2e", "..%2f..%2fetc", "<script>", "a" * 300])
def test_what_is_no_run_has_no_page(asks: TestClient, key: str) -> None:
    text = asks.get(f"/runs/{key}").text
    assert "<script>" not in text
    assert asks.get(f"/runs/{key}").status_code in (404, 200)
    assert "Its life" not in text


@pytest.mark.parametrize("name", ["log.txt", "failure.txt", "checkpoints", "lease"])
def test_what_leads_out_of_the_store_is_not_shown(tmp_path: Path, name: str) -> None:
    store, outside = tmp_path / "store", tmp_path / "outside"
    key = key_of(broken(store).plan, "mixer/pooling", 1)
    outside.mkdir()
    (outside / "40-secret.pt").write_text(SECRET)
    (tmp_path / "file").write_text(SECRET)
    attempt = store / "runs" / key / "attempts" / "1"
    shutil.rmtree(attempt / name) if (attempt / name).is_dir() else (attempt / name).unlink()
    (attempt / name).symlink_to(outside if name == "checkpoints" else tmp_path / "file")
    with client_of(store) as asks:
        text = asks.get(f"/runs/{key}").text
    assert SECRET not in text
    assert "40-secret" not in text


def test_a_run_document_that_leads_out_of_the_store_is_not_shown(tmp_path: Path) -> None:
    store = tmp_path / "store"
    key = key_of(broken(store).plan, "mixer/pooling", 1)
    (tmp_path / "file").write_text(f"arch: {SECRET}")
    document = store / "runs" / key / "run.yaml"
    document.unlink()
    document.symlink_to(tmp_path / "file")
    with client_of(store) as asks:
        assert SECRET not in page(asks, f"/runs/{key}")
        assert SECRET not in page(asks, "/s/quickstart/arm", arm="mixer/pooling")


def test_of_a_long_log_the_end_is_shown() -> None:
    found = log(Tail("\n".join(f"line {i}" for i in range(5000)), 77), most=10)
    assert [number for number, _ in found.lines] == list(range(4991, 5001))
    assert (found.looked, found.matches, found.cut) == (5000, 5000, 77)
    assert [str(text) for _, text in log(Tail("a.b\nacb", 0), ".").lines] == ["a<mark>.</mark>b"]
