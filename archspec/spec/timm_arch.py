"""A model of timm's as an arch: its name, what it is shaped for, and arguments of its own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Self

from pydantic import AfterValidator, Field

from archspec.errors import Problem, near
from archspec.spec.arch import Arch, Input, as_grid
from archspec.spec.base import Complaint
from archspec.spec.cost import Cost
from archspec.spec.edits import Edit
from archspec.spec.inits import Init, TruncNormal
from archspec.spec.place import Place
from archspec.spec.refusing import wrong
from archspec.spec.timm_facts import costs, models

if TYPE_CHECKING:
    from archspec.spec.layout import Layout
    from archspec.spec.recipe import Recipe


def _known(name: str) -> str:
    if name not in models():
        raise wrong(f"timm has no model `{name}`", near(name, models()), "ARC102")
    return name


class TimmArch(Arch):
    """A model of timm's, whose parts are timm's business: edits reach its size, its classes and its arguments."""

    noun: ClassVar[str] = "model of timm's"
    implementation: ClassVar[str] = "archspec.compiler.timm_network:TimmNetwork"
    across_images: ClassVar[bool] = True
    """What a model computes across images is not known, so micro-batches may change results."""
    stem: ClassVar[Any] = None  # type: ignore[misc]
    stages: ClassVar[Any] = ()  # type: ignore[misc]
    head: ClassVar[Any] = None  # type: ignore[misc]
    init: ClassVar[Init] = TruncNormal()  # type: ignore[misc]

    timm: Annotated[str, AfterValidator(_known)] = Field(description="the model's name: `timm.list_models()`")
    input: Input = Field(Input(size=224), description="what the network is shaped for; by default as timm has it")
    args: dict[str, Any] = Field({}, description="further arguments of the model: {window_size: 8}")

    @classmethod
    def _with_default_kinds(cls, data: Mapping[str, Any]) -> Mapping[str, Any]:
        """Its name is the model's, and its size what timm made that for, where nothing else is said."""
        name, said = data["timm"], data.get("input", {})
        shaped = models().get(name) if isinstance(name, str) else None
        if shaped is not None and isinstance(said, Mapping):
            size = shaped[1] if shaped[1] == shaped[2] else shaped[1:]
            said = {"size": size, "channels": shaped[0], **said}
        return super()._with_default_kinds({**data, "arch": data.get("arch") or name, "input": said})

    def resolved(self) -> Self:
        """Itself: nothing about it is symbolic."""
        return self

    def reached(self, edits: list[Edit]) -> list[Edit]:
        """Those edits that lead to something it has."""
        return [edit for edit in edits if edit.path.partition(".")[0] in ("input", "classes", "args")]

    def untrainable(self, recipe: Recipe) -> Iterator[Problem]:
        """Branches can be dropped where timm has such, and its layers are not ours to tell apart."""
        from archspec.spec.recipe import phases_of

        mark = self.tree.mark_of(("timm",))
        if any(phase.drop_path for phase in phases_of(recipe)) and not self._asked().get("drops", True):
            message = f"`{self.timm}` has no branches to drop"
            yield Problem("ARC401", message, "set the recipe's `drop_path` to 0", "drop_path", mark)
        if recipe.optimizer.layer_decay is not None:
            message, hint = "the layers of a model of timm's are not known", "set `optimizer.layer_decay` to none"
            yield Problem("ARC401", message, hint, "optimizer.layer_decay", mark)

    def _asked(self, size: Any = None) -> dict[str, Any]:
        """What torch says of it, at its own image size or at another."""
        run = as_grid(self.input.size if size is None else size)
        asked = {"timm": self.timm, "args": self.args, "classes": self.classes, "channels": self.input.channels}
        return costs({**asked, "size": self.input.size, "run": run})

    def laid_out(self, size: Any = None) -> Layout:
        """The whole network as one section, counted by torch on shapes alone."""
        from archspec.spec.layout import Layout, Section

        said, native = self._asked(size), as_grid(self.input.size)
        entry = Place(self.input.channels, native if size is None else as_grid(size), native, out=self.classes)
        at = Place(said.get("features") or 1, (1, 1), (1, 1), out=self.classes)
        cost = tuple(("model", Cost(*(said[name] for name in Cost._fields))) for _ in range("error" not in said))
        return Layout(self, (Section("timm", self, entry, at, cost, tuple(_refusal(self, said))),))


def _refusal(arch: TimmArch, said: Mapping[str, Any]) -> Iterator[Complaint]:
    if "error" in said:
        hint = "see `args` and `input.size`" if arch.args else "another `input.size`, or `args` that fit it"
        yield Complaint("", f"timm cannot make this network: {said['error']}", hint)
