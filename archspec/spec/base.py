"""What every spec is: a frozen model, one of a family, told apart by `kind`.

A family is a base class (`Mixer`, `Norm` …). Its members register by being defined, a field typed by the base takes
any of them, and `{kind: …}`, a bare string or `{cycle: […]}` in YAML chooses which.
"""

from __future__ import annotations

import importlib
import math
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, NamedTuple, Self, cast

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ModelWrapValidatorHandler,
    create_model,
    model_validator,
)

from archspec.errors import Problem, SpecError
from archspec.spec.cost import Cost
from archspec.spec.kinds import joined, no_kind, no_member, not_a_mapping, unknown_kind, wrong_keys
from archspec.spec.nested import canonical_value, constructed, is_tagged, resolved_value
from archspec.spec.place import Place, Scope
from archspec.spec.registry import FAMILIES, members
from archspec.spec.values import INHERIT, BiasPart, bias_parts


class Complaint(NamedTuple):
    """Why a part cannot work where it stands: the field at fault (dotted), what is wrong, what to do."""

    field: str
    message: str
    hint: str = ""
    code: str = "ARC301"


class Part(NamedTuple):
    """A spec within a spec, and where it stands."""

    name: str
    spec: Spec
    at: Place


class Spec(BaseModel):
    """A part of a network as it is written: frozen, comparable, and ignorant of torch."""

    model_config = ConfigDict(frozen=True, extra="forbid", polymorphic_serialization=True)

    family: ClassVar[str] = ""
    members: ClassVar[dict[str, type[Spec]]] = {}
    structures: ClassVar[dict[str, type[Spec]]] = {}
    structure: ClassVar[str] = ""
    """The one key that stands for the kind in structures: `cycle`, `parallel`."""
    list_stands_for: ClassVar[str] = ""
    """The structure that a bare list stands for, in families where it stands for one."""
    revision: ClassVar[int] = 1
    """Raised whenever the numbers a kind computes change, so that stored results are not taken for its own."""
    across_images: ClassVar[bool] = False
    """Whether what it computes of an image depends on the others that are computed at once."""
    implementation: ClassVar[str] = ""
    """`package.module:Class` of the torch module; by default `spec` becomes `nn` in this class's own path."""
    listed: ClassVar[bool] = True
    noun: ClassVar[str] = ""
    """What messages call it, where that is not its class's name."""
    bias_parts: ClassVar[tuple[BiasPart, ...]] = ()
    """The parts of this kind that can have a bias."""
    names: ClassVar[tuple[str, ...]] = ()
    known: ClassVar[frozenset[str]] = frozenset()
    required: ClassVar[frozenset[str]] = frozenset()
    """The fields: in order, to be asked, and those without a default."""
    nested: ClassVar[dict[str, Spec]] = {}
    """The fields that hold a spec by default, and that default."""
    needs_grid: ClassVar[bool] = False
    """Whether it reads tokens as a grid, so that class tokens have no place among them."""

    def __init_subclass__(cls, *, family: str = "", **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)  # pydantic hands `family` on to the hook below

    @classmethod
    def __pydantic_init_subclass__(cls, *, family: str = "", **kwargs: Any) -> None:
        super().__pydantic_init_subclass__(**kwargs)
        cls.names = tuple(cls.model_fields)
        cls.known = frozenset(cls.model_fields)
        cls.required = frozenset(name for name, field in cls.model_fields.items() if field.is_required())
        cls.nested = {name: f.default for name, f in cls.model_fields.items() if isinstance(f.default, Spec)}
        if family:
            cls.family, cls.members, cls.structures = family, {}, {}
            FAMILIES[family] = cls
            turns = Field(min_length=1, description="the members that take turns over the blocks")
            several: Any = tuple.__class_getitem__((cls, ...))
            create_model(f"{cls.__name__}Cycle", __base__=(Cycle, cls), cycle=(several, turns))
        elif cls.structure and cls.family:
            cls.structures[cls.structure] = cls
        elif "kind" in cls.model_fields:
            kind = cls.model_fields["kind"].default
            present = cls.members.setdefault(kind, cls)
            if (present.__module__, present.__qualname__) != (cls.__module__, cls.__qualname__):
                message = f"the kind `{kind}` of {cls.family} is defined by {present.__module__} and {cls.__module__}"
                raise SpecError(Problem("ARC105", message, "give one of them another name"))
            cls.members[kind] = cls

    @model_validator(mode="wrap")
    @classmethod
    def _read(cls, data: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        if isinstance(data, cls):
            return data
        if FAMILIES.get(cls.family) is cls:
            return cast("Self", cls._member(data))
        if not isinstance(data, dict):
            raise not_a_mapping(cls, data)
        if data.keys() <= cls.known and data.keys() >= cls.required:
            return handler(cls._with_default_kinds(data))
        if faults := wrong_keys(cls, data):
            rest = {key: value for key, value in data.items() if cls.takes(key)}
            raise joined(faults, lambda: handler(cls._with_default_kinds(rest)))
        return handler(cls._with_default_kinds(data))

    @classmethod
    def takes(cls, key: str) -> bool:
        """Whether a key may stand in it."""
        return key in cls.known

    @classmethod
    def choices(cls) -> list[str]:
        """The keys that hints name."""
        return [name for name in cls.names if name != "kind"]

    @classmethod
    def examples(cls) -> Iterator[Self]:
        """What the conformance tests build: the defaults and, where there are biases, none; more where it matters."""
        yield cls.model_validate({})
        if cls.bias_parts:
            yield cls.model_validate({"bias": False})

    @classmethod
    def _member(cls, data: Any) -> Spec:
        """The member of this family that the data asks for."""
        if isinstance(data, str):
            data = {"kind": data}
        if cls.list_stands_for and isinstance(data, list | tuple):
            data = {cls.list_stands_for: data}
        known = members(cls.family)
        if not isinstance(data, Mapping):
            raise no_member(cls, data)
        for key, structure in cls.structures.items():
            if key in data and "kind" not in data:
                return structure.model_validate(data)
        if "kind" not in data:
            raise no_kind(cls, data)
        kind = data["kind"]
        if not isinstance(kind, str) or kind not in known:
            raise unknown_kind(cls, kind)
        return known[kind].model_validate(data)

    @classmethod
    def _with_default_kinds(cls, data: Mapping[str, Any]) -> Mapping[str, Any]:
        """Mappings without a kind are merged into the field's default."""
        untagged = [n for n in cls.nested if isinstance(data.get(n), dict) and not is_tagged(data[n])]
        return {**data, **{n: {**cls.nested[n].model_dump(), **data[n]} for n in untagged}} if untagged else data

    def __hash__(self) -> int:
        # Specs key every memo, so the hash is worked out once and kept beside the values it is made from.
        known = self.__dict__.get("_hash")
        if known is None:
            known = self.__dict__["_hash"] = hash((type(self), *[self.__dict__[name] for name in self.names]))
        return int(known)

    def __getstate__(self) -> dict[Any, Any]:
        # What was worked out about a spec stays behind: hashes differ from process to process.
        state = super().__getstate__()
        return {**state, "__dict__": {name: self.__dict__[name] for name in self.names}}

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """A copy with other values: checked, and sharing nothing that was worked out about this one."""
        values = {**{name: self.__dict__[name] for name in self.names}, **(self.model_extra or {})}
        return type(self).model_validate({**values, **update}) if update else self

    @property
    def is_none(self) -> bool:
        """Whether this says nothing: `none`."""
        return getattr(self, "kind", "") == "none"

    def specs(self) -> Iterator[Spec]:
        """The specs directly within this one."""
        for name in self.names:
            value = getattr(self, name)
            for element in value if isinstance(value, tuple) else (value,):
                if isinstance(element, Spec):
                    yield element

    def in_turn(self) -> tuple[Spec, ...]:
        """What takes turns over the blocks where this stands."""
        return ()

    def period(self) -> int:
        """After how many blocks everything symbolic in here repeats."""
        known = self.__dict__.get("_period")
        if known is None:
            known = self.__dict__["_period"] = math.lcm(1, *(spec.period() for spec in self.specs()))
        return int(known)

    def resolve(self, scope: Scope) -> Self:
        """This spec with nothing symbolic left: inherited, cycled and relative values written out."""
        updates: dict[str, Any] = {}
        for name in self.names:
            value = getattr(self, name)
            # Only `activation` and `bias` follow the stage; all else within a part stands on its own.
            inner = scope if name == "activation" else scope.outside()
            resolved = self._resolved_bias(scope) if name == "bias" else resolved_value(value, inner)
            if resolved is not value:
                updates[name] = resolved
        return self._changed(updates)

    def _changed(self, updates: Mapping[str, Any]) -> Self:
        """A copy with other values, not sharing what was remembered about this one."""
        if not updates:
            return self
        return constructed(type(self), {**{name: self.__dict__[name] for name in self.names}, **updates})

    def _resolved_bias(self, scope: Scope) -> tuple[BiasPart, ...]:
        value = getattr(self, "bias", True)
        return bias_parts(scope.bias if value == INHERIT else value, self.bias_parts)

    def parts(self, at: Place) -> Iterator[Part]:
        """The specs within this one that cost something, and where they stand."""
        return iter(())

    def cost(self, at: Place) -> Cost:
        """What this part itself costs at a place, the parts within it left out."""
        return Cost()

    def total(self, at: Place) -> Cost:
        """What this part costs with all within it."""
        return sum((part.spec.total(part.at) for part in self.parts(at)), self.cost(at))

    @property
    def on_grid(self) -> bool:
        """Whether it reads tokens as a grid, said as it is; a kind that does so only sometimes says when."""
        return self.needs_grid

    def check(self, at: Place) -> Iterator[Complaint]:
        """Why this part cannot work at a place; silent where it can."""
        return iter(())

    def complaints(self, at: Place) -> Iterator[Complaint]:
        """Its own complaints and those of the parts within."""
        if at.class_tokens and self.on_grid:
            message = f"`{getattr(self, 'kind', self.structure)}` works on a grid, and class tokens have no place on it"
            yield Complaint("", message, "let them enter at a later stage, or use `attention` here", "ARC302")
        yield from self.check(at)
        for name, spec, place in self.parts(at):
            for complaint in spec.complaints(place):
                yield complaint._replace(field=f"{name}.{complaint.field}".strip("."))

    def build(self, at: Place, **said: Any) -> Any:
        """The torch module that does what this spec says, at a place, and what whoever it is part of says."""
        return self.implemented()(self, at, **said)

    @classmethod
    def implemented(cls) -> Any:
        """What makes the torch modules of this kind: mostly their class."""
        own = f"{cls.__module__.replace('.spec.', '.nn.', 1)}:{cls.__name__}"
        module, _, name = (cls.implementation or own).partition(":")
        return getattr(importlib.import_module(module), name)

    def canonical(self) -> dict[str, Any]:
        """What identifies this part: its kind and every value that is not the default."""
        fields = type(self).model_fields
        return {
            name: canonical_value(value)
            for name, value in ((name, getattr(self, name)) for name in self.names)
            if name == "kind" or value != fields[name].default
        }


class Cycle(Spec):
    """`{cycle: [a, b]}`: a, b, a, b … over the blocks of a stage; a cycle within a member goes on at every turn."""

    structure: ClassVar[str] = "cycle"
    listed: ClassVar[bool] = False
    cycle: tuple[Spec, ...] = Field(min_length=1, description="the members that take turns over the blocks")

    def in_turn(self) -> tuple[Spec, ...]:
        """Its members."""
        return self.cycle

    def period(self) -> int:
        """The cycle's own length, as often as whatever cycles within takes turns."""
        return len(self.cycle) * super().period()

    def resolve(self, scope: Scope) -> Any:
        """The member whose turn it is."""
        turn, index = divmod(scope.block, len(self.cycle))
        return self.cycle[index].resolve(scope._replace(block=turn))
