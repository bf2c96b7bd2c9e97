"""How a report writes its numbers and lists."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from archspec.statistics import Agreement
    from archspec.statistics.means import Interval

MINUS = "−"
UNITS = ("", "K", "M", "G", "T", "P", "E")


def short(number: float) -> str:
    """26341656 is 26.3M, 4106941440 is 4.11G, 812 is 812."""
    if abs(number) < 1000:
        return f"{number:.0f}"
    size, power = float(number), 0
    while abs(size) >= 999.5 and power < len(UNITS) - 1:
        size, power = size / 1000, power + 1
    # Rounding may carry into another digit: 9.996 is 10.0, not 10.00.
    digits = next(d for d in (2, 1, 0) if len(f"{abs(size):.{d}f}".replace(".", "")) <= 3 or d == 0)
    return f"{size:.{digits}f}{UNITS[power]}"


def digits_for(values: Iterable[float]) -> int:
    """Decimals that suit a metric: two for percents, more for what is small, none for thousands."""
    largest = max(map(abs, values), default=100.0)
    return 0 if largest >= 1000 else 2 if largest >= 10 else 3 if largest >= 1 else 4


def fixed(value: float, digits: int) -> str:
    """A number: 83.10, or with a true minus −0.42; never −0.00."""
    text = f"{value:.{digits}f}"
    return text.lstrip("-") if float(text) == 0 else text.replace("-", MINUS)


def signed(value: float, digits: int) -> str:
    """A difference: +0.42, −0.90, 0.00."""
    return f"+{fixed(value, digits)}" if round(value, digits) > 0 else fixed(value, digits)


def bracket(interval: Interval, digits: int, *, plus: bool = True) -> str:
    """An interval: [−1.30, −0.20]."""
    write = signed if plus else fixed
    return f"[{write(interval.low, digits)}, {write(interval.high, digits)}]"


def printed(value: float) -> str:
    """A paper's number, with the digits it has: 83.0, 0.42."""
    return fixed(value, max(1, len(repr(round(value, 6)).partition(".")[2].rstrip("0"))))


def printed_difference(value: float) -> str:
    """A difference of a paper's numbers: −0.9, +0.4, 0."""
    if round(value, 6) == 0:
        return "0"
    return f"+{printed(value)}" if value > 0 else printed(value)


def probability(p: float) -> str:
    """A p value: 0.031, or <0.001."""
    return "<0.001" if p < 0.001 else f"{p:.3f}"


def chance(p: float) -> str:
    """A p value in a sentence: p = 0.031, or p < 0.001."""
    return "p < 0.001" if p < 0.001 else f"p = {probability(p)}"


def hours(value: float) -> str:
    """A duration in hours: 0.04, 3.1, 120; <0.001 rather than a power of ten."""
    if 0 < value < 0.001:
        return "<0.001"
    return f"{value:.0f}" if value >= 100 else f"{value:.1f}" if value >= 1 else f"{value:.2g}"


def lasting(seconds: float) -> str:
    """A duration: 0.4 s, 12 s, 3 min, 1 h 20 min, 2 d 3 h."""
    whole = round(seconds)
    if whole < 100:
        return f"{seconds:.1f} s" if 0.05 <= seconds < 1 else f"{whole} s"
    minutes = round(seconds / 60)
    hours, days = minutes // 60, minutes // 1440
    if minutes < 100:
        return f"{minutes} min"
    if hours < 48:
        return f"{hours} h {minutes % 60} min"
    return f"{days} d {hours % 24} h"


def listed(names: Sequence[str], last: str = "and") -> str:
    """A, b and c."""
    *most, end = names
    return f"{', '.join(most)} {last} {end}" if most else end


def count(number: int, noun: str) -> str:
    """1 seed, 3 seeds."""
    return f"{number:,} {noun if number == 1 else noun + 's'}"


def agreed(found: Agreement, paper: float, interval: Interval | None, digits: int) -> str:
    """How our difference stands to the paper's, in a sentence."""
    figure = printed_difference(paper)
    said = {
        "same": "same sign",
        "opposite": "opposite sign",
        "none printed": "the paper sees no difference",
        "none measured": "no difference here",
    }[found.sign]
    if interval is None:
        return f"{said}; no interval to hold the paper's {figure} against"
    if not found.settled:
        said = f"{said}, not settled by these seeds" if found.sign in ("same", "opposite") else said
    return f"{said}; the paper's {figure} lies {found.size} {bracket(interval, digits)}"
