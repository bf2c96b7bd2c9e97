"""The table as text: which columns there are and what stands in them, whatever it is printed on."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from archspec.report.rows import Row
from archspec.report.table import Table
from archspec.report.wording import (
    bracket,
    digits_for,
    fixed,
    hours,
    listed,
    printed,
    printed_difference,
    probability,
    short,
    signed,
)
from archspec.statistics import Mean
from archspec.statistics.means import LEVEL

DAGGER = "†"
"""Marks a mean of fewer than three seeds."""


@dataclass(frozen=True)
class Column:
    """A column: its title, whether it holds numbers, how soon it is left out, and a row's text."""

    key: str
    title: str
    text: Callable[[Row], str]
    number: bool = True
    spare: int = 0
    """The higher, the sooner it is left out where there is no room; 0 is never."""


def columns(table: Table) -> list[Column]:
    """The columns in which something stands."""
    one, own = _shown, [row for row in table.rows if not row.is_baseline]
    paper = any(row.paper is not None for row in table.rows)
    accelerated = any(row.gpu_hours for row in table.rows)
    found = [
        Column("arm", "arm", lambda row: row.label, number=False),
        Column("n", "n", _n),
        Column("mean", table.metric, one),
        Column("delta", "Δ", _delta),
        Column("delta_ci", f"Δ {LEVEL:.0%} CI", _delta_ci, spare=3),
        Column("p", "p", lambda row: probability(row.p) if row.p is not None else "", spare=5),
        Column("p_exact", "p exact", _p_exact, spare=8),
        Column("paper", "paper", lambda row: printed(row.paper) if row.paper is not None else "", spare=2),
        Column("paper_delta", "paper Δ", _paper_delta, spare=2),
        Column("params", "params", lambda row: short(row.planned.params), spare=4),
        Column("macs", "MACs", lambda row: short(row.planned.macs), spare=4),
        Column("training_macs", "train MACs", lambda row: short(row.planned.training_macs), spare=9),
        Column("hours", "GPU-h" if accelerated else "hours", _hours(accelerated=accelerated), spare=9),
        *_measured(table),
    ]
    kept = [column for column in found if any(column.text(row) for row in (own or table.rows))]
    return [column for column in kept if paper or not column.key.startswith("paper")]


def _measured(table: Table) -> Iterator[Column]:
    for title, name in _titles(table).items():
        digits = digits_for(row.measured[name].mean for row in table.rows if name in row.measured)
        yield Column(f"measured.{name}", title, _measurement(name, digits), spare=4)


def _titles(table: Table) -> dict[str, str]:
    """What was measured and is shown, by its column's title: where only one number is, its measurement's name."""
    names = list(dict.fromkeys(name for row in table.rows for name in row.measured))
    found: dict[str, str] = {}
    for role in dict.fromkeys(name.partition(".")[0] for name in names):
        mine = [name for name in names if name.partition(".")[0] == role]
        # Where the table's own metric was measured too, it is what one looks for; CSV and JSON have the others.
        own = [name for name in mine if name == f"{role}.{table.metric}"] or mine
        found |= {role if len(own) == 1 else name.replace(".", " "): name for name in own}
    return found


def _measurement(name: str, digits: int) -> Callable[[Row], str]:
    return lambda row: with_margin(row.measured[name], digits) if name in row.measured else ""


def with_margin(found: Mean, digits: int) -> str:
    """83.10 ± 0.25; a mean that has no interval stands alone."""
    return fixed(found.mean, digits) + (f" ± {fixed(found.margin, digits)}" if found.margin is not None else "")


def _shown(row: Row) -> str:
    if row.summary is not None:
        return with_margin(row.summary, row.digits) + (DAGGER if row.n < 3 else "")
    return listed([f"{number} {state}" for state, number in row.states.items()]) if row.states else "no run"


def _n(row: Row) -> str:
    return str(row.n) if row.n == len(row.keys) else f"{row.n}/{len(row.keys)}"


def _delta(row: Row) -> str:
    if row.same:
        return "same runs"
    return signed(row.difference.mean, row.digits) if row.difference else ""


def _delta_ci(row: Row) -> str:
    if row.same or row.difference is None:
        return ""
    found = row.difference
    pairs = f" ({found.pairs} of {row.n})" if found.pairs != row.n else ""
    return (bracket(found.interval, row.digits) if found.interval else "no interval") + pairs


def _p_exact(row: Row) -> str:
    exact = row.difference.exact if row.difference and row.difference.pairs > 1 and not row.same else None
    return probability(exact.p) if exact else ""


def _paper_delta(row: Row) -> str:
    return printed_difference(row.paper_delta) if row.paper_delta is not None else ""


def _hours(*, accelerated: bool) -> Callable[[Row], str]:
    def text(row: Row) -> str:
        value = row.gpu_hours if accelerated else row.hours
        return hours(value) if value is not None else ""

    return text


def legend(table: Table) -> list[str]:
    """How to read the columns, in as few words as the table needs."""
    compared = [row for row in table.rows if row.difference and not row.same]
    said = []
    if any(row.summary and row.summary.interval for row in table.rows):
        said.append(f"{table.metric}: mean ± half of its {LEVEL:.0%} interval over seeds (Student's t)")
    if compared:
        said.append("Δ: mean difference to the baseline, paired by seed" + _against(table))
    if any(row.p is not None for row in table.rows):
        said.append("p: Student's paired test, corrected by Holm within a factor")
    said += _permutation(compared)
    said += [f"{title}: {name.partition('.')[2]}, measured on finished runs" for title, name in _titles(table).items()]
    if any(row.summary and row.n < 3 for row in table.rows):
        said.append(f"{DAGGER} fewer than three seeds")
    return said


def _against(table: Table) -> str:
    others = {row.planned.against for row in table.rows if row.planned.against}
    indirect = [table.by_id[other].label for other in others if not table.by_id[other].is_baseline]
    return f" (where one was left out, to `{indirect[0]}`)" if indirect else ""


def _permutation(compared: Sequence[Row]) -> list[str]:
    """What the exact test cannot say, however clear the difference."""
    exact = {row.difference.pairs: row.difference.exact for row in compared if row.difference and row.difference.exact}
    weak = {pairs: found.least for pairs, found in exact.items() if pairs > 1 and found.least > 0.05}
    said = ["p exact: the sign-flip test, uncorrected"] if any(pairs > 1 for pairs in exact) else []
    return said + [
        f"n = {pairs} cannot show significance by permutation: p exact is {probability(least)} at best"
        for pairs, least in sorted(weak.items())
    ]


def detectable(table: Table) -> str:
    """The smallest differences that these seeds could have shown."""
    found = [row.difference.detectable for row in table.rows if row.difference and row.difference.detectable]
    if not found:
        return ""
    low, high = (fixed(limit, table.digits) for limit in (min(found), max(found)))
    size = low if low == high else f"{low} to {high}"
    return f"the smallest difference these seeds could have shown: {size}, by arm (80 % power, paired)"
