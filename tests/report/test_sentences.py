"""What the report says in words."""

from __future__ import annotations

from dataclasses import replace

import pytest

from archspec.records.known import Known
from archspec.report.sheets import agreements, reading
from archspec.report.table import tabulate
from archspec.report.verdicts import Compared, sentence
from archspec.report.wording import bracket, fixed, listed, printed_difference, short, signed
from archspec.statistics import Difference
from archspec.statistics.means import Interval
from tests.report.samples import (
    GELU,
    LARGE,
    REACHED,
    RELU,
    VIT,
    done,
    factorial,
    in_state,
    key,
    known,
    one_factor,
    plan,
    roadmap,
)


def warnings(facts: dict[str, Known], seeds: tuple[int, ...] = (0, 1, 2)) -> tuple[str, ...]:
    return tabulate(plan(VIT, RELU, GELU, seeds=seeds), facts).warnings


def test_a_sound_study_is_not_warned_of() -> None:
    assert warnings(known(REACHED)) == ()


def test_few_seeds_are_warned_of() -> None:
    one = {k: v for k, v in known(REACHED).items() if k.endswith(":0")}
    assert warnings(one, (0,)) == ("one seed: no intervals, and a difference may be luck",)
    two = {k: v for k, v in known(REACHED).items() if not k.endswith(":2")}
    assert warnings(two, (0, 1)) == ("2 seeds: fewer than 3 make intervals so wide that they say little",)


def test_missing_and_broken_runs_are_told_with_their_reason() -> None:
    facts = known(REACHED) | in_state(RELU, 2, "failed", "the loss is not finite") | in_state(GELU, 1, "running")
    assert warnings(facts) == (
        "1 of 9 runs are not finished: 1 running",
        "relu: seed 2 failed and is left out: the loss is not finite",
        "unequal seeds: relu has 2 and gelu has 2, others 3; only seeds that both have are paired",
    )


def test_seeds_that_broke_alike_are_told_together() -> None:
    reason = "the loss is not finite"
    facts = known(REACHED) | in_state(RELU, 0, "failed", reason) | in_state(RELU, 2, "failed", reason)
    assert warnings(facts)[0] == f"relu: seeds 0 and 2 failed and are left out: {reason}"


def test_unequal_circumstances_are_warned_of() -> None:
    facts = known(REACHED) | {key(RELU, 0): done(key(RELU, 0), 80.0, device="other GPU", torch="2.8", commit="d" * 40)}
    assert warnings(facts) == (
        "the runs mix devices: GPU (8 runs) and other GPU (1 run)",
        "the runs mix versions of torch: 2.9 (8 runs) and 2.8 (1 run)",
        "the runs mix commits of the code: c0ffee (8 runs) and dddddddd (1 run)",
    )


def test_drift_is_told_above_the_table() -> None:
    assert one_factor().warnings == ("more than the factor differs, see the notes: 7 → 31",)


def test_what_the_plan_warns_of_is_handed_on() -> None:
    table = tabulate(plan(VIT, RELU, warnings=("the data is not that of the paper",)), known(REACHED))
    assert table.warnings == ("the data is not that of the paper",)


def test_agreement_with_the_paper_is_a_sentence_about_sign_and_size() -> None:
    assert agreements(one_factor()).sentences == [
        "relu: same sign, not settled by these seeds; the paper's −1.0 lies inside [−4.48, +0.48]",
        "gelu: same sign, not settled by these seeds; the paper's +0.1 lies inside [−0.46, +0.86]",
    ]


def test_the_verdict_of_a_factor() -> None:
    assert [(v.factor, v.sentence) for v in one_factor().verdicts] == [
        ("activation", "relu and gelu: no difference beyond seed noise; these seeds could have shown one of 3.26"),
        ("kernel", "7 → 31 +0.30 [+0.05, +0.55] (p = 0.035, 3 pairs)"),
    ]


def test_the_verdicts_of_other_designs() -> None:
    said = {v.factor: v.sentence for v in factorial().verdicts}
    assert list(said) == ["mixer", "act", "interactions"]
    assert said["mixer"].startswith("attn over pool +2.99 [")
    assert said["act"].startswith("gelu over relu +2.01 [")
    assert said["interactions"].startswith("attn × gelu +2.08 [")
    assert [v.factor for v in roadmap().verdicts] == ["roadmap", "steps"]
    assert roadmap().verdicts[0].sentence.startswith("all steps together")


@pytest.mark.parametrize(
    ("found", "said"),
    [
        ([], "nothing to compare yet"),
        ([Compared("a", Difference({0: 0.0}), None, same=True)], "a is what it is compared with, under another name"),
        ([Compared("a", Difference({0: 1.5}), None)], "a +1.50 (one seed, so no interval)"),
        (
            [Compared("a", Difference({0: 1.5}), None), Compared("b", Difference({0: -2.0}), None)],
            "b −2.00 is the largest difference seen (one seed, so no interval)",
        ),
        (
            [Compared("a", Difference({0: 1.5, 1: 1.5}), None)],
            "a +1.50 (its pairs do not scatter, so no interval)",
        ),
    ],
)
def test_verdicts_where_nothing_can_be_tested(found: list[Compared], said: str) -> None:
    assert sentence(found, 2) == said


def test_what_three_seeds_cannot_show_is_said() -> None:
    said = reading(one_factor()).sentences
    assert "n = 3 cannot show significance by permutation: p exact is 0.250 at best" in said
    assert said[-1] == "the smallest difference these seeds could have shown: 0.33 to 3.26, by arm (80 % power, paired)"


def test_numbers_as_they_are_written() -> None:
    assert [fixed(value, 2) for value in (83.1, -0.004, -0.9)] == ["83.10", "0.00", "−0.90"]
    assert [signed(value, 2) for value in (0.421, -0.9, 0.004, 0.0)] == ["+0.42", "−0.90", "0.00", "0.00"]
    assert [printed_difference(value) for value in (-0.9, 0.25, 0.0, 1.0)] == ["−0.9", "+0.25", "0", "+1.0"]
    assert bracket(Interval(-1.3, 0.2), 1) == "[−1.3, +0.2]"
    assert [listed(names) for names in (["a"], ["a", "b"], ["a", "b", "c"])] == ["a", "a and b", "a, b and c"]
    assert [short(n) for n in (812, 26_341_656, 9_996_000, 4.2e18)] == ["812", "26.3M", "10.0M", "4.20E"]


def test_plans_are_not_needed_to_be_whole() -> None:
    made = plan(VIT, RELU, GELU, LARGE)
    partly = tabulate(replace(made, runs=made.runs[:6]), known(REACHED))
    assert [row.n for row in partly.rows] == [3, 3, 0, 0]
