"""The study from PVT to TransNeXt: its nine networks are those of table 2, and its small ones run."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

import archspec
from archspec.spec.arch import Arch
from archspec.spec.nodes import Node
from archspec.spec.reading import read_file
from archspec.spec.scalars import Printed
from archspec.spec.studying import STUDY, profiled
from archspec.spec.variants import Names, Variant

from .shelf import shipped
from .test_figures import with_norms_and_pooling

FILE = Path(archspec.__file__).parent.parent / "studies" / "roadmap_transnext.yaml"
TABLE = ["13.2 1.9 75.1", "14.0 2.1 78.7", "14.9 2.3 80.08", "14.9 2.3 80.12", "14.8 2.2 79.7", "14.9 2.2 80.9",
         "12.8 2.7 81.8", "12.8 2.7 82.2", "12.8 2.7 82.5"]  # fmt: skip
"""Table 2 as it is printed: parameters in millions, multiply-accumulates in thousand millions, top-1."""
ZOO = ["pvt_tiny", "pvt_v2_b1", *(f"transnext_roadmap_{step}" for step in range(2, 9))]


def networks(profile: str | None = None) -> list[Arch]:
    """The baseline, and what it is after each step."""
    (document,) = read_file(FILE)
    study = STUDY.read(document)
    if profile:
        study = profiled(study, profile)
    names = Names(study, document)
    variant = Variant(names.arch(study.tree.mapping["baseline"]), names.recipe(Node("none")))
    found = [variant.arch]
    for step in study.tree.mapping["steps"].mapping.values():
        variant = names.changed(variant, step)
        found.append(variant.arch)
    return found


def test_every_step_agrees_with_the_table() -> None:
    (document,) = read_file(FILE)
    steps = document.node.mapping["steps"].mapping.values()
    top1 = [document.node.mapping["reference"].mapping["baseline"], *(step.mapping["paper"] for step in steps)]
    for arch, name, row, printed in zip(networks(), ZOO, TABLE, top1, strict=True):
        params, macs, accuracy = row.split()
        assert arch.digest == shipped(name).digest
        assert Printed(f"{params}M").agrees(archspec.profile(arch).params)
        assert Printed(f"{macs}G").agrees(with_norms_and_pooling(archspec.profile(shipped(name))))
        assert float(accuracy) == printed.value == shipped(name).reference.top1  # type: ignore[union-attr]


def test_the_last_step_is_transnext_micro() -> None:
    assert networks()[-1].digest == shipped("transnext_micro").digest


@pytest.mark.parametrize("step", range(len(TABLE)), ids=ZOO)
def test_the_small_networks_differ_and_learn(step: int) -> None:
    small = networks("smoke")
    assert len({arch.digest for arch in small}) == len(small)
    model = archspec.build(small[step].edit({"classes": 10, "input.channels": 1}))
    image = torch.randn(2, 1, 32, 32, generator=torch.Generator().manual_seed(0))
    torch.autograd.backward(model(image).square().sum())
    unmoved = [name for name, p in model.named_parameters() if p.grad is None or not p.grad.isfinite().all()]
    assert unmoved == []
