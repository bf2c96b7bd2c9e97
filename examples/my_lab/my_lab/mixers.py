"""What can be said: the mixer `shift`. No torch is imported here."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Literal

from pydantic import Field

from archspec.spec.base import Complaint
from archspec.spec.cost import Cost
from archspec.spec.mixers import Mixer
from archspec.spec.place import Place
from archspec.spec.values import Count


class Shift(Mixer):
    """A fifth of the channels moves up, one down, one left and one right; the rest stay, and zeros come in."""

    implementation: ClassVar[str] = "my_lab.modules:Shift"
    needs_grid: ClassVar[bool] = True
    kind: Literal["shift"] = "shift"
    step: Count = Field(1, description="by how many tokens the channels move")

    def cost(self, at: Place) -> Cost:
        """Nothing: no parameters, no multiply-accumulates, and the way back needs no input."""
        return Cost()

    def check(self, at: Place) -> Iterator[Complaint]:
        """Something must move, and not out of the map."""
        if at.dim < 5:
            yield Complaint("", f"{at.dim} channels cannot be split into five groups")
        if self.step >= min(at.grid):
            message = f"a step of {self.step} leaves nothing of a {at.grid[0]}×{at.grid[1]} grid"
            yield Complaint("step", message, f"write {min(at.grid) - 1} or less")
