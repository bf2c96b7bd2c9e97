"""`train(folder)`: everything a runner ever executes. A run is a function of its folder and nothing else."""

from __future__ import annotations

import hashlib
import os
import sys
from pathlib import Path
from typing import Any

import torch
from torch import nn

from archspec.compiler import build
from archspec.compiler.network import Network
from archspec.errors import ArchspecError
from archspec.records.run import RunFolder
from archspec.spec.loading import load
from archspec.spec.recipe import RECIPE
from archspec.training import checkpoint
from archspec.training.attempting import SupersededError, asked_to_stop, attempted
from archspec.training.data import batches
from archspec.training.data.finding import same_source
from archspec.training.data.source import SplitName
from archspec.training.environment import device_of
from archspec.training.evaluating import Scores, evaluate
from archspec.training.journal import Journal
from archspec.training.loop import DivergedError, Learner
from archspec.training.phases import Phase, hand_over, phases
from archspec.training.progress import Clock, Lines, Progress
from archspec.training.signals import Signals, Stopped
from archspec.training.starting import started


def train(folder: Path | str, progress: Progress | None = None) -> dict[str, Any]:
    """Run a folder to its end, from wherever earlier attempts left it; its result."""
    run = RunFolder(Path(folder))
    if (result := run.result()) is not None:
        return result
    with attempted(run, RECIPE.load(run.spec()["recipe"]), progress) as (journal, signals):
        return Training(journal, signals).whole()


class Training:
    """One attempt at a run."""

    def __init__(self, journal: Journal, signals: Signals) -> None:
        self.journal, self.signals = journal, signals
        self.run, self.attempt, self.world = journal.run, journal.attempt, journal.world
        spec = self.run.spec()
        self.arch, self.recipe, self.seed = load(spec["arch"]), RECIPE.load(spec["recipe"]), int(spec["seed"])
        self.device = device_of(self.world)
        self.journal.introduce(self.device, self.recipe.trackers)
        self.source = same_source(self.recipe.data, spec["data"])
        self.phases = phases(self.recipe, self.source.split("train"))
        self.epoch, self.within, self.loss = 0, 0, 0.0
        self.lines: list[dict[str, Any]] = []
        self.best: dict[str, Any] | None = None
        found = self._newest_checkpoint()
        self._restore(found) if found else self._begin(started(self.run))

    @property
    def phase(self) -> Phase:
        """The phase that the run is in."""
        return next((phase for phase in self.phases if self.epoch < phase.end), self.phases[-1])

    @property
    def step(self) -> int:
        """The steps made."""
        return self.phase.begin(self.epoch) + self.within

    def whole(self) -> dict[str, Any]:
        """Train, test, and finish the run; what is no longer finite finishes it as failed."""
        last = self.phases[-1]
        self.journal.progress.begin(last.first_step + last.total, self.step)
        try:
            while self.epoch < last.end:
                with self.learner.dropping:
                    self._learn_epoch()
                self._turn_over()
            result = self._tested()
        except DivergedError as error:
            named = {"step": error.step, "culprit": error.culprit, "checkpoint": self.journal.last_checkpoint()}
            result = {"state": "failed", "reason": str(error), **named}
            self.journal.say(f"failed: {error}; the last good checkpoint is {named['checkpoint'] or 'none'}")
        return self._finished(result)

    def _begin(self, weights: Network | None) -> None:
        """The learner of the phase that the run is in, perhaps with another network's weights to begin with."""
        recipe = self.phase.recipe
        size = recipe.resolution or self.arch.input.size
        arch = self.arch if size == self.arch.input.size else self.arch.edit({"input.size": size})
        network = build(arch, seed=self.seed)
        if weights is not None:
            hand_over(weights, network)
        device, world, say = self.device, self.world, self.journal.say
        self.learner = Learner(network, recipe, self.seed, device=device, world=world, say=say)

    def _turn_over(self) -> None:
        """Go on to the next epoch, and perhaps the next phase."""
        before = self.phase
        self.epoch, self.within, self.loss = self.epoch + 1, 0, 0.0
        if self.phase is not before:
            self._begin(self._product().cpu())
        self._save()

    def _finished(self, result: dict[str, Any]) -> dict[str, Any]:
        counts = self.world.tell(self.run.finish(self.attempt, result) if self.world.writes else None)
        if not counts:
            raise SupersededError
        self.journal.ended(result)
        if result["state"] == "done":
            self.journal.forget()
        return self.run.result() or result

    def _learn_epoch(self) -> None:
        """The rest of an epoch, and its measurements."""
        clock, length = Clock(), self.phase.length(self.epoch)
        data = iter(self._batches("train", self.epoch, training=True, start=self.within))
        while self.within < length:
            batch = clock.timed(lambda: next(data))
            self.loss += self.learner.step(self.step, batch, self.phase.rate(self.step))
            self.within += 1
            clock.images += batch.total
            said = f"loss {self.loss / self.within:.3f}  {clock.speed:,.0f} images/s"
            self.journal.progress.advance(self.step, said)
            self._pause()
        self._measure(clock, length)

    def _measure(self, clock: Clock, length: int) -> None:
        """The numbers of an epoch that has just ended."""
        speed, share, said, number = clock.speed, clock.share, str(clock), self.epoch + 1
        rate, last = self.phase.rate(self.step - 1), self.phases[-1].end
        line = {"epoch": number, "step": self.step, "lr": rate, "train_loss": self.loss / length}
        if number == last or number % self.phase.recipe.evaluate_every == 0:
            line |= self._validated()
            self._remember_best(line)
        self.lines.append(line)
        wall = {"epoch": number, "step": self.step, "seconds": clock.seconds}
        self.journal.measured(line, {**wall, "images_per_second": speed, "data_share": share})
        reached = f"  val {line['val_loss']:.4f}  top-1 {line['top1']:.2f}" if "top1" in line else ""
        self.journal.say(f"epoch {number}/{last}  loss {line['train_loss']:.4f}{reached}  {said}")

    def _validated(self) -> Scores:
        scores = self._scores("val", self.learner.network)
        line = {"val_loss": scores["loss"], "top1": scores["top1"], "top5": scores["top5"]}
        if self.learner.average is not None:
            line |= {f"ema_{name}": score for name, score in self._scores("val", self.learner.average).items()}
        return line

    def _remember_best(self, line: dict[str, Any]) -> None:
        """Keep the weights of the best epoch so far, where that is the one to be tested."""
        score = line.get("ema_top1", line["top1"])
        chosen = self.phase is self.phases[-1] and self.recipe.select == "best"
        if chosen and (self.best is None or score > self.best["score"]):
            weights = {name: tensor.detach().cpu().clone() for name, tensor in self._product().state_dict().items()}
            self.best = {"score": score, "epoch": line["epoch"], "weights": weights}

    def _product(self) -> Network:
        """The network that training is for: the average, where one is kept."""
        return self.learner.network if self.learner.average is None else self.learner.average

    def _tested(self) -> dict[str, Any]:
        """The chosen epoch's network on images that nothing was chosen by."""
        network, chosen = self._product(), self.phases[-1].end
        if self.best is not None:
            network.load_state_dict(self.best["weights"])
            chosen = self.best["epoch"]
        scores = self._scores("test", network)
        self.journal.say(f"test  loss {scores['loss']:.4f}  top-1 {scores['top1']:.2f}  top-5 {scores['top5']:.2f}")
        self.journal.keep_model(network)
        details = {"weights": fingerprint(network), "micro_batch": self.learner.micro}
        return {"state": "done", "epoch": chosen, "steps": self.step, **scores, **details}

    def _scores(self, split: SplitName, network: nn.Module) -> Scores:
        data = self._batches(split, 0, training=False)
        precision = self.learner.autocast
        return evaluate(network, data, device=self.device, world=self.world, precision=precision, between=self._rest)

    def _batches(self, split: SplitName, epoch: int, *, training: bool, start: int = 0) -> Any:
        recipe = self.phase.recipe
        said: dict[str, Any] = {"size": recipe.resolution or self.arch.input.size, "classes": self.arch.classes}
        said |= {"seed": self.seed, "rank": self.world.rank, "world": self.world.size, "workers": recipe.workers}
        return batches(self.source.split(split), recipe, epoch=epoch, training=training, start=start, **said)

    def _rest(self) -> None:
        """Between two batches of an evaluation; several processes have different numbers of them, so none may stop."""
        if self.world.size == 1:
            self._pause()
        else:
            self.journal.beat()

    def _pause(self) -> None:
        """Between two steps: a sign of life, and time to stop or to save."""
        if code := asked_to_stop(self.journal, self.signals):
            self._save()
            raise Stopped(code)
        if self.journal.due(self.recipe.checkpoint.minutes):
            self._save()

    def _save(self) -> None:
        learner = self.learner.state(self.step)
        position = {"epoch": self.epoch, "within": self.within, "loss": self.loss}
        state = {"learner": learner, "lines": self.lines, "best": self.best, **position}
        self.journal.checkpoint(self.step, state, self.recipe.checkpoint.keep)

    def _newest_checkpoint(self) -> dict[str, Any] | None:
        """The newest state that any attempt left behind."""
        found = checkpoint.newest(self.run.checkpoints(), self.journal.say) if self.world.writes else None
        path = self.world.tell(found and str(found[0]))
        if path is None:
            return None
        state = found[1] if found else checkpoint.read(Path(path))
        return {**state, "path": os.path.relpath(path, self.run.path)}

    def _restore(self, state: dict[str, Any]) -> None:
        """Go on where another attempt left off."""
        self.epoch, self.within, self.loss = state["epoch"], state["within"], state["loss"]
        self.lines, self.best = state["lines"], state["best"]
        self._begin(None)
        self.learner.restore(state["learner"])
        self.journal.go_on_from(self.lines)
        self.journal.say(f"resumed at step {self.step} from {state['path']}")


def fingerprint(network: nn.Module) -> str:
    """A hash of every number of a network."""
    digest = hashlib.sha256()
    for name, tensor in network.state_dict().items():
        digest.update(name.encode())
        digest.update(tensor.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()


def main() -> None:
    """`python -m archspec.training.train FOLDER`, also under torchrun and srun; 85 means: start me again."""
    try:
        train(sys.argv[1], Lines())
    except Stopped as stop:
        sys.exit(stop.code)
    except ArchspecError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
