"""Measurements of finished runs, on real networks."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import torch

from archspec.errors import WeightsError
from archspec.records.files import read_lines
from archspec.records.keys import measurement_document
from archspec.records.knowing import known
from archspec.records.run import RunFolder
from archspec.spec.measurements import Evaluate, Measurement, Throughput
from archspec.training.measuring import measure
from archspec.training.train import train
from archspec.training.work import work
from tests.training.runs import counting, run_in

SCORES = ("top1", "top5", "loss")


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    """A finished run, whose second phase is at another size than the first."""
    run = run_in(tmp_path_factory.mktemp("store"), phases=[{"epochs": 1}, {"epochs": 1, "resolution": 24}])
    train(run.path)
    return run


def of(trained: RunFolder, measurement: Measurement) -> RunFolder:
    """The folder of a measurement of a run."""
    return RunFolder.create(trained.store.path, measurement_document(trained.spec(), measurement))


def test_an_evaluation_repeats_what_training_ended_with(trained: RunFolder) -> None:
    result, run = trained.result(), of(trained, Evaluate())
    assert result is not None
    assert work(run.path) == 0
    again = run.result()
    assert again is not None
    assert {name: again[name] for name in SCORES} == {name: result[name] for name in SCORES}
    assert measure(run.path) == again
    assert len(run.attempts()) == 1


def test_other_images_and_sizes_have_other_scores(trained: RunFolder) -> None:
    asked = [Evaluate(), Evaluate(split="val"), Evaluate(size=16)]
    losses = [measure(of(trained, one).path)["loss"] for one in asked]
    assert len(set(losses)) == 3


def test_a_throughput_is_a_number_with_its_device_and_time(trained: RunFolder) -> None:
    run = of(trained, Throughput(batch=4, repeats=3, size=(16, 24)))
    assert work(run.path) == 0
    seen = known(run)
    assert (seen.state, list(seen.scores), seen.epoch) == ("done", ["images_per_second"], None)
    assert seen.scores["images_per_second"] > 0
    assert seen.device == ("cpu" if not torch.cuda.is_available() else torch.cuda.get_device_name())
    assert seen.seconds == sum(line["seconds"] for line in read_lines(counting(run).timing)) > 0
    assert not counting(run).alive()


def test_weights_that_are_gone_are_told_of(tmp_path: Path) -> None:
    trained = run_in(tmp_path, epochs=1)
    train(trained.path)
    counting(trained).model.unlink()
    run = of(trained, Throughput())
    with pytest.raises(WeightsError, match="are not here"):
        measure(run.path)
    run = of(trained, Evaluate())
    assert work(run.path) == 0
    seen = known(run)
    assert seen.state == "failed"
    assert str(trained.path) in seen.reason


def test_data_that_has_changed_is_not_measured_on(trained: RunFolder) -> None:
    run = of(trained, Evaluate(size=32))
    spec = trained.run_yaml.read_text(encoding="utf-8")
    trained.run_yaml.write_text(re.sub("(?m)^data: .*$", "data: other-1", spec), encoding="utf-8")
    try:
        work(run.path)
    finally:
        trained.run_yaml.write_text(spec, encoding="utf-8")
    assert "not what it was" in known(run).reason
