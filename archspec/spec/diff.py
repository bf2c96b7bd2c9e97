"""What differs between two archs: parts, not lines."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from archspec.spec.arch import METADATA, Arch, tidy


class Change(NamedTuple):
    """One path and its values on both sides; None where a side lacks it."""

    path: str
    before: Any
    after: Any


def diff(before: Arch, after: Arch) -> list[Change]:
    """The changes that lead from one resolved network to another, stages that change alike named together."""
    sides = [_network(before), _network(after)]
    return _together(list(_changes("", *sides)))


def _network(arch: Arch) -> Any:
    """The network as plain data, written out; metadata and what has been handed to the parts left out."""
    data = {key: value for key, value in arch.resolved().model_dump(exclude_none=True).items() if key not in METADATA}
    stages = data.get("stages", ())  # a model of timm's has none
    data["stages"] = [{k: v for k, v in s.items() if k not in ("activation", "bias")} for s in stages]
    return data


def _changes(path: str, before: Any, after: Any) -> Iterator[Change]:
    if before == after:
        return
    if isinstance(before, Mapping) and isinstance(after, Mapping) and before.get("kind") == after.get("kind"):
        for key in [*before, *(key for key in after if key not in before)]:
            yield from _changes(f"{path}.{key}".strip("."), before.get(key), after.get(key))
    elif path == "stages" or (isinstance(before, tuple | list) and isinstance(after, tuple | list) and _parts(before)):
        for index in range(max(len(before), len(after))):
            pair = (side[index] if index < len(side) else None for side in (before, after))
            yield from _changes(f"{path}.{index}", *pair)
    else:
        yield Change(path, tidy(before), tidy(after))


def _parts(value: Any) -> bool:
    return any(isinstance(element, Mapping) for element in value)


def _together(changes: list[Change]) -> list[Change]:
    """Equal changes of neighbouring stages as one: `stages.0-2.mixer`."""
    runs: list[tuple[list[int], str, Change]] = []
    for change in sorted(changes, key=_rest):
        head, _, rest = change.path.removeprefix("stages.").partition(".")
        staged = change.path.startswith("stages.") and head.isdigit()
        last = runs[-1] if runs else None
        follows = last is not None and staged and last[1] == rest and last[2][1:] == change[1:]
        if follows and last is not None and last[0] and int(head) == last[0][-1] + 1:
            last[0].append(int(head))
        else:
            runs.append(([int(head)] if staged else [], rest, change))
    order = {change.path: position for position, change in enumerate(changes)}
    runs.sort(key=lambda run: order[run[2].path])
    return [change._replace(path=_ranged(stages, rest)) if stages else change for stages, rest, change in runs]


def _rest(change: Change) -> tuple[str, str, int]:
    head, _, rest = change.path.removeprefix("stages.").partition(".")
    staged = change.path.startswith("stages.") and head.isdigit()
    return (rest, repr(change[1:]), int(head)) if staged else (change.path, "", -1)


def _ranged(stages: list[int], rest: str) -> str:
    span = f"{stages[0]}-{stages[-1]}" if len(stages) > 1 else str(stages[0])
    return f"stages.{span}.{rest}".strip(".")
