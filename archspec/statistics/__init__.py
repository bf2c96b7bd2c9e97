"""What seeds can say: means and their intervals, differences paired by seed, corrections, power."""

from __future__ import annotations

from archspec.statistics.agreement import Agreement, agreement
from archspec.statistics.corrections import holm
from archspec.statistics.factorial import Cell, Effect, interactions, main_effects
from archspec.statistics.means import Mean, mean
from archspec.statistics.paired import Difference, difference
from archspec.statistics.permutation import SignFlip, sign_flip
from archspec.statistics.power import detectable
from archspec.statistics.ranks import RankCorrelation, rank_correlation
from archspec.statistics.steps import Step, ladder

__all__ = [
    "Agreement",
    "Cell",
    "Difference",
    "Effect",
    "Mean",
    "RankCorrelation",
    "SignFlip",
    "Step",
    "agreement",
    "detectable",
    "difference",
    "holm",
    "interactions",
    "ladder",
    "main_effects",
    "mean",
    "rank_correlation",
    "sign_flip",
]
