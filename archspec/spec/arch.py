"""An architecture as it is written out: every stage in full, inheritance and relative sizes still symbolic."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, Self

from pydantic import Field, PlainValidator, WithJsonSchema

from archspec.errors import Problem, near
from archspec.spec.activations import Activation, Gelu
from archspec.spec.base import Cycle, Spec
from archspec.spec.downsamples import Downsample
from archspec.spec.hashing import digest
from archspec.spec.heads import Head
from archspec.spec.inits import Init, TruncNormal
from archspec.spec.mixers import Mixer
from archspec.spec.mlps import ChannelMlp
from archspec.spec.mlps.mlp import Mlp
from archspec.spec.norms import LayerNorm, NoNorm, Norm
from archspec.spec.place import Grid, Scope
from archspec.spec.positions import NoPositions, Positions
from archspec.spec.refusing import fault, listed, mapping_hint, number_hint, refusal, shown, wrong
from archspec.spec.scalars import Printed
from archspec.spec.scalings import NoScaling, Scaling
from archspec.spec.stems import Stem
from archspec.spec.values import EVERY_PART, Bias, Count, Label, Number
from archspec.spec.written import Written

if TYPE_CHECKING:
    from archspec.spec.edits import Edit
    from archspec.spec.layout import Layout
    from archspec.spec.recipe import Recipe

ClassToken = Literal["start", "middle", "end"]
CLASS_TOKENS: tuple[ClassToken, ...] = ("start", "middle", "end")
METADATA = ("arch", "reference", "pretrained", "plugins", "note")
"""What a document says about an arch without changing the network."""


def _image_size(value: Any) -> Any:
    sides = value if isinstance(value, list | tuple) else [value]
    whole = [side for side in sides if isinstance(side, int) and not isinstance(side, bool) and 1 <= side <= 100_000]
    if len(whole) != len(sides) or len(sides) not in (1, 2):
        raise wrong(f"{shown(value)} is not an image size", _size_hint(value))
    return tuple(whole) if len(whole) == 2 and whole[0] != whole[1] else whole[0]


def _size_hint(value: Any) -> str:
    sides = re.findall(r"\d+", value) if isinstance(value, str) else []
    wanted = "write a number of pixels, or [rows, columns]"
    return f"write [{sides[0]}, {sides[1]}]" if len(sides) == 2 else number_hint(value) or wanted


ImageSize = Annotated[
    Any,
    PlainValidator(_image_size),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "integer", "minimum": 1},
                {"type": "array", "items": {"type": "integer", "minimum": 1}, "minItems": 2, "maxItems": 2},
            ]
        }
    ),
]


def _class_tokens(value: Any) -> Any:
    if not isinstance(value, list | tuple):
        hint = "write []" if value == "none" else f"write [{value}]" if value in CLASS_TOKENS else mapping_hint(value)
        raise wrong(f"{shown(value)} is not a list of {listed(CLASS_TOKENS)}", hint)
    unknown = [i for i, token in enumerate(value) if token not in CLASS_TOKENS]
    if unknown:
        raise refusal(
            fault("ARC104", f"{shown(value[i])} is no class token", near(str(value[i]), CLASS_TOKENS), (i,))
            for i in unknown
        )
    if len(set(value)) != len(value):
        raise wrong("a class token is named twice", "there is one at the start, one in the middle and one at the end")
    return tuple(token for token in CLASS_TOKENS if token in value)


def as_grid(size: Any) -> Grid:
    """An image size as (rows, columns)."""
    return (size, size) if isinstance(size, int) else (size[0], size[1])


class Input(Spec):
    """What the network is shaped for."""

    size: ImageSize = Field(description="side of the image in pixels, or [rows, columns]")
    channels: Count = Field(3, description="channels of the image")


class Figures(Spec):
    """What a paper prints about a network at one image size."""

    macs: Printed | None = Field(None, description="multiply-accumulates as printed: 4.1G")
    top1: Number | None = Field(None, description="ImageNet-1K top-1 accuracy in percent")


class Reference(Figures):
    """What the paper prints: compared with what is computed, never part of the network."""

    paper: str | None = Field(None, description="the paper's short name")
    table: Label | None = Field(None, description="the table the figures are from")
    params: Printed | None = Field(None, description="trainable parameters as printed: 26M")
    frozen_params: Printed | None = Field(None, description="parameters frozen after random initialisation")
    at: dict[str, Figures] = Field({}, description="figures at other image sizes: {384: {macs: 13.4G, top1: 85.0}}")
    note: str | None = Field(None, description="what a reader of the figures should know")

    def of(self, size: Any, own: Any) -> Figures | None:
        """The figures at an image size; `own` is the arch's."""
        return self if size == own else self.at.get(str(size))


class Pretrained(Spec):
    """A checkpoint on this machine."""

    noun: ClassVar[str] = "checkpoint"
    file: str = Field(description="path of a .safetensors or torch file, relative to this document")
    source: Literal["archspec", "timm", "official"] = Field("archspec", description="whose parameter names it uses")


@dataclass(frozen=True, slots=True)
class Branch:
    """A residual branch: x and op(norm(x)), joined by the scaling."""

    norm: Norm
    op: Mixer | ChannelMlp
    scaling: Scaling


@dataclass(frozen=True, slots=True)
class Block:
    """A mixer's branch and, unless it is none, an mlp's."""

    mixer: Branch
    mlp: Branch | None


class Stage(Spec):
    """`depth` blocks at one resolution and width."""

    dim: Count = Field(description="width: channels of every token")
    depth: Count = Field(description="number of blocks")
    mixer: Mixer = Field(description="the token mixer of every block")
    mlp: ChannelMlp = Field(Mlp(), description="the channel mlp of every block, or none")
    norm: Norm = Field(LayerNorm(), description="the norm at the head of every branch")
    scaling: Scaling = Field(NoScaling(), description="how branches are added")
    activation: Activation = Field(Gelu(), description="inherited by mixer and mlp where theirs is `inherit`")
    bias: Bias = Field(EVERY_PART, description="true, false or a list of norm, linear, conv; inherited likewise")
    positions: Positions = Field(NoPositions(), description="position table added where the stage begins")
    class_tokens: Annotated[tuple[ClassToken, ...], PlainValidator(_class_tokens)] = Field(
        (), description="class tokens that enter here: any of start, middle, end"
    )
    downsample: Downsample | None = Field(
        None, description="what leads into the stage; `none` continues the stage before. The first stage has none"
    )

    def resolve(self, scope: Scope) -> Self:
        """The stage with nothing symbolic left; what alternates over its blocks stays a cycle, the shortest one."""
        blocks = [self._resolved_parts(scope.grid, block) for block in range(min(self.depth, self.period()))]
        cycled = {name: _shortest_cycle([block[name] for block in blocks], self.depth) for name in blocks[0]}
        whole = {"positions": _resolved(self.positions, scope.outside())}
        # The activation and the bias have reached the parts by now; at the stage they no longer say anything.
        return self._changed({**cycled, **whole, "activation": Gelu(), "bias": True})

    def _resolved_parts(self, grid: Grid, block: int) -> dict[str, Spec]:
        activation = _resolved(self.activation, Scope(grid, block))
        scope = Scope(grid, block, activation, self.bias)
        norm = _resolved(self.norm, scope)
        scope = Scope(grid, block, activation, self.bias, norm)
        parts = {name: _resolved(getattr(self, name), scope) for name in ("mixer", "mlp", "scaling")}
        return {**parts, "norm": norm}

    def block(self, index: int) -> Block:
        """One block of a resolved stage."""
        mixer, mlp, norm, scaling = (_turn(part, index) for part in (self.mixer, self.mlp, self.norm, self.scaling))
        mixer_norm = NoNorm() if mixer.owns_norm else norm
        return Block(Branch(mixer_norm, mixer, scaling), None if mlp.is_none else Branch(norm, mlp, scaling))

    def canonical(self) -> dict[str, Any]:
        """What identifies the stage: width and depth always, the rest where it is not the default."""
        return {"dim": self.dim, "depth": self.depth, **super().canonical()}


@lru_cache(maxsize=65536)
def _resolved(part: Any, scope: Scope) -> Any:
    """A part with nothing symbolic left; stages of a search share their parts."""
    return part.resolve(scope)


def _turn(part: Any, index: int) -> Any:
    """Whose turn it is in a block."""
    return part.cycle[index % len(part.cycle)] if isinstance(part, Cycle) else part


def _shortest_cycle(members: list[Spec], depth: int) -> Spec:
    """A sequence over blocks as one member or the shortest cycle that gives it."""
    period = len(members)
    for length in range(1, period + 1):
        # Both repeat, so what holds until they begin together again holds for every block.
        if all(members[i % period] == members[i % length] for i in range(min(depth, math.lcm(period, length)))):
            break
    if length == 1:
        return members[0]
    family = next(base for base in type(members[0]).__mro__ if getattr(base, "structures", None))
    cycle: type[Any] = family.structures["cycle"]  # type: ignore[attr-defined]
    return cycle.model_construct(cycle=tuple(members[:length]))  # type: ignore[no-any-return]


class Arch(Written):
    """One architecture."""

    implementation: ClassVar[str] = "archspec.compiler.network:Network"

    arch: str = Field("", description="the arch's name: its address, never part of the network")
    input: Input = Field(description="what the network is shaped for")
    classes: Count = Field(1000, description="logits")
    init: Init = Field(TruncNormal(), description="how linear layers and convolutions start")
    stem: Stem = Field(description="from the image to tokens")
    stages: tuple[Stage, ...] = Field(min_length=1, description="the stages, in order")
    head: Head = Field(description="from tokens to logits")
    reference: Reference | None = Field(None, description="the paper's figures")
    pretrained: Pretrained | None = Field(None, description="a checkpoint on this machine")
    plugins: tuple[str, ...] = Field((), description="python modules that define the kinds used here")
    note: str | None = Field(None, description="anything a reader should know")

    def __hash__(self) -> int:
        return hash(self.digest)

    @classmethod
    def choices(cls) -> list[str]:
        """Its fields, and what is gone once it is written out."""
        return ["defaults", *super().choices()]

    def edit(self, edits: Mapping[str, Any]) -> Arch:
        """This arch with parts changed: paths to values, as in a document's `edits`."""
        from archspec.spec.loading import edited

        return edited(self, edits)

    def reached(self, edits: list[Edit]) -> list[Edit]:
        """Of the edits that are meant for all of a study's archs those that are meant for such a one: all."""
        return edits

    def untrainable(self, recipe: Recipe) -> Iterator[Problem]:
        """What a recipe asks for that cannot be done with such a network."""
        return iter(())

    @cached_property
    def layout(self) -> Layout:
        """The resolved network at its own image size, with every part's place."""
        return self.laid_out()

    def laid_out(self, size: Any = None) -> Layout:
        """The resolved network at its own image size or run at another one, with every part's place."""
        from archspec.spec.layout import lay_out

        return lay_out(self, size)

    def network(self, seed: int) -> Any:
        """The torch module, whose weights have not been started."""
        return self.build(seed)  # type: ignore[arg-type]

    def resolved(self) -> Arch:
        """The same network with nothing symbolic left: inheritance, relative sizes and bias parts written out."""
        return self.layout.arch

    def identity(self) -> dict[str, Any]:
        """Everything that changes the network, in canonical form; names, references and comments are left out."""
        network = self.resolved().canonical()
        return {key: value for key, value in network.items() if key not in METADATA}

    @cached_property
    def digest(self) -> str:
        """A hash of the network: equal for equal networks however they are written."""
        return digest(self.identity())

    def to_dict(self, *, metadata: bool = True) -> dict[str, Any]:
        """The arch written out as plain data; a bare kind as one word."""
        left_out = set() if metadata else set(METADATA)
        return dict(tidy(self.model_dump(exclude_none=True, exclude=left_out)))


def tidy(value: Any) -> Any:
    """Plain data as a person would write it: bare kinds as words, whole floats as integers, nothing empty."""
    if isinstance(value, Mapping):
        entries = {key: tidy(child) for key, child in value.items()}
        return entries["kind"] if list(entries) == ["kind"] else entries
    if isinstance(value, list | tuple):
        return [tidy(element) for element in value]
    return int(value) if isinstance(value, float) and value.is_integer() and abs(value) < 1e15 else value
