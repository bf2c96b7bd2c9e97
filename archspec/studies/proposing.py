"""Candidates asked of Optuna, one that meets the constraints at a time, and what became of them told."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import optuna
from optuna.trial import FrozenTrial, Trial, TrialState

from archspec.errors import ArchspecError
from archspec.spec.candidates import Candidates
from archspec.spec.decisions import Answer, Choices, Numbers
from archspec.spec.drawing import ways
from archspec.spec.samplers import Random
from archspec.spec.search import Search
from archspec.studies.journal import FEASIBLE, Ledger, storage
from archspec.studies.plan import REFUSED
from archspec.studies.sampling import quiet, sampler

REDRAWS = 1000
"""Candidates that may be drawn in a row without one that meets the constraints."""
STATES = {"done": TrialState.COMPLETE, "pruned": TrialState.PRUNED, "failed": TrialState.FAIL}
BEGIN = "begin"
"""Under which attribute the journal keeps the decisions of the candidates to begin with."""
VALUES = "values"
"""Under which attribute a trial keeps what it came to."""
CLIMBED = "rungs"
"""Under which it keeps what it reached on each rung."""
AGAIN = "again"
"""Under which it says that it was fetched back, and so no sampler's."""
BROKEN = "broken"
"""Under which it keeps the keys of the runs that it failed by."""


Begin = Callable[[], list[Choices]]
"""What the candidates to begin with are asked of, once."""


class Asked(NamedTuple):
    """A candidate that is to be trained, or was."""

    number: int
    choices: Choices
    state: str
    values: dict[str, float]
    rungs: tuple[float, ...] = ()
    again: bool = False
    broken: tuple[str, ...] = ()


class Told:
    """Takes decisions as a trial of Optuna suggests them."""

    def __init__(self, trial: Trial) -> None:
        self.trial = trial

    def choose(self, name: str, options: tuple[Answer, ...]) -> Answer:
        """One of some options."""
        found: Any = self.trial.suggest_categorical(name, options)
        return found  # type: ignore[no-any-return]

    def number(self, name: str, numbers: Numbers) -> int | float:
        """A number of a range."""
        if numbers.whole:
            step = 1 if numbers.log else int(numbers.step or 1)
            return self.trial.suggest_int(name, int(numbers.low), int(numbers.high), step=step, log=numbers.log)
        return self.trial.suggest_float(name, numbers.low, numbers.high, step=numbers.step, log=numbers.log)


class Proposals:
    """The trials of a search. Nothing is remembered but what its journal says."""

    def __init__(
        self,
        journal: Path,
        name: str,
        search: Search,
        candidates: Candidates,
        begin: Callable[[], list[Choices]] = list,
    ) -> None:
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        self.search, self.candidates = search, candidates
        self.ledger = Ledger(journal)
        directions: list[Any] = ["maximize" if goal == "max" else "minimize" for goal in search.objectives.values()]
        self.study = optuna.create_study(
            storage=storage(self.ledger), study_name=name, directions=directions, load_if_exists=True
        )
        # What other studies have done by now is written down, for they may go on while this one does.
        if BEGIN not in self.study.user_attrs:
            self.study.set_user_attr(BEGIN, begin())
        self.begin: list[Choices] = self.study.user_attrs[BEGIN]
        self.ledger.commit()
        self.every = self._every() if search.sampler.steps else None

    def asked(self) -> Iterator[Asked]:
        """The candidates that meet the constraints, in the order in which they were asked for."""
        states = {state: word for word, state in STATES.items()}
        for trial in self._trials():
            if FEASIBLE in trial.user_attrs:
                attributes = trial.user_attrs
                state = REFUSED if trial.constraints else states.get(trial.state, "running")
                # To Optuna the value of one that was given up is the last that it reported.
                told = dict(zip(self.search.objectives, trial.values if state == "done" else (), strict=False))
                values = {**told, **attributes.get(VALUES, {})}
                climbed, broken = (tuple(attributes.get(name, ())) for name in (CLIMBED, BROKEN))
                yield Asked(trial.number, attributes[FEASIBLE], state, values, climbed, AGAIN in attributes, broken)

    def ask(self, again: Choices | None = None) -> Asked | None:
        """The next candidate that meets the constraints, or one once more; None where there are no more."""
        missed = Counter(self._missed_in_a_row())
        while sum(missed.values()) < REDRAWS:
            trial = self._next(again)
            if trial is None:
                self.ledger.commit()
                return None
            with quiet():
                choices = self.candidates.draw(Told(trial))
            refusal = self.candidates.refusal(self.candidates.quick(choices))
            if refusal is None:
                if again is not None:
                    trial.set_user_attr(AGAIN, True)
                trial.set_user_attr(FEASIBLE, choices)
                self.ledger.commit()
                return Asked(trial.number, choices, "running", {}, again=again is not None)
            missed[refusal.condition] += 1
            trial.set_constraint(refusal.condition, refusal.missed_by)
            self._end(trial.number, TrialState.PRUNED, None)
        self.ledger.commit()
        told = ", ".join(f"`{condition}` {count:,} times" for condition, count in missed.most_common())
        raise ArchspecError(f"{REDRAWS:,} candidates in a row do not meet the constraints: they miss {told}")

    def climbed(self, number: int, rungs: Sequence[float]) -> None:
        """What a candidate has reached on its rungs; it goes on."""
        self._report(number, rungs)
        self.ledger.commit()

    def tell(
        self,
        number: int,
        state: str,
        values: Mapping[str, float],
        rungs: Sequence[float] = (),
        broken: Sequence[str] = (),
    ) -> None:
        """What has become of a candidate."""
        self._report(number, rungs)
        if broken:
            self._trial(number).set_user_attr(BROKEN, [*broken])
        complete = state == "done"
        said = [values[name] for name in self.search.objectives] if complete else None
        self._trial(number).set_user_attr(VALUES, dict(values))
        self._end(number, STATES[state], said)
        self.ledger.commit()

    def refuse(self, number: int, missed: Mapping[str, float], values: Mapping[str, float]) -> None:
        """A candidate that met the constraints on its costs misses some on its proxies."""
        trial = self._trial(number)
        for condition, by in missed.items():
            trial.set_constraint(condition, by)
        self.tell(number, "pruned", values)

    def _report(self, number: int, rungs: Sequence[float]) -> None:
        """Note the newest rung; by the one objective, samplers learn from it even where a candidate goes no further."""
        if not rungs:
            return
        trial = self._trial(number)
        trial.set_user_attr(CLIMBED, [*rungs])
        known = len(rungs) - 1 in self._trials()[number].intermediate_values
        if [*self.search.objectives] == [self.search.pruned_by] and not known:
            trial.report(rungs[-1], len(rungs) - 1)

    def _next(self, again: Choices | None) -> Trial | None:
        """The next trial, of which nothing is decided yet."""
        trials = self._trials()
        if again is not None:
            self.study.enqueue_trial(again)
        elif self.begin and (count := self._proposed()) < len(self.begin):
            self.study.enqueue_trial(self.begin[count])
        elif self.every is not None:
            choices = next(islice(self.every, 1), None)
            if choices is None:
                return None
            self.study.enqueue_trial(choices)
        stuck = not self.search.sampler.heeds and next(self._missed_in_a_row(), None) is not None
        with quiet():
            self.study.sampler = sampler(Random() if stuck else self.search.sampler, self.search.seed, len(trials))
            return self.study.ask()

    def _end(self, number: int, state: TrialState, values: list[float] | None) -> None:
        with quiet():
            self.study.sampler = sampler(self.search.sampler, self.search.seed, number)
            self.study.tell(number, values, state=state)

    def _every(self) -> Iterator[Choices]:
        """Every candidate that was not asked for yet."""
        asked = max(0, self._proposed() - len(self.begin))
        return islice(ways([one.part for one in self.candidates.open]), asked, None)

    def _proposed(self) -> int:
        """How many trials there are, without those that were fetched back."""
        return sum(AGAIN not in trial.user_attrs for trial in self._trials())

    def _missed_in_a_row(self) -> Iterator[str]:
        """What the newest candidates have missed, back to the last one that met the constraints."""
        for trial in reversed(self._trials()):
            if trial.state is TrialState.RUNNING:
                continue  # whether it is refused is not known yet
            if not trial.constraints:
                return
            yield from trial.constraints

    def _trial(self, number: int) -> Trial:
        """A trial that something is to be noted of."""
        return Trial(self.study, self._trials()[number]._trial_id)

    def _trials(self) -> list[FrozenTrial]:
        return self.study.get_trials(deepcopy=False)
