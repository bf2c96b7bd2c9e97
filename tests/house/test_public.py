"""The public face: names, the command, its exit codes. Growth is a decision, made here."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from importlib.metadata import entry_points

import pytest

import archspec
from archspec.cli.registry import COMMANDS
from tests.house import REPOSITORY

PUBLIC = [
    "build",
    "load_weights",
    "load_model",
    "save_model",
    "load",
    "profile",
    "diff",
    "ArchspecError",
    "SpecError",
    "__version__",
]


def test_the_public_names() -> None:
    assert archspec.__all__ == PUBLIC
    assert dir(archspec) == sorted(PUBLIC)


@pytest.mark.parametrize("name", PUBLIC)
def test_every_public_name_is_there(name: str) -> None:
    assert getattr(archspec, name) is not None


def test_a_name_that_is_not_public_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'bild'"):
        archspec.bild  # noqa: B018


def test_the_distribution_is_not_named_like_spacks() -> None:
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
    assert project["name"] == "archspec-engine"
    assert project["scripts"] == {"archspec": "archspec.cli:main"}
    (script,) = entry_points(group="console_scripts", name="archspec")
    assert script.value == "archspec.cli:main"


def test_the_commands() -> None:
    assert list(COMMANDS) == [
        "init",
        "ls",
        "show",
        "profile",
        "diff",
        "train",
        "evaluate",
        "logs",
        "export",
        "study",
        "space",
        "dashboard",
        "store",
        "check",
        "schema",
        "doctor",
    ]


def run(arguments: str) -> subprocess.CompletedProcess[str]:
    """The command, as the shell starts it."""
    command = [sys.executable, "-m", "archspec", *arguments.split()]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ("show caformer_s18", 0),
        ("--version", 0),
        ("--help", 0),
        ("show no_such_arch", 1),
        ("show no_such_file.yaml", 1),
        ("diff caformer_s18 --set stages.9.dim=1", 1),
        ("shwo", 2),
        ("show", 2),
        ("show caformer_s18 --siez 3", 2),
    ],
)
def test_exit_codes(arguments: str, code: int) -> None:
    done = run(arguments)
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    assert bool(done.stdout) == (code == 0)
    assert bool(done.stderr) == (code != 0)
