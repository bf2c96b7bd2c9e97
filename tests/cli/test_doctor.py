"""`archspec doctor`: each check against a machine made to fail it."""

from __future__ import annotations

import importlib.metadata
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from archspec import __version__
from archspec.cli import checks
from archspec.cli.checks import Check, Finding
from tests.cli.conftest import Run


def found(check: Check) -> Finding:
    """The only thing a check finds."""
    (finding,) = checks.examined(check)
    return finding


@pytest.fixture
def versions(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The distributions that are installed."""
    installed = {"archspec-engine": __version__, "torch": "2.9"}

    def version(name: str) -> str:
        if name not in installed:
            raise importlib.metadata.PackageNotFoundError(name)
        return installed[name]

    monkeypatch.setattr(importlib.metadata, "version", version)
    return installed


def test_spacks_archspec_is_a_clash(versions: dict[str, str]) -> None:
    assert found(checks.clash).state == "ok"
    versions["archspec"] = "0.2.5"
    finding = found(checks.clash)
    assert finding.state == "fail"
    assert "0.2.5" in finding.message
    assert "fresh environment" in finding.hint


def test_our_own_distribution(versions: dict[str, str]) -> None:
    assert found(checks.archspec).state == "ok"
    versions["archspec-engine"] = "0.0.1"
    assert "install again" in found(checks.archspec).hint
    versions.clear()
    assert "not installed" in found(checks.archspec).message


def test_condas_base(desk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "prefix", str(desk))
    assert found(checks.conda).state == "ok"
    (desk / "conda-meta").mkdir()
    assert found(checks.conda).state == "ok"
    (desk / "condabin").mkdir()
    assert found(checks.conda).state == "fail"


@pytest.mark.parametrize(
    ("code", "stdout", "stderr", "state", "said"),
    [
        (0, '{"cuda": "13.0", "devices": ["H200"]}', "", "ok", "CUDA 13.0: H200"),
        (0, '{"cuda": "13.0", "devices": []}', "", "warn", "no GPU is visible"),
        (0, '{"cuda": null, "devices": []}', "", "ok", "for the CPU"),
        (1, "", "Traceback\nImportError: libcudnn.so", "fail", "ImportError: libcudnn.so"),
    ],
)
def test_torch_is_asked(
    code: int,
    stdout: str,
    stderr: str,
    state: str,
    said: str,
    versions: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    answer = subprocess.CompletedProcess([], code, stdout, stderr)
    monkeypatch.setattr(checks, "_asked", lambda code: answer)
    finding = found(checks.torch)
    assert (finding.state, said in finding.message) == (state, True), finding
    del versions["torch"]
    assert found(checks.torch).state == "fail"


def test_torch_that_does_not_answer(versions: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    def hang(code: str) -> Any:
        raise subprocess.TimeoutExpired("python", 120)

    monkeypatch.setattr(checks, "_asked", hang)
    assert found(checks.torch).state == "warn"


def test_libyaml(monkeypatch: pytest.MonkeyPatch) -> None:
    import yaml

    assert found(checks.yaml_loader).state == ("ok" if hasattr(yaml, "CSafeLoader") else "warn")
    monkeypatch.delattr(yaml, "CSafeLoader", raising=False)
    assert found(checks.yaml_loader).state == "warn"


def test_plugins_are_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    entries = [SimpleNamespace(name="good", module="json"), SimpleNamespace(name="bad", module="no_such_plugin")]
    monkeypatch.setattr(importlib.metadata, "entry_points", lambda group: entries)
    assert [finding.state for finding in checks.plugins()] == ["ok", "fail"]


def test_the_shelf(desk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert found(checks.shelf).state == "ok"
    (desk / "broken.yaml").write_text("arch: broken\nstem: nothing\n", encoding="utf-8")
    monkeypatch.setenv("ARCHSPEC_PATH", f"{desk}:{desk / 'nowhere'}")
    states = {finding.message.partition(":")[0]: finding for finding in checks.shelf()}
    assert states[f"{desk / 'nowhere'} of $ARCHSPEC_PATH does not exist"].state == "warn"
    assert states[str(desk / "broken.yaml")].state == "fail"
    assert states[str(desk / "broken.yaml")].hint == f"archspec check {desk / 'broken.yaml'}"


def test_the_stores_disk(desk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARCHSPEC_STORE", str(desk / "deep" / "store"))
    assert found(checks.store).message.startswith(str(desk / "deep" / "store"))
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=2**30))
    assert (found(checks.store).state, "1 GiB free" in found(checks.store).message) == ("warn", True)
    monkeypatch.setattr("os.access", lambda path, mode: False)
    assert found(checks.store).state == "fail"


def test_a_compiler(desk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CXX", raising=False)
    monkeypatch.setenv("PATH", str(desk))
    assert found(checks.compiler).state == "warn"
    (desk / "c++").write_text("#!/bin/sh\n")
    (desk / "c++").chmod(0o755)
    assert found(checks.compiler) == Finding("compiler", "ok", str(desk / "c++"))


def test_a_check_that_breaks_is_a_finding() -> None:
    def odd() -> Iterator[Finding]:
        raise RuntimeError("boom")

    assert found(odd) == Finding("odd", "fail", "could not be looked at: RuntimeError: boom")


def test_it_fails_when_anything_fails(run: Run, data: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    def well() -> Iterator[Finding]:
        yield Finding("well", "ok", "as it should be")

    def ill() -> Iterator[Finding]:
        yield Finding("ill", "fail", "not as it should be", "mend it")

    monkeypatch.setattr(checks, "CHECKS", (well,))
    assert run("doctor").stdout == "ok    well       as it should be\n"
    monkeypatch.setattr(checks, "CHECKS", (well, ill))
    assert run("doctor", code=1).stdout.endswith("fail  ill        not as it should be\n               → mend it\n")
    assert data("doctor", code=1)[1] == {
        "name": "ill", "state": "fail", "message": "not as it should be", "hint": "mend it",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("kind: inline", "ok    runner     mine: runs in this process\n"),
        (
            "kind: local\nparallelism: 3\nmemory: 8G",
            "ok    runner     mine: 3 runs at a time, as long as they fit into 7.5 GiB\n",
        ),
        (
            "kind: local\nresources: {gpus: 1}",
            "fail  runner     mine: 0 runs at a time\n"
            "               → there are fewer accelerators than one run asks for\n",
        ),
    ],
)
def test_a_runner_of_this_machine(
    line: str, told: str, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    file = tmp_path / "mine.yaml"
    file.write_text(f"runner: mine\n{line}\n")
    assert run("doctor", "--runner", str(file), code=told.startswith("fail")).stdout == told
