"""What is measured on networks: evaluations and analyses of finished runs, and proxies of networks yet untrained.

Each is a run of its own; `spec/proxies.py` has those that need no training.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar, Literal, Self

from pydantic import Field

from archspec.errors import Problem
from archspec.spec.arch import Arch, ImageSize
from archspec.spec.base import Spec
from archspec.spec.values import Count, OrNone


class Measurement(Spec, family="measurements"):
    """What is measured on a finished run, by a run of its own; its numbers become columns of the table."""

    of_trained: ClassVar[bool] = True
    """Whether the network has to be trained first."""
    alone: ClassVar[bool] = False
    """Whether it measures time, so that nothing else is to be at work beside it."""

    def measure(self, measured: Any) -> dict[str, float]:
        """Its numbers by name; `implementation` names the function that takes this spec and what is measured."""
        return self.build(measured)  # type: ignore[no-any-return]

    def problems(self, arch: Arch) -> Iterator[Problem]:
        """Why it cannot be measured on an arch as it is trained; each path begins in the measurement."""
        return iter(())

    def brief(self) -> Self:
        """The same in small, to see that it runs."""
        return self


class AtSize(Measurement):
    """What is measured on images, perhaps of another size than the network was trained for."""

    size: OrNone[ImageSize] = Field(None, description="side of the images, or [rows, columns]; `none`: as in training")

    def problems(self, arch: Arch) -> Iterator[Problem]:
        """The parts of the network that cannot run at the size."""
        if self.size is None or self.size == arch.input.size:
            return
        for problem in arch.laid_out(self.size).problems():
            name = arch.arch or "the network"
            message = f"{name} cannot run on images of this size: `{problem.path}`: {problem.message}"
            yield Problem(problem.code, message, "choose another size, or `none`", "size")

    def brief(self) -> Self:
        """At the size of the training, for what is made small for a try may fit no other."""
        return self.model_copy(update={"size": None})


class Evaluate(AtSize):
    """Top-1, top-5 and loss on images that were not learned from."""

    implementation: ClassVar[str] = "archspec.training.measurements:evaluation"
    kind: Literal["evaluate"] = "evaluate"
    split: Literal["val", "test"] = Field("test", description="which images")


class Throughput(AtSize):
    """Images a second in evaluation, where the run happens to be; batches of random images, the median of several."""

    alone: ClassVar[bool] = True
    implementation: ClassVar[str] = "archspec.training.measurements:throughput"
    kind: Literal["throughput"] = "throughput"
    batch: Count = Field(64, description="images at once")
    repeats: Count = Field(30, description="batches that are timed, after one that is not")

    def brief(self) -> Self:
        """Two small batches."""
        return super().brief().model_copy(update={"batch": 2, "repeats": 2})
