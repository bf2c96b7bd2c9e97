"""Samplers and pruners of Optuna for what a search asks for."""

from __future__ import annotations

import importlib
import inspect
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import optuna
from optuna.pruners import BasePruner
from optuna.samplers import BaseSampler

from archspec.errors import ArchspecError, near
from archspec.spec.hashing import digest
from archspec.studies.tpe import Tpe


@contextmanager
def quiet() -> Iterator[None]:
    """Without Optuna's remarks on what is experimental, or on what a sampler cannot make use of."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        warnings.simplefilter("ignore", UserWarning)
        yield


def seed_of(*said: object) -> int:
    """A seed that follows from what is said, and from nothing else."""
    return int(digest([str(word) for word in said])[:8], 16)


def _random(_spec: Any, seed: int) -> BaseSampler:
    return optuna.samplers.RandomSampler(seed=seed)


def _tpe(spec: Any, seed: int) -> BaseSampler:
    names = {"n_startup_trials": spec.startup, "n_ei_candidates": spec.candidates}
    return Tpe(multivariate=spec.multivariate, group=spec.group and spec.multivariate, seed=seed, **names)


def _gp(spec: Any, seed: int) -> BaseSampler:
    return optuna.samplers.GPSampler(n_startup_trials=spec.startup, seed=seed)


def _cma_es(spec: Any, seed: int) -> BaseSampler:
    said = {"n_startup_trials": spec.startup, "popsize": spec.population, "with_margin": spec.margin}
    return optuna.samplers.CmaEsSampler(warn_independent_sampling=False, seed=seed, **said)


def _nsga(kind: Callable[..., BaseSampler]) -> Callable[[Any, int], BaseSampler]:
    def make(spec: Any, seed: int) -> BaseSampler:
        chances = {"mutation_prob": spec.mutation, "crossover_prob": spec.crossover, "swapping_prob": spec.swapping}
        return kind(population_size=spec.population, seed=seed, **chances)

    return make


def _qmc(spec: Any, seed: int) -> BaseSampler:
    said = {"qmc_type": spec.sequence, "scramble": spec.scramble}
    return optuna.samplers.QMCSampler(
        warn_independent_sampling=False, warn_asynchronous_seeding=False, seed=seed, **said
    )


def _optuna(spec: Any, seed: int) -> BaseSampler:
    return _called(optuna.samplers, spec, seed)


def _optunahub(spec: Any, seed: int) -> BaseSampler:
    try:
        hub = importlib.import_module("optunahub")
    except ImportError:
        raise ArchspecError("samplers of OptunaHub need the package `optunahub`: pip install optunahub") from None
    return _called(hub.load_module(spec.package), spec, seed)


def _called(module: Any, spec: Any, seed: int) -> BaseSampler:
    kind = getattr(module, spec.name, None)
    if not (inspect.isclass(kind) and issubclass(kind, BaseSampler)):
        known = [name for name in dir(module) if name.endswith("Sampler")]
        raise ArchspecError(f"there is no sampler `{spec.name}`: {near(spec.name, known)}")
    seeded = {"seed": seed} if "seed" in inspect.signature(kind).parameters else {}
    made: BaseSampler = kind(**{**seeded, **spec.options})
    return made


SAMPLERS: dict[str, Callable[[Any, int], BaseSampler]] = {
    "random": _random,
    "tpe": _tpe,
    "gp": _gp,
    "cma_es": _cma_es,
    "nsga2": _nsga(optuna.samplers.NSGAIISampler),
    "nsga3": _nsga(optuna.samplers.NSGAIIISampler),
    "qmc": _qmc,
    "brute_force": _random,  # it is told every candidate
    "optuna": _optuna,
    "optunahub": _optunahub,
}
"""What makes each kind."""
ONE_SEED = ("qmc",)
"""Samplers whose points belong to one sequence: a seed of its own for every candidate would tear it apart."""


def sampler(spec: Any, seed: int, number: int) -> BaseSampler:
    """The sampler for one candidate: made anew for each, so that nothing is remembered that is not in the journal."""
    with quiet():
        return SAMPLERS[spec.kind](spec, seed_of(seed, *(() if spec.kind in ONE_SEED else (number,))))


PRUNERS: dict[str, Callable[[Any, int], BasePruner]] = {
    "none": lambda _spec, _epochs: optuna.pruners.NopPruner(),
    "median": lambda spec, _epochs: optuna.pruners.MedianPruner(spec.startup, spec.warmup),
    "successive_halving": lambda spec, _epochs: optuna.pruners.SuccessiveHalvingPruner(spec.first, spec.factor),
    "hyperband": lambda spec, epochs: optuna.pruners.HyperbandPruner(spec.first, epochs, spec.factor),
    "wilcoxon": lambda spec, _epochs: optuna.pruners.WilcoxonPruner(p_threshold=spec.p, n_startup_steps=spec.startup),
}
"""What makes each kind, for runs of so many epochs."""


def pruner(spec: Any, epochs: int) -> BasePruner:
    """The pruner that a search asks for."""
    with quiet():
        return PRUNERS[spec.kind](spec, max(epochs, 1))
