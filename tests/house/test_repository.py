"""What must not be in the repository, and what must."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from tests.house import PACKAGE, REPOSITORY, shown

LEFT_OUT = {".git", ".venv", "build", "dist", "archspec-store", "node_modules"}
TEXTS = {".py", ".md", ".yaml", ".yml", ".toml", ".txt", ".json", ".cfg", ".sh", ""}
# The classes in brackets keep the patterns from matching themselves.
MACHINE_PATH = re.compile(r"(?<![\w.~$}>:/*-])/(?:hom[e]|User[s]|roo[t]|mn[t]|wor[k]|scratc[h])/\w|[A-Z]:\\\\?Users")
REGISTRY = re.compile(r"https?://[\w.-]+/(?:simpl[e]|package[s]|debia[n])/|pypi\.or[g]|pythonhoste[d]|index-ur[l]")
LOCKS = {"uv.lock", "poetry.lock", "package-lock.json", "Pipfile.lock", "pdm.lock", "conda-lock.yml"}
SHELF = ("archspec/zoo", "searchspaces", "runners", "studies", "examples")


def repository_files() -> list[Path]:
    """Every file of the checkout that could be committed."""
    files = (file for file in sorted(REPOSITORY.rglob("*")) if file.is_file())
    return [file for file in files if not _is_left_out(file.relative_to(REPOSITORY))]


def _is_left_out(path: Path) -> bool:
    hidden = any(part.startswith(".") and part not in (".ci", ".gitignore") for part in path.parts)
    return hidden or any(part in LEFT_OUT or part == "__pycache__" or "egg-info" in part for part in path.parts)


def shipped_yaml() -> list[Path]:
    """The YAML that ships with archspec or stands in its examples."""
    return [file for folder in SHELF for file in sorted((REPOSITORY / folder).rglob("*.yaml"))]


FILES = repository_files()


@pytest.mark.parametrize("file", [file for file in FILES if file.suffix in TEXTS], ids=shown)
def test_no_machine_and_no_registry_is_named(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    for pattern in (MACHINE_PATH, REGISTRY):
        match = pattern.search(text)
        assert match is None, f"{file}:{text.count(chr(10), 0, match.start()) + 1}: {match[0]}"


def test_nothing_is_locked() -> None:
    assert not [file for file in FILES if file.name in LOCKS or re.fullmatch(r"pylock.*\.toml", file.name)]


@pytest.mark.parametrize("file", shipped_yaml(), ids=shown)
def test_shipped_yaml_names_its_schema(file: Path) -> None:
    modeline = re.match(r"# yaml-language-server: \$schema=(\S+)\n", file.read_text(encoding="utf-8"))
    assert modeline
    assert (file.parent / modeline[1]).is_file()


def test_the_zoo_is_shipped() -> None:
    assert shipped_yaml()
    assert list((PACKAGE / "zoo").glob("*.yaml"))


CONSTRAINTS = (REPOSITORY / "constraints.txt").read_text().splitlines()


def test_constraints_are_names_and_versions() -> None:
    assert all(re.fullmatch(r"[a-z0-9][a-z0-9-]*==[0-9][0-9a-z.]*", line) for line in CONSTRAINTS)
    names = [line.partition("==")[0] for line in CONSTRAINTS]
    assert sorted(set(names)) == names


def test_everything_declared_is_constrained() -> None:
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
    declared = [*project["dependencies"], *project["optional-dependencies"]["dev"]]
    names = {re.split(r"[^\w-]", requirement)[0].lower() for requirement in declared}
    assert names <= {line.partition("==")[0] for line in CONSTRAINTS}
    assert project["license"] == "Apache-2.0"
    assert (REPOSITORY / "LICENSE").read_text().lstrip().startswith("Apache License")
