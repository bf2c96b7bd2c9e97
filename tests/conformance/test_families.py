"""Every registered member of every family."""

from __future__ import annotations

from importlib.util import find_spec

from archspec.spec.mixers.attention import Attention
from archspec.spec.mixers.base import Parallel
from archspec.spec.mixers.identity import Identity
from archspec.spec.mixers.pooling import Pooling
from archspec.spec.mixers.sep_conv import SepConv
from archspec.spec.norms import GroupNorm, LayerNorm
from archspec.spec.registry import FAMILIES, load_builtins
from tests.conformance.suite import TRIED, Conformance


class TestMixers(Conformance):
    family = "mixers"


class TestParallelMixers(Conformance):
    family = "mixers"
    specs = (
        Parallel(parallel=(Pooling(), SepConv()), norm=LayerNorm()),
        Parallel(parallel=(Identity(), Attention(), Attention(bias=())), norm=GroupNorm()),
    )


class TestMlps(Conformance):
    family = "mlps"


class TestNorms(Conformance):
    family = "norms"


class TestActivations(Conformance):
    family = "activations"


class TestScalings(Conformance):
    family = "scalings"


class TestPositions(Conformance):
    family = "positions"


class TestTraversals(Conformance):
    family = "traversals"


class TestConvolutions(Conformance):
    family = "convolutions"


class TestPools(Conformance):
    family = "pools"


class TestStems(Conformance):
    family = "stems"


class TestDownsamples(Conformance):
    family = "downsamples"


class TestHeads(Conformance):
    family = "heads"


def test_no_family_with_modules_is_forgotten() -> None:
    load_builtins()
    homes = {name: base.__module__.replace("archspec.spec", "archspec.nn") for name, base in FAMILIES.items()}
    built = {name for name, home in homes.items() if "archspec.nn" in home and find_spec(home.removesuffix(".base"))}
    assert built == {*TRIED, "inits"}
