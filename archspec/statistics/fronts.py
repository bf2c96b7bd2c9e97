"""What several objectives leave to choose from: fronts, in which nothing is better in everything than anything else."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

Point = Sequence[float]
"""Numbers of which less is better."""


def dominates(one: Point, other: Point) -> bool:
    """Whether a point is nowhere worse than another, and somewhere better."""
    return all(a <= b for a, b in zip(one, other, strict=True)) and any(a < b for a, b in zip(one, other, strict=True))


def fronts(points: Sequence[Point]) -> Iterator[list[int]]:
    """The points' indices in fronts: what nothing dominates, what only that dominates, and so on; made as asked for."""
    left = sorted(range(len(points)), key=lambda index: tuple(points[index]))
    while left:
        # Sorted by the first number, a point can only be dominated by one before it.
        front: list[int] = []
        for index in left:
            if not any(dominates(points[other], points[index]) for other in front):
                front.append(index)
        yield front
        chosen = set(front)
        left = [index for index in left if index not in chosen]


def hypervolume(points: Sequence[Point], worst: Point) -> float:
    """The volume that points dominate, up to a worst point."""
    inside = [point for point in points if all(a < b for a, b in zip(point, worst, strict=True))]
    if not inside:
        return 0.0
    if len(worst) == 1:
        return worst[0] - min(point[0] for point in inside)
    # Slices along the last axis, each as high as the way to the next point.
    ordered = sorted(inside, key=lambda point: point[-1])
    ends = [*(point[-1] for point in ordered[1:]), worst[-1]]
    total = 0.0
    for count, (point, end) in enumerate(zip(ordered, ends, strict=True), 1):
        if end > point[-1]:
            total += (end - point[-1]) * hypervolume([p[:-1] for p in ordered[:count]], worst[:-1])
    return total
