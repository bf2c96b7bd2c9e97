"""Code as it was when a study began: whoever edits it meanwhile does the study no harm."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from archspec.records import freezing
from archspec.records.freezing import environment, frozen, git_state
from archspec.records.store import Store
from archspec.studies.planning import planned
from tests.studies.samples import written

REPOSITORY = Path(__file__).parents[2]
STUDY = """\
study: lab
baseline: shiftformer.yaml
recipe: brief
seeds: 3
---
recipe: brief
data: digits
epochs: 1
batch: 64
"""
DRIVE = """
import sys
from pathlib import Path
from archspec.spec.runner import RUNNER
from archspec.studies.driving import drive
from archspec.studies.planning import planned

def edit(event):
    if event.what == "started":
        source = Path("my_lab/modules.py")
        source.write_text(source.read_text() + "\\nVERSION = VERSION + 1\\n")

runner = RUNNER.load({"kind": "local", "parallelism": 1})
drive(planned("study.yaml"), Path(sys.argv[1]), runner, target="tests.studies.lab:work", on=edit)
"""


@pytest.fixture
def lab(tmp_path: Path) -> Path:
    """A copy of the example of a plugin, with a study of its mixer."""
    folder = tmp_path / "lab"
    shutil.copytree(REPOSITORY / "examples" / "my_lab", folder)
    (folder / "study.yaml").write_text(STUDY)
    with (folder / "my_lab" / "modules.py").open("a") as source:
        source.write("\nVERSION = 1\n")
    return folder


def run(code: str, *args: str, cwd: Path, **env: str) -> str:
    """What a program prints."""
    command = [sys.executable, "-c", code, *args]
    return subprocess.run(
        command, capture_output=True, text=True, check=True, cwd=cwd, env={**os.environ, **env}
    ).stdout


def test_a_plugin_that_is_edited_while_a_study_runs_stays_as_it_was(lab: Path, tmp_path: Path) -> None:
    store, path = tmp_path / "store", os.pathsep.join(map(str, (lab, REPOSITORY)))
    run(DRIVE, str(store), cwd=lab, PYTHONPATH=path)
    results = [json.loads(file.read_text()) for file in store.glob("runs/*/result.json")]
    assert [result["top1"] for result in results] == [1.0, 1.0, 1.0]
    assert (lab / "my_lab" / "modules.py").read_text().count("VERSION + 1") == 3
    (code,) = store.glob("code/*")
    assert "VERSION + 1" not in (code / "my_lab" / "modules.py").read_text()


def state(git: dict[str, Any] | None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have archspec's checkout be in a state."""
    monkeypatch.setattr(freezing, "git_state", lambda _: git)


def test_what_is_archspec_s_own_and_unchanged_needs_no_copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    specs = planned(written(tmp_path)).specs
    for git in (None, {"commit": "abc", "changed": False}):
        state(git, monkeypatch)
        assert frozen(Store(tmp_path / "store"), specs) is None
    assert not (tmp_path / "store").exists()


def test_a_changed_archspec_is_copied_and_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    git = {"commit": "abc", "changed": True}
    state(git, monkeypatch)
    code = frozen(Store(tmp_path / "store"), planned(written(tmp_path)).specs)
    assert code is not None
    assert frozen(Store(tmp_path / "store"), []) == code
    assert git_state(code / "archspec") == git
    said = run("import archspec; print(archspec.__file__)", cwd=REPOSITORY, **environment(code))
    assert Path(said.strip()) == code / "archspec" / "__init__.py"
    assert [path.name for path in (tmp_path / "store" / "code").iterdir()] == [code.name]
