"""Every shipped recipe against its paper's tables, value by value; phases, and what cannot be meant."""

from __future__ import annotations

from operator import attrgetter
from typing import Any

import pytest

from archspec.errors import SpecError
from archspec.spec.checking import check_file
from archspec.spec.reading import read_file
from archspec.spec.recipe import RECIPE, Recipe, phases_of
from tests.house import REPOSITORY

FILES = sorted((REPOSITORY / "studies" / "recipes").glob("*.yaml"))
NAMES = [document.name for file in FILES for document in read_file(file)]

Values = dict[str, Any]
RANDAUGMENT = "rand-m9-mstd0.5-inc1"
"""Magnitude 9, deviation 0.5: the tables' (9, 0.5)."""

TIMM: Values = {
    "augment.randaugment": RANDAUGMENT, "augment.three_augment": False, "augment.color_jitter": None,
    "augment.erasing": 0.25, "augment.mixup": 0.8, "augment.cutmix": 1.0, "augment.mix": 1.0, "augment.switch": 0.5,
    "augment.mix_each": "batch", "augment.repeated": 1, "augment.crop": "random_resized", "augment.scale": (0.08, 1.0),
    "augment.flip": 0.5, "augment.interpolation": "random", "label_smoothing": 0.1, "test.crop": 1.0, "ema": None,
    "schedule.kind": "cosine", "schedule.under_warmup": True, "schedule.every": "epoch", "schedule.warmup_lr": 1e-6,
    "schedule.floor": 1e-5, "schedule.cooldown": 10, "optimizer.weight_decay": 0.05, "optimizer.lr_per": None,
    "optimizer.no_decay": ("norms_and_biases",), "optimizer.layer_decay": None, "optimizer.clip": None,
    "resolution": None, "data": "imagenet", "precision": "float32", "drop_path_rule": "linear", "head_dropout": 0.0,
}  # fmt: skip
"""What four of the five papers share: timm's script, in the manner of DeiT."""

FLAT: Values = {"schedule.kind": "constant", "schedule.warmup": 0, "schedule.cooldown": 0}
UNMIXED: Values = {"augment.mixup": 0, "augment.cutmix": 0}
TUNED: Values = {**TIMM, **FLAT, **UNMIXED, "ema": 0.9999, "epochs": 30, "batch": 1024}
for _gone in ("schedule.under_warmup", "schedule.every", "schedule.warmup_lr", "schedule.floor"):
    TUNED.pop(_gone)

BASIC = {**TIMM, "epochs": 300, "batch": 4096, "optimizer.kind": "adamw", "peak": 4e-3, "schedule.warmup": 5}
CONV = {**BASIC, "schedule.warmup": 20}
CAF = {**CONV, "optimizer.kind": "lamb", "peak": 8e-3}
CONV_TUNED = {**TUNED, "optimizer.kind": "adamw", "peak": 5e-5}
CAF_TUNED = {**TUNED, "optimizer.kind": "lamb", "peak": 1e-4}
IN21K = {"data": "imagenet21k", "epochs": 90, "schedule.warmup": 5, "schedule.cooldown": 0}

SIZES = ("s18", "s36", "m36", "b36")


def sized(pattern: str, common: Values, rates: tuple[float, ...], dropouts: tuple[float, ...]) -> dict[str, Values]:
    """A column of a table: one recipe for each size, with its rates of stochastic depth and head dropout."""
    rows = zip(SIZES, rates, dropouts, strict=True)
    return {pattern.format(size): {**common, "drop_path": rate, "head_dropout": drop} for size, rate, drop in rows}


METAFORMER = {
    # Table 13
    "metaformer_basic_310ep": {**BASIC, "drop_path": 0.1},
    "metaformer_basic_s36_310ep": {**BASIC, "drop_path": 0.2},
    "metaformer_basic_m36_310ep": {**BASIC, "drop_path": 0.3},
    "metaformer_basic_m48_310ep": {**BASIC, "drop_path": 0.4},
    "randformer_m48_310ep": {**BASIC, "drop_path": 0.3},
    # Table 14
    **sized("convformer_{}_310ep", CONV, (0.2, 0.3, 0.4, 0.6), (0, 0, 0, 0)),
    **sized("caformer_{}_310ep", CAF, (0.15, 0.3, 0.4, 0.6), (0, 0.4, 0.4, 0.5)),
    **sized("convformer_{}_384", {**CONV_TUNED, "resolution": 384}, (0.3, 0.5, 0.8, 0.8), (0.4, 0.4, 0.5, 0.5)),
    **sized("caformer_{}_384", {**CAF_TUNED, "resolution": 384}, (0.3, 0.5, 0.7, 0.8), (0.4, 0.4, 0.4, 0.5)),
    # Table 15
    **sized("convformer_{}_in21k", {**CONV, **IN21K, "peak": 1e-3}, (0, 0, 0.1, 0.2), (0.2, 0.2, 0.2, 0.3)),
    **sized("caformer_{}_in21k", {**CAF, **IN21K, "peak": 2e-3}, (0.1, 0.1, 0.1, 0.3), (0.2, 0.2, 0.2, 0.4)),
}
for _size in (224, 384):
    for _family, _common in (("convformer", CONV_TUNED), ("caformer", CAF_TUNED)):
        _rates = ((0.1, 0.1, 0.1, 0.3), (0.2, 0.2, 0.2, 0.5))
        METAFORMER |= sized(f"{_family}_{{}}_in21k_{_size}", {**_common, "resolution": _size}, *_rates)
METAFORMER["imagenet_310ep"] = METAFORMER.pop("convformer_s18_310ep")

AMP = {"precision": "fp16"}
HPX_TUNED = {**CONV_TUNED, **AMP, "drop_path": 0.2, "head_dropout": 0.4}
HYENAPIXEL = {  # section 4.1; 160 epochs with the cool-down: section 4.2
    "hyenapixel_310ep": {**CONV, **AMP, "drop_path": 0.2},
    "hyenapixel_b36_310ep": {**CONV, **AMP, "drop_path": 0.6},
    "imagenet_160ep": {**CONV, **AMP, "drop_path": 0.2, "epochs": 150},
    "hyenapixel_384": {**HPX_TUNED, "resolution": 384},
    "hyenapixel_512": {**HPX_TUNED, "resolution": 512},
}

SEQUENCER_ = {
    **TIMM, **AMP, "epochs": 300, "schedule.warmup": 20, "schedule.floor": 1e-6, "test.crop": 0.875,
    "optimizer.kind": "adamw", "optimizer.eps": 1e-8, "optimizer.betas": (0.9, 0.999),
}  # fmt: skip
TRANSFER = {
    **SEQUENCER_, "batch": 512, "peak": 1e-4, "optimizer.weight_decay": 1e-4, "schedule.warmup": 5, "drop_path": 0.1,
    "augment.erasing": 0, "optimizer.clip": 1.0, "resolution": 224, "epochs": 1000,
}  # fmt: skip
SEQUENCER = {  # Table 6
    "sequencer_300ep": {**SEQUENCER_, "batch": 2048, "peak": 2e-3, "drop_path": 0.1},
    "sequencer_m_300ep": {**SEQUENCER_, "batch": 1536, "peak": 1.5e-3, "drop_path": 0.2},
    "sequencer_l_300ep": {**SEQUENCER_, "batch": 1024, "peak": 1e-3, "drop_path": 0.4},
    "sequencer_l_392": {
        **SEQUENCER_, "resolution": 392, "batch": 512, "peak": 5e-5, "optimizer.weight_decay": 1e-8, "epochs": 30,
        "schedule.warmup": 0, "schedule.warmup_lr": 0, "test.crop": 1.0, "drop_path": 0.4,
    },
    "sequencer_cifar10": {**TRANSFER, "data": "cifar10", "epochs": 200},
    "sequencer_cifar100": {**TRANSFER, "data": "cifar100", "epochs": 200},
    "sequencer_flowers": {**TRANSFER, "data": "flowers102"},
    "sequencer_cars": {**TRANSFER, "data": "stanford_cars"},
}  # fmt: skip

TRANSNEXT_ = {
    **TIMM, **AMP, "epochs": 300, "batch": 1024, "peak": 1e-3, "schedule.warmup": 5, "test.crop": 0.875,
    "optimizer.kind": "adamw", "optimizer.eps": 1e-8, "optimizer.clip": 1.0, "augment.repeated": 3,
    "augment.interpolation": "bicubic", "test.interpolation": "bicubic", "test.resize": "shorter",
    "optimizer.no_decay": ("norms_and_biases", "*.query_embedding", "*.window_bias", "*.cpb.*", "*.temperature"),
}  # fmt: skip
TRANSNEXT_TUNED = {
    **{key: value for key, value in TRANSNEXT_.items() if not key.startswith("schedule.")}, **FLAT, "epochs": 5,
    "peak": 1e-5, "augment.cutmix": 0, "resolution": 384, "test.crop": 1.0, "test.resize": "square",
}  # fmt: skip
TRANSNEXT = {
    "transnext_300ep": {**TRANSNEXT_, "drop_path": 0.15},
    "transnext_tiny_300ep": {**TRANSNEXT_, "drop_path": 0.25},
    "transnext_small_300ep": {**TRANSNEXT_, "drop_path": 0.45},
    "transnext_base_300ep": {**TRANSNEXT_, "drop_path": 0.6},
    "transnext_small_384": {**TRANSNEXT_TUNED, "drop_path": 0.7},
    "transnext_base_384": {**TRANSNEXT_TUNED, "drop_path": 0.8},
}

VIL: Values = {
    "data": "imagenet", "batch": 2048, "peak": 2e-3, "optimizer.kind": "adamw", "optimizer.lr": 1e-3,
    "optimizer.lr_per": 1024, "optimizer.lr_scaling": "linear", "optimizer.weight_decay": 0.05,
    "optimizer.betas": (0.9, 0.999), "optimizer.no_decay": ("norms_and_biases", "*.positions.*"), "optimizer.clip": 1.0,
    "optimizer.layer_decay": None, "schedule.kind": "cosine", "schedule.warmup": 5, "schedule.floor": 1e-6,
    "schedule.cooldown": 0, "schedule.under_warmup": False, "drop_path": 0.0, "drop_path_rule": "constant",
    "label_smoothing": 0, "ema": None, "precision": "bf16", "augment.crop": "random_resized",
    "augment.scale": (0.08, 1.0), "augment.interpolation": "bicubic", "augment.flip": 0.5,
    "augment.three_augment": True, "augment.color_jitter": (0.3, 0.3, 0.3, 0.0), "augment.mixup": 0.8,
    "augment.cutmix": 1.0, "augment.switch": 0.5, "augment.randaugment": None,
    "augment.erasing": 0, "augment.repeated": 1, "test.crop": 1.0, "test.interpolation": "bicubic",
}  # fmt: skip
VIL_192 = {**VIL, "resolution": 192, "epochs": 800}
VIL_224 = {**VIL, "resolution": 224, "epochs": 20, "batch": 1024, "peak": 1e-5, "optimizer.lr": 1e-5}
VIL_224 |= {"optimizer.clip": None}
PHASED = {  # Tables 10 and 13
    "vil_tiny_800ep": (VIL_192, VIL_224),
    "vil_small_400ep": ({**VIL_192, "epochs": 400, "drop_path": 0.05}, {**VIL_224, "drop_path": 0.05}),
    "vil_base_400ep": (
        {**VIL_192, "epochs": 400, "drop_path": 0.2},
        {**VIL_224, "epochs": 5, "schedule.warmup": 1, "drop_path": 0.2},
    ),
    "deit3_tiny_800ep": ({**VIL_192, "optimizer.clip": None}, VIL_224),
}
VTAB = {  # Table 11
    "data": "vtab_cifar100", "epochs": 50, "batch": 64, "optimizer.kind": "adamw", "peak": 1e-3, "resolution": 224,
    "optimizer.layer_decay": 0.65, "optimizer.layer_blocks": 2, "optimizer.weight_decay": 0.05, "precision": "bf16",
    "optimizer.betas": (0.9, 0.999), "schedule.kind": "cosine", "schedule.warmup": 5, "augment.crop": "resize",
    "augment.interpolation": "bicubic", "augment.flip": 0, "augment.mixup": 0, "augment.cutmix": 0,
    "augment.randaugment": None, "augment.erasing": 0, "test.resize": "square",
}  # fmt: skip

PROXIES = ("digits", "smoke_digits", "scenes")
"""Recipes of nobody's paper."""
PRINTED = {
    **METAFORMER, **HYENAPIXEL, **SEQUENCER, **TRANSNEXT, "vil_vtab": VTAB,
    "vil_ablation_100ep": {**VIL, "epochs": 100, "resolution": 224},
}  # fmt: skip


def found(recipe: Recipe, expected: Values) -> Values:
    """What a recipe says where something is expected."""
    return {path: attrgetter(path)(recipe) for path in expected}


def test_every_recipe_is_compared() -> None:
    assert sorted(NAMES) == sorted((*PRINTED, *PHASED, *PROXIES))


@pytest.mark.parametrize("name", PRINTED)
def test_a_recipe_is_as_printed(name: str) -> None:
    recipe = RECIPE.load(name)
    assert found(recipe, PRINTED[name]) == PRINTED[name]
    assert phases_of(recipe) == (recipe,)


@pytest.mark.parametrize("name", PHASED)
def test_phases_are_as_printed(name: str) -> None:
    phases = phases_of(RECIPE.load(name))
    assert len(phases) == len(PHASED[name])
    for phase, expected in zip(phases, PHASED[name], strict=True):
        assert found(phase, expected) == expected


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_recipes_are_right_and_editors_find_their_schema(file: Any) -> None:
    assert check_file(file) == []
    first, second = file.read_text(encoding="utf-8").splitlines()[:2]
    assert first == "# yaml-language-server: $schema=../../schemas/recipe.json"
    assert second == "# $schema: ../../schemas/recipe.json"


@pytest.mark.parametrize("name", [name for name in NAMES if RECIPE.load(name).start])
def test_what_is_fine_tuned_was_trained(name: str) -> None:
    """The recipe that weights come from has the same optimizer, and the data or resolution that this one has not."""
    recipe = RECIPE.load(name)
    before = phases_of(RECIPE.load(str(recipe.start)))[-1]
    assert before.optimizer.kind == recipe.optimizer.kind  # type: ignore[attr-defined]
    assert (before.data, before.resolution) != (recipe.data, recipe.resolution)


SMALL: Values = {"data": "digits", "epochs": 4, "batch": 8}


def test_a_phase_changes_its_recipe_and_goes_on_from_the_one_before() -> None:
    said = {"data": "digits", "batch": 8, "from": "weights.pt", "phases": [{"epochs": 3}, {"epochs": 1, "batch": 4}]}
    first, second = phases_of(RECIPE.load(said))
    assert (first.epochs, first.batch, first.start, first.phases) == (3, 8, "weights.pt", ())
    assert (second.epochs, second.batch, second.start) == (1, 4, None)


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"steps": 3}, "steps"),
        ({"epochs": "none"}, "epochs"),
        ({"schedule": {"warmup": 5}}, "schedule.warmup"),
        ({"schedule": {"floor": 0.1}}, "schedule.floor"),
        ({"schedule": {"warmup_lr": 0.1}}, "schedule.warmup_lr"),
        ({"micro_batch": 9}, "micro_batch"),
        ({"batch": 1, "augment": {"mixup": 0.2}}, "batch"),
        ({"augment": {"repeated": 9}}, "augment.repeated"),
        ({"augment": {"randaugment": RANDAUGMENT, "three_augment": True}}, "augment.three_augment"),
        ({"augment": {"scale": [1.0, 0.5]}}, "augment.scale"),
        ({"augment": {"ratio": [1.0, 1.2, 1.3]}}, "augment.ratio"),
        ({"augment": {"color_jitter": [0.3]}}, "augment.color_jitter"),
        ({"phases": [{"epochs": 2}, {"schedule.warmup": 7}]}, "schedule.warmup"),
        ({"phases": [{"phases": []}]}, "phases.0"),
        ({"phases": [{"epoch": 2}]}, "epoch"),
        ({"phases": ["short"]}, "phases.0"),
        ({"test": {"crop": 1.1}}, "test.crop"),
    ],
)
def test_what_contradicts_itself_is_refused(changes: Values, path: str) -> None:
    with pytest.raises(SpecError) as caught:
        RECIPE.load({**SMALL, **changes})
    assert [problem.path for problem in caught.value.problems] == [path]


def test_recipes_with_equal_words_are_equal_and_hash_alike() -> None:
    one, two = (RECIPE.load({**SMALL, "phases": [{"epochs": 2}]}) for _ in range(2))
    assert one == two
    assert hash(one) == hash(two) != hash(RECIPE.load(SMALL))


def test_what_is_without_effect_is_a_field() -> None:
    assert set(Recipe.without_effect) <= set(Recipe.names)
