"""How much memory there is, as a system's files and the accelerators' driver tell it."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from archspec.execution import room


def system(root: Path, monkeypatch: pytest.MonkeyPatch, **files: str) -> None:
    """A system of which only some files are there, `__` standing for a slash."""
    for name, text in files.items():
        file = root / name.replace("__", "/").replace("_dot_", ".")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    monkeypatch.setattr(room, "SYSTEM", root)


MEMORY = {"proc__meminfo": "MemTotal:  999 kB\nMemAvailable:   16384 kB\n"}


def test_what_is_free(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    system(tmp_path, monkeypatch, **MEMORY)
    assert room.free_memory() == 16 * 2**20


def test_what_the_second_version_of_cgroups_allows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    limits = {"sys__fs__cgroup__a__b__memory_dot_max": "max\n", "sys__fs__cgroup__a__memory_dot_max": "4096\n"}
    system(tmp_path, monkeypatch, **MEMORY, proc__self__cgroup="0::/a/b\n", **limits)
    assert room.free_memory() == 4096


def test_what_the_first_version_of_cgroups_allows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    groups = "3:cpu,cpuacct:/a\n5:memory:/slurm/job_7\n"
    limits = {"sys__fs__cgroup__memory__slurm__job_7__memory_dot_limit_in_bytes": "8192\n"}
    limits |= {"sys__fs__cgroup__a__memory_dot_max": "1\n"}
    system(tmp_path, monkeypatch, **MEMORY, proc__self__cgroup=groups, **limits)
    assert room.free_memory() == 8192


def test_how_often_the_kernel_ran_short_of_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    system(tmp_path, monkeypatch, proc__vmstat="pgfault 3\noom_kill 12\nnuma_hit 4\n")
    assert room.kills() == 12


def test_where_nobody_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    system(tmp_path, monkeypatch)
    assert room.free_memory() == math.inf
    assert room.kills() == 0
    monkeypatch.setenv("PATH", "")
    assert room.device_memory("0") == math.inf


def test_the_fullest_of_some_accelerators(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    command = tmp_path / "nvidia-smi"
    command.write_text('#!/bin/sh\ncase "$*" in *--id=0,1) echo 4000; echo 3000;; esac\n')
    command.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
    assert room.device_memory("0,1") == 3000 * 2**20
