"""TensorBoard: event files in the run's folder; `tensorboard --logdir archspec-store/runs` shows those of all runs."""

from __future__ import annotations

from collections.abc import Mapping

from archspec.training.trackers import About, Tracker


class TensorBoard(Tracker):
    """Writes event files; a later attempt adds its own beside them."""

    def __init__(self, about: About) -> None:
        from tensorboard.summary import Writer

        self.writer = Writer(str(about.run.tracked / "tensorboard"))

    def tell(self, numbers: Mapping[str, float], step: int) -> None:
        """A point of every curve."""
        for name, number in numbers.items():
            self.writer.add_scalar(name, number, step)
        self.writer.flush()

    def close(self, state: str) -> None:
        """Write what is left."""
        self.writer.close()
