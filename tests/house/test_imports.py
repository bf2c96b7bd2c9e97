"""Who may import whom, and what stays out of a light start."""

from __future__ import annotations

import ast
import graphlib
import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.house import sources

LAYERS = (
    ("errors",),
    ("spec",),
    ("nn", "records", "statistics", "execution", "reference"),
    ("compiler",),
    ("training",),
    ("analysis",),
    ("studies",),
    ("report",),
    ("dashboard",),
    ("cli",),
)
"""What stands in a row may import the rows above it and itself, never its neighbours."""

RANK = {name: rank for rank, layer in enumerate(LAYERS) for name in layer}
TORCH = {"nn", "compiler", "training", "analysis"}
MODULES = sources()


def statements(body: list[ast.stmt], *, lazy: bool) -> Iterator[ast.Import | ast.ImportFrom]:
    """The import statements of a body; without `lazy` only those that run when the module is imported."""
    for node in body:
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield node
        elif isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            yield from statements(node.body if lazy else node.orelse, lazy=lazy)
        elif lazy or not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            for field in ("body", "orelse", "finalbody", "handlers"):
                yield from statements(getattr(node, field, []), lazy=lazy)


def imported(module: str, *, lazy: bool) -> set[str]:
    """The modules that a module imports by name."""
    found = set()
    for node in statements(ast.parse(MODULES[module].read_text()).body, lazy=lazy):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        else:
            assert node.level == 0, f"{module} imports relatively"
            origin = node.module or ""
            found |= {f"{origin}.{a.name}" if f"{origin}.{a.name}" in MODULES else origin for a in node.names}
    return found


def part(module: str) -> str:
    """The part of the package that a module belongs to: `archspec.spec.base` is of `spec`."""
    return module.split(".")[1] if "." in module else ""


def test_every_part_of_the_package_has_its_layer() -> None:
    assert {part(module) for module in MODULES} - {"", "__main__"} <= set(RANK)


@pytest.mark.parametrize("module", [name for name in MODULES if part(name) in RANK])
def test_imports_point_downwards(module: str) -> None:
    rank = RANK[part(module)]
    ours = {name for name in imported(module, lazy=True) if name.startswith("archspec.")}
    wrong = {name for name in ours if part(name) != part(module) and RANK[part(name)] >= rank}
    assert not wrong, f"{module} ({part(module)}) imports {sorted(wrong)}"


@pytest.mark.parametrize("module", MODULES)
def test_torch_is_imported_where_networks_are_made_and_run(module: str) -> None:
    outside = {name.split(".")[0] for name in imported(module, lazy=True)}
    if part(module) not in TORCH:
        assert not outside & {"torch", "torchvision", "timm", "safetensors"}
    if part(module) in ("errors", "spec"):
        assert "numpy" not in outside


def test_modules_import_in_no_circle() -> None:
    graph = {module: imported(module, lazy=False) & MODULES.keys() for module in MODULES}
    try:
        graphlib.TopologicalSorter(graph).prepare()
    except graphlib.CycleError as error:
        pytest.fail(" → ".join(reversed(error.args[1])))


def test_the_package_itself_imports_nothing() -> None:
    assert not {name for name in imported("archspec", lazy=False) if name.startswith("archspec")}


def loaded_after(code: str) -> set[str]:
    """The top-level modules a fresh interpreter holds after running some code."""
    command = [sys.executable, "-c", f"{code}\nimport sys; print(*{{name.split('.')[0] for name in sys.modules}})"]
    run = subprocess.run(command, capture_output=True, text=True, check=True)
    return set(run.stdout.splitlines()[-1].split())


TINY = {
    "arch": "tiny",
    "input": {"size": 32},
    "stem": {"kind": "patch", "size": 4},
    "stages": [{"dim": 8, "depth": 2, "mixer": "pooling"}],
    "head": "linear",
}


def test_importing_archspec_costs_nothing() -> None:
    assert not loaded_after("import archspec") & {"torch", "numpy", "pydantic", "yaml", "click", "rich"}


def test_loading_and_profiling_need_no_torch() -> None:
    code = f"import archspec\nassert archspec.profile(archspec.load({TINY!r})).params > 0"
    assert not loaded_after(code) & {"torch", "numpy", "timm"}
