"""Runs whose every word tries to be something else on a page: it stays a word."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from archspec.records.files import append_line, write_json
from archspec.records.run import RunFolder
from archspec.records.store import Store
from archspec.studies.folder import StudyFolder
from archspec.studies.plan import Plan
from tests.dashboard.asking import page
from tests.dashboard.broken import broken, key_of
from tests.dashboard.serving import client_of

EVIL = "</script><script>alert(1)</script>\"'><img src=x onerror=alert(2)>\n{{7*7}}\u202e\x1b[2J\x00"
SIGNS = ("<script>alert", "<img src=x", 'onerror=alert(2)"', "\x1b", "\x00")


def spoilt(store: Path) -> Plan:
    """The broken study, where one run lies wherever it can."""
    plan = broken(store).plan
    folder = RunFolder(Store(store).run(key_of(plan, "mixer/pooling", 0)))
    attempt = folder.attempt(1)
    write_json(store / "environments" / "evil.json", {"torch": EVIL, "device": EVIL, "cpu": EVIL, "python": EVIL})
    write_json(attempt.environment, {"environment": "evil", "host": EVIL, "job": EVIL, "placed": EVIL, "started": 1e9})
    write_json(folder.result_json, {"state": "failed", "reason": EVIL, EVIL: 1.0, "attempt": 1})
    attempt.failure.write_text(f'  File "/x/archspec/{EVIL}.py", line 1, in {EVIL}\n{EVIL}Error: {EVIL}')
    attempt.log.write_text(EVIL * 10)
    append_line(attempt.metrics, {"epoch": 5, "step": 1, EVIL + "loss": 1.0, EVIL + "top1": 2.0})
    (attempt.checkpoints / f"7{EVIL.replace('/', '-').replace(chr(0), '')}").write_text("")
    document = json.loads(json.dumps(folder.spec()))
    document["arch"]["arch"] = EVIL
    folder.run_yaml.write_text(json.dumps(document))
    return plan


@pytest.mark.parametrize(
    "path",
    [
        "/runs/{key}",
        "/runs/{key}?find=%3Cscript%3E",
        "/s/quickstart/failures",
        "/s/quickstart/arm?arm=mixer/pooling",
        "/s/quickstart/architecture?arm=mixer/pooling",
        "/s/quickstart/diff?b=mixer/pooling",
    ],
)
def test_what_a_run_says_is_text(tmp_path: Path, path: str) -> None:
    plan = spoilt(tmp_path)
    with client_of(tmp_path) as client:
        text = page(client, path.format(key=key_of(plan, "mixer/pooling", 0)))
    assert not [sign for sign in SIGNS if sign in text]
    assert "{{7*7}}" in text or "runs" not in path
    if "runs" in path or "failures" in path:
        assert "&lt;script&gt;alert(1)" in text


@pytest.mark.parametrize("content", ["", "[]", "{", '{"time": "soon", "host": 3}', '{"time": 1e400}', "null"])
def test_a_lease_that_says_nothing_ends_no_page(tmp_path: Path, content: str) -> None:
    plan = broken(tmp_path).plan
    key = key_of(plan, "mixer/identity", 2)
    (tmp_path / "runs" / key / "attempts" / "1" / "lease").write_text(content)
    with client_of(tmp_path) as client:
        assert "Its life" in page(client, f"/runs/{key}")


def test_nothing_outside_of_the_store_is_shown(tmp_path: Path) -> None:
    store, secret = tmp_path / "store", tmp_path / "secret"
    secret.write_text("a secret of somebody's\n")
    plan = broken(store).plan
    key = key_of(plan, "mixer/pooling", 1)
    folder = RunFolder(Store(store).run(key))
    attempt = folder.attempt(1)
    files = [folder.run_yaml, folder.result_json, attempt.log, attempt.failure, attempt.lease, attempt.environment]
    files.append(StudyFolder.of(store, plan).documents)
    for file in files:
        file.unlink(missing_ok=True)
        file.symlink_to(secret)
    (attempt.checkpoints / "9.pt").symlink_to(secret)
    with client_of(store) as client:
        assert "a secret" not in page(client, f"/runs/{key}")
        for name in ("failures", "arm", "architecture", "runs"):
            assert "a secret" not in page(client, f"/s/quickstart/{name}", arm="mixer/pooling")


def test_what_a_run_that_lies_elsewhere_says_is_not_shown(tmp_path: Path) -> None:
    store, other = tmp_path / "store", tmp_path / "other"
    plan = broken(other).plan
    broken(store)
    key = key_of(plan, "mixer/pooling", 1)
    shutil.rmtree(store / "runs" / key)
    (store / "runs" / key).symlink_to(other / "runs" / key)
    with client_of(store) as client:
        text = client.get(f"/runs/{key}").text
    assert "What it said" in text, "the index knows of it"
    assert "epoch 4/6" not in text
    assert "Traceback" not in text
    assert "Its document is not there" in text
