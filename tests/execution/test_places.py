"""Where workers of this machine have their cores and devices."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from archspec.execution.local import places
from archspec.spec.runner import RUNNER, Local


def devices(monkeypatch: pytest.MonkeyPatch, visible: str, gpus: int = 1, **more: Any) -> list[str]:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    runner = RUNNER.load({"kind": "local", "resources": {"gpus": gpus}, **more})
    assert isinstance(runner, Local)
    return [device for _, device in places(runner)]


def test_every_worker_has_devices_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    assert devices(monkeypatch, "0,1,2") == ["0", "1", "2"]
    assert devices(monkeypatch, "0,1,2,3,4", gpus=2) == ["0,1", "2,3"]
    assert devices(monkeypatch, "0,1,2", parallelism=2) == ["0", "1"]
    assert devices(monkeypatch, "") == []


def test_workers_share_devices_where_they_are_told_to(monkeypatch: pytest.MonkeyPatch) -> None:
    assert devices(monkeypatch, "4,7", share=2) == ["4", "7", "4", "7"]
    assert devices(monkeypatch, "0,1,2,3", gpus=2, share=2) == ["0,1", "2,3", "0,1", "2,3"]
    assert devices(monkeypatch, "0,1", share=3, parallelism=3) == ["0", "1", "0"]


def test_runs_without_accelerators_see_none(monkeypatch: pytest.MonkeyPatch) -> None:
    assert set(devices(monkeypatch, "0,1", gpus=0, parallelism=3)) == {""}


LISTED = """\
echo 'GPU 0: NVIDIA H200 (UUID: GPU-1b)'
echo '  MIG 1g.18gb     Device  0: (UUID: MIG-77)'
echo 'GPU 1: NVIDIA T4 (UUID: GPU-2c)'
"""


def test_accelerators_go_by_names_that_do_not_depend_on_who_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    command = tmp_path / "nvidia-smi"
    command.write_text(f"#!/bin/sh\n{LISTED}")
    command.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    runner = RUNNER.load({"kind": "local", "resources": {"gpus": 1}})
    assert isinstance(runner, Local)
    assert [place.devices for place in places(runner)] == ["GPU-1b", "GPU-2c"]


def test_what_comes_after_no_device_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    assert devices(monkeypatch, "-1") == []
    assert devices(monkeypatch, "1, 0,-1,2") == ["1", "0"]
