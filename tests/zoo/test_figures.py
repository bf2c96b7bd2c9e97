"""What is computed rounds to what the papers print."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import NamedTuple

import pytest

import archspec
from archspec.spec.arch import Reference, Stage
from archspec.spec.base import Spec
from archspec.spec.layout import lay_out
from archspec.spec.place import Place
from archspec.spec.profile import Profile
from archspec.spec.scalars import Printed

from .shelf import NAMES, shipped


def _with_norms_and_rounded_up(profile: Profile) -> int:
    """Multiply-accumulates and five operations for every number that a block's norm is given, in whole tenths of 1G."""
    norms = sum(section.parts["norm"].activations for section in profile.stages if "norm" in section.parts)
    return math.ceil((profile.macs + 5 * norms) / 1e8) * 100_000_000


def _normed(spec: Spec, at: Place) -> int:
    """Numbers that the norms of a part are given."""
    own = at.dim * at.tokens if spec.family == "norms" and not spec.is_none else 0
    return own + sum(_normed(part.spec, part.at) for part in spec.parts(at))


def with_norms_and_pooling(profile: Profile) -> int:
    """Multiply-accumulates, five operations for every number a norm is given, one for each that attention pools."""
    total = profile.macs
    for section in lay_out(shipped(profile.arch), profile.size).sections:
        if not isinstance(section.spec, Stage):
            total += 5 * _normed(section.spec, section.entry if section.name == "stem" else section.at)
            continue
        if section.spec.downsample is not None:
            total += 5 * _normed(section.spec.downsample, section.entry)
        for block in map(section.spec.block, range(section.spec.depth)):
            for branch in filter(None, (block.mixer, block.mlp)):
                total += 5 * (_normed(branch.norm, section.at) + _normed(branch.op, section.at))
                pools = branch.op.canonical()["kind"] == "aggregated_attention"
                total += section.at.dim * section.at.pixels * pools
    return total


def _with_norms_and_without_filters(profile: Profile) -> int:
    """The same without the transforms of filters along the sequence, which their shape hides from the script."""
    total = with_norms_and_pooling(profile)
    for stage, section in zip(shipped(profile.arch).resolved().stages, profile.stages[1:], strict=False):
        for block in map(stage.block, range(stage.depth)):
            numbers = math.prod(section.grid) + 1  # half of what is as long as all tokens twice, and one
            total -= round(stage.dim * numbers * math.log2(numbers)) * (block.mixer.op.canonical()["kind"] == "hyena")
    return total


def _of_all_four(profile: Profile) -> int:
    """Parameters of the ensemble that stands a few lines above in the table."""
    four = "hpxformer_s18", "convformer_s18", "hbformer_s18", "caformer_s18"
    return sum(archspec.profile(shipped(name)).params for name in four)


def _cut_off(profile: Profile) -> int:
    """Parameters in whole tenths of 1M, with what is left over them left out."""
    return profile.params // 100_000 * 100_000


COUNTED_OTHERWISE: dict[tuple[str | None, str], Callable[[Profile], int]] = {
    ("transnext", "macs"): with_norms_and_pooling,
    ("transnext_tiny", "params"): _cut_off,
    ("sequencer", "macs"): _with_norms_and_rounded_up,
    ("hyenapixel", "macs"): _with_norms_and_without_filters,
    ("hpxformer_b36", "params"): _of_all_four,
}
"""What a paper's tables count otherwise than everybody else's, or what they print of one arch."""


class Figure(NamedTuple):
    """One printed number and what it is a number of; `size` is None at the arch's own image size."""

    arch: str
    quantity: str
    size: int | None
    printed: Printed

    def computed(self) -> int:
        profile = archspec.profile(shipped(self.arch), size=self.size)
        for subject in (self.arch, _reference(self.arch).paper):
            if count := COUNTED_OTHERWISE.get((subject, self.quantity)):
                return count(profile)
        return int(getattr(profile, self.quantity))


OUTLINE_ONLY = (
    "transnext_micro_linear",
    "vil_large",
    "vil1_base",
    "vil1_small",
    "vil1_tiny",
    "vsequencer_s",
    "vsequencer_s_h",
    "vsequencer_s_pe",
)
"""Archs whose paper prints what they are made of, or only their authors' code says it, and no figures."""


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
    assert reference.table is not None or reference.note
    assert (reference.top1 is not None) == (name not in OUTLINE_ONLY)


@pytest.mark.parametrize("name", NAMES)
def test_frozen_parameters_are_said_where_there_are_any(name: str) -> None:
    """HyenaPixel's paper is silent on the distances in its windows."""
    has_any = archspec.profile(shipped(name)).frozen_params > 0 and _reference(name).paper != "hyenapixel"
    assert (_reference(name).frozen_params is not None) == has_any


@pytest.mark.parametrize("size", ["s12", "s24", "s36", "m36", "m48"])
def test_pooling_and_identity_cost_the_same(size: str) -> None:
    pooling, identity = (archspec.profile(shipped(f"{kind}_{size}")) for kind in ("poolformerv2", "identityformer"))
    assert (pooling.params, pooling.macs) == (identity.params, identity.macs)
