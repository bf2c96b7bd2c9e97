"""What an editor makes of the schemas: yaml-language-server finds mistakes and offers what may be typed."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from archspec.spec.shelf import shipped_folders

from .language_server import LanguageServer

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
VERSION = "1.25.0"
FILES = [file for folder in shipped_folders() for file in sorted(folder.glob("*.yaml"))]
HEADS = {kind: f"# yaml-language-server: $schema=schemas/{kind}.json\n" for kind in ("arch", "study")}
ARCH = HEADS["arch"] + "arch: x\ninput: {size: 32}\nstem: {kind: patch, size: 4}\nhead: linear\n"
STUDY = HEADS["study"] + "study: x\nbaseline: y\nrecipe: z\n"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LanguageServer]:
    """A server installed by npm into a folder of its own."""
    npm, node, folder = shutil.which("npm"), shutil.which("node"), tmp_path_factory.mktemp("npm")
    if npm is None or node is None:
        pytest.skip("node and npm are not installed")
    command = [npm, "install", "--no-audit", "--no-fund", "--prefix", str(folder), f"yaml-language-server@{VERSION}"]
    try:
        installed = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    except subprocess.TimeoutExpired:
        pytest.skip("npm has no answer from its registry")
    if installed.returncode:
        pytest.skip(f"npm cannot install yaml-language-server: {installed.stderr.strip().splitlines()[-1:]}")
    program = folder / "node_modules" / "yaml-language-server" / "bin" / "yaml-language-server"
    with LanguageServer([node, str(program), "--stdio"], ROOT) as running:
        yield running


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_shipped_documents_show_no_mistakes(server: LanguageServer, file: Path) -> None:
    assert server.open(file, file.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("seeds: 3", "seedz: 3", "Property seedz is not allowed."),
        ("stages.activation: relu", "stages.activatoin: relu", "Property stages.activatoin is not allowed."),
        ("stem.stride: 1", "stem.strid: 1", "Property stem.strid is not allowed."),
        ("kind: layer_scale", "kind: layer_scal", "Value must be"),
        ("stages.activation: gelu", "stages.activation: gleu", "Valid values:"),
    ],
)
def test_a_mistake_is_shown_on_its_line(server: LanguageServer, old: str, new: str, message: str) -> None:
    shipped = ROOT / "studies" / "ablation_metaformer.yaml"
    before, found, after = shipped.read_text(encoding="utf-8").partition(old)
    assert found
    diagnostics = server.open(shipped.with_name(f"{new}.yaml"), f"{before}{new}{after}")
    assert {diagnostic["range"]["start"]["line"] for diagnostic in diagnostics} == {before.count("\n")}
    assert any(message in diagnostic["message"] for diagnostic in diagnostics)


def test_every_document_of_a_file_may_name_its_schema(server: LanguageServer) -> None:
    text = f"{ARCH}stages: [{{dim: 8, depth: 1, mixer: pooling}}]\n---\n{HEADS['arch']}arch: z\nextend: x\n"
    lines = {diagnostic["range"]["start"]["line"] for diagnostic in server.open(ROOT / "two.yaml", text)}
    assert text.split("\n").index("extend: x") in lines


@pytest.mark.parametrize(
    ("text", "offered"),
    [
        (f"{ARCH}stages:\n  - mixer:\n      kind: ", {"attention", "pooling", "sep_conv"}),
        (f"{ARCH}stages:\n  - mixer: ", {"attention", "pooling", "sep_conv"}),
        (f"{ARCH}stages:\n  - mixer:\n      kind: sep_conv\n      ", {"kernel", "ratio", "activation", "bias"}),
        (f"{ARCH}stages:\n  - dim: 8\n    ", {"depth", "mixer", "norm", "downsample"}),
        (f"{HEADS['arch']}arch: x\nextends: y\nedits:\n  ", {"stages.mixer.kernel", "head.pool", "input.size"}),
        (f"{STUDY}", {"factors", "design", "profiles"}),
        (f"{STUDY}design: ", {"one_factor", "factorial", "roadmap", "leave_one_out"}),
        (f"{STUDY}factors:\n  a:\n    b:\n      stages.scaling: ", {"layer_scale", "none"}),
    ],
)
def test_what_may_be_typed_is_offered(
    server: LanguageServer, text: str, offered: set[str], request: pytest.FixtureRequest
) -> None:
    file = ROOT / f"{abs(hash(request.node.name))}.yaml"
    server.open(file, text)
    lines = text.split("\n")
    items = {item["label"]: item for item in server.complete(file, len(lines) - 1, len(lines[-1]))}
    assert items.keys() >= offered
    assert all(items[word].get("documentation") for word in offered)
