"""What the kinds of Hyena share: products of projections, convolved with filters that a small network writes."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from pydantic import Field

from archspec.spec.cost import Cost, transformed
from archspec.spec.mixers.base import Mixer
from archspec.spec.norms import NoNorm, Norm
from archspec.spec.place import Place, Scope
from archspec.spec.values import EVERY_PART, Bias, BiasPart, Count, OrNone


class LongFilter(Mixer):
    """Sine layers turn the place of each tap into its weights; a window lets distant taps fade."""

    bias_parts: ClassVar[tuple[BiasPart, ...]] = ("linear", "conv")
    published_window: ClassVar[str]
    hidden: ClassVar[int]
    """How many hidden layers follow the first."""
    bands: Count = Field(16, description="waves that tell the taps of a filter apart; its layers are 4 × as wide")
    window: OrNone[Literal["published", "learned", "fixed"]] = Field(
        "published",
        description="the exponential window over a filter, or `none`; `published` is `fixed` for `hyena` and `learned` "
        "for `hyena_pixel`",
    )
    norm: Norm = Field(NoNorm(), description="norm of what is convolved, and of the product behind it")
    other_sizes: Literal["pad", "interpolate"] = Field(
        "pad", description="on another grid than its own: the same filter beside zeros, or one written for that grid"
    )
    bias: Bias = Field(EVERY_PART, description="which of its linear layers and short convolutions have a bias")

    def resolve(self, scope: Scope) -> Any:
        """With the window that was published."""
        said = self._changed({"window": self.published_window}) if self.window == "published" else self
        return super(LongFilter, said).resolve(scope)

    @property
    def width(self) -> int:
        """The width of the filter's layers."""
        return 4 * self.bands

    def written(self, at: Place, features: int, own_taps: int, taps: int, sizes: tuple[int, ...]) -> Cost:
        """A filter with so many taps, told apart by so many features, and its convolution at some sizes."""
        width, is_learned = self.width, self.window == "learned"
        layers = features * width + self.hidden * width * width + width * at.dim
        sines_and_biases = 2 * width * (1 + self.hidden)
        own = Cost(own_taps * features + layers + sines_and_biases + at.dim, macs=taps * layers)
        window = Cost(2 * at.dim * is_learned, own_taps * is_learned)
        return own + window + transformed(at.dim, sizes)
