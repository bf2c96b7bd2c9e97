"""A light start: help, version and completion import no command; every command is there and teaches."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from archspec import __version__
from archspec.cli.lazy import LazyGroup
from archspec.cli.registry import COMMANDS
from archspec.cli.root import archspec
from tests.cli.conftest import TINY, Run, process

HEAVY = {"torch", "numpy", "pydantic", "yaml", "rich", "timm", "archspec.spec"}
LIGHT = {
    "help": (["--help"], {}),
    "version": (["--version"], {}),
    "commands": ([], {"_ARCHSPEC_COMPLETE": "bash_complete", "COMP_WORDS": "archspec sh", "COMP_CWORD": "1"}),
    "help of a command": (["show", "--help"], {}),
    "options": ([], {"_ARCHSPEC_COMPLETE": "zsh_complete", "COMP_WORDS": "archspec show --s", "COMP_CWORD": "2"}),
    "lists": ([], {"_ARCHSPEC_COMPLETE": "fish_complete", "COMP_WORDS": "archspec ls m", "COMP_CWORD": "m"}),
}
SHOW_MODULES = """
import atexit, os, sys
atexit.register(lambda: print("loaded:", *sys.modules, file=sys.stderr))
from archspec.cli import main
main()
"""


def commands(group: LazyGroup = archspec, *path: str) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Every command with the words that call it, groups left out."""
    with click.Context(group) as ctx:
        for name in group.registry:
            command = group.get_command(ctx, name)
            assert command is not None
            if isinstance(command, LazyGroup):
                yield from commands(command, *path, name)
            else:
                yield (*path, name), command


ALL = dict(commands())


def examples(command: click.Command) -> list[str]:
    """The lines of a command's help that begin with `archspec`."""
    return re.findall(r"^ +(archspec .*)$", command.epilog or "", re.MULTILINE)


@pytest.mark.parametrize("case", LIGHT)
def test_a_light_start_imports_nothing_heavy(case: str) -> None:
    args, environment = LIGHT[case]
    started = subprocess.run(
        [sys.executable, "-c", SHOW_MODULES, *args],
        capture_output=True, text=True, check=True, env={**os.environ, **environment},
    )  # fmt: skip
    loaded = set(started.stderr.rpartition("loaded:")[2].split())
    assert "click" in loaded
    assert not loaded & HEAVY
    assert started.stdout


def test_version_is_the_packages() -> None:
    assert process("--version").stdout == f"archspec {__version__}\n"


def test_the_console_script_and_the_module_are_one_command() -> None:
    script = Path(sys.executable).with_name("archspec")
    if not script.exists():
        pytest.skip("archspec is not installed in this environment")
    assert subprocess.run([script, "--help"], capture_output=True, text=True, check=True).stdout == (
        process("--help").stdout
    )


def test_every_entry_of_the_registry_resolves_to_a_command_of_its_name() -> None:
    with click.Context(archspec) as ctx:
        for name in COMMANDS:
            command = archspec.get_command(ctx, name)
            assert isinstance(command, click.Command)
            assert command.name == name


@pytest.mark.parametrize("name", COMMANDS)
def test_a_summary_is_one_sentence_that_fits(name: str) -> None:
    assert re.fullmatch(r"[A-Z][^.]*[.…]", COMMANDS[name].summary)
    assert len(name) + len(COMMANDS[name].summary) < 76


@pytest.mark.parametrize("words", ALL, ids=" ".join)
def test_the_help_of_a_command_teaches_by_examples(words: tuple[str, ...], run: Run) -> None:
    text = run(*words, "--help").stdout
    assert "Examples:" in text
    shown = re.findall(r"^    (archspec .*)$", text, re.MULTILINE)
    assert len(shown) >= 2
    assert all(line.startswith("archspec " + " ".join(words)) for line in shown)


DEPENDS_ON_THE_MACHINE: set[tuple[str, ...]] = {
    *((name,) for name in ("doctor", "init", "train", "evaluate", "logs", "export", "dashboard")),
    *(("study", "run"), ("study", "promote"), ("store", "export"), ("store", "import")),
}
"""And what would take minutes, or goes on until it is stopped; these commands have tests of their own."""


@pytest.mark.parametrize("words", [words for words in ALL if words not in DEPENDS_ON_THE_MACHINE], ids=" ".join)
def test_the_examples_of_a_command_work(words: tuple[str, ...], desk: Path, run: Run) -> None:
    for file in ("my_arch.yaml", "studies/one.yaml", "searchspaces/one.yml"):
        (desk / file).parent.mkdir(exist_ok=True)
        (desk / file).write_text(TINY, encoding="utf-8")
    (desk / "my_study.yaml").write_text("study: mine\nbaseline: my_arch.yaml\nrecipe: digits\n", encoding="utf-8")
    for line in examples(ALL[words]):
        run(*shlex.split(line.partition(" > ")[0])[1:])


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_can_be_installed(shell: str) -> None:
    if shell == "bash" and not Path("/bin/bash").exists():
        pytest.skip("needs bash")
    script = process(_ARCHSPEC_COMPLETE=f"{shell}_source")
    script.check_returncode()
    assert "_ARCHSPEC_COMPLETE" in script.stdout


def completed(*words: str, **environment: str) -> set[str]:
    """What bash is offered for the last word."""
    typed = shlex.join(["archspec", *filter(None, words)]) + ("" if words[-1] else " ")
    line = {"COMP_WORDS": typed, "COMP_CWORD": str(len(words)), "_ARCHSPEC_COMPLETE": "bash_complete"}
    answer = process(**line, **environment)
    answer.check_returncode()
    return {entry.partition(",")[2] for entry in answer.stdout.splitlines()}


def test_commands_and_options_are_completed() -> None:
    assert completed("") == set(COMMANDS)
    assert completed("d") == {"dashboard", "diff", "doctor"}
    assert {"--size", "--set"} <= completed("profile", "--s")


def test_archs_are_completed_from_the_shelf(desk: Path) -> None:
    assert "caformer_s18" in completed("show", "caformer")
    assert completed("diff", "caformer_s18", "convformer_s") >= {"convformer_s18", "convformer_s36"}
    assert completed("show", "ti", ARCHSPEC_PATH=str(desk)) == {"tiny"}
    assert completed("show", "./ti") == {"./ti"}  # the shell completes it as a file


def test_documents_of_every_kind_are_completed_from_the_shelf() -> None:
    assert completed("study", "run", "quick") == {"quickstart"}
    assert {"local", "local-gpu"} <= completed("study", "run", "quickstart", "--runner", "loc")
    assert "digits" in completed("train", "caformer_s18", "--recipe", "dig")
    assert "metaformer_mixers" in completed("space", "show", "meta")


def test_what_can_be_listed_is_completed() -> None:
    assert completed("ls", "m") == {"mixers", "mlps"}
    assert {"archs", "recipes", "norms"} <= completed("ls", "")
