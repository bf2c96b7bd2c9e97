"""Weights & Biases; $WANDB_PROJECT, $WANDB_MODE and the others mean what they always do."""

from __future__ import annotations

import os
from collections.abc import Mapping

from archspec.training.trackers import About, Tracker


class WandB(Tracker):
    """Logs to a run whose id is the key, which every attempt goes on with."""

    def __init__(self, about: About) -> None:
        import wandb

        project, folder = os.environ.get("WANDB_PROJECT", "archspec"), str(about.run.tracked)
        said = {"project": project, "id": about.key, "name": about.name, "config": about.spec, "dir": folder}
        self.run = wandb.init(**said, resume="allow")

    def tell(self, numbers: Mapping[str, float], step: int) -> None:
        """A point of every curve; what an earlier attempt has told already is passed over."""
        self.run.log(dict(numbers), step=step)

    def close(self, state: str) -> None:
        """Send what is left."""
        self.run.finish(exit_code=int(state == "failed"))
