"""Three lines that hold the closed form to the built network."""

from __future__ import annotations

from pathlib import Path

import archspec


def test_parameters_are_as_said() -> None:
    arch = archspec.load(Path(__file__).with_name("shiftformer.yaml"))
    model = archspec.build(arch, seed=0)
    assert archspec.profile(arch).params == sum(p.numel() for p in model.parameters() if p.requires_grad)
