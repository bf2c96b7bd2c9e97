"""Main effects and interactions."""

from __future__ import annotations

from itertools import product

import pytest

from archspec.statistics import Cell, Effect, interactions, main_effects

TWO: dict[tuple[str, str], float] = {
    ("pool", "relu"): 80,
    ("pool", "gelu"): 81,
    ("attn", "relu"): 82,
    ("attn", "gelu"): 85,
}


def cells(values: dict[tuple[str, str], float], seeds: tuple[float, ...] = (0, 0.5, -0.5)) -> list[Cell]:
    """Combinations of a mixer and an activation; a seed shifts all of them alike."""
    return [
        Cell({"mixer": mixer, "act": act}, {seed: value + shift for seed, shift in enumerate(seeds)})
        for (mixer, act), value in values.items()
    ]


def sizes(effects: list[Effect]) -> dict[tuple[str, ...], object]:
    """The mean of every effect, under its levels."""
    return {tuple(level for _, level in e.levels): e.difference and pytest.approx(e.difference.mean) for e in effects}


def test_two_by_two_by_hand() -> None:
    assert sizes(main_effects(cells(TWO))) == {("attn",): 3.0, ("gelu",): 2.0}
    assert sizes(interactions(cells(TWO))) == {("attn", "gelu"): 2.0}  # (85 − 82) − (81 − 80)


def test_the_first_level_is_what_others_are_held_against() -> None:
    (mixer, act) = main_effects(cells(TWO))
    assert (mixer.levels, mixer.against) == ((("mixer", "attn"),), ("pool",))
    assert (act.levels, act.against) == ((("act", "gelu"),), ("relu",))


def test_of_a_full_factorial_main_effects_are_differences_of_marginal_means() -> None:
    levels = ("a", "b", "c"), ("x", "y"), ("0", "1")
    value = {place: float(7 * i % 11) for i, place in enumerate(product(*levels))}
    found = main_effects([Cell(dict(zip("ABC", place, strict=True)), {0: v}) for place, v in value.items()])

    def marginal(factor: int, level: str) -> float:
        here = [v for place, v in value.items() if place[factor] == level]
        return sum(here) / len(here)

    for effect in found:
        ((factor, level),) = effect.levels
        place = "ABC".index(factor)
        assert effect.difference is not None
        assert effect.difference.mean == pytest.approx(marginal(place, level) - marginal(place, levels[place][0]))


def test_what_a_seed_does_to_all_cells_cancels() -> None:
    (mixer, _) = main_effects(cells(TWO, seeds=(0, 40, -300)))
    assert mixer.difference is not None
    assert list(mixer.difference.by_seed.values()) == pytest.approx([3, 3, 3])


def test_a_seed_that_is_missing_anywhere_is_left_out_everywhere() -> None:
    made = cells(TWO)
    made[2] = Cell(made[2].levels, {0: 82.0})
    for effect in main_effects(made) + interactions(made):
        assert effect.difference is not None
        assert list(effect.difference.by_seed) == [0]


def test_a_factor_that_never_varies_alone_cannot_be_told() -> None:
    made = [
        Cell({"mixer": "pool", "act": "relu"}, {0: 1.0}),
        Cell({"mixer": "attn", "heads": "wide", "act": "relu"}, {0: 3.0}),
        Cell({"mixer": "pool", "act": "gelu"}, {0: 2.0}),
        Cell({"mixer": "attn", "heads": "wide", "act": "gelu"}, {0: 4.0}),
    ]
    told = {tuple(level for _, level in effect.levels): effect.estimable for effect in main_effects(made)}
    assert told == {("attn",): False, ("wide",): False, ("gelu",): True}
    assert all((effect.difference is None) != effect.estimable for effect in main_effects(made))


def test_half_a_factorial_tells_main_effects_and_says_that_it_tells_no_more() -> None:
    half = [
        Cell(dict(zip("ABC", map(str, place), strict=True)), {0: 1.0 * place[0] + 2.0 * place[1] + 4.0 * place[2]})
        for place in product((0, 1), repeat=3)
        if sum(place) % 2 == 0
    ]
    found = {effect.levels[0][0]: effect.difference for effect in main_effects(half)}
    assert {name: d and round(d.mean, 9) for name, d in found.items()} == {"A": 1.0, "B": 2.0, "C": 4.0}
    assert not any(effect.estimable for effect in interactions(half))
