"""What is computed rounds to what the papers print."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import pytest

import archspec
from archspec.spec.arch import Reference
from archspec.spec.scalars import Printed

from .shelf import NAMES, shipped


class Figure(NamedTuple):
    """One printed number and what it is a number of; `size` is None at the arch's own image size."""

    arch: str
    quantity: str
    size: int | None
    printed: Printed

    def computed(self) -> int:
        return int(getattr(archspec.profile(shipped(self.arch), size=self.size), self.quantity))


def _reference(name: str) -> Reference:
    reference = shipped(name).reference
    assert reference is not None
    return reference


def _figures() -> Iterator[Figure]:
    for name in NAMES:
        reference = _reference(name)
        for quantity in ("params", "frozen_params", "macs"):
            printed = getattr(reference, quantity)
            if printed is not None:
                yield Figure(name, quantity, None, printed)
        for size, figures in reference.at.items():
            if figures.macs is not None:
                yield Figure(name, "macs", int(size), figures.macs)


FIGURES = list(_figures())


def _title(figure: Figure) -> str:
    return f"{figure.arch}-{figure.quantity}{f'-{figure.size}' if figure.size else ''}"


@pytest.mark.parametrize("figure", FIGURES, ids=_title)
def test_the_printed_figure_is_the_computed_one_rounded(figure: Figure) -> None:
    assert figure.printed.agrees(figure.computed()), f"{figure.computed():,} is printed as {figure.printed!r}"


@pytest.mark.parametrize("name", NAMES)
def test_every_arch_says_where_its_figures_are_from(name: str) -> None:
    reference = _reference(name)
    assert reference.paper
    assert reference.table is not None
    assert reference.top1 is not None


@pytest.mark.parametrize("name", NAMES)
def test_frozen_parameters_are_said_where_there_are_any(name: str) -> None:
    assert (_reference(name).frozen_params is not None) == (archspec.profile(shipped(name)).frozen_params > 0)


@pytest.mark.parametrize("size", ["s12", "s24", "s36", "m36", "m48"])
def test_pooling_and_identity_cost_the_same(size: str) -> None:
    pooling, identity = (archspec.profile(shipped(f"{kind}_{size}")) for kind in ("poolformerv2", "identityformer"))
    assert (pooling.params, pooling.macs) == (identity.params, identity.macs)
