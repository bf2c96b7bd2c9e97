"""`archspec show`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import archspec as package
from archspec.spec import shelf
from archspec.spec.loading import load
from tests.cli.conftest import Run

VIEW = """\
tiny  32×32×3 image → 10 classes

stage  grid  dim  blocks  mixer                 mlp  params  share     MACs  share
stem    8×8    8          patch                         392  ▎        24.6K  ▉
0       8×8    8       2  pooling               mlp   1.17K  ▉        65.5K  ██▍
1       4×4   16       3  2 kinds of block            8.29K  ██████▋   131K  ████▊
                     2 ×  pooling               mlp   4.45K           65.5K
                     1 ×  attention head_dim=8  mlp   3.31K           57.3K
head                      linear                        202  ▏          160  ▏
total                  5                              10.1K            221K
paper                                                   10K            ✗ 1M

norm          layer_norm
activation    gelu
scaling       none in 0; res_scale in 1
downsample    patch
stem          {kind: patch, size: 4}
head          {kind: linear, norm_before: layer_norm}
init          trunc_normal
activations   26.4K numbers kept for backward, 0.1 MiB at fp32
paper         a_paper, table 2, top-1 12.0 %, also at 64
digest        DIGEST
"""
"""Worked out by hand: the stem is 3·4·4·8 + 8 = 392 parameters on 64 tokens, 24,576 MACs; and so on."""


def test_the_view_of_a_small_arch(run: Run) -> None:
    assert run("show", "tiny.yaml").stdout == VIEW.replace("DIGEST", load("tiny.yaml").digest)


def test_another_size_changes_shapes_macs_and_the_papers_macs_but_not_the_digest(run: Run) -> None:
    text = run("show", "tiny.yaml", "--size", "64").stdout
    assert text.startswith("tiny  64×64×3 image, shaped for 32 → 10 classes")
    assert "16×16" in text
    assert "983K" in text
    assert "0.9M" in text
    assert f"digest        {load('tiny.yaml').digest}" in text


def test_rows_and_columns(run: Run) -> None:
    assert "\n0      8×16" in run("show", "tiny.yaml", "--size", "32x64").stdout


def test_an_edited_arch_has_no_published_figures(run: Run) -> None:
    text = run("show", "tiny.yaml", "--set", "stages.0.mixer={kind: attention, head_dim: 4}").stdout
    assert "paper" not in text
    assert "attention head_dim=4" in text


def test_parallel_mixers_and_frozen_parameters_are_readable(run: Run) -> None:
    text = run("show", "tiny.yaml", "--set", "stages.mixer={parallel: [random, {kind: attention, head_dim: 4}]}").stdout
    assert "random + attention head_dim=4" in text
    assert "frozen" in text
    assert "  8.19K" in text  # two blocks of 64 × 64


def test_json_is_the_profile_with_the_spec(data: Callable[..., Any]) -> None:
    shown, arch = data("show", "tiny.yaml"), load("tiny.yaml")
    profile = package.profile(arch).to_dict()
    assert {key: shown[key] for key in profile} == profile
    assert shown["digest"] == arch.digest
    assert load(shown["spec"]).digest == arch.digest
    assert shown["reference"] == {
        "paper": "a_paper", "table": 2, "params": "10K", "macs": "1M", "top1": 12.0, "at": {"64": {"macs": "0.9M"}},
    }  # fmt: skip


@pytest.mark.parametrize("form", ["--yaml", "--resolved"])
def test_the_document_loads_again_as_the_same_network(form: str, run: Run, desk: Path) -> None:
    for number, name in enumerate(["tiny.yaml", *shelf.names("arch")]):
        (desk / f"{number}.yaml").write_text(run("show", name, form).stdout, encoding="utf-8")
        again, first = load(f"{number}.yaml"), load(name)
        assert (again.digest, again.arch, again.reference) == (first.digest, first.arch, first.reference)


def test_the_resolved_document_says_nothing_symbolic(run: Run) -> None:
    assert "inherit" in run("show", "caformer_s18", "--yaml").stdout
    assert "bias: inherit" not in run("show", "caformer_s18", "--resolved").stdout


def test_an_edit_is_part_of_the_document(run: Run, desk: Path) -> None:
    (desk / "new.yaml").write_text(run("show", "tiny.yaml", "--yaml", "--set", "stages.dim=32").stdout)
    assert [stage.dim for stage in load("new.yaml").stages] == [32, 32]


def test_a_document_has_no_size_of_its_own(run: Run) -> None:
    assert "leave out --size" in run("show", "tiny.yaml", "--yaml", "--size", "64", code=2).stderr
