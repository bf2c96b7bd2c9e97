"""Documents written out: defaults, stages, and what one document takes from another."""

from __future__ import annotations

from pathlib import Path

import pytest

import archspec
from archspec.errors import Problem
from archspec.spec.arch import Arch

from .samples import document, the_problem, written


@pytest.fixture(autouse=True)
def _no_shelf_of_ones_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ARCHSPEC_PATH", raising=False)


def read(folder: Path, stages: str) -> Arch:
    return archspec.load(written(folder, document(stages)))


def problem_of(folder: Path, text: str, name: str = "") -> Problem:
    file = written(folder, text)
    return the_problem(lambda: archspec.load(f"{file}:{name}" if name else file))


def test_defaults_are_every_stages(tmp_path: Path) -> None:
    arch = read(tmp_path, "defaults: {dim: 8, mixer: pooling, norm: none}\nstages: [{depth: 1}, {depth: 2}]\n")
    assert [(s.dim, s.depth) for s in arch.stages] == [(8, 1), (8, 2)]
    assert [s["mixer"]["kind"] for s in arch.to_dict()["stages"]] == ["pooling", "pooling"]


def test_stages_override_and_merge_by_the_one_rule(tmp_path: Path) -> None:
    arch = read(
        tmp_path,
        """\
        defaults: {dim: 8, depth: 1, mixer: {kind: sep_conv, kernel: 3, ratio: 1}}
        stages: [{mixer: {kernel: 5}}, {mixer: {kind: sep_conv, kernel: 5}}, {mixer: identity}, {dim: 8}]
        """,
    )
    mixers = [stage["mixer"] for stage in arch.to_dict()["stages"]]
    assert [(m.get("kernel"), m.get("ratio")) if isinstance(m, dict) else m for m in mixers] == [
        (5, 1),
        (5, 2),
        "identity",
        (3, 1),
    ]


def test_a_stage_may_merge_into_a_default_that_is_one_word(tmp_path: Path) -> None:
    arch = read(tmp_path, "defaults: {dim: 8, depth: 1, mixer: sep_conv}\nstages: [{mixer: {kernel: 5}}]\n")
    assert arch.to_dict()["stages"][0]["mixer"]["kernel"] == 5


def test_defaults_can_give_each_stage_its_own(tmp_path: Path) -> None:
    arch = read(
        tmp_path,
        """\
        defaults: {dim: {each: [8, 16]}, depth: 1, mixer: {kind: sep_conv, kernel: {each: [3, 5]}}, downsample: patch}
        stages: [{}, {depth: 2}]
        """,
    )
    assert [(s["dim"], s["depth"], s["mixer"]["kernel"]) for s in arch.to_dict()["stages"]] == [(8, 1, 3), (16, 2, 5)]


def test_each_in_defaults_needs_a_value_a_stage(tmp_path: Path) -> None:
    problem = problem_of(
        tmp_path, document("defaults: {dim: {each: [8]}, depth: 1, mixer: identity}\nstages: [{}, {}]\n")
    )
    assert (problem.code, problem.mark and problem.mark.line) == ("ARC203", 5)
    assert "`each`" in problem.message


def test_the_first_stage_has_no_downsampler(tmp_path: Path) -> None:
    arch = read(
        tmp_path,
        "defaults: {dim: 8, depth: 1, mixer: identity, downsample: patch}\nstages: [{}, {}, {downsample: none}]\n",
    )
    assert arch.stages[0].downsample is None
    assert "downsample" not in arch.to_dict()["stages"][0]
    assert [section.at.grid for section in arch.layout.stages] == [(16, 16), (8, 8), (8, 8)]


def test_a_downsampler_cannot_be_written_into_the_first_stage(tmp_path: Path) -> None:
    problem = problem_of(tmp_path, document("stages: [{dim: 8, depth: 1, mixer: identity, downsample: patch}]\n"))
    assert (problem.code, problem.hint) == ("ARC302", "shape the `stem`")
    assert problem.mark is not None
    assert problem.mark.text[problem.mark.column - 1 :].startswith("downsample")


def test_a_stage_without_a_downsampler_continues_the_one_before(tmp_path: Path) -> None:
    stages = "stages: [{{dim: 8, depth: 1, mixer: identity}}, {{dim: {dim}, depth: 1, mixer: identity}}]\n"
    assert read(tmp_path, stages.format(dim=8)).layout.stages[1].at.grid == (16, 16)
    problem = problem_of(tmp_path, document(stages.format(dim=16)))
    assert (problem.code, problem.path) == ("ARC301", "stages.1.downsample")


@pytest.mark.parametrize(
    ("stages", "code"),
    [
        ("defaults: [1]\nstages: [{dim: 8, depth: 1, mixer: identity}]\n", "ARC104"),
        ("defaults: {mixr: identity}\nstages: [{dim: 8, depth: 1, mixer: identity}]\n", "ARC101"),
        ("stages: [8]\n", "ARC104"),
        ("stages: 8\n", "ARC104"),
        ("stages: []\n", "ARC104"),
        ("stages: [{depth: 1, mixer: identity}]\n", "ARC103"),
        ("stages: [{dim: 8, depth: 1, mixer: {kernel: 5}}]\n", "ARC103"),
        ("stags: []\nstages: [{dim: 8, depth: 1, mixer: identity}]\n", "ARC101"),
        ("edits: {stages.dim: 4}\nstages: [{dim: 8, depth: 1, mixer: identity}]\n", "ARC101"),
        ("stages: [{dim: {each: [8]}, depth: 1, mixer: identity}]\n", "ARC104"),
    ],
)
def test_mistakes_are_found_at_their_line(tmp_path: Path, stages: str, code: str) -> None:
    problem = problem_of(tmp_path, document(stages))
    assert problem.code == code
    assert problem.mark is not None
    assert problem.mark.line == 5


def test_documents_derive_from_one_another(tmp_path: Path) -> None:
    text = document("stages: [{dim: 8, depth: 1, mixer: identity}]\nnote: the first\n", "a") + (
        "---\narch: b\nextends: a\nedits: {stages.depth: 2}\n"
        "---\narch: c\nextends: b\nedits: {stages.dim: {times: 2}}\n"
    )
    arch = archspec.load(f"{written(tmp_path, text)}:c")
    assert (arch.arch, arch.stages[0].dim, arch.stages[0].depth, arch.note) == ("c", 16, 2, None)


def test_an_extending_document_speaks_for_itself(tmp_path: Path) -> None:
    text = "arch: mine\nextends: convformer_s18\nreference: {top1: 80.0}\nnote: ours\n"
    arch = archspec.load(written(tmp_path, text))
    assert arch.reference is not None
    assert (arch.arch, arch.note, arch.reference.top1, arch.reference.paper) == ("mine", "ours", 80.0, None)
    assert arch.digest == archspec.load("convformer_s18").digest


def test_only_edits_and_words_about_it_stand_beside_extends(tmp_path: Path) -> None:
    problem = problem_of(tmp_path, "arch: mine\nextends: convformer_s18\nclasses: 10\n")
    assert (problem.code, problem.hint) == ("ARC101", "change the arch through `edits`")
    assert (problem.mark and problem.mark.line) == 3


def test_a_base_may_stand_where_its_name_would(tmp_path: Path) -> None:
    text = "arch: mine\nextends: {extends: convformer_s18, edits: {classes: 5}}\nedits: {stages.depth: 1}\n"
    arch = archspec.load(written(tmp_path, text))
    assert (arch.classes, arch.stages[3].depth) == (5, 1)


@pytest.mark.parametrize(
    ("text", "circle"),
    [
        ("arch: x\nextends: y\n---\narch: y\nextends: z\n---\narch: z\nextends: x\n", "x → y → z → x"),
        ("arch: x\nextends: written.yaml:y\n---\narch: y\nextends: written.yaml:x\n", "x → y → x"),
    ],
)
def test_a_circle_is_drawn(tmp_path: Path, text: str, circle: str) -> None:
    problem = problem_of(tmp_path, text, "x")
    assert problem.code == "ARC204"
    assert problem.message.endswith(circle)


def test_nothing_extends_itself(tmp_path: Path) -> None:
    problem = problem_of(tmp_path, "arch: x\nextends: x\n", "x")
    assert problem.code == "ARC204"
    assert "`x`" in problem.message


def test_a_circle_through_a_nameless_base_is_drawn(tmp_path: Path) -> None:
    problem = problem_of(tmp_path, "arch: x\nextends: {extends: x}\n", "x")
    assert problem.code == "ARC204"
    assert problem.message.endswith("x → the nameless one at 2:10 → x")


@pytest.mark.parametrize("extends", ["[convformer_s18]", "", "5", "convfromer_s18", "nowhere.yaml"])
def test_a_base_that_is_none_is_refused(tmp_path: Path, extends: str) -> None:
    problem = problem_of(tmp_path, f"arch: x\nextends: {extends}\n")
    assert problem.code in {"ARC001", "ARC102", "ARC104"}
    assert problem.mark is not None


def test_a_mistake_keeps_its_line_through_a_chain(tmp_path: Path) -> None:
    text = document("stages: [{dim: 8, depth: 1, mixer: identity}]\n", "a") + (
        "---\narch: b\nextends: a\nedits:\n  stages.mixer: {kind: sep_conv, kernel: 4}\n"
        "---\narch: c\nextends: b\nedits: {classes: 3}\n"
    )
    problem = problem_of(tmp_path, text, "c")
    assert problem.mark is not None
    assert (problem.code, problem.mark.line) == ("ARC301", 10)
    assert problem.mark.text.strip() == "stages.mixer: {kind: sep_conv, kernel: 4}"


def named(depth: int) -> str:
    return document(f"stages: [{{dim: 8, depth: {depth}, mixer: identity}}]\n", "base")


def test_a_name_is_looked_for_in_the_file_then_beside_it_then_on_the_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own, shelf = tmp_path / "own", tmp_path / "shelf"
    own.mkdir()
    shelf.mkdir()
    monkeypatch.setenv("ARCHSPEC_PATH", str(shelf))
    user = written(own, "arch: user\nextends: base\n", "user.yaml")
    written(shelf, named(3), "shelf.yaml")
    assert archspec.load(user).stages[0].depth == 3
    written(own, named(2), "neighbour.yaml")
    assert archspec.load(user).stages[0].depth == 2
    written(own, "arch: user\nextends: base\n---\n" + named(1), "user.yaml")
    assert archspec.load(f"{user}:user").stages[0].depth == 1


def test_ones_own_shelf_comes_before_what_ships(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written(tmp_path, document("stages: [{dim: 8, depth: 1, mixer: identity}]\n", "vit_tiny"))
    assert len(archspec.load("vit_tiny").to_dict()["stages"][0]["class_tokens"]) == 1
    monkeypatch.setenv("ARCHSPEC_PATH", str(tmp_path))
    assert archspec.load("vit_tiny").stages[0].depth == 1


def test_a_changed_file_is_read_again(tmp_path: Path) -> None:
    file = written(tmp_path, named(1))
    assert archspec.load(file).stages[0].depth == 1
    written(tmp_path, named(12))
    assert archspec.load(file).stages[0].depth == 12


def test_a_file_of_several_archs_wants_a_name(tmp_path: Path) -> None:
    file = written(tmp_path, document("stages: []\n", "a") + "---\n" + document("stages: []\n", "b"))
    problem = the_problem(lambda: archspec.load(file))
    assert (problem.code, problem.hint) == ("ARC102", f"choose one: `{file}:a`, `{file}:b`")


def test_an_unknown_name_is_refused_with_a_near_match() -> None:
    problem = the_problem(lambda: archspec.load("convfromer_s18"))
    assert problem.code == "ARC102"
    assert "`convformer_s18`" in problem.hint
