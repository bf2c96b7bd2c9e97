"""Studies: baselines, and what is changed about them."""

from __future__ import annotations

import math
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import (
    AfterValidator,
    ConfigDict,
    Field,
    ModelWrapValidatorHandler,
    PlainValidator,
    PrivateAttr,
    WithJsonSchema,
    model_validator,
)

from archspec.spec.arch import METADATA, Arch
from archspec.spec.base import Spec
from archspec.spec.edits import Edit
from archspec.spec.kinds import not_a_mapping, unknown_keys
from archspec.spec.measurements import Measurement
from archspec.spec.naming import ArchName, ArchNames, Paths, Printed, RecipeName, SpaceName, Text, Texts
from archspec.spec.proxies import proxies
from archspec.spec.refusing import shown, wrong
from archspec.spec.search import Search
from archspec.spec.timm_arch import TimmArch
from archspec.spec.tune import Tune
from archspec.spec.values import NonNegative, Number, OrNone, Positive, Share
from archspec.spec.written import Written

NETWORK = tuple(name for name in {**Arch.model_fields, **TimmArch.model_fields} if name not in METADATA)
"""Where a path into an arch begins."""

RECIPE_PREFIX = "recipe."
"""What paths into the recipe begin with, where paths into the arch stand beside them."""


def _seeds(value: Any) -> Any:
    seeds = value if isinstance(value, list | tuple) else [value]
    least = 0 if seeds is value else 1
    if not seeds or not all(isinstance(s, int) and not isinstance(s, bool) and s >= least for s in seeds):
        raise wrong(f"{shown(value)} are no seeds", "write how many, at least 1, or a list: [0, 1, 2]")
    if len(set(seeds)) != len(seeds):
        raise wrong("a seed is named twice")
    return tuple(seeds) if isinstance(value, list | tuple) else value


def _fraction(value: float) -> float:
    if not (0 < value <= 1 and math.isclose(1 / value, round(1 / value), rel_tol=1e-6)):
        raise wrong(f"{shown(value)} is no fraction", "write 1, 1/2, 1/3 …")
    return value


_WHOLE = {"type": "integer", "minimum": 0}
Seeds = Annotated[
    Any,
    PlainValidator(_seeds),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "integer", "minimum": 1},
                {"type": "array", "items": _WHOLE, "minItems": 1, "uniqueItems": True},
            ]
        }
    ),
]


class Open(Spec):
    """A mapping with keys of its own beside the fields."""

    model_config = ConfigDict(extra="allow")
    beside: ClassVar[tuple[str, ...]] = ()
    """What those keys are, or begin with."""
    paths: ClassVar[tuple[Paths, ...]] = ()
    """What they lead into, where they are paths."""

    @model_validator(mode="wrap")
    @classmethod
    def _read(cls, data: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        if isinstance(data, cls):
            return data
        if not isinstance(data, dict):
            raise not_a_mapping(cls, data)
        unknown = {key: value for key, value in data.items() if not cls.has(key)}
        if unknown:
            raise unknown_keys(cls.__name__.lower(), unknown, [*cls.names, *cls.beside])
        return handler(data)

    @classmethod
    def choices(cls) -> list[str]:
        """The fields and what keys may begin with."""
        return [*cls.names, *cls.beside]

    @classmethod
    def has(cls, key: str) -> bool:
        """Whether a key may stand here."""
        return key in cls.names or key in cls.beside


class Arm(Open):
    """A variant: paths and their new values, and what the paper prints for it."""

    beside: ClassVar[tuple[str, ...]] = NETWORK
    paths: ClassVar[tuple[Paths, ...]] = (Paths("arch"), Paths("recipe", RECIPE_PREFIX))
    paper: Printed | None = Field(None, description="the paper's value: one, one for each baseline, or by metric")
    arch: ArchName | None = Field(None, description="another arch in the baseline's place")
    recipe: RecipeName | None = Field(
        None, description="another recipe in the study's place; `recipe.…` edits a part of it"
    )

    @classmethod
    def has(cls, key: str) -> bool:
        """Fields, paths that begin in an arch, and paths into the recipe."""
        return key in cls.names or key.partition(".")[0] in NETWORK or key.startswith(RECIPE_PREFIX)


class Factor(Spec):
    """Variants of one thing."""

    arms: dict[str, Arm] = Field(min_length=1, description="the variants, each a mapping of paths to values")
    table: OrNone[Text] = Field(None, description="the paper's table")
    on: OrNone[ArchNames] = Field(None, description="the arch, or archs, to vary instead of the study's baselines")
    recipe: OrNone[RecipeName] = Field(None, description="the recipe instead of the study's")
    when: dict[str, Texts] = Field(
        {}, description="arms of factors above; where others are chosen this factor stays at the baseline"
    )
    match: dict[Literal["params", "macs"], str] = Field(
        {}, description="a cost, and the path of the number that is scaled until it is nearest to the baseline's"
    )


class StudyReference(Spec):
    """What the paper prints about the baseline, and where."""

    paper: OrNone[str] = Field(None, description="the paper's short name")
    table: OrNone[Text] = Field(None, description="the paper's table")
    metric: str = Field("top1", description="what a `paper` number without a metric is")
    baseline: OrNone[Printed] = Field(None, description="the baseline's value: one, one for each, or by metric")


class Budget(Spec):
    """What a study may spend."""

    gpu_hours: OrNone[Positive] = Field(None, description="hours on accelerators, over all runs; or `none`")


class Profile(Open):
    """Another way to run the same study: it may set any of the study's keys."""

    edits: Annotated[dict[str, Any], Paths("arch")] = Field(
        {}, description="paths and values for every arch the study names, before the arms"
    )
    only: tuple[str, ...] = Field((), description="the factors to run; all, where none is named")


class Study(Written):
    """Baselines, what is changed about them, and how that is trained."""

    study: str = Field("", description="the study's name: its address")
    baseline: OrNone[ArchNames] = Field(None, description="the arch, or archs, that everything is compared with")
    recipe: RecipeName = Field(description="how everything is trained")
    seeds: Seeds = Field(1, description="how many seeds each arm is run with, or a list of them")
    design: Literal["one_factor", "factorial", "roadmap", "leave_one_out"] = Field(
        "one_factor", description="how `factors` (the first two) or `steps` (the others) become arms"
    )
    fraction: Annotated[Number, AfterValidator(_fraction)] = Field(
        1, description="share of a factorial's combinations to run: 1/2, 1/3 …, every arm as often as the others"
    )
    reference: StudyReference = Field(StudyReference(), description="what the paper prints about the baseline")
    factors: dict[str, Factor] = Field({}, description="what is varied; each factor is a mapping of arms")
    steps: dict[str, Arm] = Field({}, description="changes in order, each on top of the one before")
    profiles: dict[str, Profile] = Field({}, description="other ways to run the study: smaller, shorter, in part")
    measure: dict[str, Measurement] = Field(
        {}, description="what is measured on finished runs, each under the name of its columns; or a list of kinds"
    )
    budget: Budget = Field(Budget(), description="what the study may spend")
    drift: Share = Field(
        0.05, description="share by which an arm may cost more or less than its baseline before plan and report say so"
    )
    max_failures: OrNone[NonNegative] = Field(None, description="failed runs after which the study stops; or `none`")
    space: OrNone[SpaceName] = Field(None, description="the space to search, in the place of factors")
    search: Search = Field(Search(), description="what is looked for in the space, and how")
    tune: Tune = Field(Tune(), description="what is chosen for every arm by itself, by the same small search on val")
    note: str | None = Field(None, description="anything a reader should know")

    _layer: tuple[Edit, ...] = PrivateAttr(())

    @property
    def layer(self) -> tuple[Edit, ...]:
        """What the chosen profile changes about every arch of the study."""
        return self._layer

    @property
    def seed_list(self) -> tuple[int, ...]:
        """The seeds, one by one."""
        return self.seeds if isinstance(self.seeds, tuple) else tuple(range(self.seeds))

    @property
    def looks(self) -> dict[str, Measurement]:
        """The proxies that it can look at by name: what it measures itself, else every kind as it is."""
        own = {name: one for name, one in self.measure.items() if not one.of_trained}
        return {**{kind: one for kind, one in proxies().items() if kind not in self.measure}, **own}

    @property
    def proxies(self) -> dict[str, Measurement]:
        """Those that a search looks at: what it measures, and what it names as an objective or a constraint."""
        named = {*self.search.objectives, *self.search.constraints, *self.measure}
        return {name: one for name, one in self.looks.items() if name in named}

    @property
    def cut_into(self) -> int:
        """Into how many fractions a factorial is cut, of which one is run."""
        return round(1 / self.fraction)


Profile.beside = tuple(name for name in Study.names if name not in ("study", "profiles"))
