"""MLflow; $MLFLOW_TRACKING_URI and $MLFLOW_EXPERIMENT_NAME mean what they always do."""

from __future__ import annotations

import os
from collections.abc import Mapping

from archspec.training.trackers import About, Tracker

KEY = "archspec.key"
STATES = {"done": "FINISHED", "failed": "FAILED", "stopped": "KILLED"}


class MLflow(Tracker):
    """Logs to the run that is tagged with the key; the first attempt makes it."""

    def __init__(self, about: About) -> None:
        from mlflow import MlflowClient

        self.client = MlflowClient()
        name = os.environ.get("MLFLOW_EXPERIMENT_NAME", "archspec")
        experiment = self.client.get_experiment_by_name(name)
        place = experiment.experiment_id if experiment else self.client.create_experiment(name)
        found = self.client.search_runs([place], filter_string=f"tags.`{KEY}` = '{about.key}'", max_results=1)
        run = found[0] if found else self.client.create_run(place, run_name=about.name, tags={KEY: about.key})
        self.id = run.info.run_id
        self.client.update_run(self.id, status="RUNNING")

    def tell(self, numbers: Mapping[str, float], step: int) -> None:
        """A point of every curve."""
        for name, number in numbers.items():
            self.client.log_metric(self.id, name, number, step=step)

    def close(self, state: str) -> None:
        """Say how it ended."""
        self.client.set_terminated(self.id, status=STATES[state])
