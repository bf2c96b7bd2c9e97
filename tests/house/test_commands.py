"""The commands that the pages show exist, run, and print what is shown."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Iterator
from itertools import takewhile
from pathlib import Path
from typing import NamedTuple

import click
import pytest
from click.testing import CliRunner, Result

from archspec.cli.root import archspec
from tests.house.pages import Block, blocks

READ_ONLY = {"ls", "show", "profile", "diff", "check", "schema", "space"}
"""Commands that change nothing, and whose answer does not depend on the machine."""

CONSOLES = [block for block in blocks("console") if "$ archspec" in block.text]


class Step(NamedTuple):
    """A line typed at the prompt and what is shown below it."""

    line: str
    output: str

    @property
    def arguments(self) -> list[str]:
        """The words up to a pipe or redirection, which belong to the shell."""
        return list(takewhile(lambda word: word not in ("|", ">"), shlex.split(self.line, comments=True)))


def steps(block: Block) -> Iterator[Step]:
    """The commands of a block, each with its output."""
    for part in re.split(r"^\$ ", block.text, flags=re.MULTILINE)[1:]:
        line, _, output = part.partition("\n")
        yield Step(line, output)


def run(step: Step) -> Result:
    """The command, in this process."""
    return CliRunner().invoke(archspec, step.arguments[1:], prog_name="archspec")


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, block: Block) -> Path:
    """A folder with the files that the page has the reader write: blocks that begin with `# name.yaml`."""
    for other in blocks("yaml"):
        name = re.match(r"# (\w+\.yaml)\n", other.text)
        if name and other.page == block.page:
            (tmp_path / name[1]).write_text(other.text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NO_COLOR", "1")
    return tmp_path


@pytest.mark.parametrize("block", CONSOLES, ids=str)
def test_commands_exist(block: Block) -> None:
    with click.Context(archspec, info_name="archspec") as root:
        for step in steps(block):
            if step.arguments[0] == "archspec":
                name, *rest = step.arguments[1:]
                command = archspec.get_command(root, name)
                assert command is not None, step.line
                command.make_context(name, rest, parent=root)


@pytest.mark.parametrize("block", CONSOLES, ids=str)
@pytest.mark.usefixtures("desk")
def test_commands_print_what_is_shown(block: Block) -> None:
    """`console` is followed by the exit code where it is not 0. UPDATE_GOLDEN=1 writes the outputs again."""
    fresh = ""
    for step in steps(block):
        output = step.output
        if step.arguments[0] == "archspec" and step.arguments[1] in READ_ONLY:
            result = run(step)
            assert result.exit_code == int(block.note or 0), f"{step.line}\n{result.output}"
            real = re.sub(r" +$", "", result.output, flags=re.MULTILINE)
            output = output if "…\n" in output and agrees(output, real) else real
        fresh += f"$ {step.line}\n{output}"
    if os.environ.get("UPDATE_GOLDEN") and fresh != block.text:
        page = block.page.read_text(encoding="utf-8")
        block.page.write_text(page.replace(block.text, fresh), encoding="utf-8")
    else:
        assert fresh == block.text


def agrees(shown: str, output: str) -> bool:
    """Whether an output is what is shown, where a line `…` stands for any lines."""
    parts = re.split(r"^…\n", shown, flags=re.MULTILINE)
    return re.fullmatch(r"(?s:.*)".join(map(re.escape, parts)), output) is not None
