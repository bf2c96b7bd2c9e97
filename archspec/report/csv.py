"""The rows as CSV: plain numbers, a line an arm, for spreadsheets and dataframes."""

from __future__ import annotations

import csv as standard
import io
from typing import Any

from archspec.report.table import Table

FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What makes a spreadsheet take a text for a formula."""
KEPT = (
    *("arm", "factor", "baseline", "n", "mean", "sd", "ci", "pairs", "delta", "delta_ci", "p", "p_raw"),
    *("p_exact", "p_exact_least", "detectable", "paper", "paper_delta", "agreement", "params", "frozen_params"),
    *("macs", "activations", "training_macs", "gpu_hours", "hours"),
)


def csv(table: Table) -> str:
    """The rows of the table, with a column for every seed and every measurement."""
    rows = [_flat(table, row) for row in table.to_dict()["arms"]]
    titles = list(dict.fromkeys(title for row in rows for title in row))
    text = io.StringIO()
    writer = standard.DictWriter(text, titles, lineterminator="\n")
    writer.writeheader()
    writer.writerows({title: _safe(value) for title, value in row.items()} for row in rows)
    return text.getvalue()


def _flat(table: Table, row: dict[str, Any]) -> dict[str, Any]:
    flat: dict[str, Any] = {"metric": table.metric}
    for name in KEPT:
        if name in ("ci", "delta_ci"):
            low, high = row[name] or (None, None)
            flat |= {f"{name}_low": low, f"{name}_high": high}
        else:
            flat[name] = row[name]
    flat |= {f"seed_{seed}": row["seeds"].get(seed) for seed in table.seeds}
    for name, found in row["measured"].items():
        low, high = found["ci"] or (None, None)
        flat |= {name: found["mean"], f"{name}_ci_low": low, f"{name}_ci_high": high}
    return flat | {"notes": "; ".join(row["notes"])}


def _safe(value: Any) -> Any:
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value
