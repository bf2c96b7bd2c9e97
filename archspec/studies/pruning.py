"""Which runs of a search are stopped early. What was measured stands in their folders, so nothing else is kept."""

from __future__ import annotations

import optuna
from optuna.trial import Trial, TrialState

from archspec.spec.search import Search
from archspec.studies.sampling import pruner, quiet


class Pruning:
    """The candidates of a search by one metric, as Optuna's pruners look at them."""

    def __init__(self, search: Search, epochs: int) -> None:
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        self.search = search
        direction = "maximize" if search.best_is_more(search.pruned_by) else "minimize"
        self.study = optuna.create_study(direction=direction, pruner=pruner(search.pruner, epochs))  # type: ignore[arg-type]
        self.trials: dict[int, Trial] = {}
        self.seen: dict[int, int] = {}
        """The last step that was looked at, by candidate."""

    def stops(self, number: int, curve: dict[int, float]) -> bool:
        """Whether a candidate is to be stopped after what its curve shows that was not looked at yet."""
        if number not in self.trials:
            self.trials[number] = self.study.ask()
        for step in sorted(step for step in curve if step > self.seen.get(number, -1)):
            self.seen[number] = step
            self.trials[number].report(curve[step], step)
            with quiet():
                if self.trials[number].should_prune():
                    return True
        return False

    def end(self, number: int, value: float | None) -> None:
        """A candidate has reached a value, or was given up."""
        trial = self.trials.pop(number, None) or self.study.ask()
        self.study.tell(trial, value, state=TrialState.PRUNED if value is None else TrialState.COMPLETE)
