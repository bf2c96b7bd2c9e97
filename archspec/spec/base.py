"""What every spec is: a frozen model, one of a family, told apart by `kind`.

A family is a base class (`Mixer`, `Norm` …). Its members register by being defined, a field typed by the base takes
any of them, and `{kind: …}`, a bare string or `{cycle: […]}` in YAML chooses which.
"""

from __future__ import annotations

import importlib
import math
import pkgutil
from collections.abc import Iterator, Mapping
from functools import cache, cached_property
from importlib.metadata import entry_points
from typing import Any, ClassVar, NamedTuple, Self, cast

from pydantic import BaseModel, ConfigDict, ModelWrapValidatorHandler, ValidationError, create_model, model_validator
from pydantic.fields import FieldInfo
from pydantic_core import InitErrorDetails, PydanticCustomError

from archspec.errors import Problem, SpecError, near
from archspec.spec.cost import Cost
from archspec.spec.place import Place, Scope
from archspec.spec.values import INHERIT, BiasPart, bias_parts

FAMILIES: dict[str, type[Spec]] = {}
"""Every family's base class, by the family's name."""


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
    revision: ClassVar[int] = 1
    """Raised whenever the numbers a kind computes change, so that stored results are not taken for its own."""
    implementation: ClassVar[str] = ""
    """`package.module:Class` of the torch module; by default `spec` becomes `nn` in this class's own path."""
    listed: ClassVar[bool] = True
    bias_parts: ClassVar[tuple[BiasPart, ...]] = ()
    """The parts of this kind that can have a bias."""
    needs_grid: ClassVar[bool] = False
    """Whether it reads tokens as a grid, so that class tokens have no place among them."""

    def __init_subclass__(cls, *, family: str = "", **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)  # pydantic hands `family` on to the hook below

    @classmethod
    def __pydantic_init_subclass__(cls, *, family: str = "", **kwargs: Any) -> None:
        super().__pydantic_init_subclass__(**kwargs)
        if family:
            cls.family, cls.members, cls.structures = family, {}, {}
            FAMILIES[family] = cls
            create_model(f"{cls.__name__}Cycle", __base__=(Cycle, cls), cycle=(tuple[cls, ...], ...))
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
        if not isinstance(data, Mapping):
            name = cls.model_fields["kind"].default if "kind" in cls.model_fields else cls.__name__.lower()
            raise PydanticCustomError("ARC104", "{name} is written as a mapping", {"name": f"`{name}`"})
        cls._refuse_unknown(data)
        return handler(cls._with_default_kinds(data))

    @classmethod
    def _member(cls, data: Any) -> Spec:
        """The member of this family that the data asks for."""
        if isinstance(data, str):
            data = {"kind": data}
        if not isinstance(data, Mapping):
            noun = cls.family.removesuffix("s")
            raise PydanticCustomError("ARC104", "a {noun} is a kind or a mapping with `kind`", {"noun": noun})
        for key, structure in cls.structures.items():
            if key in data and "kind" not in data:
                return structure.model_validate(data)
        if "kind" not in data:
            known = near("", (k for k, m in members(cls.family).items() if m.listed))
            raise _error("ARC103", f"which kind of {cls.family.removesuffix('s')} is not said", known, ("kind",), data)
        kind = data["kind"]
        member = members(cls.family).get(kind) if isinstance(kind, str) else None
        if member is None:
            hint = near(str(kind), (k for k, m in members(cls.family).items() if m.listed))
            shown = str(kind).lower() if isinstance(kind, bool) else kind
            message = f"`{shown}` is not a kind of {cls.family.removesuffix('s')}"
            raise _error("ARC102", message, hint, ("kind",), kind)
        return member.model_validate(data)

    @classmethod
    def _refuse_unknown(cls, data: Mapping[str, Any]) -> None:
        unknown = [key for key in data if key not in cls.model_fields]
        if unknown:
            kind = data.get("kind") or cls.structure or cls.__name__.lower()
            known = [name for name in cls.model_fields if name != "kind"]
            raise ValidationError.from_exception_data(
                cls.__name__,
                [
                    _detail("ARC101", f"`{kind}` has no `{key}`", near(str(key), known), (str(key),), data[key])
                    for key in unknown
                ],
            )

    @classmethod
    def _with_default_kinds(cls, data: Mapping[str, Any]) -> Mapping[str, Any]:
        """Mappings without a kind are merged into the field's default."""
        completed = dict(data)
        for name, value in data.items():
            default = cls.model_fields[name].default
            if isinstance(value, Mapping) and isinstance(default, Spec) and not is_tagged(value):
                completed[name] = {**default.model_dump(), **value}
        return completed

    @cached_property
    def _hash(self) -> int:
        return hash((type(self), *(getattr(self, name) for name in type(self).model_fields)))

    def __hash__(self) -> int:
        return self._hash

    @property
    def is_none(self) -> bool:
        """Whether this says nothing: `none`."""
        return getattr(self, "kind", "") == "none"

    def specs(self) -> Iterator[Spec]:
        """The specs directly within this one."""
        for name in type(self).model_fields:
            value = getattr(self, name)
            for element in value if isinstance(value, tuple) else (value,):
                if isinstance(element, Spec):
                    yield element

    def period(self) -> int:
        """After how many blocks everything symbolic in here repeats."""
        return math.lcm(1, *(spec.period() for spec in self.specs()))

    def resolve(self, scope: Scope) -> Self:
        """This spec with nothing symbolic left: inherited, cycled and relative values written out."""
        updates: dict[str, Any] = {}
        for name in type(self).model_fields:
            value = getattr(self, name)
            resolved = self._resolved_bias(scope) if name == "bias" else self._resolved_value(value, scope)
            if resolved is not value:
                updates[name] = resolved
        return self._changed(updates)

    def _changed(self, updates: Mapping[str, Any]) -> Self:
        """A copy with other values, not sharing what was remembered about this one."""
        if not updates:
            return self
        values = {name: getattr(self, name) for name in type(self).model_fields}
        return type(self).model_construct(**{**values, **updates})

    def _resolved_bias(self, scope: Scope) -> tuple[BiasPart, ...]:
        value = getattr(self, "bias", True)
        return bias_parts(scope.bias if value == INHERIT else value, self.bias_parts)

    def _resolved_value(self, value: Any, scope: Scope) -> Any:
        if isinstance(value, Spec):
            # Only a direct `activation: inherit` reaches the stage's; what lies deeper stands on its own.
            inherits = getattr(value, "kind", "") == INHERIT
            return value.resolve(scope if inherits else scope.outside())
        if isinstance(value, tuple) and any(hasattr(element, "resolve") for element in value):
            return tuple(self._resolved_value(element, scope) for element in value)
        return value.resolve(scope) if hasattr(value, "resolve") else value

    def parts(self, at: Place) -> Iterator[Part]:
        """The specs within this one that cost something, and where they stand."""
        return iter(())

    def cost(self, at: Place) -> Cost:
        """What this part itself costs at a place, the parts within it left out."""
        return Cost()

    def total(self, at: Place) -> Cost:
        """What this part costs with all within it."""
        return sum((part.spec.total(part.at) for part in self.parts(at)), self.cost(at))

    def check(self, at: Place) -> Iterator[Complaint]:
        """Why this part cannot work at a place; silent where it can."""
        return iter(())

    def complaints(self, at: Place) -> Iterator[Complaint]:
        """Its own complaints and those of the parts within."""
        yield from self.check(at)
        for name, spec, place in self.parts(at):
            for complaint in spec.complaints(place):
                yield complaint._replace(field=f"{name}.{complaint.field}".strip("."))

    def build(self, at: Place) -> Any:
        """The torch module that does what this spec says, at a place."""
        path = self.implementation or f"{type(self).__module__.replace('.spec.', '.nn.', 1)}:{type(self).__name__}"
        module, _, name = path.partition(":")
        return getattr(importlib.import_module(module), name)(self, at)

    def canonical(self) -> dict[str, Any]:
        """What identifies this part: its kind and every value that is not the default."""
        fields = type(self).model_fields
        values = {name: getattr(self, name) for name in fields}
        return {
            name: _canonical_value(value)
            for name, value in values.items()
            if name == "kind" or value != fields[name].default
        }


class Cycle(Spec):
    """`{cycle: [a, b]}`: a, b, a, b … over the blocks of a stage."""

    structure: ClassVar[str] = "cycle"
    listed: ClassVar[bool] = False
    cycle: tuple[Spec, ...]

    def period(self) -> int:
        """The cycle's own length and that of whatever cycles within."""
        return math.lcm(len(self.cycle), super().period())

    def resolve(self, scope: Scope) -> Any:
        """The member whose turn it is."""
        return self.cycle[scope.block % len(self.cycle)].resolve(scope)


def _canonical_value(value: Any) -> Any:
    if isinstance(value, Spec):
        return value.canonical()
    if isinstance(value, tuple):
        return [_canonical_value(element) for element in value]
    return value.model_dump() if isinstance(value, BaseModel) else value


def _detail(code: str, message: str, hint: str, loc: tuple[str | int, ...], value: Any) -> InitErrorDetails:
    error = PydanticCustomError(cast("Any", code), "{message}", {"message": message, "hint": hint})
    return InitErrorDetails(type=error, loc=loc, input=value)


def _error(code: str, message: str, hint: str, loc: tuple[str | int, ...], value: Any) -> ValidationError:
    return ValidationError.from_exception_data("spec", [_detail(code, message, hint, loc, value)])


def is_tagged(value: Mapping[str, Any]) -> bool:
    """Whether a mapping says what it is, and so replaces; one that does not merges into what is there."""
    return any(key in value for key in ("kind", "cycle", "parallel"))


@cache
def load_builtins() -> None:
    """Import every spec module of this package: defining a member registers it."""
    import archspec.spec as package

    for module in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
        importlib.import_module(module.name)


@cache
def load_plugins() -> None:
    """Import what other distributions offer under the entry-point group `archspec.plugins`."""
    for entry_point in entry_points(group="archspec.plugins"):
        import_plugin(entry_point.module)


def import_plugin(module: str) -> None:
    """Import a module that defines kinds of its own."""
    try:
        importlib.import_module(module)
    except Exception as error:
        # Whatever a foreign module does wrong while it is imported is reported as this plugin's mistake.
        message = f"the plugin `{module}` cannot be imported: {type(error).__name__}: {error}"
        raise SpecError(Problem("ARC105", message, "install the package it lives in, or correct the name")) from error


def members(family: str) -> dict[str, type[Spec]]:
    """Every kind of a family by name, plugins' included."""
    load_builtins()
    load_plugins()
    return FAMILIES[family].members


def field_family(field: FieldInfo) -> type[Spec] | None:
    """The family a field takes its value from, if it does."""
    annotation = field.annotation
    is_family = isinstance(annotation, type) and issubclass(annotation, Spec) and annotation.family != ""
    return annotation if is_family else None
