"""The report as one file that opens from disk, without network, and runs nothing but its own two scripts."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from archspec import __version__
from archspec.report import cells, sheets, wording
from archspec.report.csv import csv
from archspec.report.figures import curves as learning
from archspec.report.figures import factorial, searches, tradeoffs, waterfall
from archspec.report.figures.drawing import Figure
from archspec.report.figures.looks import looks
from archspec.report.figures.strips import WIDTH, Scales
from archspec.report.latex import latex
from archspec.report.markdown import markdown
from archspec.report.table import Table
from archspec.spec.writing import flow

TEMPLATES = Path(__file__).parent / "templates"
NOTHING_ELSE = "default-src 'none'; img-src data:; base-uri 'none'; form-action 'none'"


def html(table: Table, curves: learning.Curves) -> str:
    """The whole page."""
    style, script, plotly = asset("style.css"), asset("figures.js"), plotly_js()
    policy = f"{NOTHING_ELSE}; style-src {sha(style)}; script-src {sha(plotly)} {sha(script)}"
    page = environment().get_template("report.html")
    return page.render(**content(table, curves), style=style, script=script, plotly=plotly, policy=policy)


def content(table: Table, curves: learning.Curves) -> dict[str, Any]:
    """What the templates show."""
    groups = figures(table, curves)
    drawn = {figure.id: figure.drawing for _, found in groups for figure in found}
    return {
        "table": table,
        "facts": facts(table),
        "version": __version__,
        "blocks": [(block, Scales.of(block)) for block in table.blocks],
        "columns": {column.key: column for column in cells.columns(table)},
        "looks": looks(table.rows),
        "extra": [sheet for sheet in sheets.sheets(table) if not sheet.is_arms],
        "after": sheets.after(table),
        "groups": groups,
        "drawn": embedded(drawn),
        "copies": {
            "Markdown": markdown(table),
            "LaTeX": latex(table),
            "CSV": csv(table),
            "JSON": json.dumps(table.to_dict()),
        },
        "strip_width": WIDTH,
    }


def facts(table: Table) -> list[str]:
    """What the study is, in a line."""
    done, planned = sum(row.n for row in table.rows), sum(len(row.keys) for row in table.rows)
    said = [
        table.design.replace("_", " "),
        wording.count(len(table.rows), "arm"),
        wording.count(len(table.seeds), "seed"),
    ]
    said += [f"compared by {table.metric}", f"{done} of {planned} trainings finished"]
    return [*said, *([f"beside {table.paper}"] if table.paper else [])]


def figures(table: Table, curves: learning.Curves) -> list[tuple[str, list[Figure]]]:
    """The figures of the page, under their headings; headings with nothing below them are left out."""
    found = [
        ("Roadmap", [*waterfall.figures(table)]),
        ("Effects", [*factorial.figures(table)]),
        ("Search", [*searches.figures(table.search)] if table.search else []),
        ("Accuracy and cost", [*tradeoffs.figures(table)]),
        ("Learning curves", [*learning.figures(table, curves)]),
    ]
    return [(title, drawings) for title, drawings in found if drawings]


@cache
def environment() -> Environment:
    """The templates, which escape whatever they are given."""
    made = Environment(
        loader=PackageLoader("archspec.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {"signed": wording.signed, "fixed": wording.fixed, "changes": changes, "short": wording.short}
    return made


def changes(paths: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What an arm changes, path by path, as it would be written."""
    return [(path, flow(value)) for path, value in paths.items()]


def embedded(data: Any) -> Markup:
    """Data within a script element: nothing in it can end the element or begin another."""
    text = json.dumps(data, separators=(",", ":"), allow_nan=False)
    return Markup(text.replace("<", "\\u003c").replace("&", "\\u0026"))  # noqa: S704


@cache
def asset(name: str) -> Markup:
    """A style sheet or script of ours, which the page takes as it stands."""
    return Markup((TEMPLATES / name).read_text(encoding="utf-8"))  # noqa: S704


@cache
def plotly_js() -> Markup:
    """Plotly's own bundle, from its own wheel."""
    return Markup(plotly_file().read_text(encoding="utf-8"))  # noqa: S704


def plotly_file() -> Path:
    """Where that bundle lies; Plotly itself is not imported."""
    spec = find_spec("plotly")
    assert spec is not None
    assert spec.submodule_search_locations
    return Path(spec.submodule_search_locations[0]) / "package_data" / "plotly.min.js"


def sha(text: str) -> str:
    """What a content security policy knows a text by."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
