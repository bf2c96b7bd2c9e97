"""The yardstick: exact parameter counts and MACs of the papers' models, counted on the authors' own code."""

from __future__ import annotations

import csv

import pytest

import archspec

from .shelf import HERE, NAMES, shipped

STILL_TO_COME = (
    "sequencer",
    "vsequencer",
    "pvt",
    "transnext",
    "vil",
    "hpxformer",
    "hbformer",
    "chpxformer",
    "hbaformer",
    "hpxaformer",
)
"""Prefixes of the families whose mixers are not written yet. Whoever brings one to the shelf deletes its line."""

NAMED_BESIDE_THE_YARDSTICK = (
    "convformer_s4",
    "convnext_iso_base",
    "convnext_iso_small",
    "deit3_tiny",
    "identityformer_s_iso",
    "identityformer_s_iso_conv",
    "vit_base",
    "vit_small",
    "vit_tiny",
)

with (HERE / "params.csv").open(newline="") as _file:
    ROWS = {row["model"]: row for row in csv.DictReader(_file)}


def _is_to_come(name: str) -> bool:
    return name.startswith(STILL_TO_COME)


@pytest.mark.parametrize("name", [name for name in ROWS if name in NAMES])
def test_costs_are_the_yardsticks(name: str) -> None:
    cost, row = archspec.profile(shipped(name)), ROWS[name]
    assert cost.params == int(row["params"])
    assert cost.frozen_params == int(row["frozen"])
    assert cost.macs / 1e9 == pytest.approx(float(row["macs_224_G"]), rel=0.005)


def test_every_row_is_on_the_shelf_or_still_to_come() -> None:
    assert [name for name in ROWS if name not in NAMES and not _is_to_come(name)] == []


def test_what_is_on_the_shelf_is_not_still_to_come() -> None:
    arrived = [name for name in NAMES if _is_to_come(name)]
    assert arrived == [], "delete their prefixes from STILL_TO_COME, so that the yardstick is held to them"


@pytest.mark.parametrize("prefix", STILL_TO_COME)
def test_a_family_still_to_come_has_rows(prefix: str) -> None:
    assert any(name.startswith(prefix) for name in ROWS)


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
