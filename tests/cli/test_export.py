"""`archspec export`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import torch
from click.testing import Result

import archspec
from archspec.records.run import RunFolder
from tests.cli.conftest import Run

RECIPE = "recipe: short\ndata: digits\nresolution: 32\nepochs: 1\nbatch: 512\nthreads: 1\n"
BARE = """\
import sys
import torch
program = torch.export.load(sys.argv[1]).module()
assert program(torch.zeros(3, 3, 32, 32)).shape == (3, 10)
assert "archspec" not in sys.modules
"""


@pytest.fixture
def trained(run: Run, desk: Path) -> str:
    """The folder of a finished run."""
    (desk / "short.yaml").write_text(RECIPE)
    done: Result = run("train", "tiny.yaml", "--recipe", "short.yaml")
    return str(next(Path("archspec-store/runs").iterdir())) if done.exit_code == 0 else ""


def test_a_run_becomes_a_file_that_rebuilds_its_network(run: Run, trained: str) -> None:
    written = run("export", trained).stdout.strip()
    assert written == "tiny.safetensors"
    kept = archspec.load_model(RunFolder(Path(trained)).attempt(1).model)
    again = archspec.load_model(written)
    assert again.spec.classes == 10
    assert all(torch.equal(again.state_dict()[name], tensor) for name, tensor in kept.state_dict().items())
    assert "--set changes an arch" in run("export", trained, "--set", "stages.0.depth=1", code=2).stderr


def test_an_arch_becomes_a_program_that_needs_no_archspec(run: Run) -> None:
    said = run("export", "tiny.yaml", "--to", "torch-export", "--set", "stages.0.depth=1")
    assert said.stdout.strip() == "tiny.pt2"
    assert "the ones it begins with" in said.stderr
    bare = subprocess.run([sys.executable, "-c", BARE, "tiny.pt2"], capture_output=True, text=True, check=False)
    assert bare.returncode == 0, bare.stderr


def test_the_weights_that_a_document_names_are_written(run: Run, desk: Path) -> None:
    model = archspec.build("tiny.yaml", seed=5)
    archspec.save_model(model, "theirs.safetensors")
    named = "arch: named\nextends: tiny.yaml\npretrained: {file: theirs.safetensors, source: archspec}\n"
    (desk / "named.yaml").write_text(named)
    assert run("export", "named.yaml").stderr == ""
    again = archspec.load_model("named.safetensors")
    assert all(torch.equal(again.state_dict()[name], tensor) for name, tensor in model.state_dict().items())


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("net.pt",), "ends in .safetensors, .onnx, .pt2"),
        (("net.onnx", "--to", "torch-export"), "the name of a file for torch-export ends in .pt2"),
    ],
)
def test_names_and_formats_agree(run: Run, arguments: tuple[str, ...], said: str) -> None:
    assert said in run("export", "tiny.yaml", *arguments, code=2).stderr


def test_weights_have_no_size(run: Run) -> None:
    assert "only a program is written for one" in run("export", "tiny.yaml", "--size", "64", code=1).stderr


def test_nothing_is_left_of_what_cannot_be_written(run: Run) -> None:
    before = set(Path().rglob("*"))
    assert "cannot be written" in run("export", "tiny.yaml", "nowhere/net.pt2", code=1).stderr
    assert set(Path().rglob("*")) == before
