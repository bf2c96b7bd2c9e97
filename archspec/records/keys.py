"""A run's key: the hash of everything that can change its result, and of nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from archspec.records.sources import mark_of
from archspec.spec.arch import METADATA, Arch, tidy
from archspec.spec.base import Spec
from archspec.spec.hashing import digest
from archspec.spec.measurements import Measurement
from archspec.spec.recipe import Recipe

TRAINING = 1
"""Raised when training computes other numbers from the same run, so that stored results are not taken for its own."""

MEASURING = 1
"""Likewise for what is measured on finished runs."""


LOOKED_AT = {"steps": 1, "batch": 64, "threads": 1}
"""The recipe by which networks are looked at that nobody has trained."""


def run_key(arch: Arch, recipe: Recipe, seed: int, data_identity: str, start: str = "") -> str:
    """The key of a run. `arch` has the data's classes and channels; `start` identifies the weights it starts from."""
    told = effective(recipe, arch, start)
    said: dict[str, Any] = {"arch": arch.identity(), "recipe": tidy(told.canonical()), "seed": seed}
    said |= {"data": data_identity, "start": start, "kinds": marks(arch.resolved(), told), "training": TRAINING}
    return digest(said)


def run_document(arch: Arch, recipe: Recipe, seed: int, data_identity: str, start: str = "") -> dict[str, Any]:
    """What is written as `run.yaml`: plain data with nothing symbolic left; `arch` and `recipe` load as they stand."""
    network = {name: value for name, value in tidy(arch.resolved().tree.plain()).items() if name not in METADATA}
    about = {"arch": arch.arch} if arch.arch else {}
    plugins = {"plugins": list(arch.plugins)} if arch.plugins else {}
    key = run_key(arch, recipe, seed, data_identity, start)
    run = {"key": key, "seed": seed, "data": data_identity, **({"start": start} if start else {})}
    return {**run, "arch": {**about, **plugins, **network}, "recipe": tidy(recipe.tree.plain())}


def measurement_key(of: str, measurement: Measurement) -> str:
    """The key of a measurement of a run: the run that is measured, and everything that can change the numbers."""
    said = {"of": of, "measure": tidy(measurement.canonical()), "kinds": marks(measurement), "measuring": MEASURING}
    return digest(said)


def measurement_document(of: Mapping[str, Any], measurement: Measurement) -> dict[str, Any]:
    """What is written as `run.yaml` of a measurement, from that of the run it measures."""
    names = {kind: of[kind].get(kind, "") for kind in ("arch", "recipe")}
    measured = {"of": of["key"], "measure": tidy(measurement.model_dump(exclude_none=True))}
    return {"key": measurement_key(of["key"], measurement), "seed": of["seed"], "data": of["data"], **names, **measured}


def untrained_key(arch: Arch, seed: int, data_identity: str) -> str:
    """What tells an untrained network from others; how it will be trained is no part of it."""
    return digest({"arch": arch.identity(), "seed": seed, "data": data_identity, "kinds": marks(arch.resolved())})


def untrained_document(of: Mapping[str, Any], network: str, measurement: Measurement) -> dict[str, Any]:
    """What is written as `run.yaml` of a proxy, from that of a run that begins with the network it measures.

    The network stands in it as a whole, and of the recipe no more than the data: the rest has no say.
    """
    looked_at = {"data": of["recipe"]["data"], **LOOKED_AT}
    about = {"seed": of["seed"], "data": of["data"], "arch": of["arch"], "recipe": looked_at}
    measured = tidy(measurement.model_dump(exclude_none=True))
    return {"key": measurement_key(network, measurement), **about, "measure": measured}


def effective(recipe: Recipe, arch: Arch, start: str = "") -> Recipe:
    """A recipe in which whatever changes no result is as if nobody had written it."""
    together = any(part.across_images for part in walk(arch.resolved()))
    silent = [path for path in recipe.without_effect if path != "micro_batch" or not together]
    if start:
        silent.append("from")  # what identifies the weights says more than what they are called
    if recipe.resolution == arch.input.size:
        silent.append("resolution")
    for path in silent:
        recipe = _unsaid(recipe, path.split("."))
    return recipe


def _unsaid(spec: Any, path: list[str]) -> Any:
    """A spec with one field, perhaps within others, at its default."""
    name, *rest = path
    if not isinstance(spec, Spec) or name not in spec.names:
        return spec
    field = type(spec).model_fields[name]
    default = None if field.is_required() else field.get_default(call_default_factory=True, validated_data={})
    value = _unsaid(getattr(spec, name), rest) if rest else default
    return type(spec).model_construct(**{**{other: getattr(spec, other) for other in spec.names}, name: value})


def marks(*specs: Spec) -> dict[str, Any]:
    """The kinds used within some specs that were revised, and how often; a plugin's kinds, and their sources' hash."""
    found = {_name(kind): mark_of(kind) for kind in {type(part) for spec in specs for part in walk(spec)}}
    # A first revision goes without saying, so that a new field with a kind of its own leaves older keys as they are.
    return {name: mark for name, mark in found.items() if mark != 1}


def walk(spec: Spec) -> Iterator[Spec]:
    """A spec and all within it; what is only said about an arch is left out."""
    yield spec
    for name in spec.names:
        if isinstance(spec, Arch) and name in METADATA:
            continue
        value = getattr(spec, name)
        for part in value if isinstance(value, tuple) else (value,):
            if isinstance(part, Spec):
                yield from walk(part)


def _name(kind: type[Spec]) -> str:
    """`mixers.attention`; what is of no family has its class's name."""
    if not kind.family:
        return kind.__name__
    own = kind.model_fields["kind"].default if "kind" in kind.model_fields else kind.structure
    return f"{kind.family}.{own or kind.__name__}"
