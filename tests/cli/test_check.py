"""`archspec check`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Run

WRONG = """\
arch: misspelt
extends: tiny.yaml
edits: {stages.dpth: 9}
---
arch: fine
extends: tiny.yaml
---
arch: worse
input: {size: 32}
stem: {kind: patch, size: 4}
stages:
  - {dim: 8, depth: 2, mixer: poling, mlp: {ratio: -1}}
head: linear
"""

FULL = """\
ARC201 `stages.0` has no `dpth`
 --> wrong.yaml:3:16  stages.dpth
  |
3 | edits: {stages.dpth: 9}
  |                ^^^^
  |
help: did you mean `depth`?

ARC102 `poling` is not a kind of mixer
  --> wrong.yaml:12:31  stages.0.mixer
   |
12 |   - {dim: 8, depth: 2, mixer: poling, mlp: {ratio: -1}}
   |                               ^^^^^^
   |
help: did you mean `pooling`?

ARC104 `-1` must be above 0
  --> wrong.yaml:12:52  stages.0.mlp.ratio
   |
12 |   - {dim: 8, depth: 2, mixer: poling, mlp: {ratio: -1}}
   |                                                    ^^
   |
"""

CONCISE = """\
wrong.yaml:3:16: ARC201 `stages.0` has no `dpth` (did you mean `depth`?)
wrong.yaml:12:31: ARC102 `poling` is not a kind of mixer (did you mean `pooling`?)
wrong.yaml:12:52: ARC104 `-1` must be above 0
"""

GITHUB = """\
::error file=wrong.yaml,line=3,col=16,title=ARC201::`stages.0` has no `dpth` (did you mean `depth`?)
::error file=wrong.yaml,line=12,col=31,title=ARC102::`poling` is not a kind of mixer (did you mean `pooling`?)
::error file=wrong.yaml,line=12,col=52,title=ARC104::`-1` must be above 0
"""


@pytest.fixture(autouse=True)
def wrong(desk: Path) -> Path:
    """A file with two bad documents around a good one."""
    file = desk / "wrong.yaml"
    file.write_text(WRONG, encoding="utf-8")
    return file


@pytest.mark.parametrize(("form", "expected"), [("full", FULL), ("concise", CONCISE), ("github", GITHUB)])
def test_every_problem_of_every_document_is_shown(form: str, expected: str, run: Run) -> None:
    result = run("check", "wrong.yaml", "--format", form, code=1)
    assert result.stdout == expected
    assert result.stderr == "3 documents in 1 file: 3 problems, 1 document fine\n"


def test_full_is_the_default(run: Run) -> None:
    assert run("check", "wrong.yaml", code=1).stdout == FULL


def test_problems_as_data(run: Run) -> None:
    first, *rest = json.loads(run("check", "wrong.yaml", "--format", "json", code=1).stdout)
    assert first == {
        "code": "ARC201",
        "message": "`stages.0` has no `dpth`",
        "hint": "did you mean `depth`?",
        "path": "stages.dpth",
        "file": "wrong.yaml",
        "line": 3,
        "column": 16,
        "length": 4,
    }
    assert len(rest) == 2


def test_what_is_fine_is_counted(run: Run) -> None:
    result = run("check", "tiny.yaml")
    assert (result.stdout, result.stderr) == ("", "1 document in 1 file: fine\n")
    assert run("check", "tiny.yaml", "--format", "json").stdout == "[]\n"


def test_of_a_folder_every_yaml_file_is_checked(desk: Path, run: Run) -> None:
    (desk / "sub").mkdir()
    (desk / "sub" / "broken.yml").write_text("arch: {", encoding="utf-8")
    (desk / "sub" / "notes.txt").write_text("arch: {", encoding="utf-8")
    result = run("check", ".", "--format", "concise", code=1)
    assert "sub/broken.yml:" in result.stdout
    assert "notes.txt" not in result.stdout
    assert result.stderr.startswith("4 documents in 3 files: 4 problems")
    (desk / "empty").mkdir()
    assert "no YAML file" in run("check", "empty", code=2).stderr


def test_a_file_that_is_not_there_is_a_problem_of_its_own(run: Run) -> None:
    result = run("check", "tiny.yaml", "nowhere.yaml", "--format", "concise", code=1)
    assert result.stdout.startswith("nowhere.yaml:1:1: ARC001 ")
    assert result.stderr == "1 document in 2 files: 1 problem, 1 document fine\n"


def test_a_problem_of_a_base_is_told_once_and_where_it_is(desk: Path, run: Run) -> None:
    (desk / "two.yaml").write_text(
        "arch: a\nextends: ./wrong.yaml:worse\n---\narch: b\nextends: ./wrong.yaml:worse\n", encoding="utf-8"
    )
    result = run("check", "two.yaml", "--format", "concise", code=1)
    assert result.stdout.count("ARC102") == 1
    assert "2 documents in 1 file: 2 problems, 0 documents fine" in result.stderr


def test_everything_shipped_is_fine(run: Run) -> None:
    from archspec.spec.shelf import shipped_folders

    run("check", *(str(folder) for folder in shipped_folders() if any(folder.glob("*.yaml"))))
