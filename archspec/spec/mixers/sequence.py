"""What every mixer is that reads tokens one after another."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from archspec.spec.cost import Cost
from archspec.spec.mixers.base import Mixer, Parallel
from archspec.spec.place import Place, Scope
from archspec.spec.traversals import Rows, Traversal


class SequenceMixer(Mixer):
    """A mixer for which the order of tokens matters; it is written for one order, and `traversal` gives it others."""

    traversal: Traversal = Field(Rows(), description="the order in which tokens are read")

    def resolve(self, scope: Scope) -> Any:
        """Scans that share nothing are mixers in parallel."""
        mixer = super().resolve(scope)
        if not mixer.traversal.apart:
            return mixer
        members = tuple(mixer._changed({"traversal": scan}) for scan in mixer.traversal.scans())
        return Parallel.model_construct(parallel=members, norm=scope.norm)

    def projections(self, at: Place) -> Cost:
        """What is done to each token before and after a scan, and so only once for several in a layer."""
        return Cost()

    def scanned(self, at: Place) -> Cost:
        """What each of several scans in a layer costs between the projections."""
        return super().total(at) + self.projections(at) * -1

    def total(self, at: Place) -> Cost:
        """What it costs, with every scan in the layer."""
        further = len(self.traversal.scans()) - 1
        if not further:
            return super().total(at)
        scan = self.scanned(at)
        again = scan if self.traversal.own_weights else scan._replace(params=0, frozen_params=0)
        return self.projections(at) + scan + again * further
