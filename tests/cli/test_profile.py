"""`archspec profile`."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import archspec as package
from tests.cli.conftest import Run

WITHOUT_TORCH = """
import sys
sys.modules["torch"] = sys.modules["numpy"] = None
from archspec.cli import main
main()
"""


def test_json_is_a_list_with_the_agreed_keys(data: Callable[..., Any]) -> None:
    first, second = data("profile", "tiny.yaml", "caformer_s18", "--size", "64")
    assert list(first) == ["arch", "size", "params", "frozen_params", "macs", "activations", "stages"]
    assert (first["arch"], first["size"], first["params"]) == ("tiny", 64, 10050)
    assert second["params"] == 26_341_656
    assert second == package.profile("caformer_s18", size=64).to_dict()
    for cost in ("params", "frozen_params", "macs", "activations"):
        assert sum(stage[cost] for stage in first["stages"]) == first[cost]


def test_one_arch_is_not_compared(run: Run) -> None:
    lines = run("profile", "tiny.yaml").stdout.splitlines()
    assert lines[0].split() == ["arch", "size", "params", "MACs", "act.", "MiB"]
    assert lines[1].split() == ["tiny", "32", "10.1K", "221K", "0.1"]


def test_several_are_compared_with_the_first(run: Run) -> None:
    lines = run("profile", "convformer_s18", "caformer_s18", "randformer_s12").stdout.splitlines()
    assert "frozen" in lines[0]
    assert lines[1].split()[:4] == ["convformer_s18", "224", "26.8M", "3.94G"]
    assert "%" not in lines[1]
    assert lines[2].split()[-3:-1] == ["-1.6%", "+4.2%"]


def test_it_says_what_activation_memory_is(run: Run) -> None:
    assert "fp32" in run("profile", "tiny.yaml").stderr


def test_edits_reach_every_arch(data: Callable[..., Any]) -> None:
    costs = data("profile", "caformer_s18", "convformer_s18", "--set", "classes=10")
    assert [cost["params"] for cost in costs] == [26_341_656 - 990 * 2049, 26_774_448 - 990 * 2049]


def test_a_rectangular_size(data: Callable[..., Any]) -> None:
    assert data("profile", "tiny.yaml", "--size", "32x64")[0]["size"] == [32, 64]


def test_it_needs_no_torch() -> None:
    command = [sys.executable, "-c", WITHOUT_TORCH, "profile", "caformer_s18"]
    answer = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "26.3M" in answer.stdout


def test_a_model_of_timms_may_be_described_in_place(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    data = json.loads(run("profile", "{timm: test_vit, classes: 10}", "--set", "input.size=64", "--json").stdout)
    assert (data[0]["arch"], data[0]["size"]) == ("test_vit", 64)
    assert data[0]["params"] > 0
    shown = run("show", "{timm: test_vit}").stdout
    assert "test_vit  160×160×3 image" in shown
    assert "timm: test_vit" in run("show", "{timm: test_vit}", "--yaml").stdout
    assert "ARC102" in run("profile", "{timm: test_vitt}", code=1).stderr
    assert "timm  test_vit → test_vit2" in run("diff", "{timm: test_vit}", "{timm: test_vit2}").stdout
