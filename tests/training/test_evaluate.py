"""Scores on images that were not learned from."""

from __future__ import annotations

import math
from collections.abc import Iterator

import pytest
import torch
from torch import Tensor, nn

from archspec.training.data import Batch
from archspec.training.evaluating import evaluate

LOGITS = torch.randn(40, 8, generator=torch.Generator().manual_seed(0))
LABELS = torch.randint(8, (40,), generator=torch.Generator().manual_seed(1))
CPU = torch.device("cpu")


def pieces(size: int, logits: Tensor = LOGITS, labels: Tensor = LABELS) -> Iterator[Batch]:
    """Batches whose images are the logits."""
    for begin in range(0, len(labels), size):
        piece = slice(begin, begin + size)
        indices = torch.arange(len(labels))[piece]
        yield Batch(logits[piece], labels[piece], indices, len(indices))


def test_scores_are_those_of_a_count_by_hand() -> None:
    scores = evaluate(nn.Identity(), pieces(7), device=CPU)
    ranks = [sorted(row, reverse=True).index(row[label]) for row, label in zip(LOGITS.tolist(), LABELS, strict=True)]
    losses = [
        -math.log(math.exp(row[k]) / sum(map(math.exp, row))) for row, k in zip(LOGITS.tolist(), LABELS, strict=True)
    ]
    assert scores["top1"] == 100 * sum(rank < 1 for rank in ranks) / 40
    assert scores["top5"] == 100 * sum(rank < 5 for rank in ranks) / 40
    assert scores["loss"] == pytest.approx(sum(losses) / 40, rel=1e-6)


def test_the_size_of_the_batches_does_not_matter() -> None:
    whole, cut = (evaluate(nn.Identity(), pieces(size), device=CPU) for size in (40, 3))
    assert (whole["top1"], whole["top5"]) == (cut["top1"], cut["top5"])
    assert whole["loss"] == pytest.approx(cut["loss"], abs=1e-6)


def test_with_fewer_than_five_classes_all_are_among_the_first_five() -> None:
    scores = evaluate(nn.Identity(), pieces(8, LOGITS[:, :3], LABELS % 3), device=CPU)
    assert scores["top5"] == 100.0


def test_no_images_are_no_result() -> None:
    with pytest.raises(ValueError, match="no images"):
        evaluate(nn.Identity(), iter(()), device=CPU)


def test_the_network_is_evaluated_as_in_use() -> None:
    network = nn.Sequential(nn.Dropout(0.9)).train()
    assert evaluate(network, pieces(8), device=CPU) == evaluate(nn.Identity(), pieces(8), device=CPU)
