"""A package of a user's own: its mixer is everywhere, by entry point or by a document's `plugins`.

Kinds register for as long as a process lives, so everything here happens in processes of its own.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

REPOSITORY = Path(__file__).parents[2]
LAB = REPOSITORY / "examples" / "my_lab"
ARCH = str(LAB / "shiftformer.yaml")


@pytest.fixture
def installed(tmp_path: Path) -> dict[str, str]:
    """The surroundings in which the package is installed: importable, with metadata that names its entry point."""
    info = tmp_path / "my_lab-0.1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.4\nName: my-lab\nVersion: 0.1.0\n")
    (info / "entry_points.txt").write_text("[archspec.plugins]\nmy_lab = my_lab.mixers\n")
    return importable(LAB, tmp_path)


@pytest.fixture
def beside() -> dict[str, str]:
    """The surroundings in which the package can be imported and is not installed."""
    return importable(LAB)


def importable(*folders: Path) -> dict[str, str]:
    """Surroundings in which python looks into some folders."""
    return {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, folders)), "NO_COLOR": "1"}


def said(env: dict[str, str], *arguments: str, cwd: Path = LAB) -> str:
    """What a command answers."""
    command = [sys.executable, *arguments]
    run = subprocess.run(command, capture_output=True, text=True, env=env, cwd=cwd, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
    return run.stdout


def archspec(env: dict[str, str], *arguments: str) -> str:
    """What `archspec` answers."""
    return said(env, "-m", "archspec", *arguments)


def python(env: dict[str, str], code: str) -> str:
    """What a few lines of python print."""
    return said(env, "-c", f"import archspec\nfrom archspec import *\nARCH = {ARCH!r}\n{code}").strip()


def test_its_entry_point_is_the_one_tested_here() -> None:
    assert '[project.entry-points."archspec.plugins"]\nmy_lab = "my_lab.mixers"' in (LAB / "pyproject.toml").read_text()


def test_an_installed_mixer_is_listed(installed: dict[str, str]) -> None:
    assert "shift" in archspec(installed, "ls", "mixers").split()


def kinds_in(schema: Any) -> set[Any]:
    """Every value that a schema names."""
    if isinstance(schema, dict):
        named = {schema.get("const"), *(word for word in schema.get("enum", []) if isinstance(word, str))}
        return named.union(*map(kinds_in, schema.values()))
    return set().union(*map(kinds_in, schema)) if isinstance(schema, list) else set()


def test_an_installed_mixer_is_in_the_schema(installed: dict[str, str]) -> None:
    assert "shift" in kinds_in(json.loads(archspec(installed, "schema", "arch")))


def test_a_mixer_that_is_not_installed_is_in_neither(beside: dict[str, str]) -> None:
    assert "shift" not in archspec(beside, "ls", "mixers").split()
    assert "shift" not in kinds_in(json.loads(archspec(beside, "schema", "arch")))


def test_an_installed_mixer_needs_no_plugins_line(installed: dict[str, str]) -> None:
    code = "print(load('caformer_s18').edit({'stages.0-1.mixer': 'shift'}).digest == load(ARCH).digest)"
    assert python(installed, code) == "True"


@pytest.mark.parametrize("surroundings", ["installed", "beside"])
def test_an_arch_with_the_mixer_works(surroundings: str, request: pytest.FixtureRequest) -> None:
    env = request.getfixturevalue(surroundings)
    assert "shift" in archspec(env, "show", ARCH)
    assert archspec(env, "check", ARCH) is not None
    small = json.loads(archspec(env, "profile", ARCH, "--json"))
    whole = json.loads(archspec(env, "profile", "caformer_s18", "--json"))
    assert small[0]["params"] < whole[0]["params"]


@pytest.mark.parametrize("surroundings", ["installed", "beside"])
def test_the_closed_form_is_what_is_built(surroundings: str, request: pytest.FixtureRequest) -> None:
    code = """
import torch
arch = load(ARCH).edit({"input.size": 64, "classes": 10})
model = build(arch, seed=0).eval()
assert type(model.stages[0].blocks[0].mixer.op).__module__ == "my_lab.modules"
assert model(torch.zeros(2, 3, 64, 64)).shape == (2, 10)
print(profile(arch).params - sum(p.numel() for p in model.parameters() if p.requires_grad))
"""
    assert python(request.getfixturevalue(surroundings), code) == "0"


def test_tokens_move_and_zeros_come_in(beside: dict[str, str]) -> None:
    code = """
import torch
from archspec.spec.place import Place
from my_lab.mixers import Shift
x = torch.arange(1.0, 61.0).view(1, 4, 3, 5)
y = Shift(step=1).build(Place(5, (4, 3), (4, 3)))(x.flatten(1, 2), (4, 3)).view(1, 4, 3, 5)
up, down, left, right, stay = range(5)
assert torch.equal(y[:, :-1, :, up], x[:, 1:, :, up]) and not y[:, -1, :, up].any()
assert torch.equal(y[:, 1:, :, down], x[:, :-1, :, down]) and not y[:, 0, :, down].any()
assert torch.equal(y[:, :, :-1, left], x[:, :, 1:, left]) and not y[:, :, -1, left].any()
assert torch.equal(y[:, :, 1:, right], x[:, :, :-1, right]) and not y[:, :, 0, right].any()
assert torch.equal(y[..., stay], x[..., stay])
"""
    assert python(beside, code) == ""


def test_a_step_out_of_the_map_is_refused(beside: dict[str, str]) -> None:
    code = """
try:
    load(ARCH).edit({"stages.0.mixer.step": 56})
except SpecError as error:
    print(error.problems[0].code, error.problems[0].path)
"""
    assert python(beside, code) == "ARC301 stages.0.mixer.step"


def test_its_own_test_passes(installed: dict[str, str]) -> None:
    assert "1 passed" in said(installed, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_shift.py")


def test_it_takes_part_in_the_conformance_tests(installed: dict[str, str]) -> None:
    chosen = ("tests/conformance", "-k", "TestMixers and shift")
    assert " passed" in said(installed, "-m", "pytest", "-q", "-p", "no:cacheprovider", *chosen, cwd=REPOSITORY)
