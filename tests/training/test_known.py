"""What is known about real runs, from their folders and from the index."""

from __future__ import annotations

from pathlib import Path

import pytest

from archspec.records.files import read_lines
from archspec.records.index import Index
from archspec.records.knowing import known, told
from archspec.training.progress import Quiet
from archspec.training.train import train
from tests.training.runs import run_in


class Died(Exception):
    """As if the process had ended, except that the files stay."""


class Dying(Quiet):
    """Dies once two epochs have been measured, before the checkpoint of the second is written."""

    def say(self, line: str) -> None:
        if line.startswith("epoch 2"):
            raise Died


def test_a_resumed_run_counts_its_epochs_once_and_its_time_in_full(tmp_path: Path) -> None:
    run = run_in(tmp_path)
    with pytest.raises(Died):
        train(run.path, Dying())
    lost = known(run)
    assert (lost.state, lost.attempt, lost.epoch) == ("lost", 1, 2)
    train(run.path)
    times = [read_lines(attempt.timing) for attempt in run.attempts()]
    assert [[line["epoch"] for line in lines] for lines in times] == [[1, 2], [2, 3]]
    found = told(run)
    assert found.known.seconds == pytest.approx(sum(line["seconds"] for lines in times for line in lines))
    assert [point.epoch for point in found.points] == [1, 2, 3]
    assert [point.seconds for point in found.points] == [times[0][0]["seconds"], *(one["seconds"] for one in times[1])]
    assert (found.known.state, found.known.epoch, found.known.step) == ("done", 3, found.points[-1].step)
    assert set(found.known.scores) == {"top1", "top5", "loss"}
    assert found.known.torch
    assert found.known.device == "cpu" or found.known.gpus
    assert found.known.started is not None
    assert found.known.ended is not None
    assert found.known.started < found.known.ended
    with Index.open(tmp_path) as index:
        assert index.known([run.path.name]) == {run.path.name: found.known}
        assert index.curves([run.path.name]) == {run.path.name: list(found.points)}
