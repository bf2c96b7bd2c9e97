"""Where workers of this machine have their cores and devices."""

from __future__ import annotations

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
