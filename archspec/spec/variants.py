"""What an arm makes of a network and its recipe."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NamedTuple

from archspec.errors import SpecError
from archspec.spec.arch import Arch
from archspec.spec.edits import edits_of
from archspec.spec.findings import Findings
from archspec.spec.loading import ARCH
from archspec.spec.nodes import Node
from archspec.spec.reading import Document
from archspec.spec.recipe import RECIPE, Recipe, phases_of
from archspec.spec.study import RECIPE_PREFIX, Arm, Study


class Variant(NamedTuple):
    """A network and how it is trained."""

    arch: Arch
    recipe: Recipe | None
    """None where it could not be read."""

    @property
    def shaped(self) -> Arch:
        """The network at the size it has when its training ends."""
        size = phases_of(self.recipe)[-1].resolution if self.recipe is not None else None
        return self.arch if size in (None, self.arch.input.size) else self.arch.edit({"input.size": size})


@dataclass
class Names:
    """What the names in a study stand for; archs are as its profile has them."""

    study: Study
    document: Document
    archs: dict[tuple[str, Path | None], Arch] = field(default_factory=dict)

    def arch(self, node: Node) -> Arch:
        """The arch that a value names or describes, with the profile's edits."""
        beside = self.beside(node)
        if not isinstance(node.value, str):
            return self.layered(ARCH.resolve(node, beside))
        if (node.value, beside.file) not in self.archs:
            self.archs[node.value, beside.file] = self.layered(ARCH.resolve(node, beside))
        return self.archs[node.value, beside.file]

    def layered(self, arch: Arch) -> Arch:
        """An arch with the profile's edits."""
        edits = arch.reached(list(self.study.layer))
        return ARCH.blaming(arch, edits) if edits else arch

    def recipe(self, node: Node) -> Recipe:
        """The recipe that a value names or describes; the study's own where it is `none`."""
        node = self.study.tree.mapping["recipe"] if node.value == "none" else node
        return RECIPE.resolve(node, self.beside(node))

    def beside(self, node: Node) -> Document:
        """The study as of the file in which a value is written: a study may extend one of another folder."""
        file = Path(node.mark.file) if node.mark else None
        return replace(self.document, file=file) if file and file.is_file() else self.document

    def changed(self, variant: Variant, arm: Node) -> Variant:
        """A variant with an arm's changes: another arch or recipe first, then edits of either."""
        arch = self.arch(arm.mapping["arch"]) if "arch" in arm.mapping else variant.arch
        recipe = self.recipe(arm.mapping["recipe"]) if "recipe" in arm.mapping else variant.recipe
        edits = edits_of(arm.without(*Arm.names))
        on_recipe = [edit for edit in edits if edit.path.startswith(RECIPE_PREFIX)]
        on_arch = [edit for edit in edits if edit not in on_recipe]
        found = Findings()
        with found.collecting():
            arch = ARCH.blaming(arch, on_arch) if on_arch else arch
        with found.collecting():
            stripped = [edit._replace(path=edit.path.removeprefix(RECIPE_PREFIX)) for edit in on_recipe]
            recipe = RECIPE.blaming(recipe, stripped) if stripped and recipe else recipe
        if found.seen:
            raise SpecError(found.sorted())
        return Variant(arch, recipe)
