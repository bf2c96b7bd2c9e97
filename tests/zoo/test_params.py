"""The yardstick: exact parameter counts and MACs of the papers' models, counted on the authors' own code."""

from __future__ import annotations

import csv

import pytest

import archspec

from .shelf import HERE, NAMES, shipped

NAMED_BESIDE_THE_YARDSTICK = (
    "convformer_s4",
    "convnext_iso_base",
    "convnext_iso_small",
    "deit3_tiny",
    "hbformer_s12",
    "hpxformer_s12",
    "hpxformer_s12_separable",
    "hpxformer_s4",
    "hyenaformer_s12",
    "identityformer_s_iso",
    "pvt_v2_b0",
    "pvt_v2_b2",
    "pvt_v2_b2_li",
    "pvt_v2_b3",
    "pvt_v2_b4",
    "pvt_v2_b5",
    "identityformer_s_iso_conv",
    "transnext_roadmap_2",
    "transnext_roadmap_3",
    "transnext_roadmap_4",
    "transnext_roadmap_5",
    "transnext_roadmap_6",
    "transnext_roadmap_7",
    "transnext_roadmap_8",
    "vil1_base",
    "vil1_small",
    "vil1_tiny",
    "vil_large",
    "vit_base",
    "vit_small",
    "vit_tiny",
    "vsequencer_s_h",
    "vsequencer_s_pe",
)

with (HERE / "params.csv").open(newline="") as _file:
    ROWS = {row["model"]: row for row in csv.DictReader(_file)}


@pytest.mark.parametrize("name", [name for name in ROWS if name in NAMES])
def test_costs_are_the_yardsticks(name: str) -> None:
    cost, row = archspec.profile(shipped(name)), ROWS[name]
    assert cost.params == int(row["params"])
    assert cost.frozen_params == int(row["frozen"])
    assert cost.macs / 1e9 == pytest.approx(float(row["macs_224_G"]), rel=0.005)


def test_every_row_is_on_the_shelf() -> None:
    assert [name for name in ROWS if name not in NAMES] == []


@pytest.mark.parametrize("name", NAMED_BESIDE_THE_YARDSTICK)
def test_archs_without_a_row_are_on_the_shelf(name: str) -> None:
    assert name in NAMES
    assert name not in ROWS


@pytest.mark.parametrize(
    ("name", "params"),
    [("vit_tiny", 5_717_416), ("vit_small", 22_050_664), ("vit_base", 86_567_656), ("deit3_tiny", 5_721_832)],
)
def test_vits_have_deits_parameters(name: str, params: int) -> None:
    assert archspec.profile(shipped(name)).params == params


@pytest.mark.parametrize(
    ("name", "row"), [(name, row) for name, row in ROWS.items() if name in NAMES and row["paper_params_M"]]
)
def test_references_print_what_the_papers_print(name: str, row: dict[str, str]) -> None:
    reference = shipped(name).reference
    assert reference is not None
    params, _, frozen = row["paper_params_M"].partition("+")
    assert repr(reference.params) == f"{params}M"
    assert repr(reference.frozen_params) == (f"{frozen}M" if frozen else "None")
    assert repr(reference.macs) == f"{row['paper_macs_G']}G"
