"""Everything is documented, and what the pages show is true."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import BaseModel

from archspec import reference
from archspec.spec.base import Spec
from archspec.spec.checking import check_file
from archspec.spec.reading import DOCUMENT_KINDS
from archspec.spec.registry import load_builtins
from tests.house import PACKAGE, REPOSITORY, shown, sources
from tests.house.pages import Block, anchors, blocks, links, written

load_builtins()
REFERENCE = REPOSITORY / "docs" / "reference"


def models(base: type[BaseModel] = BaseModel) -> Iterator[type[BaseModel]]:
    """Every model that archspec defines."""
    for cls in base.__subclasses__():
        if cls.__module__.startswith("archspec."):
            yield cls
        yield from models(cls)


MODELS = sorted(set(models()), key=lambda cls: f"{cls.__module__}.{cls.__qualname__}")
FAMILY_KINDS = {name: reference.shipped_kinds(base) for name, base in reference.shipped_families().items()}
KINDS = [(family, kind) for family, kinds in FAMILY_KINDS.items() for kind in kinds]


@pytest.mark.parametrize("model", MODELS, ids=lambda cls: f"{cls.__module__}.{cls.__qualname__}")
def test_every_field_is_described(model: type[BaseModel]) -> None:
    assert not [name for name, field in model.model_fields.items() if name != "kind" and not field.description]


@pytest.mark.parametrize(("family", "kind"), KINDS)
def test_every_kind_is_described(family: str, kind: str) -> None:
    member = FAMILY_KINDS[family][kind]
    assert member.__doc__
    assert member.__doc__ not in {base.__doc__ for base in member.__mro__[1:]}


def undocumented(node: ast.Module | ast.ClassDef, name: str) -> Iterator[str]:
    """The public things in a module or class that have no docstring."""
    if not ast.get_docstring(node):
        yield name
    for child in node.body:
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and not child.name.startswith("_"):
            if isinstance(child, ast.ClassDef):
                yield from undocumented(child, f"{name}.{child.name}")
            elif not ast.get_docstring(child) and not _is_stub(child):
                yield f"{name}.{child.name}"


def _is_stub(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    return any("overload" in ast.unparse(decorator) for decorator in function.decorator_list)


@pytest.mark.parametrize("module", [name for name, file in sources().items() if file.read_text()])
def test_everything_public_has_a_docstring(module: str) -> None:
    assert not list(undocumented(ast.parse(sources()[module].read_text()), module))


def test_the_reference_pages_are_current() -> None:
    if os.environ.get("UPDATE_GOLDEN"):
        reference.write(REFERENCE)
    assert {page.name for page in REFERENCE.iterdir()} == reference.pages().keys()
    for name, text in reference.pages().items():
        assert (REFERENCE / name).read_text(encoding="utf-8") == text, f"{name} is old: `make docs` writes it again"


@pytest.mark.parametrize(("family", "kind"), KINDS)
def test_every_shipped_kind_has_a_section(family: str, kind: str) -> None:
    assert f"\n## {kind}\n" in (REFERENCE / f"{family}.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("page", written(), ids=shown)
def test_links_lead_somewhere(page: Path) -> None:
    for link in links(page):
        target, _, anchor = link.partition("#")
        if not re.match(r"\w+:", link):
            file = page.parent / target if target else page
            assert file.exists(), f"{link} leads nowhere"
            assert not anchor or anchor in anchors(file), f"{link}: no such heading"


def test_the_readme_maps_every_folder() -> None:
    mapped = set(
        re.findall(r"^\| `([\w/.]+)` \|", (REPOSITORY / "README.md").read_text(encoding="utf-8"), re.MULTILINE)
    )
    assert all((REPOSITORY / path).exists() for path in mapped)
    folders = [*PACKAGE.glob("*/"), *REPOSITORY.glob("*/")]
    ours = {f"{shown(folder)}/" for folder in folders if re.fullmatch(r"[a-z]+", folder.name)}
    assert ours - {"archspec/", "build/", "dist/"} <= mapped


def documents() -> list[Block]:
    """The YAML blocks that are whole documents."""
    head = re.compile(rf"(#[^\n]*\n)*({'|'.join(DOCUMENT_KINDS)}):")
    return [block for block in blocks("yaml") if head.match(block.text)]


@pytest.mark.parametrize("block", documents(), ids=str)
def test_yaml_is_right(block: Block, tmp_path: Path) -> None:
    """A block marked `yaml wrong` shows a mistake, and has one."""
    file = tmp_path / "block.yaml"
    file.write_text(block.text, encoding="utf-8")
    assert bool(check_file(file)) == (block.note == "wrong")


@pytest.mark.parametrize("block", blocks("python"), ids=str)
def test_python_runs(block: Block, tmp_path: Path) -> None:
    """In a process of its own, because kinds that a block defines stay for as long as a process lives."""
    command = [sys.executable, "-W", "error", "-c", block.text]
    run = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert run.returncode == 0, run.stderr


def test_there_is_something_to_look_at() -> None:
    assert len(MODELS) > 30
    assert len(KINDS) > 30
    assert all(issubclass(base, Spec) for base in reference.shipped_families().values())
    assert {block.page.name for block in documents()} >= {"README.md", "language.md"}
    assert blocks("python")
