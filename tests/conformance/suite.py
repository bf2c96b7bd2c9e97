"""One suite for every member of every family. A plugin gets it by naming a family and its own specs:

    class TestMyMixers(Conformance):
        family = "mixers"
        specs = [MyMixer(), MyMixer(size=5)]

Without `specs`, all members of the family are taken, as the examples that their classes give.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, ClassVar, NamedTuple

import pytest
import torch
import yaml
from torch import Tensor, nn

from archspec.spec.base import Spec
from archspec.spec.place import Place, Scope
from archspec.spec.registry import FAMILIES, members
from tests.conformance import measuring

BATCH = 2
TORCHS_OWN_WARNING = "The .grad attribute of a Tensor that is not a leaf"
"""Torch's compiler gives cause for it itself, wherever it takes a graph up again behind a break."""
THREE = ("start", "middle", "end")


class Family(NamedTuple):
    """How the members of a family are tried: where they stand, what they are given, what they are to return."""

    places: Sequence[Place]
    inputs: Callable[[Place], tuple[Any, ...]]
    shape: Callable[[Any, Place], tuple[int, ...]]
    ignored: int = 0
    """How many of the tensors they are given are kept by a part beside them."""


def tokens(at: Place) -> Tensor:
    """Tokens that a gradient is wanted for."""
    return torch.randn(BATCH, at.tokens, at.dim, requires_grad=True)


def image(at: Place) -> Tensor:
    """An image."""
    return torch.randn(BATCH, at.dim, *at.grid)


def same_shape(spec: Any, at: Place) -> tuple[int, ...]:
    """(B, N, C)."""
    return BATCH, at.tokens, at.dim


def behind(spec: Any, at: Place) -> tuple[int, ...]:
    """(B, N', C') behind a stem or downsampler."""
    return same_shape(spec, at.behind(spec))


def places(dim: int, out: int = 0) -> list[Place]:
    """A square, another grid than the native one, a single token, and class tokens everywhere."""
    return [
        Place(dim, (6, 6), (6, 6), (), out),
        Place(dim, (5, 7), (5, 7), (), out),
        Place(dim, (4, 9), (5, 7), (), out),
        Place(dim, (1, 1), (1, 1), (), out),
        Place(dim, (5, 7), (5, 7), ("start",), out),
        Place(dim, (4, 9), (5, 7), THREE, out),
    ]


SIZES = [((32, 32), (32, 32)), ((32, 48), (32, 48)), ((48, 16), (32, 32))]
IMAGES = [Place(3, grid, native, (), 24) for grid, native in SIZES]
BETWEEN = [*places(24, 40), *places(24, 24), Place(24, (2, 2), (2, 2), (), 40)]
GRIDS = places(32)
TRIED = {
    "mixers": Family(GRIDS, lambda at: (tokens(at), at.grid), same_shape),
    "mlps": Family(GRIDS, lambda at: (tokens(at), at.grid), same_shape),
    "norms": Family(GRIDS, lambda at: (tokens(at),), same_shape),
    "activations": Family(GRIDS, lambda at: (tokens(at),), same_shape),
    # The norm at the head of the branch keeps x already.
    "scalings": Family(GRIDS, lambda at: (tokens(at), tokens(at)), same_shape, ignored=1),
    "positions": Family(GRIDS, lambda at: (tokens(at), at.grid), same_shape),
    "traversals": Family(GRIDS, lambda at: (tokens(at), at.grid), same_shape),
    # The projection before them keeps x already.
    "convolutions": Family(GRIDS, lambda at: (tokens(at), at.grid, at.class_tokens), same_shape, ignored=1),
    "pools": Family(GRIDS, lambda at: (tokens(at),), lambda spec, at: (BATCH, spec.width(at))),
    "stems": Family(IMAGES, lambda at: (image(at),), behind),
    "downsamples": Family(BETWEEN, lambda at: (tokens(at), at.grid), behind),
    "heads": Family(places(32, 10), lambda at: (tokens(at),), lambda spec, at: (BATCH, at.out)),
}


def fits(spec: Spec, at: Place) -> bool:
    """Whether a part can stand at a place, as it says itself."""
    if at.class_tokens and spec.needs_grid:
        return False
    return min(getattr(spec, "grid_after", lambda grid: grid)(at.grid)) > 0 and not list(spec.complaints(at))


def examples(family: str) -> list[Spec]:
    """The examples of every member of a family; what says nothing in a block is never built."""
    listed = [member for member in members(family).values() if member.listed]
    found = [spec for member in listed for spec in member.examples()]
    return [spec for spec in found if not (family == "mlps" and spec.is_none)]


def resolved(spec: Spec, at: Place) -> Spec:
    """A spec as it would be resolved in a stage that says nothing."""
    return spec.resolve(Scope(at.native))


def described(spec: Spec) -> str:
    """A test's name: the kind and what is not the default."""
    changes = [f"{name}={value}" for name, value in spec.canonical().items() if name != "kind"]
    return "-".join([str(getattr(spec, "kind", spec.structure)), *changes])


class Case(NamedTuple):
    """A spec at a place."""

    spec: Spec
    at: Place
    family: Family

    def build(self) -> nn.Module:
        """The module, in training mode."""
        module: nn.Module = self.spec.build(self.at)
        return module

    def inputs(self) -> tuple[Any, ...]:
        """What it is given."""
        return self.family.inputs(self.at)

    def shape(self) -> tuple[int, ...]:
        """The shape that it is to return."""
        return self.family.shape(self.spec, self.at)


def cases(family: str, specs: Iterable[Spec]) -> list[Any]:
    """Every spec at every place that it fits."""
    found = []
    for spec in specs:
        fitting = [at for at in TRIED[family].places if fits(resolved(spec, at), at)]
        assert fitting, f"{described(spec)} fits none of the places it is tried at"
        for at in fitting:
            where = f"{at.dim}-{at.grid[0]}x{at.grid[1]}-of-{at.native[0]}x{at.native[1]}-{len(at.class_tokens)}"
            found.append(pytest.param(Case(resolved(spec, at), at, TRIED[family]), id=f"{described(spec)}-{where}"))
    return found


def twice(given: tuple[Any, ...]) -> tuple[Any, ...]:
    """Inputs for twice as many images."""
    return tuple(
        torch.cat([value, value]).detach().requires_grad_(value.requires_grad) if isinstance(value, Tensor) else value
        for value in given
    )


def outputs(result: Any) -> Tensor:
    """The tensor among what a module returns."""
    tensor: Tensor = result[0] if isinstance(result, tuple) else result
    return tensor


class Conformance:
    """The suite."""

    family: ClassVar[str]
    specs: ClassVar[Iterable[Spec]] = ()

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        specs = list(self.specs) or examples(self.family)
        if "case" in metafunc.fixturenames:
            metafunc.parametrize("case", cases(self.family, specs))
        if "spec" in metafunc.fixturenames:
            metafunc.parametrize("spec", specs, ids=described)
        if "example" in metafunc.fixturenames:
            metafunc.parametrize("example", [cases(self.family, [spec])[0] for spec in specs])
        if "first" in metafunc.fixturenames:
            metafunc.parametrize("first", cases(self.family, specs[-1:])[:1])

    @pytest.fixture(autouse=True)
    def _seeded(self) -> None:
        torch.manual_seed(0)

    def test_yaml_gives_back_the_spec(self, spec: Spec) -> None:
        written = yaml.safe_dump(spec.model_dump(mode="json"))
        assert FAMILIES[self.family].model_validate(yaml.safe_load(written)) == spec
        whole = resolved(spec, GRIDS[0])
        written = yaml.safe_dump(whole.model_dump(mode="json"))
        assert FAMILIES[self.family].model_validate(yaml.safe_load(written)) == whole

    def test_shape_and_gradients(self, case: Case) -> None:
        module, given = case.build(), case.inputs()
        result = outputs(module(*given))
        assert result.shape == case.shape()
        assert result.is_contiguous()
        if result.requires_grad:
            torch.autograd.backward(result.square().sum())
        for tensor in given:
            assert not isinstance(tensor, Tensor) or tensor.grad is None or tensor.grad.isfinite().all()
        for name, parameter in module.named_parameters():
            if parameter.requires_grad:
                assert parameter.grad is not None, f"{name} has no gradient"
                assert parameter.grad.isfinite().all(), f"the gradient of {name} is not finite"

    def test_parameters_are_as_said(self, case: Case) -> None:
        total = case.spec.total(case.at)
        assert measuring.params(case.build()) == (total.params, total.frozen_params)

    def test_macs_are_as_said(self, case: Case) -> None:
        module, given = case.build(), case.inputs()
        assert measuring.macs(lambda: module(*given)) == case.spec.total(case.at).macs * BATCH

    def test_kept_numbers_are_as_said(self, case: Case) -> None:
        module, given = case.build(), case.inputs()

        def kept(given: tuple[Any, ...]) -> int:
            return measuring.kept(module, lambda: module(*given), given[: case.family.ignored])

        # What is made of weights alone is there once, however many images there are.
        assert kept(twice(given)) - kept(given) == case.spec.total(case.at).activations * BATCH

    def test_modules_start_themselves(self, case: Case) -> None:
        for name, module in case.build().named_modules():
            own = [*module.parameters(recurse=False), *module.buffers(recurse=False)]
            assert not own or hasattr(module, "reset_parameters"), f"{name} cannot be started again"

    def test_shapes_without_numbers(self, case: Case) -> None:
        with torch.device("meta"):
            module, given = case.build(), case.inputs()
            assert outputs(module(*given)).shape == case.shape()

    def test_half_precision(self, case: Case) -> None:
        if case.at.pixels == 1 and hasattr(case.spec, "stride"):
            pytest.skip("on a CPU torch leaves out gradients of strided bf16 kernels where they see only padding")
        module, given = case.build(), case.inputs()
        with torch.autocast("cpu", torch.bfloat16):
            result = outputs(module(*given))
        assert result.dtype in (torch.bfloat16, torch.float32)
        assert result.isfinite().all()
        if result.requires_grad:
            torch.autograd.backward(result.float().sum())
        assert all(p.grad is None or p.grad.isfinite().all() for p in module.parameters())

    def test_half_floats(self, example: Case) -> None:
        """What torch has no operation for in fp16 on a CPU is computed in single precision."""
        module, given = example.build(), example.inputs()
        with torch.autocast("cpu", torch.float16):
            result = outputs(module(*given))
        assert result.isfinite().all()
        if result.requires_grad:
            torch.autograd.backward(result.float().sum())
        assert all(p.grad is None or p.grad.isfinite().all() for p in module.parameters())

    def test_no_images(self, example: Case) -> None:
        module = example.build().eval()
        given = [value[:0] if isinstance(value, Tensor) else value for value in example.inputs()]
        assert outputs(module(*given)).shape == (0, *example.shape()[1:])

    @pytest.mark.filterwarnings(f"ignore:{TORCHS_OWN_WARNING}")
    def test_compiles_without_graph_breaks(self, example: Case) -> None:
        _compare(example, backend="eager")

    @pytest.mark.filterwarnings(f"ignore:{TORCHS_OWN_WARNING}")
    def test_graph_breaks_are_declared(self, example: Case) -> None:
        """Each at the very call of the module that declares it, for the reason that it gives."""
        module = example.build()
        declared = {(f"{type(part).__qualname__}.forward at", reason) for part, reason in declaring(module)}
        if declared:
            torch._dynamo.reset()
            breaks = torch._dynamo.explain(module)(*example.inputs()).break_reasons
            found = [{(at, why) for at, why in declared if at in it.reason and why in it.reason} for it in breaks]
            assert all(found)
            assert set().union(*found) == declared

    @pytest.mark.slow
    def test_inductor_computes_the_same(self, first: Case) -> None:
        _compare(first, backend="inductor")


def declaring(module: nn.Module) -> Iterator[tuple[nn.Module, str]]:
    """The modules within that a compiler breaks its graph at, and why, as their `graph_break` says."""
    for part in module.modules():
        if isinstance(reason := getattr(part, "graph_break", None), str):
            yield part, reason


def _compare(case: Case, backend: str) -> None:
    """Compiled and not, a module's results and gradients agree."""
    torch._dynamo.reset()
    module, given = case.build(), case.inputs()
    compiled = torch.compile(module, fullgraph=not list(declaring(module)), backend=backend)
    for expected, result in zip(_ran(module, module, given), _ran(compiled, module, given), strict=True):
        torch.testing.assert_close(result, expected, rtol=1e-4, atol=1e-5)


def _ran(call: Any, module: nn.Module, given: tuple[Any, ...]) -> list[Tensor]:
    """A result and the gradients of a projection of it."""
    result = outputs(call(*given))
    trained = [parameter for parameter in module.parameters() if parameter.requires_grad]
    direction = torch.linspace(-1, 1, result.numel()).cos().view_as(result)
    return [result, *torch.autograd.grad((result * direction).sum(), trained)] if trained else [result]
